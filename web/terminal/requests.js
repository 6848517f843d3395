/**
 * @file The requests of the protocol: where each is sent, which are answered, and which need not wait for others.
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
/** They end something, and are wanted at once. */
const OUT_OF_TURN = new Set(["cancel_invite", "leave", "destroy_meeting"]);
/** The answers of a user to an invitation, of which one is enough. */
const DECISIONS = new Set(["accept", "reject"]);

/** All types of downlinks that this version knows. */
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
 * A request ready to be sent, and sent again: the same bytes under the same id.
 * @typedef {{id: string, type: string, meetingId: string | undefined, fields: object, topic: string, text: string}} Uplink
 */

/**
 * @param {string} id made by the terminal, never used before
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

/** Whether the service answers requests of this type. */
export const isAnswered = (type) => !NEVER_ANSWERED.has(type);

/** Whether it is the user's answer to an invitation. */
export const isDecision = (type) => DECISIONS.has(type);

/** The meeting in which no other request may wait at the same time; `undefined` if it need not wait for a turn. */
export const turnOf = ({ type, meetingId }) => (OUT_OF_TURN.has(type) ? undefined : meetingId);
