/**
 * @file Playback of sound and pictures. A browser may hold media back until the user acts on the page, and may pause
 * media, for example when headphones are unplugged. The page shows a hint, and the media start at the next gesture.
 */

/** Events that browsers count as a gesture of the user. */
const GESTURES = ["pointerdown", "pointerup", "touchend", "keydown"];
/** Time that a new `AudioContext` has to start before it counts as held back. */
const START_MS = 500;
/** Minimum time between two attempts to start an element that the browser pauses again and again. */
const RETRY_MS = 1000;

/** Keeps elements and audio contexts playing. Dispatches `change` when the set of held-back media changes. */
export class Playback extends EventTarget {
  /** The media elements and audio contexts that should play. */
  #wanted = new Set();
  #held = new Set();

  /** @param {EventTarget} page the target that gets the gestures */
  constructor(page = globalThis) {
    super();
    for (const kind of GESTURES) page.addEventListener(kind, () => this.startHeld(), { capture: true, passive: true });
  }

  /** The kind of media that the browser holds back until the user acts on the page: `sound`, `picture`, or nothing. */
  get held() {
    if (this.#held.size === 0) return undefined;
    return [...this.#held].every(({ tagName }) => tagName === "VIDEO") ? "picture" : "sound";
  }

  /** Starts the media that are held back. Succeeds only during a gesture of the user. */
  startHeld() {
    for (const one of [...this.#held]) this.#start(one);
  }

  /**
   * Plays an `<audio>` or `<video>` element until the returned function is called.
   * @param {HTMLMediaElement} element
   * @returns {() => void}
   */
  keepPlaying(element) {
    let startedAt = performance.now();
    const onPlaying = () => this.#setHeld(element, false);
    const onPause = () => {
      // The page itself never pauses. A stream without a live track has nothing to play.
      if (!element.srcObject?.active) return;
      const isRepeated = performance.now() - startedAt < RETRY_MS;
      startedAt = performance.now();
      if (isRepeated) this.#setHeld(element, true);
      else this.#start(element);
    };
    this.#wanted.add(element);
    element.addEventListener("playing", onPlaying);
    element.addEventListener("pause", onPause);
    this.#start(element);
    return () => {
      element.removeEventListener("playing", onPlaying);
      element.removeEventListener("pause", onPause);
      this.release(element);
    };
  }

  /**
   * Keeps an audio context running until {@link Playback.release}.
   * @param {AudioContext} context
   */
  keepRunning(context) {
    if (this.#wanted.has(context)) return;
    this.#wanted.add(context);
    context.onstatechange = () => this.#checkContext(context);
    this.#start(context);
    setTimeout(() => this.#checkContext(context), START_MS);
  }

  /** Stops watching an element or a context. */
  release(one) {
    this.#wanted.delete(one);
    this.#setHeld(one, false);
  }

  async #start(one) {
    if (typeof one.resume === "function") return one.resume().catch(() => {});
    try {
      await one.play();
      this.#setHeld(one, false);
    } catch ({ name }) {
      // `AbortError`: the element was removed or got another track, which is played by a call of its own.
      if (name !== "AbortError") this.#setHeld(one, true);
    }
    return undefined;
  }

  #checkContext(context) {
    this.#setHeld(context, context.state !== "running" && context.state !== "closed");
  }

  #setHeld(one, isHeld) {
    const before = this.held;
    if (isHeld && this.#wanted.has(one)) this.#held.add(one);
    else this.#held.delete(one);
    if (this.held !== before) this.dispatchEvent(new Event("change"));
  }
}
