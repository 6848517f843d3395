/**
 * @file The request types: topic of each, whether it is answered, and whether it is sent beside other requests.
 */
import { TOPICS } from "./address.js";

/** @type {Record<string, string[]>} */
const BY_FUNCTION = {
  "create-meeting": ["create_meeting"],
  invite: ["invite", "cancel_invite"],
  answer: ["ringing", "accept", "reject", "silence"],
  moderate: ["mute", "allow_speech", "remove", "admit", "deny", "transfer_host", "set_role", "update_meeting"],
  destroy: ["destroy_meeting"],
};
const FUNCTIONS = new Map(Object.entries(BY_FUNCTION).flatMap(([name, types]) => types.map((type) => [type, name])));
const BULK = new Set(["sync", "history"]);
const NEVER_ANSWERED = new Set(["ringing", "report_media"]);
/** Requests that end something: sent at once, beside a pending request of the meeting. */
const OUT_OF_TURN = new Set(["cancel_invite", "leave", "destroy_meeting"]);
/** Answers of the user to an invitation: while one is pending or was successful, no other is sent for it. */
const DECISIONS = new Set(["accept", "reject"]);

/** Downlink types known to this version; others are dropped. */
export const DOWNLINK_TYPES = new Set([
  "error",
  "ok",
  "meeting_created",
  "meeting_merged",
  "invitation_result",
  "invitation_accepted",
  "joined",
  "lobby_waiting",
  "token",
  "hand_changed",
  "speech_changed",
  "participant_updated",
  "participant_removed",
  "lobby_request",
  "lobby_updated",
  "lobby_result",
  "host_changed",
  "meeting_updated",
  "meeting_ending",
  "meeting_ended",
  "state",
  "history",
  "invitation",
  "invitation_updated",
  "invitation_closed",
  "missed_call",
]);

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
 */
export function uplink(id, type, fields, topics = TOPICS) {
  const topic = BULK.has(type) ? `${topics.bulkUp}/sync` : `${topics.callUp}/${FUNCTIONS.get(type) ?? "attend"}`;
  const text = JSON.stringify({ v: 1, type, id, ...fields });
  return { id, type, meetingId: fields.meeting_id, fields, topic, text };
}

/** Returns `true` if the service answers requests of this type. */
export const isAnswered = (type) => !NEVER_ANSWERED.has(type);

/** Returns `true` for an answer of the user to an invitation. */
export const isDecision = (type) => DECISIONS.has(type);

/** Returns the meeting in whose queue the request is sent; `undefined` if it is sent at once. */
export const turnOf = ({ type, meetingId }) => (OUT_OF_TURN.has(type) ? undefined : meetingId);
