/** Types of messages. Made by `make generate` from `shared/protocol/src`; change them there. */

/** Requests that the service answers. */
export type AnsweredRequestType =
  | "create_meeting"
  | "invite"
  | "cancel_invite"
  | "accept"
  | "reject"
  | "silence"
  | "join"
  | "rejoin"
  | "refresh_token"
  | "raise_hand"
  | "lower_hand"
  | "unmute_self"
  | "leave"
  | "mute"
  | "allow_speech"
  | "remove"
  | "admit"
  | "deny"
  | "transfer_host"
  | "set_role"
  | "update_meeting"
  | "destroy_meeting"
  | "sync"
  | "history"
  | "block_user"
  | "unblock_user"
  | "set_availability"
  | "settings";

/** Requests that are sent once and not answered. */
export type UnansweredRequestType =
  | "ringing"
  | "report_media";
