/**
 * @file Revisions of each meeting: detects gaps and superseded snapshots.
 */
import { DOWNLINKS } from "./protocol.js";
import { Recent } from "./recent.js";

/** Fields that exempt a message: it is never dropped for its revision. */
const EXEMPT = ["re", "join", "invite_id"];

/** Revisions received for one meeting. */
class MeetingRevisions {
  /** The greatest revision that came with a whole meeting or with a `prev_rev`. @type {number | undefined} */
  known = undefined;
  /** The greatest revision of a whole meeting, which is a snapshot of every object in it. */
  whole = 0;
  /** The greatest revision of each object's snapshots, by the object's name within the meeting. */
  objects = new Map();
  /** Set by the end of the meeting or one's own removal: later gaps are ignored. */
  over = false;

  recordWhole(rev) {
    this.known = Math.max(this.known ?? 0, rev);
    this.whole = Math.max(this.whole, rev);
  }

  /** Records the revision of an object's snapshot. Returns `true` if a newer snapshot is known. */
  recordObject(name, rev) {
    const newest = this.objects.get(name) ?? 0;
    if (rev < Math.max(this.whole, newest)) return true;
    this.objects.set(name, rev);
    return false;
  }
}

/** Revisions of the last `limit` meetings. */
export class Revisions {
  constructor(limit = 200) {
    /** @type {Recent<MeetingRevisions>} */
    this.meetings = new Recent(limit);
  }

  /**
   * Records the revisions of a message.
   * @param {object} message
   * @returns {"current" | "after_gap" | "superseded"} `superseded`: a newer snapshot of the same object is known
   */
  record(message) {
    for (const meeting of wholeMeetings(message)) {
      if (typeof meeting?.meeting_id === "string" && Number.isFinite(meeting.rev)) {
        this.#revisionsOf(meeting.meeting_id).recordWhole(meeting.rev);
      }
    }
    const { meeting_id: meetingId, rev, prev_rev: prevRev } = message;
    if (typeof meetingId !== "string") return "current";
    const revisions = this.#revisionsOf(meetingId);
    if (message.join) revisions.over = false;
    if (message.type === "meeting_ended" || message.type === "participant_removed") revisions.over = true;
    if (!Number.isFinite(rev)) return "current";
    if (isObject(message.meeting)) revisions.recordWhole(rev);
    // Check for a gap before recording this message, so that each gap is reported once.
    let gap = false;
    if (Number.isFinite(prevRev)) {
      gap = !revisions.over && (revisions.known === undefined || prevRev > revisions.known);
      revisions.known = Math.max(revisions.known ?? 0, rev);
    }
    const name = objectOf(message);
    const isOlder = name !== undefined && revisions.recordObject(name, rev);
    if (isOlder && !EXEMPT.some((field) => field in message)) return "superseded";
    return gap ? "after_gap" : "current";
  }

  #revisionsOf(meetingId) {
    let revisions = this.meetings.get(meetingId);
    if (!revisions) this.meetings.add(meetingId, (revisions = new MeetingRevisions()));
    return revisions;
  }
}

function wholeMeetings(message) {
  const listed = Array.isArray(message.meetings) ? message.meetings : [];
  return isObject(message.meeting) ? [...listed, message.meeting] : listed;
}

/** Returns the name, within the meeting, of the object that the message is a snapshot of. */
function objectOf(message) {
  const snapshot = DOWNLINKS.get(message.type)?.snapshot;
  if (!snapshot || snapshot.key.length === 0) return snapshot?.object;
  const key = snapshot.key.reduce((part, field) => part?.[field], message);
  return key && `${snapshot.object} ${key}`;
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
