//! The report of an invocation: the result of the function, an event on the bus, and a line in the log. It
//! never contains a token.

use super::downlinks::PublishReport;
use super::push::PushWanted;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use switchboard_core::{CreateMark, Decision, DeliveryClass, Meeting};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::{CallLeg, MeetingState, Reach};

/// Largest size of all objects of the legs together, in bytes.
const MAX_LEGS_EXT_BYTES: usize = 96 * 1_024;

/// The report of one invocation, in the format of `docs/outcomes.md`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct InvocationReport {
    /// Type of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<&'static str>,
    /// The meeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<MeetingId>,
    /// Revision of the meeting after the invocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rev: Option<u64>,
    /// State of the meeting after the invocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<MeetingState>,
    /// Reason of the end, if the meeting has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<EndReason>,
    /// Object of the app from the create request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ext: Option<Map<String, Value>>,
    /// Leg of each user in the call, in the report of the commit that ended the meeting.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub legs: Vec<CallLeg>,
    /// Types of the downlinks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<&'static str>,
    /// Code of the refusal, if the request was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Code>,
    /// Reach of each offer, by device.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reached: BTreeMap<ClientId, Reach>,
    /// Users whom the app should notify of a call by a push notification.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub push_wanted: Vec<PushWanted>,
    /// Device and type of each downlink that the broker did not accept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<(ClientId, &'static str)>,
    /// Names of calls to the RTC service that failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media_failed: Vec<&'static str>,
}

impl InvocationReport {
    /// Makes the report of a decision, before its effects. `rev` is the revision whose effects run; `None` for a
    /// decision that committed nothing.
    pub(super) fn of(meeting: &Meeting, decision: &Decision, rev: Option<u64>) -> Self {
        let is_end = meeting.end().is_some_and(|end| Some(end.rev) == rev);
        Self {
            meeting_id: Some(meeting.id.clone()),
            rev: Some(meeting.rev),
            state: Some(meeting.phase.name()),
            ended: meeting.end().map(|end| end.reason),
            ext: meeting.ext.clone(),
            legs: if is_end { legs(meeting) } else { Vec::new() },
            told: downlink_types(decision),
            ..Self::default()
        }
    }

    /// Makes the report of a decision on a create request that made no meeting.
    pub(super) fn of_mark(mark: &CreateMark, decision: &Decision) -> Self {
        Self {
            meeting_id: Some(mark.meeting_id.clone()),
            rev: Some(CreateMark::REV),
            state: Some(MeetingState::Ended),
            ended: Some(mark.end_reason()),
            told: downlink_types(decision),
            ..Self::default()
        }
    }

    /// Adds the result of publishing downlinks.
    #[must_use]
    pub fn with_published(mut self, published: &PublishReport) -> Self {
        let sent = published.reached.iter().filter(|((invite, _), _)| !published.withheld.contains(invite));
        self.reached.extend(sent.map(|((_, device), reach)| (device.clone(), *reach)));
        self.failed.extend(published.failed.iter().cloned());
        self
    }

    /// Returns the report as JSON.
    #[must_use]
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Returns whether the report goes to the event bus.
    pub(super) fn is_news(&self) -> bool {
        !self.told.is_empty() || !self.push_wanted.is_empty() || !self.legs.is_empty()
    }

    /// Logs the report as one line.
    pub(crate) fn log(&self) {
        match self.refused {
            Some(code) => tracing::info!(?code, "request refused"),
            None => {
                let Self { rev, state, reached, failed, media_failed, .. } = self;
                // For a create request, the span does not have the meeting id.
                let meeting_id = self.meeting_id.as_ref().map(tracing::field::display);
                tracing::info!(
                    meeting.id = meeting_id,
                    rev,
                    ?state,
                    ?reached,
                    ?failed,
                    ?media_failed,
                    "request served"
                );
            }
        }
    }
}

/// Returns the legs of an ended meeting. The event bus accepts 256 KB, so the legs' own objects are omitted
/// if they are too large together.
fn legs(meeting: &Meeting) -> Vec<CallLeg> {
    let mut legs = meeting.legs();
    let bytes = |leg: &CallLeg| serde_json::to_vec(&leg.ext).map_or(0, |text| text.len());
    if legs.iter().map(bytes).sum::<usize>() > MAX_LEGS_EXT_BYTES {
        for leg in &mut legs {
            leg.ext = None;
        }
    }
    legs
}

/// Returns the types of a decision's downlinks, without duplicates.
fn downlink_types(decision: &Decision) -> Vec<&'static str> {
    let sent = decision.notices.iter().chain(&decision.answer);
    let sent = sent.filter(|outgoing| outgoing.class != DeliveryClass::Withheld);
    let mut types: Vec<_> = sent.map(|outgoing| outgoing.body.kind()).collect();
    types.sort_unstable();
    types.dedup();
    types
}
