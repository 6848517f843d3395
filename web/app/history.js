/** @file Past calls, read from the service, and calls missed since the user last marked them as seen. */

import { seenMissedMs, storeSeenMissed } from "./seen-missed.js";

const PAGE_SIZE = 20;
/** Wait between reads, and number of retries: the service may write the record of a call after publishing its end. */
const RETRY_MS = 1500;
const RETRIES = 3;

/** Dispatches `change` when the calls or the missed calls change. */
export class CallHistory extends EventTarget {
  /** `calls[]` of the protocol, newest first, preceded by missed calls that have no record yet. */
  get calls() {
    const recorded = new Set(this.#calls.map((call) => call.meeting_id));
    return [
      ...this.missed
        .filter((call) => !recorded.has(call.meeting_id))
        .map(asCall)
        .reverse(),
      ...this.#calls,
    ];
  }

  #calls = [];
  /** The calls missed since the last {@link CallHistory.markSeen}, oldest first: `missed_call`, or listed in a `state`. */
  missed = [];
  #seenMs;
  /** Cursor of the next page; `undefined` if there are no earlier calls. */
  cursor;
  #terminal;

  /** @param {import("../terminal.js").Terminal} terminal */
  constructor(terminal) {
    super();
    this.#terminal = terminal;
    this.#seenMs = seenMissedMs(terminal.userId);
  }

  /** Adds missed calls, except those that are known or seen. */
  addMissed(missedCalls) {
    const isKnown = (one) => this.missed.some((known) => known.meeting_id === one.meeting_id && known.at_ms === one.at_ms);
    const added = missedCalls.filter((one) => one.at_ms > this.#seenMs && !isKnown(one));
    if (added.length === 0) return;
    this.missed = [...this.missed, ...added].sort((one, other) => one.at_ms - other.at_ms);
    this.refreshUntilRecorded(this.missed.at(-1).meeting_id);
  }

  /** Reads the newest calls, and retries until the record of this call is among them. */
  async refreshUntilRecorded(meetingId, retries = RETRIES) {
    await this.refresh();
    const isRecorded = meetingId === undefined || this.#calls.some((call) => call.meeting_id === meetingId);
    if (!isRecorded && retries > 0) setTimeout(() => this.refreshUntilRecorded(meetingId, retries - 1), RETRY_MS);
  }

  markSeen() {
    this.#seenMs = Math.max(this.#seenMs, ...this.missed.map((one) => one.at_ms));
    storeSeenMissed(this.#terminal.userId, this.#seenMs);
    this.missed = [];
    this.dispatchEvent(new Event("change"));
  }

  async refresh() {
    await this.#read({ limit: PAGE_SIZE }, []);
  }

  /** Reads the next page of earlier calls. */
  async readMore() {
    if (this.cursor) await this.#read({ cursor: this.cursor, limit: PAGE_SIZE }, this.#calls);
  }

  async #read(fields, before) {
    try {
      const { calls, cursor } = await this.#terminal.request("history", fields);
      this.#calls = [...before, ...calls];
      this.cursor = cursor;
      this.dispatchEvent(new Event("change"));
    } catch {
      // Keep the calls that are shown; the next refresh retries.
    }
  }
}

/** Converts a missed call to an entry of `calls[]`. */
function asCall({ meeting_id: meetingId, from, reason, at_ms: at, mode = "direct", media = "audio" }) {
  return {
    missed: { from, reason, at_ms: at },
    meeting_id: meetingId,
    direction: "in",
    peers: [from.user_id],
    mode,
    media,
    reason,
    ended_ms: at,
    duration_ms: 0,
  };
}
