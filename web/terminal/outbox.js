/**
 * @file Pending requests: at most one per meeting at a time, resent under the same id until answered or given up.
 */
import { turnOf } from "./requests.js";

/** Default retry numbers, from the protocol. */
export const RETRY = Object.freeze({ answerWithinMs: 3000, resends: 2 });

/**
 * Outcome of a request: its answer, an `error` of the service, no answer, or the end of the terminal.
 * @typedef {{outcome: "answered" | "refused", message: object} | {outcome: "unanswered"} | {outcome: "disconnected"}} Outcome
 */

/** Sends requests and resends them until they are answered. */
export class Outbox {
  /** @type {Map<string, Waiting>} */
  #waiting = new Map();
  /** For each meeting with a request in progress: the requests queued behind it. @type {Map<string, Waiting[]>} */
  #turns = new Map();
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
   * Sends a request after the earlier ones of its meeting, and resends it until it is answered or given up.
   * @param {import("./requests.js").Uplink} uplink
   * @param {(outcome: Outcome) => void} onOutcome called once
   */
  request(uplink, onOutcome) {
    if (this.#closed) return onOutcome({ outcome: "disconnected" });
    const waiting = { uplink, onOutcome, copies: 0, sent: false, sentAt: undefined, cancel: () => {} };
    this.#waiting.set(uplink.id, waiting);
    const turn = turnOf(uplink);
    const queue = turn === undefined ? undefined : this.#turns.get(turn);
    if (queue) {
      queue.push(waiting);
      return undefined;
    }
    if (turn !== undefined) this.#turns.set(turn, []);
    return this.#attempt(waiting);
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

  /** Sends what could not be sent without a connection. */
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
    this.#turns.clear();
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
    const turn = turnOf(waiting.uplink);
    const queue = turn === undefined ? undefined : this.#turns.get(turn);
    // Only the request in progress starts the next one of its queue; a queued request was never sent.
    if (queue && waiting.copies > 0) {
      const next = queue.shift();
      if (!next) this.#turns.delete(turn);
      waiting.onOutcome(outcome);
      if (next) this.#attempt(next);
      return;
    }
    waiting.onOutcome(outcome);
  }
}
