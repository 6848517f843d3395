//! `update_meeting`: change the meeting itself.

use super::{Function, Request, RequestInfo, Sample, check, sample};
use crate::code::Code;
use crate::id::MeetingId;
use crate::invalid::Invalid;
use crate::limits::MINUTES;
use crate::object::PolicyChange;
use serde::{Deserialize, Serialize};

/// Changes lock, rules, title or end of the meeting. A field that is left out does not change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UpdateMeeting {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
    /// True if the meeting refuses newcomers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked: Option<bool>,
    /// Rules to change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyChange>,
    /// New title. An empty title, or one without visible characters, removes the title.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::shown::optional_or_empty"
    )]
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::MAX_TEXT_CHARS)))]
    pub title: Option<String>,
    /// Minutes by which to extend the meeting. A meeting lasts at most 24 hours in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = *MINUTES.start(), max = *MINUTES.end())))]
    pub extend_minutes: Option<u32>,
}

impl Request for UpdateMeeting {
    const INFO: RequestInfo = RequestInfo {
        kind: "update_meeting",
        function: Function::Moderate,
        answered_by: &["meeting_updated"],
        refusals: &[Code::NotHost],
        note: "",
        out_of_turn: false,
        sample: Sample {
            about: "Alice opens a lobby, names the meeting and extends it",
            sender: sample::ALICE,
            after: Some("invite.invite"),
            answer: Some("meeting_updated"),
            message: r#"{"v":1,"type":"update_meeting","id":"sample-update","meeting_id":"$MEETING","title":"Planning","policy":{"join":"lobby"},"extend_minutes":30}"#,
        },
        more_examples: &[
            r#"{"v":1,"type":"update_meeting","id":"s8","meeting_id":"$MEETING","locked":true,"title":"Planning, second part","extend_minutes":15}"#,
        ],
    };

    fn check(&self) -> Result<(), Invalid> {
        check::text("title", self.title.as_deref())?;
        check::range("extend_minutes", self.extend_minutes, &MINUTES)
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
