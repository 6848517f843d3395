/**
 * @file Camera and microphone of this machine: turns them on and off, selects them, and replaces one that is unplugged.
 * Neither is required.
 */

const VIDEO = { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 20 } };
const CONSTRAINTS = { audio: { echoCancellation: true, noiseSuppression: true }, video: VIDEO };
const KINDS = { audio: "audioinput", video: "videoinput" };
const STORAGE_KEY = "switchboard.devices";

/**
 * The local tracks. Dispatches `change` with `detail.kind` when a track is replaced, ends, or is turned on or off, and
 * `replaced` with `detail.kind` and `detail.label` when another device takes the place of one that is gone.
 */
export class LocalMedia extends EventTarget {
  /** @type {{audio: MediaStreamTrack | null, video: MediaStreamTrack | null}} */
  tracks = { audio: null, video: null };
  /** Reason for each kind that is not available: `denied`, `absent`, `busy`. */
  problems = {};
  #chosen = storedChoice();
  #closed = false;
  /** The ids of the devices that the browser listed last, to see which one is gone. @type {Set<string>} */
  #listed = new Set();
  /** Kinds whose device is gone, with `true` if the device was on. The next device of such a kind is then turned on. */
  #lost = new Map();
  #stopListening = () => {};

  /** Turns on the given kinds. A kind that is not available gets an entry in `problems`. */
  async open(wanted) {
    this.#listenForDevices();
    await this.#openOnce(wanted);
    this.#listed = await this.#listedIds();
    // If a wanted device is missing, the page uses the next one that is plugged in.
    for (const kind of ["audio", "video"]) if (wanted[kind] && this.problems[kind]) this.#lost.set(kind, true);
  }

  async #openOnce({ audio, video }) {
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
    // A muted microphone stays muted when the next one is plugged in. For a camera that is turned off, no next one is
    // used.
    if (!on && kind === "audio" && this.#lost.has(kind)) this.#lost.set(kind, false);
    else this.#lost.delete(kind);
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
    return (await this.#devices()).filter((device) => device.kind === KINDS[kind] && device.deviceId);
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
    this.#lost.delete(kind);
    // With `ideal` the browser could prefer another camera, whose pictures have the wanted size.
    await this.#turnOn(kind, deviceId ? { deviceId: { exact: deviceId } } : {});
    if (!this.tracks[kind]) await this.#turnOn(kind);
    if (!wasOn && this.tracks[kind]) this.tracks[kind].enabled = false;
    this.#changed(kind);
  }

  close() {
    this.#closed = true;
    this.#stopListening();
    for (const kind of ["audio", "video"]) this.#release(kind);
  }

  #constraints(kind) {
    const deviceId = this.#chosen[kind];
    return deviceId ? { ...CONSTRAINTS[kind], deviceId: { ideal: deviceId } } : CONSTRAINTS[kind];
  }

  async #turnOn(kind, device = {}) {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ [kind]: { ...this.#constraints(kind), ...device } });
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
    // The device was unplugged, or the browser has taken its permission back.
    const { deviceId } = track.getSettings();
    track.onended = () => this.#deviceGone(kind, track, deviceId);
  }

  /** Takes another device in place of one that is gone; without one, waits until a device is plugged in. */
  async #deviceGone(kind, track, deviceId) {
    if (this.#closed || this.tracks[kind] !== track) return;
    this.#lost.set(kind, track.enabled);
    this.#release(kind);
    await this.#recover(kind, deviceId);
    if (this.#lost.has(kind)) this.problems = { ...this.problems, [kind]: this.problems[kind] ?? "absent" };
    this.#changed(kind);
  }

  /** Tries the devices of a kind, except `goneId`, until one works. */
  async #recover(kind, goneId) {
    for (const device of await this.#replacements(kind, goneId)) {
      // The user has turned the kind on or off in the meantime.
      if (this.#closed || !this.#lost.has(kind)) return;
      await this.#turnOn(kind, device.deviceId ? { deviceId: { exact: device.deviceId } } : {});
      const track = this.tracks[kind];
      if (track) {
        track.enabled = this.#lost.get(kind) ?? true;
        this.#lost.delete(kind);
        this.dispatchEvent(new CustomEvent("replaced", { detail: { kind, label: track.label } }));
        return;
      }
      // The browser refuses the other devices of the kind, too.
      if (this.problems[kind] === "denied") return;
    }
  }

  /** Returns the devices that may replace `goneId`. Before the first permission the browser hides their ids. */
  async #replacements(kind, goneId) {
    const devices = (await this.#devices()).filter((device) => device.kind === KINDS[kind]);
    const named = devices.filter(({ deviceId }) => deviceId && deviceId !== goneId);
    return named.length > 0 ? named : devices.filter(({ deviceId }) => !deviceId).slice(0, 1);
  }

  #listenForDevices() {
    const { mediaDevices } = navigator;
    // One change after the other: unplugging a headset reports several.
    let turn = Promise.resolve();
    const changed = () => (turn = turn.then(() => this.#devicesChanged()));
    mediaDevices?.addEventListener?.("devicechange", changed);
    this.#stopListening = () => mediaDevices?.removeEventListener?.("devicechange", changed);
  }

  /** Replaces a device that is no longer listed although its track has not ended, and one that was missing until now. */
  async #devicesChanged() {
    const before = this.#listed;
    this.#listed = await this.#listedIds();
    for (const kind of ["audio", "video"]) {
      const track = this.tracks[kind];
      const deviceId = track?.getSettings().deviceId;
      if (track && before.has(deviceId) && !this.#listed.has(deviceId)) await this.#deviceGone(kind, track, deviceId);
      else if (!track && this.#lost.has(kind) && ["absent", "busy"].includes(this.problems[kind])) {
        await this.#recover(kind);
        this.#changed(kind);
      }
    }
  }

  async #listedIds() {
    return new Set((await this.#devices()).map(({ deviceId }) => deviceId));
  }

  async #devices() {
    return (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
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
