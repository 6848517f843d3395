/**
 * @file Which invitations ring on this device. Each rings once, never after it was closed, never past its deadline.
 */
import { Recent } from "./recent.js";

/** Invitations and ended meetings that are remembered. */
const REMEMBERED = 1000;

/** The invitations of a terminal. */
export class Rings {
  /**
   * What rings now, by invitation.
   * @type {Map<string, {invitation: object, beganAt: number, ringingId: string, cancel: () => void}>}
   */
  #ringing = new Map();
  /** Invitations that have rung or were closed. */
  #known = new Recent(REMEMBERED);
  #ended = new Recent(REMEMBERED);

  /**
   * @param {object} parts
   * @param {import("../terminal.js").Clock} parts.clock
   * @param {() => number} parts.step counts what happens, so that "before" and "after" mean something
   * @param {(invitation: object) => string} parts.ring shows it, tells the service, and returns the id of that request
   * @param {(invitation: object, reason: string) => void} parts.stop
   */
  constructor({ clock, step, ring, stop }) {
    this.clock = clock;
    this.step = step;
    this.ring = ring;
    this.stop = stop;
  }

  /** Whether the invitation might still ring here. */
  isOpen(invitation) {
    return !this.#known.has(invitation.invite_id) && !this.#ended.has(invitation.meeting_id);
  }

  /** Rings, unless this invitation has had its chance. */
  begin(invitation) {
    if (!this.isOpen(invitation) || !(invitation.deadline_in_ms > 0)) return;
    this.#known.add(invitation.invite_id);
    const ringing = { invitation, beganAt: this.step(), ringingId: "", cancel: () => {} };
    this.#ringing.set(invitation.invite_id, ringing);
    ringing.cancel = this.clock.after(invitation.deadline_in_ms, () => this.close(invitation.invite_id, "expired"));
    ringing.ringingId = this.ring(invitation);
  }

  /** The invitation is closed, whether it rings or has not come yet. */
  close(inviteId, reason) {
    this.#known.add(inviteId);
    const ringing = this.#ringing.get(inviteId);
    if (!ringing) return;
    this.#ringing.delete(inviteId);
    ringing.cancel();
    this.stop(ringing.invitation, reason);
  }

  /** Nothing of this meeting rings any more. */
  endMeeting(meetingId, reason) {
    if (reason === "meeting_ended") this.#ended.add(meetingId);
    for (const { invitation } of [...this.#ringing.values()]) {
      if (invitation.meeting_id === meetingId) this.close(invitation.invite_id, reason);
    }
  }

  /** The service refused `ringing`; whether it was one of ours. */
  refused(requestId, code) {
    for (const { invitation, ringingId } of this.#ringing.values()) {
      if (ringingId === requestId) return this.close(invitation.invite_id, code);
    }
  }

  /**
   * Compares with what the service says is open.
   * @param {object[]} invitations
   * @param {number} askedAt the step at which it was asked
   * @param {string | undefined} meetingId the meeting that was asked for; `undefined`: all
   */
  compare(invitations, askedAt, meetingId) {
    const open = new Set(invitations.map((invitation) => invitation.invite_id));
    for (const { invitation, beganAt } of [...this.#ringing.values()]) {
      const isAskedFor = meetingId === undefined || meetingId === invitation.meeting_id;
      if (isAskedFor && beganAt < askedAt && !open.has(invitation.invite_id)) this.close(invitation.invite_id, "gone");
    }
    for (const invitation of invitations) if (typeof invitation?.invite_id === "string") this.begin(invitation);
  }

  /** The invitations that ring now. */
  now() {
    return [...this.#ringing.values()].map(({ invitation }) => invitation);
  }

  /** Stops all without a word. */
  clear() {
    for (const { cancel } of this.#ringing.values()) cancel();
    this.#ringing.clear();
  }
}
