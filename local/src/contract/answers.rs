//! What answers each request and what refuses it, and which downlinks come unasked: the one part of the contract that no
//! Rust type says.

use switchboard_protocol::code::Code;

/// How a request may be answered.
pub struct Answers {
    /// Types of the answer; none if it is never answered.
    pub with: &'static [&'static str],
    /// Refusals besides the general ones.
    pub refusals: &'static [Code],
    /// What else there is to know.
    pub note: &'static str,
}

/// How a request is answered; `None` for a type that nobody has thought of here.
#[must_use]
pub fn to(kind: &str) -> Option<Answers> {
    use Code::{
        AlreadyAnswered, Banned, Forbidden, InvitationCancelled, InvitationExpired, InvitationNotFound,
        Locked, MeetingFull, NotAdmitted, NotHost, RtcUnavailable, SpeechBlocked, StateConflict,
        TooManyInvitees, UserBusy, UserNotFound,
    };
    let (with, refusals, note): (&[_], &[_], _) = match kind {
        "create_meeting" => (
            &["meeting_created", "meeting_merged"],
            &[UserBusy, TooManyInvitees, RtcUnavailable],
            "A direct meeting whose only invitee is busy is answered without `join`, and ends. `user_busy` speaks of the sender.",
        ),
        "invite" => (&["invitation_result"], &[Forbidden, MeetingFull, Locked, TooManyInvitees], ""),
        "cancel_invite" => (
            &["invitation_result"],
            &[Forbidden, AlreadyAnswered],
            "`already_answered` only if none that is named is pending.",
        ),
        "ringing" => (
            &[],
            &[InvitationNotFound, AlreadyAnswered, InvitationCancelled, InvitationExpired, Banned],
            "Sent once. Any error means: stop ringing at once.",
        ),
        "accept" => (
            &["invitation_accepted"],
            &[
                InvitationNotFound,
                AlreadyAnswered,
                InvitationCancelled,
                InvitationExpired,
                MeetingFull,
                Banned,
            ],
            "",
        ),
        "reject" => (
            &["ok"],
            &[InvitationNotFound, AlreadyAnswered, InvitationCancelled, InvitationExpired, Banned],
            "",
        ),
        "silence" => (&["ok"], &[InvitationNotFound], ""),
        "join" => (
            &["joined", "lobby_waiting"],
            &[Forbidden, Locked, MeetingFull, Banned, StateConflict],
            "`state_conflict`: the user is in on another device, and this is no takeover.",
        ),
        "rejoin" => (&["joined"], &[NotAdmitted, Banned], ""),
        "refresh_token" => (&["token"], &[NotAdmitted, Banned], ""),
        "report_media" => (&[], &[NotAdmitted, Banned], "Sent once."),
        "raise_hand" | "lower_hand" => (&["hand_changed"], &[NotAdmitted, Banned], ""),
        "unmute_self" => (&["speech_changed"], &[SpeechBlocked, NotAdmitted, Banned], ""),
        "leave" => (&["ok"], &[], ""),
        "mute" => (
            &["speech_changed"],
            &[NotHost, UserNotFound, Forbidden],
            "`forbidden`: nobody takes the right to speak from the host.",
        ),
        "allow_speech" => (&["speech_changed"], &[NotHost, UserNotFound], ""),
        "remove" => (
            &["participant_updated"],
            &[NotHost, UserNotFound, Forbidden],
            "`forbidden`: nobody removes the host.",
        ),
        "set_role" => (
            &["participant_updated"],
            &[NotHost, UserNotFound, StateConflict],
            "`state_conflict`: a host stays one until the meeting is transferred.",
        ),
        "admit" => (
            &["lobby_updated"],
            &[NotHost, MeetingFull],
            "`meeting_full` only if there was a seat for none of them; otherwise the list says it per user.",
        ),
        "deny" => (&["lobby_updated"], &[NotHost], ""),
        "transfer_host" => (&["host_changed"], &[NotHost, UserNotFound], ""),
        "update_meeting" => (&["meeting_updated"], &[NotHost], ""),
        "destroy_meeting" => (&["meeting_ended"], &[NotHost], "Answered so also when the meeting has ended."),
        "sync" => (&["state"], &[], "The answer comes on the bulk topic, an error on the control topic."),
        "history" => {
            (&["history"], &[], "The answer comes on the bulk topic, an error on the control topic.")
        }
        _ => return None,
    };
    Some(Answers { with, refusals, note })
}

/// Whether a downlink may come without having been asked for. What is told to all members is one: whoever asked for the
/// change gets it as the answer.
#[must_use]
pub fn comes_unasked(kind: &str) -> bool {
    matches!(
        kind,
        "invitation"
            | "invitation_updated"
            | "invitation_closed"
            | "participant_updated"
            | "participant_removed"
            | "host_changed"
            | "speech_changed"
            | "hand_changed"
            | "lobby_request"
            | "lobby_updated"
            | "lobby_result"
            | "meeting_updated"
            | "meeting_merged"
            | "meeting_ending"
            | "meeting_ended"
            | "missed_call"
    )
}
