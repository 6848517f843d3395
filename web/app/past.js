/** @file Past calls, as the service keeps them, and those that were missed since the last look. */

const PAGE = 20;
/** The record of a call may be written a moment after its end is told; looks again after so long, so often. */
const AGAIN_MS = 1500;
const AGAIN_TIMES = 3;

/** Dispatches `change`. */
export class Past extends EventTarget {
  /** `calls[]` of the protocol, newest first; also what was missed and has no record yet. */
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
  /** `missed_call`s since the last look. */
  missed = [];
  /** Where earlier calls go on, if there are any. */
  cursor;
  #terminal;

  /** @param {import("../terminal.js").Terminal} terminal */
  constructor(terminal) {
    super();
    this.#terminal = terminal;
  }

  /** Somebody called in vain. */
  note(missedCall) {
    this.missed = [...this.missed, missedCall];
    this.expect(missedCall.meeting_id);
  }

  /** A call has ended; its record is on its way. */
  async expect(meetingId, times = AGAIN_TIMES) {
    await this.refresh();
    const isThere = meetingId === undefined || this.#calls.some((call) => call.meeting_id === meetingId);
    if (!isThere && times > 0) setTimeout(() => this.expect(meetingId, times - 1), AGAIN_MS);
  }

  sawMissed() {
    this.missed = [];
    this.dispatchEvent(new Event("change"));
  }

  async refresh() {
    await this.#ask({ limit: PAGE }, []);
  }

  /** Earlier calls. */
  async more() {
    if (this.cursor) await this.#ask({ cursor: this.cursor, limit: PAGE }, this.#calls);
  }

  async #ask(fields, before) {
    try {
      const { calls, cursor } = await this.#terminal.request("history", fields);
      this.#calls = [...before, ...calls];
      this.cursor = cursor;
      this.dispatchEvent(new Event("change"));
    } catch {
      // What is shown stays; the next look may be luckier.
    }
  }
}

/** A missed call as a record of the protocol. */
function asCall({ meeting_id: meetingId, from, reason, at_ms: at }) {
  return {
    meeting_id: meetingId,
    direction: "in",
    peers: [from.user_id],
    mode: "direct",
    media: "audio",
    reason,
    ended_ms: at,
    duration_ms: 0,
  };
}
