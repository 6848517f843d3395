//! What a function returns: a small account of what happened, never a token.

use super::push::{PushWanted, kinds};
use crate::downlink::Told;
use serde::Serialize;
use std::collections::BTreeMap;
use switchboard_core::{Decision, Meeting};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::{MeetingState, Reach};

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Outcome {
    /// The request's type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<&'static str>,
    /// The meeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<MeetingId>,
    /// Its revision afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rev: Option<u64>,
    /// Its state afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<MeetingState>,
    /// Why it ended, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<EndReason>,
    /// The types of what was told to devices.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<&'static str>,
    /// The code, if the request was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Code>,
    /// How far offers got, by device.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reached: BTreeMap<ClientId, Reach>,
    /// Who should hear of a call by other means than the broker.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub push_wanted: Vec<PushWanted>,
    /// Downlinks that the broker did not take: device and type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<(ClientId, &'static str)>,
    /// What the RTC service did not do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media_failed: Vec<&'static str>,
}

impl Outcome {
    /// What is known before anybody was told.
    pub(super) fn of(meeting: &Meeting, decision: &Decision) -> Self {
        Self {
            meeting_id: Some(meeting.id.clone()),
            rev: Some(meeting.rev),
            state: Some(meeting.phase.name()),
            ended: meeting.end().map(|(reason, ..)| reason),
            told: kinds(decision),
            ..Self::default()
        }
    }

    /// Adds what became of a fan-out.
    #[must_use]
    pub fn told(mut self, told: &Told) -> Self {
        self.reached.extend(told.reached.iter().map(|((_, device), reach)| (device.clone(), *reach)));
        self.failed.extend(told.failed.iter().cloned());
        self
    }

    /// The account as JSON.
    #[must_use]
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    pub(super) fn log(&self) {
        match self.refused {
            Some(code) => tracing::info!(?code, "refused"),
            None => {
                let Self { rev, state, reached, failed, media_failed, .. } = self;
                // A request that makes a meeting does not name it.
                let meeting_id = self.meeting_id.as_ref().map(tracing::field::display);
                tracing::info!(
                    meeting.id = meeting_id,
                    rev,
                    ?state,
                    ?reached,
                    ?failed,
                    ?media_failed,
                    "done"
                );
            }
        }
    }
}
