/**
 * @file One call from this side: the meeting as the service tells it, one's own devices, and the place in the media.
 */
import { openMedia } from "../media/adapter.js";
import { LocalMedia } from "./devices.js";
import { Levels } from "./levels.js";
import { persist } from "./persist.js";
import { after, isModerator, isPresent, participant } from "./roster.js";
import { forgetSeat, keepSeat } from "./seat.js";

/** Waits between attempts to get into the media when the service cannot be reached. */
const MEDIA_RETRY_MS = [1000, 2000, 4000, 8000];

/** Dispatches `change`; `over` with `{reason, durationMs}`; `problem` with an error. */
export class Call extends EventTarget {
  /** `calling` (nobody has answered), `entering`, `in`, `lobby`, `over`. */
  phase = "calling";
  /** The meeting of the protocol. */
  meeting;
  /** What is wrong with the media, as a code. */
  mediaProblem;
  mediaState = "new";
  /** @type {Map<string, import("../media/adapter.js").Peer>} */
  peers = new Map();
  /** What the media service does not let through. */
  silenced = { audio: false, video: false };
  /** When the call ends by itself, by `performance.now()`; only after a warning. */
  endsAt;
  /** When this side came in, by `performance.now()`. */
  since;
  local = new LocalMedia();
  levels = new Levels();
  #terminal;
  #media;
  #isEntered = false;
  #isComingBack = false;
  #devices;
  #sdk;

  /**
   * @param {object} options
   * @param {import("../terminal.js").Terminal} options.terminal
   * @param {object} options.meeting of the protocol, as far as it is known
   * @param {{audio: boolean, video: boolean}} options.wanted what to turn on
   * @param {object} [options.sdk] the media vendor's SDK
   */
  constructor({ terminal, meeting, wanted, sdk }) {
    super();
    this.#terminal = terminal;
    this.#sdk = sdk;
    this.meeting = meeting;
    this.wanted = wanted;
    this.local.addEventListener("change", ({ detail }) => this.#deviceChanged(detail.kind));
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

  get isModerator() {
    return isModerator(this.meeting, this.me);
  }

  /** How one may speak: `free`, `soft` (one may unmute oneself) or `hard` (blocked). */
  get speech() {
    return participant(this.meeting, this.me)?.speech?.mode ?? "free";
  }

  /** The first picture of the meeting is there, or a newer one. */
  learn(meeting) {
    this.meeting = after(this.meeting, { meeting });
    this.#consequences();
  }

  /** Goes into the media with what the service gave. */
  async enter(join) {
    if (this.phase === "over" || this.#isEntered) return;
    this.#isEntered = true;
    this.phase = "entering";
    keepSeat({ meetingId: this.meetingId, microphone: this.wanted.audio, camera: this.wanted.video });
    this.#changed();
    await this.#devices;
    if (this.speech !== "free") await this.local.set("audio", false);
    await this.#enterMedia(join);
  }

  /** A downlink of this meeting. */
  async hear(message) {
    if (this.phase === "over") return;
    this.meeting = after(this.meeting, message);
    switch (message.type) {
      case "meeting_ended":
        return this.end(message.reason, message.duration_ms);
      case "participant_removed":
        return this.end(message.reason);
      case "meeting_ending":
        this.endsAt = performance.now() + message.in_ms;
        break;
      case "speech_changed":
        if (message.user_id === this.me && message.mode !== "free") await this.local.set("audio", false);
        break;
      case "lobby_result":
        if (!message.admitted) return this.end("denied");
        if (message.join) this.enter(message.join);
        break;
      default:
    }
    this.#consequences();
  }

  /** Asks for something in this meeting. */
  request(type, fields = {}) {
    return persist(this.#terminal, type, { meeting_id: this.meetingId, ...fields });
  }

  async setMicrophone(on) {
    if (on && this.speech === "hard") return this.#problem({ code: "speech_blocked" });
    try {
      if (on && this.speech === "soft") this.hear(await this.request("unmute_self"));
    } catch (error) {
      return this.#problem(error);
    }
    this.wanted = { ...this.wanted, audio: await this.local.set("audio", on) };
    this.#remember();
  }

  async setCamera(on) {
    this.wanted = { ...this.wanted, video: await this.local.set("video", on) };
    this.#remember();
  }

  /** Hangs up: leaves, or takes back what nobody has answered. */
  async hangUp() {
    const isAlone = this.phase === "calling" && this.meeting.mode === "group";
    this.end("left");
    await this.request(isAlone ? "destroy_meeting" : "leave").catch((error) => {
      // It was over already, which is what was wanted.
      if (error.code !== "meeting_ended" && error.code !== "not_admitted") throw error;
    });
  }

  /** Whether the seat, or the place in the media, was given up while this side knew nothing of it. */
  get isAdrift() {
    if (this.phase !== "in") return false;
    const own = participant(this.meeting, this.me);
    return !own || !isPresent(own) || own.state === "reconnecting" || this.#media?.state === "closed";
  }

  /** Takes the seat again. */
  async comeBack() {
    if (!this.isAdrift || this.#isComingBack) return;
    const { state } = participant(this.meeting, this.me) ?? {};
    if (state === "removed" || state === "banned") return this.end(state);
    this.#isComingBack = true;
    try {
      const joined = await this.request("rejoin");
      this.learn(joined.meeting);
      if (this.#media?.state === "closed") await this.#enterMedia(joined.join);
      else this.#report("joined");
    } catch (error) {
      if (["meeting_ended", "not_admitted", "banned", "meeting_not_found"].includes(error.code))
        this.end(error.reason ?? "lost");
    } finally {
      this.#isComingBack = false;
    }
  }

  /** It is over for this side. */
  end(reason, durationMs) {
    if (this.phase === "over") return;
    this.phase = "over";
    forgetSeat();
    this.#media?.leave();
    this.local.close();
    this.levels.close();
    const lasted = durationMs ?? (this.since === undefined ? 0 : performance.now() - this.since);
    this.dispatchEvent(new CustomEvent("over", { detail: { reason, durationMs: lasted } }));
  }

  /** The place in the media, for measurements. */
  get media() {
    return this.#media;
  }

  async #enterMedia(join, attempt = 0) {
    this.#media?.leave();
    const media = await this.#open(join);
    if (!media || this.phase === "over") return media?.leave();
    this.#media = media;
    media.addEventListener("state", ({ detail }) => this.#mediaStateIs(media, detail));
    media.addEventListener("peers", ({ detail }) => this.#peersAre(detail.peers));
    media.addEventListener("muted", ({ detail }) => this.#silencedIs(detail));
    media.addEventListener("removed", ({ detail }) => this.#removed(media, detail.reason));
    try {
      await media.connect();
      // What was turned on or off meanwhile.
      for (const kind of ["audio", "video"]) await media.setTrack(kind, this.local.tracks[kind]);
    } catch (error) {
      if (this.phase === "over" || media !== this.#media) return;
      this.#mediaFailed(error, join, attempt);
      return;
    }
    if (this.phase !== "over") this.#inMedia();
  }

  async #open(join) {
    try {
      return await openMedia({
        join,
        local: this.local.tracks,
        renew: async () => (await this.request("refresh_token")).join,
        sdk: this.#sdk,
      });
    } catch (error) {
      // Without an adapter the call is one without sound and picture.
      this.mediaProblem = error.code ?? "unsupported";
      this.#inMedia();
      return undefined;
    }
  }

  #mediaFailed(error, join, attempt) {
    this.mediaProblem = error.code ?? "unreachable";
    if (this.mediaProblem === "unsupported") return this.#inMedia();
    this.mediaState = "reconnecting";
    this.#changed();
    if (!["unreachable", "no_route"].includes(this.mediaProblem)) return;
    setTimeout(
      () => {
        if (this.phase === "over") return;
        // Who does not come into the media is given up after a while; the others are told, he has to ask.
        if (this.phase === "entering") this.#terminal.sync();
        this.#enterMedia(join, attempt + 1);
      },
      MEDIA_RETRY_MS[Math.min(attempt, MEDIA_RETRY_MS.length - 1)],
    );
  }

  #inMedia() {
    this.phase = "in";
    this.since ??= performance.now();
    this.#report("joined");
    this.#tellMedia();
    this.#changed();
  }

  #mediaStateIs(media, { state, code }) {
    if (media !== this.#media) return;
    const wasAway = this.mediaState === "reconnecting";
    this.mediaState = state;
    this.mediaProblem = state === "connected" ? undefined : code;
    if (state === "connected" && wasAway && this.phase === "in") this.#report("joined");
    this.#changed();
  }

  #peersAre(peers) {
    const gone = new Set(this.peers.keys());
    this.peers = new Map(peers.map((peer) => [peer.userId, peer]));
    for (const name of gone) if (!this.peers.has(name)) this.levels.watch(name, null);
    for (const { userId, audio } of peers) this.levels.watch(userId, audio);
    this.#changed();
  }

  #silencedIs(silenced) {
    this.silenced = silenced;
    if (silenced.audio) this.local.set("audio", false);
    this.#changed();
  }

  /** The service ended it; what the broker says about it is the truth and usually there already. */
  #removed(media, reason) {
    if (media !== this.#media) return;
    if (reason === "replaced") this.end("moved");
    else this.#terminal.sync();
  }

  #deviceChanged(kind) {
    this.#media?.setTrack(kind, this.local.tracks[kind])?.catch(() => {});
    if (kind === "audio") this.levels.watch(this.me, this.local.tracks.audio);
    if (this.phase === "in") this.#report("joined");
    this.#tellMedia();
    this.#changed();
  }

  #tellMedia() {
    this.#media?.setSending({ audio: this.local.isOn("audio"), video: this.local.isOn("video") });
  }

  #report(state) {
    if (this.phase !== "in") return;
    this.#terminal.tell("report_media", {
      meeting_id: this.meetingId,
      state,
      audio: this.local.isOn("audio"),
      video: this.local.isOn("video"),
      screen: false,
    });
  }

  #remember() {
    if (this.phase === "in" || this.phase === "entering") {
      keepSeat({ meetingId: this.meetingId, microphone: this.wanted.audio, camera: this.wanted.video });
    }
  }

  /** What a new picture of the meeting means. */
  #consequences() {
    // Why it ended is told by `meeting_ended`, at once or, if that was lost, when it is asked for.
    if (this.meeting.state === "ended") this.#terminal.sync();
    if (this.phase === "entering" && participant(this.meeting, this.me)?.state === "failed")
      return this.end("rtc_failed");
    this.#changed();
  }

  #problem(error) {
    this.dispatchEvent(new CustomEvent("problem", { detail: error }));
  }

  #changed() {
    if (this.phase !== "over") this.dispatchEvent(new Event("change"));
  }
}
