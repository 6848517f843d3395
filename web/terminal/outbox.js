/**
 * @file The requests that wait for their answers: one per meeting at a time, sent again by the same id, given up in the end.
 */
import { turnOf } from "./requests.js";

/** How patient a terminal is; the protocol's numbers. */
export const RETRY = Object.freeze({ answerWithinMs: 3000, resends: 2 });

/**
 * How a request ended: with its answer, with the service's `error`, or with nothing.
 * @typedef {{outcome: "answered" | "refused", message: object} | {outcome: "unanswered"} | {outcome: "disconnected"}} Outcome
 */

/** Sends requests and repeats them. */
export class Outbox {
  /** @type {Map<string, Waiting>} */
  #waiting = new Map();
  /** Meetings in which a request waits, with those that wait for their turn. @type {Map<string, Waiting[]>} */
  #turns = new Map();
  /** What is sent once, while there is no connection. */
  #untold = [];
  #closed = false;

  /**
   * @param {object} parts
   * @param {import("../terminal.js").Clock} parts.clock
   * @param {(uplink: object) => boolean} parts.send whether there was a connection to send it over
   * @param {typeof RETRY} parts.retry
   */
  constructor({ clock, send, retry = RETRY }) {
    this.clock = clock;
    this.send = send;
    this.retry = retry;
  }

  /**
   * Asks, in turn, and again until there is an answer.
   * @param {import("./requests.js").Uplink} uplink
   * @param {(outcome: Outcome) => void} settle called once
   */
  ask(uplink, settle) {
    if (this.#closed) return settle({ outcome: "disconnected" });
    const waiting = { uplink, settle, copies: 0, sent: false, sentAt: undefined, cancel: () => {} };
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

  /** Sends once. Without a connection it waits for one, as long as a request would. */
  tell(uplink) {
    if (this.#closed || this.send(uplink)) return;
    const life = this.retry.answerWithinMs * (this.retry.resends + 1);
    this.#untold.push({ uplink, until: this.clock.now() + life });
  }

  /** Whether a request waits for its answer. */
  isWaiting(id) {
    return this.#waiting.has(id);
  }

  /** The request that waits under this id. */
  uplink(id) {
    return this.#waiting.get(id)?.uplink;
  }

  /** Hands over the answer to a request that waits. */
  answer(id, message) {
    const waiting = this.#waiting.get(id);
    if (waiting) this.#end(waiting, { outcome: message.type === "error" ? "refused" : "answered", message });
  }

  /** There is a connection: what could not be sent goes now. */
  connected() {
    const now = this.clock.now();
    for (const { uplink, until } of this.#untold.splice(0)) if (now < until) this.send(uplink);
    for (const waiting of this.#waiting.values()) {
      if (waiting.copies > 0 && !waiting.sent) waiting.sent = this.send(waiting.uplink);
    }
  }

  /** Nothing is sent any more; whoever waits, or asks later, is told. */
  close() {
    this.#closed = true;
    this.#untold = [];
    for (const waiting of [...this.#waiting.values()]) {
      waiting.cancel();
      this.#waiting.delete(waiting.uplink.id);
      waiting.settle({ outcome: "disconnected" });
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
    // A request that never had its turn is not the one that gives it on.
    if (queue && waiting.copies > 0) {
      const next = queue.shift();
      if (!next) this.#turns.delete(turn);
      waiting.settle(outcome);
      if (next) this.#attempt(next);
      return;
    }
    waiting.settle(outcome);
  }
}
