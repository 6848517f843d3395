/**
 * @file The state of the page: account and device, ringing invitations, call, and call history. No DOM: the views render
 * it and call its methods.
 */
import { openTerminal } from "./account.js";
import { Call } from "./call.js";
import { Connection } from "./connection.js";
import { Directory } from "./directory.js";
import { giveUp, openInvitation } from "./elsewhere.js";
import { CallHistory } from "./history.js";
import { ProtocolLog } from "./log.js";
import { Notices } from "./notices.js";
import { Playback } from "./playback.js";
import { requestWithRetry } from "./retry.js";
import { RunningCalls } from "./running.js";
import { isPresent, participant, placeholderMeeting, unknownParticipant } from "./roster.js";
import { storedSeat } from "./seat.js";
import { CallSettings } from "./settings.js";
import { Tones } from "./tones.js";
import { endWords, nameWords, notInvitedWords, refusalWords, stopWords } from "./words.js";

/** Error codes that mean that the call has ended or that this user has no access to it. */
const OVER = new Set(["meeting_ended", "meeting_not_found", "forbidden"]);

/** Dispatches `change` whenever the views must be rendered again. */
export class Phone extends EventTarget {
  /** Login phase: `out`, `connecting`, `in`. */
  phase = "out";
  account;
  /** Error of the last login. @type {Error | undefined} */
  problem;
  /** Ringing invitations, with `endsAt` (by `performance.now()`) and `ringsFor` (milliseconds). @type {object[]} */
  offers = [];
  /** @type {Call | undefined} */
  call;
  /** A call on another device that the user may move here. @type {{meetingId: string, media: string} | undefined} */
  elsewhere;
  /** Another call that holds the user, its invitation while it rings, and the call that was wanted. @type {object | undefined} */
  heldBy;
  /** A question before an action that cannot be taken back. @type {{title: string, action: string, act: () => void} | undefined} */
  question;
  /** Contacts. Set at the login. @type {Directory | undefined} */
  directory;
  /** Past calls. Set at the login. @type {CallHistory | undefined} */
  callHistory;
  /** Settings about calls of others. Set at the login. @type {CallSettings | undefined} */
  settings;
  /** Calls of this user without this page. Set at the login. @type {RunningCalls | undefined} */
  running;
  notices = new Notices();
  log = new ProtocolLog();
  playback = new Playback();
  tones = new Tones(this.playback);
  #terminal;
  #connection;
  /** The pending create request, and whether the user has withdrawn it. */
  #creating;

  #openTerminal;

  /**
   * @param {object} options
   * @param {object} [options.sdk] the media vendor's SDK, if the page has one
   * @param {typeof openTerminal} [options.open] opens the terminal of an account
   */
  constructor({ sdk, open = openTerminal } = {}) {
    super();
    this.sdk = sdk;
    this.#openTerminal = open;
    for (const part of [this.notices, this.playback]) part.addEventListener("change", () => this.#changed());
  }

  get me() {
    return this.#terminal?.userId;
  }

  /** State of the connection: `up`, `down`, `taken` or `refused`. */
  get connectionState() {
    return this.#connection?.state ?? "down";
  }

  /**
   * The ringing invitations to show. An invitation from a user whom this user is calling is left out: the service merges
   * the two calls.
   */
  get shownOffers() {
    const { call } = this;
    const isBeingCalled = ({ from }) =>
      call?.phase === "calling" && participant(call.meeting, from.user_id) !== undefined;
    return this.offers.filter((offer) => !isBeingCalled(offer));
  }

  /** The calls that this user has a seat in, except the call of this page. */
  get runningCalls() {
    return this.running?.list.filter(({ meeting_id: id }) => id !== this.call?.meetingId) ?? [];
  }

  /** Logs in and connects. After a reload of the page it returns to the stored seat. */
  async start(account) {
    Object.assign(this, { account, phase: "connecting", problem: undefined });
    this.#changed();
    try {
      await this.#connect(account);
    } catch (error) {
      Object.assign(this, { phase: "out", problem: error });
      this.#changed();
      throw error;
    }
    this.phase = "in";
    const seat = storedSeat();
    if (!seat) this.#changed();
    this.directory.start();
    this.callHistory.refresh();
    this.settings.refresh();
    if (seat) await this.#returnToSeat(seat);
  }

  /** Logs out. The broker queues the messages for this device. */
  stop() {
    this.phase = "out";
    this.directory?.stop();
    // Send the requests before the connection closes.
    this.hangUp();
    this.tones.stop();
    this.#connection?.close();
    // The next user of this tab must not see the log.
    this.log.clear();
    Object.assign(this, { account: undefined, offers: [], call: undefined, elsewhere: undefined, heldBy: undefined });
    this.#changed();
  }

  /** Connects this device in this tab again after it was taken over by another tab or browser. */
  async reclaimDevice() {
    await this.start(this.account);
  }

  /** Connects at once if the connection is lost. Otherwise looks for calls that go on elsewhere. */
  reconnect() {
    if (this.phase === "in" && this.connectionState === "up" && !this.call) this.running.refresh();
    this.#terminal?.reconnectNow();
  }

  /** Starts a call with one user, or a group call. Without users it is a group call that others join by its link. */
  async dial(userIds, media, options = {}) {
    const { group = userIds.length !== 1, policy } = options;
    if (this.call || userIds.includes(this.me)) return;
    const mode = group ? "group" : "direct";
    const participants = userIds.map((userId) => ({ ...unknownParticipant(userId), name: this.nameOf(userId) }));
    // Show the call at once; the answer replaces the placeholder.
    const meeting = placeholderMeeting({ mode, media, host: this.me, participants, state: "created" });
    const call = this.#openCall(meeting, media);
    const creating = { id: crypto.randomUUID(), withdrawn: false };
    this.#creating = creating;
    try {
      const fields = { mode, media, invitees: userIds, ...(policy && { policy }) };
      const created = await requestWithRetry(this.#terminal, "create_meeting", fields, creating.id);
      if (creating.withdrawn) return;
      await call.takeSeat(created);
    } catch (error) {
      if (creating.withdrawn) return;
      call.end(error.code === "meeting_ended" ? error.reason : undefined);
      if (error.code === "user_busy" && error.meetingId) {
        await this.#askAboutHeld(error.meetingId, media, [userIds, media, options]);
      } else if (error.code !== "meeting_ended") this.#showError(error);
      // The service may have created the meeting all the same: destroy it, so that no invitee rings on.
      if (error.code === "unanswered") this.#withdrawCreate(creating.id);
    } finally {
      if (this.#creating === creating) this.#creating = undefined;
    }
  }

  /** Accepts a ringing invitation. Hangs up the current call first. */
  async accept(offer, video) {
    const media = video ? "video" : "audio";
    await this.hangUp();
    const { meeting_id, invite_id, mode, title } = offer;
    const call = this.#openCall(placeholderMeeting({ meeting_id, mode, media: offer.media, title }), media);
    call.phase = "entering";
    try {
      const accepted = await requestWithRetry(this.#terminal, "accept", { meeting_id, invite_id, media });
      call.applyMeeting(accepted.meeting);
      await call.enter(accepted.join);
    } catch (error) {
      call.end();
      this.#showError(error);
    }
  }

  /** Rejects a ringing invitation for all devices of the user. */
  async reject({ meeting_id, invite_id }, reason = "declined") {
    await this.#withErrorNotice(requestWithRetry(this.#terminal, "reject", { meeting_id, invite_id, reason }));
  }

  /** Declines an invitation, and takes no more calls of its caller. */
  async rejectAndBlock(offer) {
    await this.reject(offer);
    if (await this.settings.block(offer.from.user_id)) this.notices.show(`${nameWords(offer.from)} is blocked`);
  }

  /** Stops the ring on this device only; the other devices of the user ring on. */
  async silence({ meeting_id, invite_id }) {
    await this.#withErrorNotice(this.#terminal.request("silence", { meeting_id, invite_id }));
  }

  /** Joins a meeting by its id, which a link contains. */
  async join(meetingId, media = "video", takeover = false) {
    if (this.call) return;
    const call = this.#openCall(placeholderMeeting({ meeting_id: meetingId, mode: "group", media }), media);
    call.phase = "entering";
    try {
      const answer = await requestWithRetry(this.#terminal, "join", {
        meeting_id: meetingId,
        media,
        ...(takeover && { takeover }),
      });
      if (answer.type === "lobby_waiting") {
        call.phase = "lobby";
        return this.#changed();
      }
      await call.takeSeat(answer);
    } catch (error) {
      call.end();
      // The user is in this meeting on another device: ask whether to move the call here.
      if (error.code === "state_conflict" && !takeover) this.elsewhere = { meetingId, media };
      else this.#showError(error);
      this.#changed();
    }
  }

  /** Handles the user's decision to move a call to this device, or not. */
  async answerMove(wanted) {
    const { meetingId, media } = this.elsewhere;
    this.elsewhere = undefined;
    this.#changed();
    if (wanted) await this.join(meetingId, media, true);
  }

  /** Asks the user what to do with the call that holds them: one that they are in, or one that still rings. */
  async #askAboutHeld(meetingId, media, dial) {
    const offer = await openInvitation(this.#terminal, meetingId).catch(() => undefined);
    if (this.call || this.phase !== "in") return;
    this.heldBy = { meetingId, media, dial, offer };
    this.#changed();
  }

  /**
   * Handles the user's decision about the call that holds them.
   * @param {"back" | "call" | undefined} decision go back to it or answer it, or give it up and make the new call
   */
  async answerHeld(decision) {
    const { meetingId, media, dial, offer } = this.heldBy;
    this.heldBy = undefined;
    this.#changed();
    if (decision === "back") await (offer ? this.accept(offer, offer.media === "video") : this.join(meetingId, media, true));
    if (decision !== "call") return;
    try {
      await giveUp(this.#terminal, meetingId, media);
    } catch (error) {
      return this.#showError(error);
    }
    await this.dial(...dial);
  }

  /** Hangs up. A create request without an answer is withdrawn. */
  async hangUp() {
    const { call } = this;
    if (!call) return;
    if (this.#creating && !call.meetingId) {
      this.#creating.withdrawn = true;
      const { id } = this.#creating;
      call.end("cancelled");
      return this.#withdrawCreate(id);
    }
    const { meetingId, meeting } = call;
    this.running.hide(meetingId);
    const answer = await this.#withErrorNotice(call.hangUp());
    this.running.reveal(meetingId, answer?.rev);
    const isLeft = answer?.type === "ok" && meeting.mode === "group";
    if (isLeft && meeting.participants.some((one) => one.user_id !== this.me && isPresent(one))) this.running.keepLeft(meeting);
  }

  /** Goes to a running call, and takes its seat from the device that has it. */
  async returnTo({ meeting_id: meetingId, media }) {
    await this.join(meetingId, media, true);
    if (!this.call) this.running.refresh();
  }

  /** Hangs up a running call, whichever device has its seat. */
  async giveUp({ meeting_id: meetingId, media }) {
    this.running.hide(meetingId);
    await this.#withErrorNotice(giveUp(this.#terminal, meetingId, media));
    this.running.reveal(meetingId);
    this.running.refresh();
  }

  /** Asks before an action that cannot be taken back. @param {{title: string, action: string, act: () => void}} question */
  ask(question) {
    this.question = question;
    this.#changed();
  }

  /** Handles the user's answer to {@link Phone.question}. */
  answerQuestion(isYes) {
    const { act } = this.question;
    this.question = undefined;
    this.#changed();
    if (isYes) act();
  }

  /** Ends the meeting for all participants. */
  async endForAll() {
    const { call } = this;
    if (call)
      await this.#withErrorNotice(
        call.request("destroy_meeting").then(() => call.end("host_ended")),
        ["meeting_ended"],
      );
  }

  /** Sends a request for the current call and applies the answer. Shows a refusal as a notice. */
  async request(type, fields) {
    const { call } = this;
    if (!call) return undefined;
    return this.#withErrorNotice(
      call.request(type, fields).then((answer) => {
        call.apply(answer);
        for (const one of answer.not_invited ?? []) this.notices.show(notInvitedWords(this.nameOf(one.user_id), one));
        return answer;
      }),
    );
  }

  /** Returns the name of a user, from the meeting, the contacts or the login; otherwise `name` or the account. */
  nameOf(userId, name = undefined) {
    const known = participant(this.call?.meeting ?? {}, userId)?.name ?? this.directory?.nameOf(userId) ?? name;
    return nameWords({ user_id: userId, name: known ?? (userId === this.me ? this.account?.name : undefined) });
  }

  async #connect(account) {
    const terminal = await this.#openTerminal(account);
    this.#terminal = terminal;
    this.log.follow(terminal);
    this.directory = new Directory(terminal.userId);
    this.callHistory = new CallHistory(terminal);
    this.settings = new CallSettings(terminal);
    this.running = new RunningCalls(terminal);
    this.settings.addEventListener("problem", ({ detail }) => this.#showError(detail));
    for (const part of [this.directory, this.callHistory, this.settings, this.running])
      part.addEventListener("change", () => this.#changed());
    const on = (kind, then) => terminal.events.addEventListener(kind, ({ detail }) => then(detail));
    on("rings", (offer) => this.#ringStarted(offer));
    on("stops", (stop) => this.#ringStopped(stop));
    on("news", (message) => this.#news(message));
    on("state", (message) => this.#applyState(message));
    this.#connection = new Connection(terminal);
    this.#connection.hurryWhile(() => this.call !== undefined);
    this.#connection.addEventListener("change", () => this.#connectionChanged());
    await this.#connection.open();
  }

  #connectionChanged() {
    if (this.connectionState === "taken") {
      this.directory.stop();
      this.call?.giveToAnotherTab();
      this.offers = [];
    }
    if (this.connectionState !== "up") this.running.isKnown = false;
    if (this.connectionState === "up" && this.phase === "in") {
      this.callHistory.refresh();
      if (this.call?.phase === "lobby" && this.#connection.mayHaveMissed) this.#askAgain(this.call);
    }
    this.#changed();
  }

  /** Withdraws a create request, whether or not the service has processed it. */
  async #withdrawCreate(createId) {
    await requestWithRetry(this.#terminal, "destroy_meeting", { create_id: createId }).catch(() => {});
  }

  #openCall(meeting, media) {
    this.tones.stop();
    const seat = storedSeat();
    const isSeat = seat && seat.meetingId === meeting.meeting_id;
    const wanted = isSeat ? { audio: seat.microphone, video: seat.camera } : { audio: true, video: media === "video" };
    if (this.running.left?.meeting_id === meeting.meeting_id) this.running.forgetLeft();
    const call = new Call({ terminal: this.#terminal, meeting, wanted, playback: this.playback, sdk: this.sdk });
    this.call = call;
    call.addEventListener("change", () => this.#changed());
    call.addEventListener("problem", ({ detail }) => this.#showError(detail));
    call.addEventListener("notice", ({ detail }) => this.notices.show(detail));
    call.addEventListener("over", ({ detail }) => this.#callEnded(call, detail));
    this.#changed();
    return call;
  }

  /** Shows the call of the stored seat at once, and the home page if this device has no seat in it any more. */
  async #returnToSeat(seat) {
    const call = this.#openCall(placeholderMeeting({ meeting_id: seat.meetingId, mode: seat.mode }), seat.media);
    Object.assign(call, { phase: "entering", isReturning: true });
    call.resumeClock(seat.sinceMs);
    this.#changed();
    try {
      await call.takeSeat(await requestWithRetry(this.#terminal, "rejoin", { meeting_id: seat.meetingId }));
    } catch (error) {
      call.end(error.code === "meeting_ended" ? error.reason : undefined);
      this.running.refresh();
    }
  }

  #ringStarted(offer) {
    const endsAt = performance.now() + offer.deadline_in_ms;
    this.offers = [...this.offers, { ...offer, endsAt, ringsFor: offer.deadline_in_ms }];
    this.#changed();
  }

  #ringStopped({ invite_id: inviteId, reason }) {
    const offer = this.offers.find((one) => one.invite_id === inviteId);
    this.offers = this.offers.filter((one) => one.invite_id !== inviteId);
    const words = stopWords(reason);
    if (offer && words) this.notices.show(`${nameWords(offer.from)}: ${words.toLowerCase()}`);
    if (reason === "answered_elsewhere") this.running.refresh();
    this.#changed();
  }

  #news(message) {
    if (message.type === "missed_call") this.callHistory.addMissed([message]);
    const { call } = this;
    if (call && message.meeting_id === call.meetingId) {
      call.apply(message);
      if (message.type === "meeting_merged" && message.join) call.enter(message.join);
      call.enterIfAnswered();
    } else if (call && message.type === "meeting_merged" && call.phase === "calling") {
      call.meeting = message.meeting;
      call.enter(message.join);
    }
    this.#changed();
  }

  /** Applies a `state` to the current call. */
  #applyState({ re, meeting_id: asked, meetings, missed }) {
    if (Array.isArray(missed)) this.callHistory.addMissed(missed);
    if (!Array.isArray(meetings)) return;
    if (asked === undefined) this.running.apply({ meetings });
    const { call } = this;
    if (!call?.meetingId || call.isAwaitingSeat) return;
    const meeting = meetings.find(({ meeting_id: meetingId }) => meetingId === call.meetingId);
    if (call.phase === "lobby") {
      // Admitted, but the notice was lost.
      if (meeting) this.#askAgain(call);
      return;
    }
    if (!meeting) return this.#findEnd(call, re);
    call.applyMeeting(meeting);
    call.enterIfAnswered();
    call.rejoin();
  }

  /**
   * Asks to come in once more: the notice of the decision may be lost. While the user still waits, this changes nothing at
   * the service.
   */
  async #askAgain(call) {
    if (call.isAsking) return;
    call.isAsking = true;
    try {
      const answer = await call.request("join", { media: call.meeting.media });
      if (call.phase !== "lobby" || answer.type === "lobby_waiting") return;
      await call.takeSeat(answer);
    } catch (error) {
      if (call.phase !== "lobby" || error.retryable || error.code === "unanswered" || error.code === "disconnected") return;
      call.end(error.code === "meeting_ended" ? error.reason : undefined);
      if (error.code !== "meeting_ended") this.#showError(error);
    } finally {
      call.isAsking = false;
    }
  }

  /** Asks once for the reason why a `state` does not list the call, and ends the call if it is over. */
  async #findEnd(call, re) {
    if (call.isFindingEnd || re === undefined) return;
    call.isFindingEnd = true;
    try {
      await call.request("sync");
    } catch (error) {
      if (OVER.has(error.code)) call.end(error.reason ?? "completed");
    } finally {
      call.isFindingEnd = false;
    }
  }

  #callEnded(call, { reason, durationMs, text, bannedForMs }) {
    if (this.call !== call) return;
    this.call = undefined;
    this.question = undefined;
    if (this.phase === "out") return;
    this.tones.play("end");
    if (reason && reason !== "left") this.notices.show(endWords(reason, durationMs, text, bannedForMs));
    this.#changed();
    this.callHistory.refreshUntilRecorded(call.meetingId);
    // It may go on elsewhere: then the home page offers to go back to it.
    if (reason !== "left") this.running.refresh();
  }

  #showError(error) {
    if (this.phase === "out") return;
    this.notices.show(refusalWords(error), "error");
  }

  /** Awaits a promise. Shows its error as a notice, unless the code is expected. */
  async #withErrorNotice(promise, expected = []) {
    try {
      return await promise;
    } catch (error) {
      if (!expected.includes(error.code)) this.#showError(error);
      return undefined;
    }
  }

  #changed() {
    const isRinging = this.shownOffers.length > 0 && !this.call;
    const isWaiting =
      this.call?.phase === "calling" && this.call.meeting.participants?.some(({ state }) => state === "ringing");
    if (this.phase === "in") this.tones.play(isRinging ? "ring" : isWaiting ? "ringback" : undefined);
    this.dispatchEvent(new Event("change"));
  }
}
