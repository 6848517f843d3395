/** @file Calls of this user that go on without this page: on another device, or since a page was closed. */
import { isPresent, participant } from "./roster.js";

/** Codes of a call that is over for this user. */
const OVER = new Set(["meeting_ended", "meeting_not_found", "forbidden"]);

/** Dispatches `change` when `list` changes. */
export class RunningCalls extends EventTarget {
  /** The `meeting` objects of the calls that this user has a seat in. The call of this page may be among them. */
  list = [];
  /** False until the service has answered since the connection was lost last: its answer may be lost, too. */
  isKnown = false;
  /** The group call that this page left last, while it goes on without this user. */
  left;
  #terminal;
  /** Revision from which on a call is listed again after this page hung up. @type {Map<string, number>} */
  #hidden = new Map();

  /** @param {import("../terminal.js").Terminal} terminal */
  constructor(terminal) {
    super();
    this.#terminal = terminal;
  }

  /** Applies a `state` of all meetings. */
  apply({ meetings }) {
    this.isKnown = true;
    this.list = meetings.filter((meeting) => this.#hasSeat(meeting) && !this.#isHidden(meeting));
    if (this.list.some(({ meeting_id: id }) => id === this.left?.meeting_id)) this.left = undefined;
    this.dispatchEvent(new Event("change"));
  }

  /** Asks the service. The answer comes as a `state`. */
  async refresh() {
    this.#terminal.sync();
    const { left } = this;
    if (!left) return;
    try {
      await this.#terminal.request("sync", { meeting_id: left.meeting_id });
    } catch (error) {
      if (OVER.has(error.code) && this.left === left) this.forgetLeft();
    }
  }

  /** Lists a call no more, from before this page hangs up: a `state` may be on its way that still has it. */
  hide(meetingId) {
    this.#hidden.set(meetingId, Infinity);
    this.list = this.list.filter(({ meeting_id: id }) => id !== meetingId);
    this.dispatchEvent(new Event("change"));
  }

  /** Lists a call again if its user has a seat in it at this revision or later. */
  reveal(meetingId, rev = 0) {
    this.#hidden.set(meetingId, rev);
  }

  /** Remembers a group call that this page left and that goes on. */
  keepLeft(meeting) {
    this.left = meeting;
    this.dispatchEvent(new Event("change"));
  }

  forgetLeft() {
    this.left = undefined;
    this.dispatchEvent(new Event("change"));
  }

  #hasSeat(meeting) {
    const own = participant(meeting, this.#terminal.userId);
    return own !== undefined && isPresent(own);
  }

  #isHidden({ meeting_id: meetingId, rev }) {
    return rev < (this.#hidden.get(meetingId) ?? 0);
  }
}
