/** @file Reports of what this device sends, at most as often as the service takes them. */

/** Time between two reports. The service takes two a second. */
const INTERVAL_MS = 600;

/** Sends the reports of one call. */
export class MediaReport {
  #send;
  /** Time of the last report, by `performance.now()`, and the timer of the next one. */
  #sentAt = -INTERVAL_MS;
  #next;

  /** @param {() => void} send sends a report of the present state */
  constructor(send) {
    this.#send = send;
  }

  /** Reports at once, or as soon as the service takes the next report. */
  due() {
    clearTimeout(this.#next);
    const wait = this.#sentAt + INTERVAL_MS - performance.now();
    if (wait > 0) {
      this.#next = setTimeout(() => this.due(), wait);
      return;
    }
    this.#sentAt = performance.now();
    this.#send();
  }

  /** Sends no more. */
  stop() {
    clearTimeout(this.#next);
  }
}
