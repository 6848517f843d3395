//! `accept` (T6, T7): the first device to commit gets the seat, and every other device of the user stops ringing.

use crate::cause::Cause;
use crate::change::Change;
use crate::invitation::Leg;
use crate::outgoing::Outgoing;
use crate::refusal::Refusal;
use crate::reply::{Reply, ReplyResult};
use crate::seating::EntryBy;
use crate::standing::OutReason;
use crate::times::Times;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::{Body, ClosedReason};
use switchboard_protocol::id::InviteId;
use switchboard_protocol::object::Media;

const ACCEPTED: Reply =
    Reply::Seat(|meeting, now_ms| Body::InvitationAccepted { meeting: meeting.view(now_ms) });

/// Answered by `invitation_accepted`. Members get `participant_updated`, the user's other devices
/// `invitation_closed`: see `notices::invitation` and `notices::roster`.
pub(crate) fn apply(change: &mut Change, by: &ClientId, invite_id: &InviteId, media: Media) -> ReplyResult {
    change.require_open_invitation(by, invite_id)?;
    change.require_free_seat()?;
    change.announce_media(by, media);
    change.win_invitation(by);
    change.take_seat(by, EntryBy::Request);
    Ok(ACCEPTED)
}

/// A device without the seat gets the refusal that holds now.
pub(crate) fn answer_again(change: &Change, by: &ClientId, invite_id: &InviteId) -> ReplyResult {
    let seat = change.require_seat(by);
    if seat.is_ok() {
        return Ok(ACCEPTED);
    }
    if let Some(end) = change.meeting.end() {
        return Err(Refusal::meeting_ended(end.reason));
    }
    change.require_open_invitation(by, invite_id)?;
    seat.map(|()| ACCEPTED)
}

/// T7: a device that accepts too late also gets the notice to stop ringing.
pub(crate) fn notice_of_refusal(
    change: &Change,
    by: &ClientId,
    invite_id: &InviteId,
    code: Code,
    cause: &Cause,
) -> Option<Outgoing> {
    let is_elsewhere = change.participant(by).is_some_and(|p| p.is_member() && !p.sits_on(by));
    (code == Code::AlreadyAnswered && is_elsewhere).then(|| {
        let reason = ClosedReason::AnsweredElsewhere;
        let body = Body::InvitationClosed { invite_id: invite_id.clone(), reason };
        Outgoing::notice(&change.meeting, by, cause, invite_id.as_str(), body)
    })
}

impl Change {
    /// Refuses a device whose user has no open invitation `invite_id`, with the code that says why: `invitation_not_found`,
    /// `invitation_cancelled`, `invitation_expired`, `banned` or `already_answered`.
    pub(crate) fn require_open_invitation(&self, by: &ClientId, invite_id: &InviteId) -> Result<(), Refusal> {
        let participant = self.participant(by);
        let invited =
            participant.filter(|p| p.invitation().is_some_and(|invitation| invitation.id == *invite_id));
        let Some(participant) = invited else { return Err(invitation_not_found()) };
        if participant.is_pending() {
            return Ok(());
        }
        Err(match participant.out_reason() {
            Some(OutReason::Cancelled) => {
                Refusal::new(Code::InvitationCancelled, "the invitation was cancelled; stop ringing")
            }
            Some(OutReason::NoAnswer | OutReason::Unreachable) => {
                Refusal::new(Code::InvitationExpired, "the invitation has expired; stop ringing")
            }
            Some(OutReason::Banned { .. }) => Refusal::banned(),
            _ => Refusal::new(Code::AlreadyAnswered, "the invitation was already answered; stop ringing"),
        })
    }

    /// Records that `by` answered the invitation and all other devices lost it.
    pub(crate) fn win_invitation(&mut self, by: &ClientId) {
        let rev = self.rev;
        if let Some(invitation) = self.invitation_of(by) {
            // A device without an offer may accept as well.
            invitation.legs.insert(by.clone(), Leg::Won);
            invitation.close(rev, |device| if device == by { Leg::Won } else { Leg::LostElsewhere });
        }
        self.record_time(&by.user(), Times::answered);
    }
}

/// Refusal for an invitation that the user does not have.
pub(crate) fn invitation_not_found() -> Refusal {
    Refusal::new(Code::InvitationNotFound, "you have no such invitation")
}
