//! A new direct call merges with an existing call of the same two users. A user who calls back while their
//! device rings accepts the existing call (T16). A user who calls again after a lost connection, or from the
//! device with the seat, returns to the existing call (T17). So two users who call each other are always in one call.

use super::leave;
use crate::change::Change;
use crate::deadlines;
use crate::input::{Now, RtcCapabilities};
use crate::meeting::Meeting;
use crate::outgoing::{Reply, ReplyResult};
use crate::participant::Participant;
use crate::refusal::Refusal;
use crate::seating::EntryBy;
use crate::standing::Seat;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{BusyPolicy, Media, Mode};
use switchboard_protocol::requests::CreateMeeting;

const MERGED: Reply =
    Reply::WithGrant(|meeting, now_ms| Body::MeetingMerged { meeting: meeting.brief_view(now_ms) });

/// Answered by `meeting_merged`. Refuses with `state_conflict` if the calls do not merge, or no longer merge:
/// the create request then makes a meeting of its own.
pub(crate) fn apply(
    change: &mut Change,
    by: &ClientId,
    peer: &UserId,
    busy: BusyPolicy,
    media: Media,
) -> ReplyResult {
    let user = by.user();
    if is_glare(&change.meeting, &user, peer, busy) {
        change.announce_media(by, media);
        change.win_invitation(by);
        change.give_seat(by, EntryBy::Merge);
    } else if is_calling_again(&change.meeting, by, peer) {
        // The request counts as applied even if only the RTC service can report that its user is back.
        change.is_changed = true;
        if change.require_seat(by).is_ok() {
            change.device_connected(by);
            change.extend_absence(by);
        } else {
            change.move_seat(by);
        }
        // The terminal enters the media anew. A create request is not refused by the limit on media changes,
        // since the refusal would lead to a second call.
        change.announce_media_again(by, media);
    } else {
        return Err(Refusal::new(
            Code::StateConflict,
            "the two calls do not merge; send the create request once more",
        ));
    }
    change.require_seat(by)?;
    Ok(MERGED)
}

pub(crate) fn answer_again(change: &Change, by: &ClientId) -> ReplyResult {
    if let Some(end) = change.meeting.end() {
        return Err(Refusal::meeting_ended(end.reason));
    }
    change.require_seat(by)?;
    Ok(MERGED)
}

/// Takes back a create request that merged with this call: its device hangs up. Answered by the end of the
/// meeting that the create request did not make.
pub(crate) fn take_back(change: &mut Change, by: &ClientId, text: Option<&String>) -> ReplyResult {
    leave::apply(change, by)?;
    if change.meeting.end().is_some() {
        change.meeting.end_text = text.cloned();
    }
    take_back_again(text)
}

pub(crate) fn take_back_again(text: Option<&String>) -> ReplyResult {
    let reason = EndReason::Cancelled;
    let text = text.cloned();
    Ok(Reply::Body(Body::MeetingEnded { reason, sip: reason.sip(), duration_ms: 0, text }))
}

impl Meeting {
    /// Returns whether the call that `by` requests merges with this meeting at `now`. The service calls this
    /// for the meeting in the call slot of `by`, before it checks for busy users.
    #[must_use]
    pub fn merges_with(&self, by: &ClientId, create: &CreateMeeting, now: Now, rtc: RtcCapabilities) -> bool {
        let settled = deadlines::applied(self, now, rtc).next;
        let present = settled.as_ref().unwrap_or(self);
        let peer = create.invitees.first().filter(|_| create.mode == Mode::Direct);
        peer.is_some_and(|peer| {
            is_glare(present, &by.user(), peer, create.policy.unwrap_or_default().busy)
                || is_calling_again(present, by, peer)
        })
    }
}

/// T16: returns whether `user` calls `peer` while `peer` rings `user` in this meeting. With a policy that
/// lets calls wait, both calls exist.
fn is_glare(meeting: &Meeting, user: &UserId, peer: &UserId, busy: BusyPolicy) -> bool {
    let is_rung_by_peer = |p: &Participant| {
        p.is_pending() && p.invitation().is_some_and(|invitation| invitation.inviter == *peer)
    };
    is_live_direct(meeting)
        && busy != BusyPolicy::Ring
        && meeting.settings.policy.busy != BusyPolicy::Ring
        && meeting.participants.get(user).is_some_and(is_rung_by_peer)
        && meeting.has_member(peer)
}

/// T17: returns whether `by` calls the other user of this call again. Either the caller has lost the
/// connection, or the device has the seat: its terminal crashed, and the service may not have noticed the
/// crash yet.
fn is_calling_again(meeting: &Meeting, by: &ClientId, peer: &UserId) -> bool {
    let may_come_back = |p: &Participant| p.sits_on(by) || p.seat().is_some_and(Seat::is_away);
    is_live_direct(meeting)
        && meeting.participants.get(&by.user()).is_some_and(may_come_back)
        && meeting.participants.get(peer).is_some_and(|p| p.is_member() || p.is_pending())
}

fn is_live_direct(meeting: &Meeting) -> bool {
    *meeting.mode == Mode::Direct && meeting.end().is_none()
}

#[cfg(test)]
mod tests;
