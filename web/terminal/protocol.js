/**
 * @file The tables of the protocol. Made by `make generate` from `shared/protocol/src`; change them there.
 */

/** Version of the protocol. */
export const VERSION = 1;

/**
 * Request types. `function` is the last level of the topic; `bulk` is `true` if the topic is under the parent of
 * requests of low priority. A request that is not `answered` is sent once. A request `outOfTurn` is sent while another
 * request of its meeting waits for an answer.
 * @type {Map<string, {function: string, bulk: boolean, answered: boolean, outOfTurn: boolean}>}
 */
export const REQUESTS = new Map([
  ["create_meeting", { function: "create-meeting", bulk: false, answered: true, outOfTurn: false }],
  ["invite", { function: "invite", bulk: false, answered: true, outOfTurn: false }],
  ["cancel_invite", { function: "invite", bulk: false, answered: true, outOfTurn: true }],
  ["ringing", { function: "answer", bulk: false, answered: false, outOfTurn: false }],
  ["accept", { function: "answer", bulk: false, answered: true, outOfTurn: false }],
  ["reject", { function: "answer", bulk: false, answered: true, outOfTurn: false }],
  ["silence", { function: "answer", bulk: false, answered: true, outOfTurn: false }],
  ["join", { function: "attend", bulk: false, answered: true, outOfTurn: false }],
  ["rejoin", { function: "attend", bulk: false, answered: true, outOfTurn: false }],
  ["report_media", { function: "attend", bulk: false, answered: false, outOfTurn: false }],
  ["refresh_token", { function: "attend", bulk: false, answered: true, outOfTurn: false }],
  ["raise_hand", { function: "attend", bulk: false, answered: true, outOfTurn: false }],
  ["lower_hand", { function: "attend", bulk: false, answered: true, outOfTurn: false }],
  ["unmute_self", { function: "attend", bulk: false, answered: true, outOfTurn: false }],
  ["leave", { function: "attend", bulk: false, answered: true, outOfTurn: true }],
  ["mute", { function: "moderate", bulk: false, answered: true, outOfTurn: false }],
  ["allow_speech", { function: "moderate", bulk: false, answered: true, outOfTurn: false }],
  ["remove", { function: "moderate", bulk: false, answered: true, outOfTurn: false }],
  ["admit", { function: "moderate", bulk: false, answered: true, outOfTurn: false }],
  ["deny", { function: "moderate", bulk: false, answered: true, outOfTurn: false }],
  ["transfer_host", { function: "moderate", bulk: false, answered: true, outOfTurn: false }],
  ["set_role", { function: "moderate", bulk: false, answered: true, outOfTurn: false }],
  ["update_meeting", { function: "moderate", bulk: false, answered: true, outOfTurn: false }],
  ["destroy_meeting", { function: "destroy", bulk: false, answered: true, outOfTurn: true }],
  ["sync", { function: "sync", bulk: true, answered: true, outOfTurn: false }],
  ["history", { function: "sync", bulk: true, answered: true, outOfTurn: false }],
  ["block_user", { function: "settings", bulk: false, answered: true, outOfTurn: false }],
  ["unblock_user", { function: "settings", bulk: false, answered: true, outOfTurn: false }],
  ["set_availability", { function: "settings", bulk: false, answered: true, outOfTurn: false }],
  ["settings", { function: "settings", bulk: false, answered: true, outOfTurn: false }],
]);

/**
 * Downlink types. `snapshot.object` names the object of the meeting of which the message is a snapshot; `snapshot.key`
 * is the path of the field that identifies one of several such objects.
 * @type {Map<string, {bulk: boolean, snapshot?: {object: string, key: string[]}}>}
 */
export const DOWNLINKS = new Map([
  ["meeting_created", { bulk: false }],
  ["invitation", { bulk: false }],
  ["invitation_updated", { bulk: false }],
  ["invitation_closed", { bulk: false }],
  ["invitation_accepted", { bulk: false }],
  ["invitation_result", { bulk: false }],
  ["joined", { bulk: false }],
  ["meeting_updated", { bulk: false, snapshot: { object: "meeting", key: [] } }],
  ["state", { bulk: true }],
  ["history", { bulk: true }],
  ["settings", { bulk: false }],
  ["ok", { bulk: false }],
  ["token", { bulk: false }],
  ["participant_updated", { bulk: false, snapshot: { object: "participant", key: ["participant", "user_id"] } }],
  ["participant_removed", { bulk: false }],
  ["speech_changed", { bulk: false, snapshot: { object: "speech", key: ["user_id"] } }],
  ["lobby_waiting", { bulk: false }],
  ["lobby_request", { bulk: false }],
  ["lobby_result", { bulk: false }],
  ["lobby_updated", { bulk: false }],
  ["host_changed", { bulk: false, snapshot: { object: "host", key: [] } }],
  ["hand_changed", { bulk: false, snapshot: { object: "hands", key: [] } }],
  ["meeting_merged", { bulk: false }],
  ["meeting_ending", { bulk: false }],
  ["meeting_ended", { bulk: false }],
  ["missed_call", { bulk: false }],
  ["error", { bulk: false }],
]);
