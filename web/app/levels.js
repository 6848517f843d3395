/** @file Who speaks: measures the loudness of audio tracks a few times a second. */

const EVERY_MS = 120;
/** Of full scale; a quiet room is below, a voice above. */
const LOUD = 0.02;
/** How long somebody is shown as speaking after the last sound. */
const HOLD_MS = 500;

/** Measures tracks by name. Dispatches `change` when the set of who speaks is another one. */
export class Levels extends EventTarget {
  /** @type {Set<string>} */
  speaking = new Set();
  #sources = new Map();
  #context;
  #timer;

  /** Measures this track under this name; `null` ends it. */
  watch(name, track) {
    const known = this.#sources.get(name);
    if (known?.track === track) return;
    known?.source.disconnect();
    this.#sources.delete(name);
    if (!track) return;
    this.#context ??= new AudioContext();
    this.#context.resume().catch(() => {});
    const source = this.#context.createMediaStreamSource(new MediaStream([track]));
    const analyser = new AnalyserNode(this.#context, { fftSize: 512 });
    source.connect(analyser);
    this.#sources.set(name, {
      track,
      source,
      analyser,
      samples: new Float32Array(analyser.fftSize),
      heardAt: -Infinity,
    });
    this.#timer ??= setInterval(() => this.#measure(), EVERY_MS);
  }

  close() {
    clearInterval(this.#timer);
    this.#sources.clear();
    this.#context?.close().catch(() => {});
  }

  #measure() {
    const now = performance.now();
    const speaking = new Set();
    for (const [name, source] of this.#sources) {
      source.analyser.getFloatTimeDomainData(source.samples);
      const power = source.samples.reduce((sum, sample) => sum + sample * sample, 0) / source.samples.length;
      if (source.track.enabled && Math.sqrt(power) > LOUD) source.heardAt = now;
      if (now - source.heardAt < HOLD_MS) speaking.add(name);
    }
    const isSame = speaking.size === this.speaking.size && [...speaking].every((name) => this.speaking.has(name));
    if (isSame) return;
    this.speaking = speaking;
    this.dispatchEvent(new Event("change"));
  }
}
