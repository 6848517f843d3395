/**
 * @file How recent a terminal's picture of each meeting is: gaps are noticed, older snapshots recognised.
 */
import { Recent } from "./recent.js";

/** Messages with one of these are never dropped for their revision. */
const EXEMPT = ["re", "join", "invite_id"];

/** What is known of one meeting. */
class Picture {
  /** The greatest revision that came with a whole meeting or with a `prev_rev`. @type {number | undefined} */
  known = undefined;
  /** The revision of the last whole meeting: a snapshot of everything in it. */
  whole = 0;
  /** The revision of the last snapshot of each object, by its name within the meeting. */
  objects = new Map();
  /** What comes after the end, or after one's own removal, cannot be missed. */
  over = false;

  noteWhole(rev) {
    this.known = Math.max(this.known ?? 0, rev);
    this.whole = Math.max(this.whole, rev);
  }

  /** Remembers a snapshot of one object; whether a newer one is known. */
  noteObject(name, rev) {
    const newest = this.objects.get(name) ?? 0;
    if (rev < Math.max(this.whole, newest)) return true;
    this.objects.set(name, rev);
    return false;
  }
}

/** What is known of the last so many meetings. */
export class Revisions {
  constructor(limit = 200) {
    /** @type {Recent<Picture>} */
    this.pictures = new Recent(limit);
  }

  /**
   * Takes in what a message says about revisions.
   * @param {object} message
   * @returns {"current" | "after_gap" | "superseded"}
   */
  note(message) {
    for (const meeting of wholeMeetings(message)) {
      if (typeof meeting?.meeting_id === "string" && Number.isFinite(meeting.rev)) {
        this.#picture(meeting.meeting_id).noteWhole(meeting.rev);
      }
    }
    const { meeting_id: meetingId, rev, prev_rev: prevRev } = message;
    if (typeof meetingId !== "string") return "current";
    const picture = this.#picture(meetingId);
    if (message.join) picture.over = false;
    if (message.type === "meeting_ended" || message.type === "participant_removed") picture.over = true;
    if (!Number.isFinite(rev)) return "current";
    if (isObject(message.meeting)) picture.noteWhole(rev);
    // The gap is looked for before the message itself is taken in, and reported once.
    let gap = false;
    if (Number.isFinite(prevRev)) {
      gap = !picture.over && (picture.known === undefined || prevRev > picture.known);
      picture.known = Math.max(picture.known ?? 0, rev);
    }
    const name = objectOf(message);
    const isOlder = name !== undefined && picture.noteObject(name, rev);
    if (isOlder && !EXEMPT.some((field) => field in message)) return "superseded";
    return gap ? "after_gap" : "current";
  }

  #picture(meetingId) {
    let picture = this.pictures.get(meetingId);
    if (!picture) this.pictures.add(meetingId, (picture = new Picture()));
    return picture;
  }
}

function wholeMeetings(message) {
  const listed = Array.isArray(message.meetings) ? message.meetings : [];
  return isObject(message.meeting) ? [...listed, message.meeting] : listed;
}

/** The object within the meeting that the message is a snapshot of. */
function objectOf(message) {
  switch (message.type) {
    case "participant_updated":
      return message.participant?.user_id && `participant ${message.participant.user_id}`;
    case "speech_changed":
      return message.user_id && `speech ${message.user_id}`;
    case "hand_changed":
      return "hands";
    case "host_changed":
      return "host";
    case "meeting_updated":
      return "meeting";
    default:
      return undefined;
  }
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
