/**
 * @file Camera and microphone of this machine: turns them on and off, and selects them. Neither is required.
 */

const VIDEO = { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 20 } };
const CONSTRAINTS = { audio: { echoCancellation: true, noiseSuppression: true }, video: VIDEO };
const KINDS = { audio: "audioinput", video: "videoinput" };
const STORAGE_KEY = "switchboard.devices";

/** The local tracks. Dispatches `change` with `detail.kind` when a track is replaced, ends, or is turned on or off. */
export class LocalMedia extends EventTarget {
  /** @type {{audio: MediaStreamTrack | null, video: MediaStreamTrack | null}} */
  tracks = { audio: null, video: null };
  /** Reason for each kind that is not available: `denied`, `absent`, `busy`. */
  problems = {};
  #chosen = storedChoice();
  #closed = false;

  /** Turns on the given kinds. A kind that is not available gets an entry in `problems`. */
  async open({ audio, video }) {
    // Request both at once, so that the browser asks for permission once.
    if (audio && video) {
      try {
        const stream = await navigator.mediaDevices.getUserMedia({
          audio: this.#constraints("audio"),
          video: this.#constraints("video"),
        });
        for (const track of stream.getTracks()) this.#useTrack(track.kind, track);
        return;
      } catch {
        // One of the two is not available: request each by itself.
      }
    }
    if (audio) await this.#turnOn("audio");
    if (video) await this.#turnOn("video");
  }

  isOn(kind) {
    const track = this.tracks[kind];
    return track !== null && track.enabled && track.readyState === "live";
  }

  /** Turns a device on or off and returns whether it is on. A camera is released, so that its light goes out. */
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

  /** Lists the devices of a kind. The browser hides their names until it has allowed one of the kind. */
  async list(kind) {
    const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    return devices.filter((device) => device.kind === KINDS[kind] && device.deviceId);
  }

  chosen(kind) {
    return this.tracks[kind]?.getSettings().deviceId ?? this.#chosen[kind] ?? "";
  }

  /** Selects a device and remembers it. Replaces the current track if there is one. */
  async choose(kind, deviceId) {
    this.#chosen = { ...this.#chosen, [kind]: deviceId };
    localStorage.setItem(STORAGE_KEY, JSON.stringify(this.#chosen));
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
      this.#useTrack(kind, stream.getTracks()[0]);
    } catch (error) {
      this.problems = { ...this.problems, [kind]: problemOf(error) };
    }
  }

  #useTrack(kind, track) {
    if (this.#closed) return track.stop();
    this.#release(kind);
    delete this.problems[kind];
    this.tracks[kind] = track;
    // The device was unplugged.
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

function problemOf({ name }) {
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  return name === "NotReadableError" ? "busy" : "absent";
}

function storedChoice() {
  try {
    return JSON.parse(localStorage.getItem(STORAGE_KEY)) ?? {};
  } catch {
    return {};
  }
}
