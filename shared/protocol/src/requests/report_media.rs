//! `report_media`: report the media of a terminal.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::code::Code;
use crate::id::MeetingId;
use serde::{Deserialize, Serialize};

/// Presence of a terminal in the media, by its own report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MediaReport {
    /// In the media.
    Joined,
    /// Out of the media.
    Left,
}

/// Reports that this terminal has joined or left the media, and the media that it sends. A terminal may send
/// the report after each change, at most twice a second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReportMedia {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
    /// In the media, or out of it.
    pub state: MediaReport,
    /// True if the microphone is on; if absent, the value does not change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<bool>,
    /// True if the camera is on; if absent, the value does not change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<bool>,
    /// True if the screen is shared; if absent, the value does not change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<bool>,
}

impl Request for ReportMedia {
    const INFO: RequestInfo = RequestInfo {
        kind: "report_media",
        function: Function::Attend,
        answered_by: &[],
        refusals: &[Code::NotAdmitted, Code::Banned],
        note: "`rate_limited`: the terminal reported more than 2 changes in one second; it sends its latest state after `retry_after_ms`.",
        out_of_turn: false,
        sample: Sample {
            about: "Alice's phone reports that it is in the media",
            sender: sample::ALICE,
            after: Some("answer.accept"),
            answer: None,
            message: r#"{"v":1,"type":"report_media","id":"sample-media","meeting_id":"$MEETING","state":"joined","audio":true}"#,
        },
        more_examples: &[
            r#"{"v":1,"type":"report_media","id":"p1","meeting_id":"$MEETING","state":"joined","audio":true,"video":false,"screen":false}"#,
        ],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
