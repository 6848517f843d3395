/**
 * @file The phone of this page: one account on one device, what rings, the call, and what was missed. It knows no DOM; the
 * views show it and call its methods.
 */
import { openTerminal } from "./account.js";
import { Call } from "./call.js";
import { Directory } from "./directory.js";
import { Line } from "./line.js";
import { ProtocolLog } from "./log.js";
import { Notices } from "./notices.js";
import { Past } from "./past.js";
import { persist } from "./persist.js";
import { isPresent, participant, stranger, unseen } from "./roster.js";
import { forgetSeat, keptSeat } from "./seat.js";
import { Tones } from "./tones.js";
import { endWords, nameWords, refusalWords, stopWords } from "./words.js";

/** Refusals that mean that a call is over, or never was. */
const OVER = new Set(["meeting_ended", "meeting_not_found", "forbidden"]);

/** Dispatches `change` whenever something that is shown is another. */
export class Phone extends EventTarget {
  /** `out`, `connecting`, `in`. */
  phase = "out";
  account;
  /** Why the last login failed. @type {Error | undefined} */
  problem;
  /** What rings. @type {object[]} */
  offers = [];
  /** @type {Call | undefined} */
  call;
  /** A call of this user on another device, which might move here. @type {{meetingId: string, media: string} | undefined} */
  elsewhere;
  /** Who there is, and past calls; from the login on. */
  directory;
  past;
  notices = new Notices();
  log = new ProtocolLog();
  tones = new Tones();
  #terminal;
  #line;
  /** The create request that is on its way, and whether it was taken back. */
  #creating;

  /** @param {{sdk?: object}} options the media vendor's SDK, if the page has one */
  constructor({ sdk } = {}) {
    super();
    this.sdk = sdk;
    this.notices.addEventListener("change", () => this.#changed());
  }

  get me() {
    return this.#terminal?.userId;
  }

  /** `up`, `down` or `taken`. */
  get link() {
    return this.#line?.state ?? "down";
  }

  /** What rings and asks for an answer: not who is being called just now, since two who call each other are put together. */
  get callers() {
    const { call } = this;
    const isDialled = ({ from }) => call?.phase === "calling" && participant(call.meeting, from.user_id) !== undefined;
    return this.offers.filter((offer) => !isDialled(offer));
  }

  /** Logs in and connects; a seat that was left by loading the page again is taken again. */
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
    this.#changed();
    this.directory.start();
    this.past.refresh();
    await this.#returnToSeat();
  }

  /** Logs out. The broker keeps what comes for this device. */
  stop() {
    this.phase = "out";
    this.directory?.stop();
    // Said before the line is closed.
    this.hangUp();
    this.tones.stop();
    this.#line?.close();
    // Who logs in next in this tab is somebody else.
    this.log.clear();
    Object.assign(this, { account: undefined, offers: [], call: undefined, elsewhere: undefined });
    this.#changed();
  }

  /** Uses this device here after it was used somewhere else. */
  async takeBack() {
    await this.start(this.account);
  }

  /** Connects at once if the connection is lost. */
  reconnect() {
    this.#terminal?.reconnectNow();
  }

  /** Calls somebody, or several at once. */
  async dial(userIds, media, { group = userIds.length !== 1, policy } = {}) {
    if (this.call || userIds.includes(this.me)) return;
    const mode = group ? "group" : "direct";
    const participants = userIds.map((userId) => ({ ...stranger(userId), name: this.nameOf(userId) }));
    // Shown at once, with what is known; the service's picture follows.
    const call = this.#begin(unseen({ mode, media, host: this.me, participants, state: "created" }), media);
    const creating = { id: crypto.randomUUID(), takenBack: false };
    this.#creating = creating;
    try {
      const fields = { mode, media, invitees: userIds, ...(policy && { policy }) };
      const created = await persist(this.#terminal, "create_meeting", fields, creating.id);
      if (creating.takenBack) return;
      call.learn(created.meeting);
      // States may have changed since; who is reached is told here only.
      for (const { user_id, reach } of created.invitations ?? [])
        call.hear({ type: "invitation_updated", user_id, reach });
      call.join = created.join;
      if (created.join && (created.type === "meeting_merged" || mode === "group")) await call.enter(created.join);
      else this.#maybeEnter(call);
    } catch (error) {
      if (creating.takenBack) return;
      call.end(error.code === "meeting_ended" ? error.reason : undefined);
      if (error.code !== "meeting_ended") this.#complain(error);
      // What was asked for may have happened all the same; nobody shall ring for a caller who has given up.
      if (error.code === "unanswered") this.#takeBack(creating.id);
    } finally {
      if (this.#creating === creating) this.#creating = undefined;
    }
  }

  /** Takes a call that rings; one that goes on is left for it. */
  async accept(offer, video) {
    const media = video ? "video" : "audio";
    await this.hangUp();
    const { meeting_id, invite_id, mode, title } = offer;
    const call = this.#begin(unseen({ meeting_id, mode, media: offer.media, title }), media);
    call.phase = "entering";
    try {
      const accepted = await persist(this.#terminal, "accept", { meeting_id, invite_id, media });
      call.learn(accepted.meeting);
      await call.enter(accepted.join);
    } catch (error) {
      call.end();
      this.#complain(error);
    }
  }

  async reject({ meeting_id, invite_id }, reason = "declined") {
    await this.#try(persist(this.#terminal, "reject", { meeting_id, invite_id, reason }));
  }

  /** Lets the other devices ring on. */
  async silence({ meeting_id, invite_id }) {
    await this.#try(this.#terminal.request("silence", { meeting_id, invite_id }));
  }

  /** Joins a meeting by its id, as a link names it. */
  async join(meetingId, media = "video", takeover = false) {
    if (this.call) return;
    const call = this.#begin(unseen({ meeting_id: meetingId, mode: "group", media }), media);
    call.phase = "entering";
    try {
      const answer = await persist(this.#terminal, "join", {
        meeting_id: meetingId,
        media,
        ...(takeover && { takeover }),
      });
      if (answer.type === "lobby_waiting") {
        call.phase = "lobby";
        return this.#changed();
      }
      call.learn(answer.meeting);
      await call.enter(answer.join);
    } catch (error) {
      call.end();
      // On another device of the same user: whether the call shall move is for the user to say.
      if (error.code === "state_conflict" && !takeover) this.elsewhere = { meetingId, media };
      else this.#complain(error);
      this.#changed();
    }
  }

  /** The answer to whether a call shall move to this device. */
  async move(wanted) {
    const { meetingId, media } = this.elsewhere;
    this.elsewhere = undefined;
    this.#changed();
    if (wanted) await this.join(meetingId, media, true);
  }

  async hangUp() {
    const { call } = this;
    if (!call) return;
    if (this.#creating && !call.meetingId) {
      this.#creating.takenBack = true;
      const { id } = this.#creating;
      call.end("cancelled");
      return this.#takeBack(id);
    }
    await this.#try(call.hangUp());
  }

  /** The host ends it for everybody. */
  async endForAll() {
    const { call } = this;
    if (call)
      await this.#try(
        call.request("destroy_meeting").then(() => call.end("host_ended")),
        ["meeting_ended"],
      );
  }

  /** Something that the host, or anybody, wants of the call; the answer is taken in. */
  async ask(type, fields) {
    const { call } = this;
    if (!call) return undefined;
    return this.#try(
      call.request(type, fields).then((answer) => {
        call.hear(answer);
        return answer;
      }),
    );
  }

  /** The name of an account, as far as anybody has said it. */
  nameOf(userId) {
    const said = participant(this.call?.meeting ?? {}, userId)?.name ?? this.directory?.nameOf(userId);
    return nameWords({ user_id: userId, name: said ?? (userId === this.me ? this.account?.name : undefined) });
  }

  async #connect(account) {
    const terminal = await openTerminal(account);
    this.#terminal = terminal;
    this.log.follow(terminal);
    this.directory = new Directory(terminal.userId);
    this.past = new Past(terminal);
    for (const part of [this.directory, this.past]) part.addEventListener("change", () => this.#changed());
    const on = (kind, then) => terminal.events.addEventListener(kind, ({ detail }) => then(detail));
    on("rings", (offer) => this.#rings(offer));
    on("stops", (stop) => this.#stops(stop));
    on("news", (message) => this.#news(message));
    on("state", (message) => this.#compare(message));
    this.#line = new Line(terminal);
    this.#line.addEventListener("change", () => this.#lineChanged());
    await this.#line.open();
  }

  #lineChanged() {
    if (this.link === "taken") {
      this.directory.stop();
      this.call?.end("moved");
      this.offers = [];
    }
    if (this.link === "up" && this.phase === "in") this.past.refresh();
    this.#changed();
  }

  /** Takes back a create request, whether or not the service has seen it. */
  async #takeBack(createId) {
    await persist(this.#terminal, "destroy_meeting", { create_id: createId }).catch(() => {});
  }

  #begin(meeting, media) {
    this.tones.stop();
    const seat = keptSeat();
    const isSeat = seat && seat.meetingId === meeting.meeting_id;
    const wanted = isSeat ? { audio: seat.microphone, video: seat.camera } : { audio: true, video: media === "video" };
    const call = new Call({ terminal: this.#terminal, meeting, wanted, sdk: this.sdk });
    this.call = call;
    call.addEventListener("change", () => this.#changed());
    call.addEventListener("problem", ({ detail }) => this.#complain(detail));
    call.addEventListener("over", ({ detail }) => this.#over(call, detail));
    this.#changed();
    return call;
  }

  async #returnToSeat() {
    const seat = keptSeat();
    if (!seat) return;
    try {
      const joined = await persist(this.#terminal, "rejoin", { meeting_id: seat.meetingId });
      const call = this.#begin(joined.meeting, joined.meeting.media);
      await call.enter(joined.join);
    } catch {
      forgetSeat();
    }
  }

  #rings(offer) {
    const endsAt = performance.now() + offer.deadline_in_ms;
    this.offers = [...this.offers, { ...offer, endsAt, ringsFor: offer.deadline_in_ms }];
    this.#changed();
  }

  #stops({ invite_id: inviteId, reason }) {
    const offer = this.offers.find((one) => one.invite_id === inviteId);
    this.offers = this.offers.filter((one) => one.invite_id !== inviteId);
    const words = stopWords(reason);
    if (offer && words) this.notices.show(`${nameWords(offer.from)}: ${words.toLowerCase()}`);
    this.#changed();
  }

  #news(message) {
    if (message.type === "missed_call") this.past.note(message);
    const { call } = this;
    if (call && message.meeting_id === call.meetingId) {
      call.hear(message);
      if (message.type === "meeting_merged" && message.join) call.enter(message.join);
      this.#maybeEnter(call);
    } else if (call && message.type === "meeting_merged" && call.phase === "calling") {
      call.meeting = message.meeting;
      call.enter(message.join);
    }
    this.#changed();
  }

  /** The other side has answered: into the media, with the token that came with the create. */
  #maybeEnter(call) {
    if (call.phase !== "calling" || !call.join) return;
    const others = call.meeting.participants.filter(({ user_id: userId }) => userId !== this.me);
    if (others.some(isPresent)) call.enter(call.join);
  }

  /** What the service says goes on, against what is shown. */
  #compare({ re, meetings }) {
    const { call } = this;
    if (!call?.meetingId || !Array.isArray(meetings)) return;
    const meeting = meetings.find(({ meeting_id: meetingId }) => meetingId === call.meetingId);
    if (!meeting) return this.#lookForEnd(call, re);
    call.learn(meeting);
    this.#maybeEnter(call);
    call.comeBack();
  }

  /** The call is not among the live ones: why not is asked once. */
  async #lookForEnd(call, re) {
    if (call.phase === "lobby" || call.lookingFor || re === undefined) return;
    call.lookingFor = true;
    try {
      await call.request("sync");
    } catch (error) {
      if (OVER.has(error.code)) call.end(error.reason ?? "completed");
    } finally {
      call.lookingFor = false;
    }
  }

  #over(call, { reason, durationMs }) {
    if (this.call !== call) return;
    this.call = undefined;
    if (this.phase === "out") return;
    this.tones.play("end");
    if (reason && reason !== "left") this.notices.show(endWords(reason, durationMs));
    this.#changed();
    this.past.expect(call.meetingId);
  }

  #complain(error) {
    if (this.phase === "out") return;
    this.notices.show(refusalWords(error), "error");
  }

  async #try(promise, expected = []) {
    try {
      return await promise;
    } catch (error) {
      if (!expected.includes(error.code)) this.#complain(error);
      return undefined;
    }
  }

  #changed() {
    const rings = this.callers.length > 0 && !this.call;
    const waits =
      this.call?.phase === "calling" && this.call.meeting.participants?.some(({ state }) => state === "ringing");
    if (this.phase === "in") this.tones.play(rings ? "ring" : waits ? "ringback" : undefined);
    this.dispatchEvent(new Event("change"));
  }
}
