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
  | "history";

/** Requests that are sent once and not answered. */
export type UnansweredRequestType =
  | "ringing"
  | "report_media";

/** Downlinks. */
export type DownlinkType =
  | "meeting_created"
  | "invitation"
  | "invitation_updated"
  | "invitation_closed"
  | "invitation_accepted"
  | "invitation_result"
  | "joined"
  | "meeting_updated"
  | "state"
  | "history"
  | "ok"
  | "token"
  | "participant_updated"
  | "participant_removed"
  | "speech_changed"
  | "lobby_waiting"
  | "lobby_request"
  | "lobby_result"
  | "lobby_updated"
  | "host_changed"
  | "hand_changed"
  | "meeting_merged"
  | "meeting_ending"
  | "meeting_ended"
  | "missed_call"
  | "error";
