//! `remove`: remove a user from the meeting.

use super::{Function, Request, RequestInfo, Sample, check, sample};
use crate::address::UserId;
use crate::code::Code;
use crate::id::MeetingId;
use crate::invalid::Invalid;
use crate::limits::FOR_SECONDS;
use serde::{Deserialize, Serialize};

/// Removes a user from the meeting, and may also ban the user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Remove {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
    /// User to remove.
    pub user_id: UserId,
    /// True to ban the user, who then cannot come back; `false` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ban: Option<bool>,
    /// Seconds after which the ban ends; if absent, it lasts as long as the meeting. Allowed only with `ban`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = *FOR_SECONDS.start(), max = *FOR_SECONDS.end())))]
    pub for_seconds: Option<u32>,
    /// Reason. The removed user receives it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::shown::optional")]
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::MAX_TEXT_CHARS)))]
    pub reason: Option<String>,
}

impl Request for Remove {
    const INFO: RequestInfo = RequestInfo {
        kind: "remove",
        function: Function::Moderate,
        answered_by: &["participant_updated"],
        refusals: &[Code::NotHost, Code::UserNotFound, Code::Forbidden],
        note: "`forbidden`: the user is the host.",
        out_of_turn: false,
        sample: Sample {
            about: "Alice removes and bans Bob",
            sender: sample::ALICE,
            after: Some("answer.accept"),
            answer: Some("participant_updated"),
            message: r#"{"v":1,"type":"remove","id":"sample-remove","meeting_id":"$MEETING","user_id":"bob","ban":true}"#,
        },
        more_examples: &[
            r#"{"v":1,"type":"remove","id":"s3","meeting_id":"$MEETING","user_id":"bob","ban":true,"for_seconds":3600,"reason":"Not invited to this part"}"#,
        ],
    };

    fn check(&self) -> Result<(), Invalid> {
        if self.for_seconds.is_some() && self.ban != Some(true) {
            return Err(Invalid::new("for_seconds", "omit for_seconds: only a ban has an end time"));
        }
        check::range("for_seconds", self.for_seconds, &FOR_SECONDS)?;
        check::text("reason", self.reason.as_deref())
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
