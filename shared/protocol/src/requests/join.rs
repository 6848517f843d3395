//! `join`: join without an invitation, or move a call to this device.

use super::{Function, Request, RequestInfo, Sample, sample};
use crate::code::Code;
use crate::id::MeetingId;
use crate::object::Media;
use serde::{Deserialize, Serialize};

/// Joins without an invitation, or moves the call to this device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JoinMeeting {
    /// Meeting that the request is about.
    pub meeting_id: MeetingId,
    /// Media that the device will send at first. `participant.media` shows it until the device reports its
    /// media.
    pub media: Media,
    /// True to move the user's seat from another device to this device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takeover: Option<bool>,
}

impl Request for JoinMeeting {
    const INFO: RequestInfo = RequestInfo {
        kind: "join",
        function: Function::Attend,
        answered_by: &["joined", "lobby_waiting"],
        refusals: &[Code::Forbidden, Code::Locked, Code::MeetingFull, Code::Banned, Code::StateConflict],
        note: "`state_conflict`: the user has a seat on another device, and the request has no `takeover`.",
        out_of_turn: false,
        sample: Sample {
            about: "Dave, who is not invited, requests to join and waits in the lobby",
            sender: sample::DAVE,
            after: Some("moderate.update_meeting"),
            answer: Some("lobby_waiting"),
            message: r#"{"v":1,"type":"join","id":"sample-join","meeting_id":"$MEETING","media":"audio"}"#,
        },
        more_examples: &[
            r#"{"v":1,"type":"join","id":"j1","meeting_id":"$MEETING","media":"audio","takeover":true}"#,
        ],
    };

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}
