//! `destroy_meeting`: end a meeting for all.

use super::{Function, Request, RequestInfo, Sample, check, sample};
use crate::code::Code;
use crate::id::{MeetingId, RequestId};
use crate::invalid::Invalid;
use serde::{Deserialize, Serialize};

/// Ends a meeting for all. The request names the meeting's id, or the id of the sender's own create request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DestroyMeeting {
    /// Meeting to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<MeetingId>,
    /// Id of the sender's create request, for a sender who has not received its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_id: Option<RequestId>,
    /// Reason. All users who are notified of the end receive it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::shown::optional")]
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::MAX_TEXT_CHARS)))]
    pub reason: Option<String>,
}

impl Request for DestroyMeeting {
    const INFO: RequestInfo = RequestInfo {
        kind: "destroy_meeting",
        function: Function::Destroy,
        answered_by: &["meeting_ended"],
        refusals: &[Code::NotHost],
        note: "The answer is the same if the meeting has already ended.",
        out_of_turn: true,
        sample: Sample {
            about: "Alice ends the meeting for all",
            sender: sample::ALICE,
            after: Some("answer.accept"),
            answer: Some("meeting_ended"),
            message: r#"{"v":1,"type":"destroy_meeting","id":"sample-destroy","meeting_id":"$MEETING","reason":"wrong number"}"#,
        },
        more_examples: &[
            r#"{"v":1,"type":"destroy_meeting","id":"d1","create_id":"c1","reason":"wrong number"}"#,
        ],
    };

    fn check(&self) -> Result<(), Invalid> {
        match (&self.meeting_id, &self.create_id) {
            (None, None) => Err(Invalid::new("meeting_id", "send meeting_id or create_id")),
            (Some(_), Some(_)) => Err(Invalid::new("create_id", "send meeting_id or create_id, not both")),
            _ => check::text("reason", self.reason.as_deref()),
        }
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        self.meeting_id.as_ref()
    }
}
