/**
 * @file The camera and the microphone of this machine: turned on and off, chosen, and done without when they are not there.
 */

const VIDEO = { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 20 } };
const CONSTRAINTS = { audio: { echoCancellation: true, noiseSuppression: true }, video: VIDEO };
const KINDS = { audio: "audioinput", video: "videoinput" };
const REMEMBERED = "switchboard.devices";

/** What is sent of this machine. Dispatches `change` with `detail.kind` when a track is another one or gone. */
export class LocalMedia extends EventTarget {
  /** @type {{audio: MediaStreamTrack | null, video: MediaStreamTrack | null}} */
  tracks = { audio: null, video: null };
  /** Why something is not there: `denied`, `absent`, `busy`. */
  problems = {};
  #chosen = remembered();
  #closed = false;

  /** Turns on what is wanted; what cannot be had is named in `problems`. */
  async open({ audio, video }) {
    // One question of the browser for both, if both can be had.
    if (audio && video) {
      try {
        const stream = await navigator.mediaDevices.getUserMedia({
          audio: this.#constraints("audio"),
          video: this.#constraints("video"),
        });
        for (const track of stream.getTracks()) this.#take(track.kind, track);
        return;
      } catch {
        // One of the two may do.
      }
    }
    if (audio) await this.#turnOn("audio");
    if (video) await this.#turnOn("video");
  }

  isOn(kind) {
    const track = this.tracks[kind];
    return track !== null && track.enabled && track.readyState === "live";
  }

  /** Turns a device on or off; whether it is on now. A camera is let go, so that its light goes out. */
  async set(kind, on) {
    if (on === this.isOn(kind)) return on;
    if (!on) {
      if (kind === "video") this.#release(kind);
      else this.tracks.audio.enabled = false;
    } else if (kind === "audio" && this.tracks.audio?.readyState === "live") {
      this.tracks.audio.enabled = true;
    } else {
      await this.#turnOn(kind);
    }
    this.#changed(kind);
    return this.isOn(kind);
  }

  /** The devices that can be chosen. Their names are known once one of the kind was allowed. */
  async list(kind) {
    const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    return devices.filter((device) => device.kind === KINDS[kind] && device.deviceId);
  }

  chosen(kind) {
    return this.tracks[kind]?.getSettings().deviceId ?? this.#chosen[kind] ?? "";
  }

  /** Takes another device, now if the kind is on, and from now on. */
  async choose(kind, deviceId) {
    this.#chosen = { ...this.#chosen, [kind]: deviceId };
    localStorage.setItem(REMEMBERED, JSON.stringify(this.#chosen));
    if (!this.tracks[kind]) return;
    const wasOn = this.isOn(kind);
    this.#release(kind);
    await this.#turnOn(kind);
    if (!wasOn && this.tracks[kind]) this.tracks[kind].enabled = false;
    this.#changed(kind);
  }

  close() {
    this.#closed = true;
    for (const kind of ["audio", "video"]) this.#release(kind);
  }

  #constraints(kind) {
    const deviceId = this.#chosen[kind];
    return deviceId ? { ...CONSTRAINTS[kind], deviceId: { ideal: deviceId } } : CONSTRAINTS[kind];
  }

  async #turnOn(kind) {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ [kind]: this.#constraints(kind) });
      this.#take(kind, stream.getTracks()[0]);
    } catch (error) {
      this.problems = { ...this.problems, [kind]: problem(error) };
    }
  }

  #take(kind, track) {
    if (this.#closed) return track.stop();
    this.#release(kind);
    delete this.problems[kind];
    this.tracks[kind] = track;
    // Unplugged.
    track.onended = () => {
      if (this.tracks[kind] !== track) return;
      this.tracks[kind] = null;
      this.problems = { ...this.problems, [kind]: "absent" };
      this.#changed(kind);
    };
  }

  #release(kind) {
    this.tracks[kind]?.stop();
    this.tracks[kind] = null;
  }

  #changed(kind) {
    this.dispatchEvent(new CustomEvent("change", { detail: { kind } }));
  }
}

function problem({ name }) {
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  return name === "NotReadableError" ? "busy" : "absent";
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED)) ?? {};
  } catch {
    return {};
  }
}
