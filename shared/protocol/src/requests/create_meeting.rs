//! `create_meeting`: create a meeting.

use super::{Function, Request, RequestInfo, Sample, check, sample};
use crate::address::UserId;
use crate::code::Code;
use crate::id::MeetingId;
use crate::invalid::Invalid;
use crate::limits::{EMPTY_SECONDS, MINUTES, RING_SECONDS, SEATS, UNUSED_SECONDS};
use crate::object::{Media, Mode, Policy};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Role that a create request can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FirstRole {
    /// Helps the host.
    Cohost,
}

/// Creates a meeting and offers the call to its invitees.
///
/// The sender becomes the host and has a seat at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreateMeeting {
    /// Direct or group.
    pub mode: Mode,
    /// Audio or video.
    pub media: Media,
    /// Users to invite, without duplicates and without the sender. A direct meeting has exactly one invitee;
    /// a group may have no invitees.
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::MAX_INVITEES), extend("uniqueItems" = true)))]
    pub invitees: Vec<UserId>,
    /// Title. Invitees see it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::shown::optional")]
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::MAX_TEXT_CHARS)))]
    pub title: Option<String>,
    /// Rules of the meeting. A rule that is left out has its default value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// Seconds that the invitations ring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(
        range(min = *RING_SECONDS.start(), max = *RING_SECONDS.end()),
        extend("default" = crate::limits::DEFAULT_RING_SECONDS)
    ))]
    pub ring_seconds: Option<u32>,
    /// Seats of the meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(
        range(min = *SEATS.start(), max = *SEATS.end()),
        extend("default" = crate::limits::DEFAULT_SEATS)
    ))]
    pub max_participants: Option<u32>,
    /// Minutes after which the meeting ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(
        range(min = *MINUTES.start(), max = *MINUTES.end()),
        extend("default" = crate::limits::DEFAULT_MINUTES)
    ))]
    pub max_minutes: Option<u32>,
    /// Seconds after which the meeting ends if no user joins it and no invitation is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(
        range(min = *UNUSED_SECONDS.start(), max = *UNUSED_SECONDS.end()),
        extend("default" = crate::limits::DEFAULT_UNUSED_SECONDS)
    ))]
    pub unused_seconds: Option<u32>,
    /// Seconds after which a group ends when all users have left; 0 ends it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(
        range(min = *EMPTY_SECONDS.start(), max = *EMPTY_SECONDS.end()),
        extend("default" = crate::limits::DEFAULT_EMPTY_SECONDS)
    ))]
    pub empty_seconds: Option<u32>,
    /// Roles of users, at most 100 entries. A user who is not invited gets the role when the user joins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("maxProperties" = crate::limits::MAX_SEATS)))]
    #[expect(
        clippy::zero_sized_map_values,
        reason = "the wire has a role for each user, and more roles may follow"
    )]
    pub roles: Option<BTreeMap<UserId, FirstRole>>,
    /// Users who become host, in this order, when the host is out and the rule `host_leave` is `transfer`; at
    /// most 100, without duplicates. Users who are not in the meeting are skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(length(max = crate::limits::MAX_SEATS), extend("uniqueItems" = true))
    )]
    pub succession: Option<Vec<UserId>>,
    /// Object of the app, at most 2 KB as JSON. `meeting` and the offers contain it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ext: Option<Map<String, Value>>,
}

impl CreateMeeting {
    /// Returns a request with the default value of every other field.
    #[must_use]
    pub fn new(mode: Mode, media: Media, invitees: Vec<UserId>) -> Self {
        Self {
            mode,
            media,
            invitees,
            title: None,
            policy: None,
            ring_seconds: None,
            max_participants: None,
            max_minutes: None,
            unused_seconds: None,
            empty_seconds: None,
            roles: None,
            succession: None,
            ext: None,
        }
    }
}

impl Request for CreateMeeting {
    const INFO: RequestInfo = RequestInfo {
        kind: "create_meeting",
        function: Function::CreateMeeting,
        answered_by: &["meeting_created", "meeting_merged"],
        refusals: &[Code::UserBusy, Code::TooManyInvitees, Code::RtcUnavailable],
        note: "`user_busy`: the sender is in another call. If the only invitee of a direct meeting is busy, the answer has no `join` and the meeting ends.",
        out_of_turn: false,
        sample: Sample {
            about: "Alice calls Bob",
            sender: sample::ALICE,
            after: Some("presence.connected"),
            answer: Some("meeting_created"),
            message: r#"{"v":1,"type":"create_meeting","id":"sample-create","mode":"direct","media":"audio","invitees":["bob"],"ring_seconds":180}"#,
        },
        more_examples: &[
            r#"{"v":1,"type":"create_meeting","id":"c1","mode":"group","media":"video","invitees":["bob","carol"],"title":"Planning","policy":{"join":"lobby","invite":"any","host_leave":"transfer","busy":"reject","entry_muted":false},"ring_seconds":45,"max_participants":50,"max_minutes":60,"unused_seconds":120,"empty_seconds":0,"roles":{"bob":"cohost"},"succession":["carol","bob"],"ext":{"ticket":"A-17"}}"#,
        ],
    };

    fn check(&self) -> Result<(), Invalid> {
        check::invitees(&self.invitees)?;
        if self.mode == Mode::Direct && self.invitees.len() != 1 {
            return Err(Invalid::new("invitees", "name exactly one invitee for a direct meeting"));
        }
        check::text("title", self.title.as_deref())?;
        check::range("ring_seconds", self.ring_seconds, &RING_SECONDS)?;
        check::range("max_participants", self.max_participants, &SEATS)?;
        check::range("max_minutes", self.max_minutes, &MINUTES)?;
        check::range("unused_seconds", self.unused_seconds, &UNUSED_SECONDS)?;
        check::range("empty_seconds", self.empty_seconds, &EMPTY_SECONDS)?;
        check::at_most_seats("roles", self.roles.as_ref().map_or(0, BTreeMap::len))?;
        let succession = self.succession.as_deref().unwrap_or_default();
        check::at_most_seats("succession", succession.len())?;
        check::distinct("succession", succession)?;
        check::ext(self.ext.as_ref())
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        None
    }
}
