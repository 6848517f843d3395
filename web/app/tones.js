/** @file Generated tones, without sound files: a ring for an incoming call, a ringback for an outgoing one, an end tone. */

/** Each note: frequencies in hertz, then start and duration in seconds. `every`: seconds between repetitions; 0: none. */
const TONES = {
  ring: {
    every: 3,
    volume: 0.12,
    notes: [
      [[659, 988], 0, 0.18],
      [[784, 1175], 0.22, 0.18],
      [[659, 988], 0.62, 0.18],
      [[784, 1175], 0.84, 0.18],
    ],
  },
  ringback: { every: 4, volume: 0.05, notes: [[[425], 0, 1]] },
  end: {
    every: 0,
    volume: 0.06,
    notes: [
      [[520], 0, 0.12],
      [[390], 0.14, 0.2],
    ],
  },
};
/** Fade-in and fade-out of a note, against clicks. */
const EDGE_SECONDS = 0.02;

/** Plays one tone at a time. */
export class Tones {
  #context;
  #timer;
  #playing;
  #gain;
  #playback;
  /** `true` while a tone waits for the browser to let the context start. */
  #isStarting = false;

  /** @param {import("./playback.js").Playback} playback */
  constructor(playback) {
    this.#playback = playback;
  }

  /** Plays a tone; `undefined` stops the current one. Browsers are silent until the user has acted on the page. */
  play(name) {
    if (name === this.#playing) return;
    this.stop();
    this.#playing = name;
    if (!name) return;
    this.#playOnce(name);
    if (TONES[name].every > 0) this.#timer = setInterval(() => this.#playOnce(name), TONES[name].every * 1000);
  }

  stop() {
    clearInterval(this.#timer);
    this.#gain?.disconnect();
    this.#gain = undefined;
    this.#playing = undefined;
    if (this.#context) this.#playback.release(this.#context);
  }

  async #playOnce(name) {
    const { notes, volume } = TONES[name];
    this.#context ??= new AudioContext();
    const context = this.#context;
    this.#playback.keepRunning(context);
    // The time of a context that is held back stands still: notes scheduled now would all sound at once later.
    if (this.#isStarting) return;
    this.#isStarting = true;
    await context.resume().catch(() => {});
    this.#isStarting = false;
    if (this.#playing !== name || context.state !== "running") return;
    if (!this.#gain) {
      this.#gain = context.createGain();
      this.#gain.gain.value = volume;
      this.#gain.connect(context.destination);
    }
    for (const [frequencies, startsAt, lasts] of notes) {
      for (const frequency of frequencies) this.#note(frequency, context.currentTime + startsAt, lasts);
    }
  }

  #note(frequency, at, lasts) {
    const oscillator = new OscillatorNode(this.#context, { frequency });
    const envelope = new GainNode(this.#context, { gain: 0 });
    envelope.gain.setValueAtTime(0, at);
    envelope.gain.linearRampToValueAtTime(1, at + EDGE_SECONDS);
    envelope.gain.setValueAtTime(1, at + lasts - EDGE_SECONDS);
    envelope.gain.linearRampToValueAtTime(0, at + lasts);
    oscillator.connect(envelope).connect(this.#gain);
    oscillator.start(at);
    oscillator.stop(at + lasts);
  }
}
