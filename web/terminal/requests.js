/**
 * @file Serialises requests: topic, envelope, and the order in which they are sent. The request types are in `protocol.js`.
 */
import { TOPICS } from "./address.js";
import { REQUESTS, VERSION } from "./protocol.js";

/** Answers of the user to an invitation: while one is pending or was successful, no other is sent for it. */
const DECISIONS = new Set(["accept", "reject"]);

/**
 * A serialised request. Each resend has the same id and the same bytes.
 * @typedef {{id: string, type: string, meetingId: string | undefined, fields: object, topic: string, text: string}} Uplink
 */

/**
 * Serialises a request and selects its topic.
 * @param {string} id never used for another request
 * @param {string} type
 * @param {object} fields
 * @param {typeof TOPICS} topics
 * @returns {Uplink}
 * @throws {RangeError} the type is unknown
 */
export function uplink(id, type, fields, topics = TOPICS) {
  const { function: name, bulk } = known(type);
  const topic = `${bulk ? topics.bulkUp : topics.callUp}/${name}`;
  const text = JSON.stringify({ v: VERSION, type, id, ...fields });
  return { id, type, meetingId: fields.meeting_id, fields, topic, text };
}

/** Returns `true` if the service answers requests of this type. */
export const isAnswered = (type) => known(type).answered;

/** Returns `true` for an answer of the user to an invitation. */
export const isDecision = (type) => DECISIONS.has(type);

/** Requests that hang up: a new call waits for them, since requests to two functions may overtake each other. */
const HANG_UPS = new Set(["leave", "destroy_meeting"]);
/** Requests that take a seat: a hang-up of the same meeting waits for them. */
const ENTRIES = new Set(["accept", "join", "rejoin"]);

/**
 * Returns `true` if a request is sent only after an earlier one has ended.
 * @param {Uplink} request
 * @param {Uplink} earlier
 */
export function waitsFor(request, earlier) {
  if (request.type === "create_meeting") return HANG_UPS.has(earlier.type);
  const isSameMeeting = request.meetingId !== undefined && request.meetingId === earlier.meetingId;
  if (request.type === "leave") return isSameMeeting && ENTRIES.has(earlier.type);
  return isSameMeeting && !known(request.type).outOfTurn && !known(earlier.type).outOfTurn;
}

function known(type) {
  const request = REQUESTS.get(type);
  if (!request) throw new RangeError(`unknown request type \`${type}\``);
  return request;
}
