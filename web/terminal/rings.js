/**
 * @file The invitations that ring on this device. Each rings at most once, never after it was closed or has expired.
 */
import { Recent } from "./recent.js";

/** Number of remembered invitations, and of remembered ended meetings. */
const REMEMBERED = 1000;

/** The invitations of a terminal. */
export class Rings {
  /**
   * The invitations that ring now, by invitation id.
   * @type {Map<string, {invitation: object, startedAt: number, ringingId: string, cancel: () => void}>}
   */
  #ringing = new Map();
  /** Ids of invitations that have rung or were closed. */
  #known = new Recent(REMEMBERED);
  #ended = new Recent(REMEMBERED);

  /**
   * @param {object} parts
   * @param {import("../terminal.js").Clock} parts.clock
   * @param {() => number} parts.step returns the next number of a counter that orders events
   * @param {(invitation: object) => string} parts.ring shows the invitation, sends `ringing`, and returns the id of that request
   * @param {(invitation: object, reason: string) => void} parts.stop
   */
  constructor({ clock, step, ring, stop }) {
    this.clock = clock;
    this.step = step;
    this.ring = ring;
    this.stop = stop;
  }

  /** Returns `true` if the invitation has neither rung nor been closed, and its meeting has not ended. */
  isOpen(invitation) {
    return !this.#known.has(invitation.invite_id) && !this.#ended.has(invitation.meeting_id);
  }

  /** Starts to ring, unless the invitation has rung before, was closed or has expired. */
  start(invitation) {
    if (!this.isOpen(invitation) || !(invitation.deadline_in_ms > 0)) return;
    this.#known.add(invitation.invite_id);
    const ringing = { invitation, startedAt: this.step(), ringingId: "", cancel: () => {} };
    this.#ringing.set(invitation.invite_id, ringing);
    ringing.cancel = this.clock.after(invitation.deadline_in_ms, () => this.close(invitation.invite_id, "expired"));
    ringing.ringingId = this.ring(invitation);
  }

  /** Closes an invitation: stops its ring, or prevents it if the invitation has not come yet. */
  close(inviteId, reason) {
    this.#known.add(inviteId);
    const ringing = this.#ringing.get(inviteId);
    if (!ringing) return;
    this.#ringing.delete(inviteId);
    ringing.cancel();
    this.stop(ringing.invitation, reason);
  }

  /** Closes the ringing invitations of a meeting. */
  endMeeting(meetingId, reason) {
    if (reason === "meeting_ended") this.#ended.add(meetingId);
    for (const { invitation } of [...this.#ringing.values()]) {
      if (invitation.meeting_id === meetingId) this.close(invitation.invite_id, reason);
    }
  }

  /** Closes the invitation whose `ringing` request the service refused. */
  ringingRefused(requestId, code) {
    for (const { invitation, ringingId } of this.#ringing.values()) {
      if (ringingId === requestId) return this.close(invitation.invite_id, code);
    }
  }

  /**
   * Closes rings that a `state` does not list, and starts those that it lists.
   * @param {object[]} invitations
   * @param {number} askedAt step of the `sync` request; rings started after it are not closed
   * @param {string | undefined} meetingId the meeting of the `sync`; `undefined`: all
   */
  reconcile(invitations, askedAt, meetingId) {
    const open = new Set(invitations.map((invitation) => invitation.invite_id));
    for (const { invitation, startedAt } of [...this.#ringing.values()]) {
      const isCovered = meetingId === undefined || meetingId === invitation.meeting_id;
      if (isCovered && startedAt < askedAt && !open.has(invitation.invite_id)) this.close(invitation.invite_id, "gone");
    }
    for (const invitation of invitations) if (typeof invitation?.invite_id === "string") this.start(invitation);
  }

  /** The invitations that ring now. */
  current() {
    return [...this.#ringing.values()].map(({ invitation }) => invitation);
  }

  /** Removes all rings without reporting a stop. */
  clear() {
    for (const { cancel } of this.#ringing.values()) cancel();
    this.#ringing.clear();
  }
}
