//! The records of a call: one leg for each user, and the entries that an ended meeting adds to the call
//! history.

use crate::meeting::{End, Meeting};
use crate::participant::Participant;
use crate::standing::OutReason;
use crate::view::end_code;
use serde::Serialize;
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::{CallLeg, CallView, Direction, RejectReason};

impl Meeting {
    /// Returns the leg of each participant who had a seat or an invitation; empty while the meeting is live.
    #[must_use]
    pub fn legs(&self) -> Vec<CallLeg> {
        let Some(end) = self.end() else { return Vec::new() };
        let had_a_part = |p: &&Participant| had_a_seat(p) || p.invitation().is_some();
        self.participants.values().filter(had_a_part).map(|p| self.leg(p, end)).collect()
    }

    fn leg(&self, participant: &Participant, end: End) -> CallLeg {
        let times = participant.times;
        let (reason, sip) = end_of(participant, end);
        let left_with_the_meeting = participant.out_reason() == Some(OutReason::Ended);
        let text = participant.remark().and_then(|remark| remark.text.clone());
        CallLeg {
            user_id: participant.user_id.clone(),
            device: participant.last_seat().map(|seat| seat.device.clone()),
            invited_ms: times.invited_ms,
            rang_ms: times.rang_ms,
            answered_ms: times.answered_ms,
            joined_ms: times.joined_ms,
            left_ms: times.left_ms,
            reason,
            sip,
            duration_ms: times.stayed_ms,
            sent: participant.last_seat().filter(|_| times.joined_ms.is_some()).map(|seat| *seat.media),
            ext: participant.invitation().and_then(|invitation| invitation.ext.clone()),
            silent: participant.is_silent() && !had_a_seat(participant),
            decline: participant.decline(),
            text: text.or_else(|| self.end_text.clone().filter(|_| left_with_the_meeting)),
        }
    }

    /// Returns one entry for each leg that is not silent; empty while the meeting is live.
    #[must_use]
    pub fn call_history(&self) -> Vec<(UserId, CallView)> {
        let Some(end) = self.end() else { return Vec::new() };
        let entry = |leg: CallLeg| {
            let is_creator = self.created_by.client_id.user() == leg.user_id;
            let call = CallView {
                meeting_id: self.id.clone(),
                direction: if is_creator { Direction::Out } else { Direction::In },
                peers: self.participants.keys().filter(|user| **user != leg.user_id).cloned().collect(),
                mode: *self.mode,
                media: self.media,
                reason: leg.reason,
                sip: Some(leg.sip),
                device: leg.device,
                invited_ms: leg.invited_ms,
                rang_ms: leg.rang_ms,
                answered_ms: leg.answered_ms,
                started_ms: leg.joined_ms,
                joined_ms: leg.joined_ms,
                left_ms: leg.left_ms,
                ended_ms: end.at_ms,
                duration_ms: leg.duration_ms,
                sent: leg.sent,
                decline: leg.decline,
                text: leg.text,
                ext: leg.ext.or_else(|| self.ext.clone()),
                missed: self.missed_call(&leg.user_id).map(|missed| missed.mark),
            };
            (leg.user_id, call)
        };
        // A user whom the call did not reach must not learn of the call.
        self.legs().into_iter().filter(|leg| !leg.silent).map(entry).collect()
    }
}

/// Returns the end of the call for one user, with the SIP status that a gateway would send: the end of the
/// invitation, or the way in which the user left before the meeting ended, or the end of the meeting.
fn end_of(participant: &Participant, end: End) -> (String, u16) {
    if let Some(code) = end_code(participant) {
        let is_silent = participant.decline() == Some(RejectReason::DoNotDisturb);
        let sip = if is_silent { DO_NOT_DISTURB_SIP } else { participant.state().end_sip().unwrap_or(200) };
        return (code.to_owned(), sip);
    }
    // If the user's exit ended the meeting, the leg shows the end of the meeting.
    let left_before = !participant.standing.is_from(end.rev);
    match participant.out_reason().filter(|_| left_before) {
        Some(OutReason::Left) => ("left".to_owned(), 200),
        Some(OutReason::Removed) => ("removed".to_owned(), 403),
        Some(OutReason::Banned { .. }) => ("banned".to_owned(), 403),
        Some(OutReason::Lost) => ("lost".to_owned(), 504),
        _ => (name(end.reason), end.reason.sip()),
    }
}

fn had_a_seat(participant: &Participant) -> bool {
    participant.had_seat || participant.times.joined_ms.is_some()
}

/// SIP status of a decline with the reason `do_not_disturb`.
const DO_NOT_DISTURB_SIP: u16 = 480;

/// Returns the name of an enum's value on the wire.
fn name(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}
