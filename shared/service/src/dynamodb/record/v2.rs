//! Schema 2. Fields without a value are omitted. The meeting's own id and its participants' accounts are not
//! repeated, since they are the key of the item and the keys of the map. Enums are externally tagged: serde's
//! other forms buffer the content, which doubles the code that reads them.
//! content, which doubles the code that reads them.

mod convert;
mod standing;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::EndReason;
use switchboard_protocol::id::{BodyHash, InviteId, MeetingId, RequestId};
use switchboard_protocol::media_event::{ServiceTime, Stay};
use switchboard_protocol::object::{Media, MediaFlags, Mode, Policy, RejectReason, Role, SpeechMode};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MarkRecord {
    /// Present only in a create mark.
    kind: MarkKindRecord,
    caller: UserId,
    at_ms: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MarkKindRecord {
    TakenBack,
    MergedInto { meeting_id: MeetingId },
}

/// A value with the revision that set it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Rev<T> {
    value: T,
    rev: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MeetingRecord {
    mode: Rev<Mode>,
    media: Media,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ext: Option<Map<String, Value>>,
    settings: SettingsRecord,
    settings_rev: u64,
    host: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous_host: Option<Rev<UserId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host_away_until_ms: Option<Rev<i64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    warning_before_ms: Option<Rev<i64>>,
    phase: PhaseRecord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_text: Option<String>,
    rev: u64,
    notified_rev: u64,
    created_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    active_since_ms: Option<i64>,
    is_used: bool,
    ring_seconds: u32,
    max_participants: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unused_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    empty_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    first_cohosts: BTreeSet<UserId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    succession: Vec<UserId>,
    created_by: CreationRecord,
    participants: BTreeMap<UserId, ParticipantRecord>,
    /// The objects of the invitations, each stored once: many invitations of one request have the same
    /// object.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    invitation_exts: Vec<Map<String, Value>>,
    requests: BTreeMap<ClientId, Vec<RequestRecord>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SettingsRecord {
    locked: bool,
    policy: Policy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    ends_at_ms: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PhaseRecord {
    Created,
    Ringing,
    Active,
    Empty { until_ms: i64 },
    Ended { reason: EndReason, at_ms: i64, rev: u64 },
}

#[derive(Debug, Serialize, Deserialize)]
struct CreationRecord {
    client_id: ClientId,
    request: RequestRecord,
}

#[derive(Debug, Serialize, Deserialize)]
struct RequestRecord {
    id: RequestId,
    hash: BodyHash,
    rev: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct ParticipantRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    order: u32,
    role: Rev<Role>,
    standing: StandingRecord,
    standing_rev: u64,
    speech: SpeechRecord,
    had_seat: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    announced: Option<Media>,
    /// Absent in records that were written before call records had legs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<TimesRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_event: Option<EventRecord>,
    #[serde(default, skip_serializing_if = "is_false")]
    is_denied: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    knocks_ms: Vec<i64>,
    /// The proof of a removed user who is in the lobby. That of a user who is out is in `standing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proof: Option<ProofRecord>,
    /// Absent in records that were written before each waiting device had its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    wishes: Vec<Option<Media>>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[expect(
    clippy::struct_field_names,
    reason = "the names are those of the stored attributes, with their unit"
)]
struct TimesRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    invited_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rang_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answered_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    joined_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stays_since_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dropped_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "is_no_time")]
    stayed_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missed_ms: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SpeechRecord {
    mode: Rev<SpeechMode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<UserId>,
    right_rev: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct EventRecord {
    at: ServiceTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stay: Option<Stay>,
    is_join: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StandingRecord {
    Invited {
        invitation: InvitationRecord,
        is_ringing: bool,
        holds_slot: bool,
    },
    Lobby {
        devices: Vec<ClientId>,
    },
    Seated(SeatRecord),
    Out {
        reason: OutReasonRecord,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_ms: Option<i64>,
        from: FormerRecord,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decline: Option<RejectReason>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<UserId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<ProofRecord>,
    },
}

/// Knowledge about a removed participant's presence in the media.
#[derive(Debug, Serialize, Deserialize)]
struct ProofRecord {
    removed_ms: i64,
    asked_ms: Rev<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gone_ms: Option<i64>,
    gone_rev: u64,
    times_gone: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    check_at_ms: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FormerRecord {
    Invited(InvitationRecord),
    Lobby(Vec<ClientId>),
    Seated(Box<SeatRecord>),
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutReasonRecord {
    Declined,
    UserBusy,
    NoAnswer,
    Unreachable,
    DoNotDisturb,
    Cancelled,
    Left,
    Removed,
    Banned,
    Lost,
    Failed,
    Ended,
}

#[derive(Debug, Serialize, Deserialize)]
struct SilentRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    would_queue: Option<ClientId>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SeatRecord {
    device: ClientId,
    entered_ms: i64,
    entered_rev: u64,
    #[serde(default, skip_serializing_if = "is_false")]
    is_merge: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moved_from: Option<Rev<ClientId>>,
    presence: PresenceRecord,
    /// The claimants of a seat that is not on its way. Those of a seat on its way are in `presence`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    claimants: Vec<ClientId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    check_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirm_by_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirmed_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    joined_ms: Option<i64>,
    media: MediaFlags,
    #[serde(default, skip_serializing_if = "is_zero")]
    media_rev: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reported_ms: Vec<i64>,
    hand: Rev<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    invitation: Option<InvitationRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    other_call: Option<MeetingId>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PresenceRecord {
    OnTheWay {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        join_by_ms: Option<i64>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        claimants: Vec<ClientId>,
    },
    Joined,
    Away {
        until_ms: i64,
        from_media: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        join_by_ms: Option<i64>,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct InvitationRecord {
    id: InviteId,
    inviter: UserId,
    deadline_ms: i64,
    rings_ms: i64,
    legs: BTreeMap<ClientId, LegRecord>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    queues: BTreeMap<ClientId, bool>,
    /// Present in a silent invitation: the device whose queue would have kept the offer, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    silent: Option<SilentRecord>,
    closed: Rev<bool>,
    /// Present only in records that were written before `invitation_exts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ext: Option<Map<String, Value>>,
    /// Position in `invitation_exts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ext_at: Option<usize>,
}

/// Reaction of one device to an offer. Schema 1 has the same names.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LegRecord {
    Offered,
    Alerting,
    Silenced,
    Won,
    LostElsewhere,
    Closed,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_false(value: &bool) -> bool {
    !value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_no_time(value: &i64) -> bool {
    *value == 0
}
