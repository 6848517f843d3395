/** @file Detects speaking participants: measures the level of audio tracks every 120 ms. */

const EVERY_MS = 120;
/** Threshold of the root mean square level, relative to full scale: above background noise, below a voice. */
const SPEECH_LEVEL = 0.02;
/** Time for which a participant counts as speaking after the last measurement above the threshold. */
const SPEAKING_MS = 500;

/** Measures one audio track for each user. Dispatches `change` when the set `speaking` changes. */
export class Levels extends EventTarget {
  /** User ids. @type {Set<string>} */
  speaking = new Set();
  #sources = new Map();
  #context;
  #timer;
  #playback;

  /** @param {import("./playback.js").Playback} playback */
  constructor(playback) {
    super();
    this.#playback = playback;
  }

  /** Measures a user's track, in place of the previous one; `null` stops the measurement. */
  watch(userId, track) {
    const known = this.#sources.get(userId);
    if (known?.track === track) return;
    known?.source.disconnect();
    this.#sources.delete(userId);
    if (!track) return;
    this.#context ??= new AudioContext();
    this.#playback.keepRunning(this.#context);
    const source = this.#context.createMediaStreamSource(new MediaStream([track]));
    const analyser = new AnalyserNode(this.#context, { fftSize: 512 });
    source.connect(analyser);
    this.#sources.set(userId, {
      track,
      source,
      analyser,
      samples: new Float32Array(analyser.fftSize),
      lastLoudMs: -Infinity,
    });
    this.#timer ??= setInterval(() => this.#measure(), EVERY_MS);
  }

  close() {
    clearInterval(this.#timer);
    this.#sources.clear();
    if (!this.#context) return;
    this.#playback.release(this.#context);
    this.#context.close().catch(() => {});
  }

  #measure() {
    const now = performance.now();
    const speaking = new Set();
    for (const [userId, source] of this.#sources) {
      source.analyser.getFloatTimeDomainData(source.samples);
      const power = source.samples.reduce((sum, sample) => sum + sample * sample, 0) / source.samples.length;
      if (source.track.enabled && Math.sqrt(power) > SPEECH_LEVEL) source.lastLoudMs = now;
      if (now - source.lastLoudMs < SPEAKING_MS) speaking.add(userId);
    }
    const isSame = speaking.size === this.speaking.size && [...speaking].every((userId) => this.speaking.has(userId));
    if (isSame) return;
    this.speaking = speaking;
    this.dispatchEvent(new Event("change"));
  }
}
