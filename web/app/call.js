/**
 * @file One call of this tab: the meeting as the service reports it, the local devices, and the media session.
 */
import { MediaError, openMedia } from "../media/adapter.js";
import { LocalMedia } from "./devices.js";
import { endingAfter } from "./ending.js";
import { Levels } from "./levels.js";
import { MediaReport } from "./media-report.js";
import { peopleNews } from "./news.js";
import { requestWithRetry } from "./retry.js";
import { applyDownlink, blockedFor, isModerator, isPresent, isSilent, participant } from "./roster.js";
import { forgetSeat, storeSeat } from "./seat.js";
import { deviceHelpWords, nameWords, removalNews, replacedWords } from "./words.js";

/** Waits before the attempts to connect to an unreachable media service; the last one is repeated. */
const MEDIA_RETRY_MS = [1000, 2000, 4000, 8000];
/** Minimum duration of a media session before its loss is repaired without a wait. */
const STABLE_MS = 10_000;
/** Time in which another tab may return to the call: longer than the service keeps the seat of a lost device. */
const OTHER_TAB_MS = 60_000;
/** Media failures that another attempt does not repair. */
const FINAL_FAILURES = new Set(["unsupported", "refused", "full", "over"]);
/** Codes of a refused request that mean that this device has no seat in the meeting any more. */
const SEAT_LOST = new Set(["meeting_ended", "not_admitted", "banned", "meeting_not_found"]);

/**
 * Events: `change`; `over` with `{reason, durationMs, text, bannedForMs}`; `problem` with an error; `notice` with a text for the user.
 */
export class Call extends EventTarget {
  /** `calling` (not answered yet), `entering` (connecting the media), `in`, `lobby`, or `over`. */
  phase = "calling";
  /** The `meeting` object of the protocol. */
  meeting;
  /** Code of the current media failure: see `MediaError`. */
  mediaProblem;
  mediaState = "new";
  /** @type {Map<string, import("../media/adapter.js").Peer>} */
  peers = new Map();
  /** The kinds of local media that the media service blocks. */
  blockedMedia = { audio: false, video: false };
  /** Time of the first entry into the media, by `performance.now()`. */
  since;
  /** The `join` object of the seat in a call that is not answered yet. */
  join;
  /** True while the page comes back to its call after a reload. */
  isReturning = false;
  local = new LocalMedia();
  /** @type {Levels} */
  levels;
  #terminal;
  #media;
  /** @type {import("./ending.js").Ending | undefined} */
  #ending;
  #isEntered = false;
  #isRejoining = false;
  #isWithAnotherTab = false;
  /** Time of the last successful connect of the media, and the number of failures since the media was stable. */
  #connectedAt = 0;
  #losses = 0;
  #devices;
  #sdk;
  #report = new MediaReport(() => this.#tellMedia());

  /**
   * @param {object} options
   * @param {import("../terminal.js").Terminal} options.terminal
   * @param {object} options.meeting `meeting` object, possibly incomplete
   * @param {{audio: boolean, video: boolean}} options.wanted the devices to turn on
   * @param {import("./playback.js").Playback} options.playback
   * @param {object} [options.sdk] the media vendor's SDK
   */
  constructor({ terminal, meeting, wanted, playback, sdk }) {
    super();
    this.#terminal = terminal;
    this.#sdk = sdk;
    this.meeting = meeting;
    this.wanted = wanted;
    this.levels = new Levels(playback);
    this.local.addEventListener("change", ({ detail }) => this.#deviceChanged(detail.kind));
    this.local.addEventListener("replaced", ({ detail: { kind, label } }) => this.#notify(replacedWords(kind, label)));
    this.levels.addEventListener("change", () => this.#changed());
    this.#devices = this.local.open(wanted).then(() => {
      this.levels.watch(this.me, this.local.tracks.audio);
      this.#changed();
    });
  }

  get me() {
    return this.#terminal.userId;
  }

  get meetingId() {
    return this.meeting.meeting_id;
  }

  /** True while the request that takes a seat is unanswered: until then, a `state` may not list this call. */
  get isAwaitingSeat() {
    return this.phase === "entering" && !this.#isEntered;
  }

  get isModerator() {
    return isModerator(this.meeting, this.me);
  }

  /** Speech mode of the own user: `free`, `soft` (may unmute) or `hard` (blocked). */
  get speech() {
    return participant(this.meeting, this.me)?.speech?.mode ?? "free";
  }

  /** Time of the scheduled end, by `performance.now()`, if it is near. */
  get endsAt() {
    return this.#ending?.at;
  }

  /** Time left of a block of the own speech, in milliseconds; `undefined` without a block or without an end of it. */
  get blockedFor() {
    return blockedFor(participant(this.meeting, this.me) ?? {});
  }

  /** Applies a `meeting` object, unless a newer one is known. */
  applyMeeting(meeting) {
    this.#applyToMeeting({ meeting, rev: meeting.rev });
    this.#meetingChanged();
  }

  #applyToMeeting(message) {
    const before = this.meeting;
    this.meeting = applyDownlink(before, message);
    if (this.phase === "in") for (const words of peopleNews(before, this.meeting, this.me)) this.#notify(words);
    this.#ending = endingAfter(this.#ending, message, this.meeting, performance.now());
  }

  /**
   * Goes on with the seat that an answer gave to this device: in the media or, while a direct call still rings, before it.
   * An answer without `join` gives none.
   */
  async takeSeat({ meeting, join, invitations = [] }) {
    if (this.phase === "over") return undefined;
    this.applyMeeting(meeting);
    this.#applyInvitations(invitations);
    if (!join) return undefined;
    if (meeting.mode === "group") return this.enter(join);
    this.phase = "calling";
    this.join = join;
    this.#storeSeat();
    this.#changed();
    return this.enterIfAnswered();
  }

  /** Enters the media once another participant has answered. */
  async enterIfAnswered() {
    const isOther = ({ user_id: userId }) => userId !== this.me;
    if (this.phase !== "calling" || !this.join) return;
    if (this.meeting.participants.some((one) => isOther(one) && isPresent(one))) await this.enter(this.join);
  }

  /** Lets the clock of a call go on that was joined at this time, in milliseconds since the epoch by this device. */
  resumeClock(sinceMs) {
    if (sinceMs !== undefined) this.since = performance.now() - Math.max(0, Date.now() - sinceMs);
  }

  /**
   * Takes over what the answer to the create request says about the invitations. Its states may be older than the ones
   * already known.
   */
  #applyInvitations(invitations) {
    for (const { user_id, reach, ...end } of invitations) {
      const isCurrent = end.state === participant(this.meeting, user_id)?.state;
      this.apply({ type: "invitation_updated", user_id, reach, ...(isCurrent && end) });
    }
  }

  /** Connects the media with a `join` object. Does nothing after the first call. */
  async enter(join) {
    if (this.phase === "over" || this.#isEntered) return;
    this.#isEntered = true;
    this.phase = "entering";
    this.#storeSeat();
    this.#changed();
    await this.#devices;
    if (this.speech !== "free") await this.local.set("audio", false);
    await this.#enterMedia(join);
  }

  /** Applies a downlink of this meeting. */
  async apply(message) {
    if (this.phase === "over") return;
    const before = this.meeting;
    this.#applyToMeeting(message);
    switch (message.type) {
      case "participant_updated":
        this.#removalChanged(before, message.participant?.user_id);
        break;
      case "meeting_ended":
        return this.end(message.reason, message.duration_ms, message.text);
      case "participant_removed":
        return this.end(message.reason, undefined, message.text, message.until_in_ms);
      case "speech_changed":
        if (message.user_id === this.me && message.mode !== "free") await this.local.set("audio", false);
        break;
      case "lobby_result":
        if (!message.admitted) return this.end("denied");
        if (message.join) this.enter(message.join);
        break;
      default:
    }
    this.#meetingChanged();
  }

  /** Shows the moderators that a removed user is out of the media, or came back. */
  #removalChanged(before, userId) {
    const now = participant(this.meeting, userId);
    const words = removalNews(participant(before, userId), now);
    if (words && this.isModerator) this.#notify(`${nameWords(now)}: ${words}`);
  }

  /** Sends a request for this meeting. */
  request(type, fields = {}) {
    return requestWithRetry(this.#terminal, type, { meeting_id: this.meetingId, ...fields });
  }

  async setMicrophone(on) {
    if (on && this.speech === "hard") return this.#showProblem({ code: "speech_blocked" });
    try {
      if (on && this.speech === "soft") this.apply(await this.request("unmute_self"));
    } catch (error) {
      return this.#showProblem(error);
    }
    this.wanted = { ...this.wanted, audio: await this.local.set("audio", on) };
    if (on && !this.wanted.audio) this.#notify(deviceHelpWords("audio", this.local.problems.audio));
    this.#storeSeat();
  }

  async setCamera(on) {
    this.wanted = { ...this.wanted, video: await this.local.set("video", on) };
    if (on && !this.wanted.video) this.#notify(deviceHelpWords("video", this.local.problems.video));
    this.#storeSeat();
  }

  /**
   * Hangs up: leaves the meeting, or destroys a group meeting that no invitee has answered.
   * @returns {Promise<object | undefined>} the answer; `undefined` if the call was over before
   */
  async hangUp() {
    const isAlone = this.phase === "calling" && this.meeting.mode === "group";
    this.end("left");
    return this.request(isAlone ? "destroy_meeting" : "leave").catch((error) => {
      // The meeting or the seat ended before the request: nothing left to do.
      if (error.code !== "meeting_ended" && error.code !== "not_admitted") throw error;
    });
  }

  /** `true` if the seat or the media session was lost, for example during an interruption of the connection. */
  get needsRejoin() {
    if (this.phase !== "in") return false;
    const own = participant(this.meeting, this.me);
    return !own || !isPresent(own) || own.state === "reconnecting" || this.#media?.state === "closed";
  }

  /** Reacts to the end of the own seat: takes it again if the service lost this device, and ends the call otherwise. */
  #seatChanged() {
    const { state } = participant(this.meeting, this.me) ?? {};
    if (this.phase === "entering" && state === "failed") return this.end("rtc_failed");
    if (this.phase !== "in") return undefined;
    if (state === "failed") return this.end("rtc_failed");
    if (state === "left") return this.end("moved");
    return state === "lost" ? this.rejoin() : undefined;
  }

  /** Takes the seat again after a loss. */
  async rejoin() {
    if (this.#isRejoining) return;
    // After a reconnect the service may want to hear that this device still knows its seat.
    if (!this.needsRejoin) return this.#reportMedia();
    const { state } = participant(this.meeting, this.me) ?? {};
    if (state === "removed" || state === "banned") return this.end(state);
    this.#isRejoining = true;
    try {
      const joined = await this.request("rejoin");
      this.applyMeeting(joined.meeting);
      // For the media service a lost device has left, whatever the state of the media session.
      if (state === "lost" || this.#media?.state === "closed") await this.#enterMedia(joined.join);
      else this.#reportMedia();
    } catch (error) {
      if (SEAT_LOST.has(error.code)) this.end(error.reason ?? "lost");
      else this.#recoverLater();
    } finally {
      this.#isRejoining = false;
    }
  }

  /**
   * Ends the call on this page, because another tab uses the device now and may return to the call. The media session stays open
   * meanwhile, without sending: its end would count as hanging up. The media service replaces it when the other tab comes in.
   */
  giveToAnotherTab() {
    this.#isWithAnotherTab = true;
    this.end("moved");
  }

  /**
   * Ends the call on this device: closes the media and the devices, and dispatches `over`.
   * @param {string} [reason]
   * @param {number} [durationMs]
   * @param {string} [text] the words of its host
   * @param {number} [bannedForMs] absent: for good, if the user is banned
   */
  end(reason, durationMs, text, bannedForMs) {
    if (this.phase === "over") return;
    this.phase = "over";
    this.#report.stop();
    forgetSeat();
    if (this.#isWithAnotherTab) setTimeout(() => this.#media?.leave(), OTHER_TAB_MS);
    else this.#media?.leave();
    this.local.close();
    this.levels.close();
    const lasted = durationMs ?? (this.since === undefined ? 0 : performance.now() - this.since);
    const words = text ?? this.#callee?.text ?? undefined;
    const detail = { reason: this.#shownReason(reason), durationMs: lasted, text: words, bannedForMs };
    this.dispatchEvent(new CustomEvent("over", { detail }));
  }

  /** The other side of a direct call, whose decline ends it without words of its own. */
  get #callee() {
    const { mode, participants = [] } = this.meeting;
    return mode === "direct" ? participants.find(({ user_id: userId }) => userId !== this.me) : undefined;
  }

  /** Returns the reason of an end, or `do_not_disturb` if the callee of a direct call is not to be disturbed. */
  #shownReason(reason) {
    const isUntaken = reason === "unreachable" || reason === "all_declined";
    return isUntaken && this.#callee && isSilent(this.#callee) ? "do_not_disturb" : reason;
  }

  /** The media session, for measurements. */
  get media() {
    return this.#media;
  }

  async #enterMedia(join, attempt = 0) {
    this.#media?.leave();
    const media = await this.#open(join);
    if (!media || this.phase === "over") return media?.leave();
    this.#media = media;
    media.addEventListener("state", ({ detail }) => this.#onMediaState(media, detail));
    media.addEventListener("peers", ({ detail }) => this.#onPeers(detail.peers));
    media.addEventListener("muted", ({ detail }) => this.#onBlockedMedia(detail));
    media.addEventListener("removed", ({ detail }) => this.#onRemoved(media, detail.reason));
    try {
      await media.connect();
      // Devices turned on or off during the connect.
      for (const kind of ["audio", "video"]) await media.setTrack(kind, this.local.tracks[kind]);
    } catch (error) {
      if (this.phase === "over" || media !== this.#media) return;
      this.#mediaFailed(error, join, attempt);
      return;
    }
    this.#connectedAt = performance.now();
    if (this.phase !== "over") this.#enteredMedia();
  }

  /** Requests a fresh `join` for the media adapter. */
  async #renew() {
    try {
      return (await this.request("refresh_token")).join;
    } catch (error) {
      if (!SEAT_LOST.has(error.code)) throw error;
      // `sync` makes the phone find the reason. The adapter must not retry for ever.
      this.#terminal.sync();
      throw new MediaError("refused", error.message);
    }
  }

  /**
   * Sends `sync` after a loss of the seat or of the media: its `state` makes this device take the seat again. Repeated
   * losses wait longer each time.
   */
  #recoverLater() {
    if (performance.now() - this.#connectedAt >= STABLE_MS) this.#losses = 0;
    const wait = this.#losses === 0 ? 0 : MEDIA_RETRY_MS[Math.min(this.#losses, MEDIA_RETRY_MS.length) - 1];
    this.#losses += 1;
    setTimeout(() => this.phase !== "over" && this.#terminal.sync(), wait);
  }

  async #open(join) {
    try {
      return await openMedia({
        join,
        local: this.local.tracks,
        renew: () => this.#renew(),
        sdk: this.#sdk,
      });
    } catch (error) {
      // Without an adapter the call continues without sound and picture.
      this.mediaProblem = error.code ?? "unsupported";
      this.#enteredMedia();
      return undefined;
    }
  }

  #mediaFailed(error, join, attempt) {
    this.mediaProblem = error.code ?? "unreachable";
    if (this.mediaProblem === "unsupported") return this.#enteredMedia();
    this.mediaState = "reconnecting";
    this.#changed();
    if (FINAL_FAILURES.has(this.mediaProblem)) return;
    setTimeout(
      () => {
        if (this.phase === "over") return;
        // A participant who does not reach the media in time is failed by the service, which may not notify this device.
        if (this.phase === "entering") this.#terminal.sync();
        this.#enterMedia(join, attempt + 1);
      },
      MEDIA_RETRY_MS[Math.min(attempt, MEDIA_RETRY_MS.length - 1)],
    );
  }

  #enteredMedia() {
    this.phase = "in";
    this.since ??= performance.now();
    this.#storeSeat();
    this.#reportMedia();
    this.#updateSending();
    this.#changed();
  }

  #onMediaState(media, { state, code }) {
    if (media !== this.#media) return;
    const wasAway = this.mediaState === "reconnecting";
    this.mediaState = state;
    this.mediaProblem = state === "connected" ? undefined : code;
    if (state === "connected" && wasAway && this.phase === "in") this.#reportMedia();
    // The media service ended the session. A downlink with the reason usually comes first.
    if (state === "closed" && this.phase === "in") {
      this.mediaState = "reconnecting";
      this.#recoverLater();
    }
    this.#changed();
  }

  #onPeers(peers) {
    const gone = new Set(this.peers.keys());
    this.peers = new Map(peers.map((peer) => [peer.userId, peer]));
    for (const name of gone) if (!this.peers.has(name)) this.levels.watch(name, null);
    for (const { userId, audio } of peers) this.levels.watch(userId, audio);
    this.#changed();
  }

  #onBlockedMedia(blockedMedia) {
    this.blockedMedia = blockedMedia;
    if (blockedMedia.audio) this.local.set("audio", false);
    this.#changed();
  }

  /** Handles a media session ended by the media service. The downlinks give the reason and usually arrive first. */
  #onRemoved(media, reason) {
    if (media !== this.#media) return;
    if (reason === "replaced") this.end("moved");
  }

  #deviceChanged(kind) {
    this.#media?.setTrack(kind, this.local.tracks[kind])?.catch(() => {});
    if (kind === "audio") this.levels.watch(this.me, this.local.tracks.audio);
    if (this.phase === "in") this.#reportMedia();
    this.#updateSending();
    this.#changed();
  }

  #updateSending() {
    this.#media?.setSending({ audio: this.local.isOn("audio"), video: this.local.isOn("video") });
  }

  /** Reports that this device is in the media, and what it sends. */
  #reportMedia() {
    if (this.phase === "in") this.#report.due();
  }

  #tellMedia() {
    if (this.phase !== "in") return;
    this.#terminal.tell("report_media", {
      meeting_id: this.meetingId,
      state: "joined",
      audio: this.local.isOn("audio"),
      video: this.local.isOn("video"),
      screen: false,
    });
  }

  /** Keeps the seat for a reload of the page, from the time at which the service has given it. */
  #storeSeat() {
    if (this.phase !== "in" && this.phase !== "entering" && !this.join) return;
    const { mode, media } = this.meeting;
    const sinceMs = this.since === undefined ? undefined : Math.round(Date.now() - (performance.now() - this.since));
    const devices = { microphone: this.wanted.audio, camera: this.wanted.video };
    storeSeat({ meetingId: this.meetingId, mode, media, sinceMs, ...devices });
  }

  /** Reacts to a change of the meeting. */
  #meetingChanged() {
    // `meeting_ended` carries the reason of the end. In case that downlink was lost, `sync` makes the phone find the
    // reason.
    if (this.meeting.state === "ended") this.#terminal.sync();
    this.#seatChanged();
    this.#changed();
  }

  #showProblem(error) {
    this.dispatchEvent(new CustomEvent("problem", { detail: error }));
  }

  #notify(text) {
    this.dispatchEvent(new CustomEvent("notice", { detail: text }));
  }

  #changed() {
    if (this.phase !== "over") this.dispatchEvent(new Event("change"));
  }
}
