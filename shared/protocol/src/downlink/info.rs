//! Facts about a downlink type that the fields of its body do not express.

use super::Body;

/// One downlink type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DownlinkInfo {
    /// Type on the wire.
    pub kind: &'static str,
    /// True if the downlink is published to the bulk topic of its receiver.
    pub bulk: bool,
    /// True if the service also publishes the type as a notice. Otherwise the type only answers requests.
    pub notice: bool,
    /// Presence of the field `join`.
    pub join: JoinField,
    /// Object of the meeting of which the type is a snapshot. A terminal ignores an older snapshot of the
    /// same object.
    pub snapshot: Option<Snapshot>,
}

/// Presence of the field `join` in a type of downlink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinField {
    /// Downlinks of the type never have the field.
    Absent,
    /// Downlinks of the type have the field under a condition, which the text states.
    Optional(&'static str),
    /// Downlinks of the type always have the field.
    Required,
}

/// Object of a meeting that a downlink contains as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// Name of the object within its meeting.
    pub object: &'static str,
    /// Path of the field that identifies the object among several objects of the same name in a meeting;
    /// empty if a meeting has only one.
    pub key: &'static [&'static str],
}

/// Describes a type that only answers requests.
const fn answer(kind: &'static str) -> DownlinkInfo {
    DownlinkInfo { kind, bulk: false, notice: false, join: JoinField::Absent, snapshot: None }
}

/// Describes a type that the service also publishes as a notice.
const fn notice(kind: &'static str) -> DownlinkInfo {
    DownlinkInfo { notice: true, ..answer(kind) }
}

/// Describes a type that only answers requests and has join parameters.
const fn with_join(kind: &'static str) -> DownlinkInfo {
    DownlinkInfo { join: JoinField::Required, ..answer(kind) }
}

/// Describes a type that only answers requests, on the bulk topic.
const fn bulk(kind: &'static str) -> DownlinkInfo {
    DownlinkInfo { bulk: true, ..answer(kind) }
}

/// Describes a notice that is a snapshot of one object.
const fn snapshot(kind: &'static str, object: &'static str, key: &'static [&'static str]) -> DownlinkInfo {
    DownlinkInfo { snapshot: Some(Snapshot { object, key }), ..notice(kind) }
}

const MEETING_CREATED: DownlinkInfo = DownlinkInfo {
    join: JoinField::Optional("The caller's join parameters; absent when the only invitee is busy."),
    ..answer("meeting_created")
};
const INVITATION: DownlinkInfo = notice("invitation");
const INVITATION_UPDATED: DownlinkInfo = notice("invitation_updated");
const INVITATION_CLOSED: DownlinkInfo = notice("invitation_closed");
const INVITATION_ACCEPTED: DownlinkInfo = with_join("invitation_accepted");
const INVITATION_RESULT: DownlinkInfo = answer("invitation_result");
const JOINED: DownlinkInfo = with_join("joined");
const MEETING_UPDATED: DownlinkInfo = snapshot("meeting_updated", "meeting", &[]);
const STATE: DownlinkInfo = bulk("state");
const HISTORY: DownlinkInfo = bulk("history");
const SETTINGS: DownlinkInfo = answer("settings");
const OK: DownlinkInfo = answer("ok");
const TOKEN: DownlinkInfo = with_join("token");
const PARTICIPANT_UPDATED: DownlinkInfo =
    snapshot("participant_updated", "participant", &["participant", "user_id"]);
const PARTICIPANT_REMOVED: DownlinkInfo = notice("participant_removed");
const SPEECH_CHANGED: DownlinkInfo = snapshot("speech_changed", "speech", &["user_id"]);
const LOBBY_WAITING: DownlinkInfo = answer("lobby_waiting");
const LOBBY_REQUEST: DownlinkInfo = notice("lobby_request");
const LOBBY_RESULT: DownlinkInfo = DownlinkInfo {
    join: JoinField::Optional("The user's join parameters; absent when `admitted` is `false`."),
    ..notice("lobby_result")
};
const LOBBY_UPDATED: DownlinkInfo = notice("lobby_updated");
const HOST_CHANGED: DownlinkInfo = snapshot("host_changed", "host", &[]);
const HAND_CHANGED: DownlinkInfo = snapshot("hand_changed", "hands", &[]);
const MEETING_MERGED: DownlinkInfo = DownlinkInfo { join: JoinField::Required, ..notice("meeting_merged") };
const MEETING_ENDING: DownlinkInfo = notice("meeting_ending");
const MEETING_ENDED: DownlinkInfo = notice("meeting_ended");
const MISSED_CALL: DownlinkInfo = notice("missed_call");
const ERROR: DownlinkInfo = answer("error");

/// Every downlink type. A test compares it with the variants of [`Body`].
pub const DOWNLINKS: &[DownlinkInfo] = &[
    MEETING_CREATED,
    INVITATION,
    INVITATION_UPDATED,
    INVITATION_CLOSED,
    INVITATION_ACCEPTED,
    INVITATION_RESULT,
    JOINED,
    MEETING_UPDATED,
    STATE,
    HISTORY,
    SETTINGS,
    OK,
    TOKEN,
    PARTICIPANT_UPDATED,
    PARTICIPANT_REMOVED,
    SPEECH_CHANGED,
    LOBBY_WAITING,
    LOBBY_REQUEST,
    LOBBY_RESULT,
    LOBBY_UPDATED,
    HOST_CHANGED,
    HAND_CHANGED,
    MEETING_MERGED,
    MEETING_ENDING,
    MEETING_ENDED,
    MISSED_CALL,
    ERROR,
];

/// One example of each downlink type, as a JSON object by type.
pub const EXAMPLES: &str = include_str!("examples.json");

impl DownlinkInfo {
    /// Returns the downlink type `kind`, or `None` for an unknown one.
    #[must_use]
    pub fn find(kind: &str) -> Option<&'static Self> {
        DOWNLINKS.iter().find(|downlink| downlink.kind == kind)
    }
}

impl Body {
    /// Returns the facts about the body's type.
    #[must_use]
    pub const fn info(&self) -> DownlinkInfo {
        match self {
            Self::MeetingCreated { .. } => MEETING_CREATED,
            Self::Invitation(_) => INVITATION,
            Self::InvitationUpdated { .. } => INVITATION_UPDATED,
            Self::InvitationClosed { .. } => INVITATION_CLOSED,
            Self::InvitationAccepted { .. } => INVITATION_ACCEPTED,
            Self::InvitationResult { .. } => INVITATION_RESULT,
            Self::Joined { .. } => JOINED,
            Self::MeetingUpdated { .. } => MEETING_UPDATED,
            Self::State { .. } => STATE,
            Self::History { .. } => HISTORY,
            Self::Settings { .. } => SETTINGS,
            Self::Ok {} => OK,
            Self::Token {} => TOKEN,
            Self::ParticipantUpdated { .. } => PARTICIPANT_UPDATED,
            Self::ParticipantRemoved { .. } => PARTICIPANT_REMOVED,
            Self::SpeechChanged { .. } => SPEECH_CHANGED,
            Self::LobbyWaiting {} => LOBBY_WAITING,
            Self::LobbyRequest { .. } => LOBBY_REQUEST,
            Self::LobbyResult { .. } => LOBBY_RESULT,
            Self::LobbyUpdated { .. } => LOBBY_UPDATED,
            Self::HostChanged { .. } => HOST_CHANGED,
            Self::HandChanged { .. } => HAND_CHANGED,
            Self::MeetingMerged { .. } => MEETING_MERGED,
            Self::MeetingEnding { .. } => MEETING_ENDING,
            Self::MeetingEnded { .. } => MEETING_ENDED,
            Self::MissedCall { .. } => MISSED_CALL,
            Self::Error { .. } => ERROR,
        }
    }

    /// Returns the type on the wire.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.info().kind
    }

    /// Returns `true` if the downlink goes to the bulk topic of its receiver.
    #[must_use]
    pub const fn is_bulk(&self) -> bool {
        self.info().bulk
    }
}
