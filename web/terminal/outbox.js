/**
 * @file Pending requests: at most one per meeting at a time, in an order that the service keeps, resent under the same id until answered or given up.
 */
import { waitsFor } from "./requests.js";

/** Default retry numbers, from the protocol. */
export const RETRY = Object.freeze({ answerWithinMs: 3000, resends: 2 });

/**
 * Outcome of a request: its answer, an `error` of the service, no answer, or the end of the terminal.
 * @typedef {{outcome: "answered" | "refused", message: object} | {outcome: "unanswered"} | {outcome: "disconnected"}} Outcome
 */

/** Sends requests and resends them until they are answered. */
export class Outbox {
  /** In the order in which they were made. @type {Map<string, Waiting>} */
  #waiting = new Map();
  /** Unanswered requests (`ringing`, `report_media`) to send after the next connect. */
  #unsent = [];
  #closed = false;

  /**
   * @param {object} parts
   * @param {import("../terminal.js").Clock} parts.clock
   * @param {(uplink: object) => boolean} parts.send returns `false` if there is no connection
   * @param {typeof RETRY} parts.retry
   */
  constructor({ clock, send, retry = RETRY }) {
    this.clock = clock;
    this.send = send;
    this.retry = retry;
  }

  /**
   * Sends a request after the earlier ones that it waits for, and resends it until it is answered or given up.
   * @param {import("./requests.js").Uplink} uplink
   * @param {(outcome: Outcome) => void} onOutcome called once
   */
  request(uplink, onOutcome) {
    if (this.#closed) return onOutcome({ outcome: "disconnected" });
    const waiting = { uplink, onOutcome, copies: 0, sent: false, sentAt: undefined, cancel: () => {} };
    this.#waiting.set(uplink.id, waiting);
    this.#startDue();
    return undefined;
  }

  /** Sends a request once. Without a connection it is kept for one, as long as an answered request would be resent. */
  sendOnce(uplink) {
    if (this.#closed || this.send(uplink)) return;
    const keptMs = this.retry.answerWithinMs * (this.retry.resends + 1);
    this.#unsent.push({ uplink, until: this.clock.now() + keptMs });
  }

  /** Returns `true` for a request that is queued or has no answer yet. */
  isWaiting(id) {
    return this.#waiting.has(id);
  }

  /** Ends a pending request with its answer. */
  complete(id, message) {
    const waiting = this.#waiting.get(id);
    if (waiting) this.#end(waiting, { outcome: message.type === "error" ? "refused" : "answered", message });
  }

  /** Sends the requests that could not be sent without a connection. */
  connected() {
    const now = this.clock.now();
    for (const { uplink, until } of this.#unsent.splice(0)) if (now < until) this.send(uplink);
    for (const waiting of this.#waiting.values()) {
      if (waiting.copies > 0 && !waiting.sent) waiting.sent = this.send(waiting.uplink);
    }
  }

  /** Stops sending. Pending and later requests end as `disconnected`. */
  close() {
    this.#closed = true;
    this.#unsent = [];
    for (const waiting of [...this.#waiting.values()]) {
      waiting.cancel();
      this.#waiting.delete(waiting.uplink.id);
      waiting.onOutcome({ outcome: "disconnected" });
    }
  }

  #attempt(waiting) {
    if (waiting.copies > this.retry.resends) return this.#end(waiting, { outcome: "unanswered" });
    waiting.copies += 1;
    waiting.sent = this.send(waiting.uplink);
    waiting.cancel = this.clock.after(this.retry.answerWithinMs, () => this.#attempt(waiting));
  }

  #end(waiting, outcome) {
    waiting.cancel();
    this.#waiting.delete(waiting.uplink.id);
    waiting.onOutcome(outcome);
    this.#startDue();
  }

  /** Sends the requests that wait for no earlier one any more. */
  #startDue() {
    const earlier = [];
    for (const waiting of [...this.#waiting.values()]) {
      const isBlocked = earlier.some((one) => waitsFor(waiting.uplink, one.uplink));
      if (waiting.copies === 0 && !isBlocked) this.#attempt(waiting);
      earlier.push(waiting);
    }
  }
}
