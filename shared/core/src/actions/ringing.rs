//! `ringing` (T5): a device of the invitee rings. The service never answers it, and only replies to refuse
//! it.

use crate::change::Change;
use crate::invitation::Leg;
use crate::outgoing::{Reply, ReplyResult};
use crate::refusal::Refusal;
use crate::standing::{OpenInvitation, Standing};
use crate::times::Times;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::InviteId;

/// The first report changes the participant's state; reports of further devices change only their own legs.
pub(crate) fn apply(change: &mut Change, by: &ClientId, invite_id: &InviteId) -> ReplyResult {
    change.require_open_invitation(by, invite_id)?;
    let Some(invitation) = change.invitation_of(by) else { return Ok(Reply::Nothing) };
    let is_new_device = !invitation.legs.contains_key(by) && invitation.has_room_for(by);
    let rings = change
        .participant(by)
        .is_some_and(|p| matches!(&*p.standing, Standing::Invited(pending) if pending.is_ringing));
    if !rings || is_new_device {
        // A device that learnt of the offer by `sync` must also be notified when the offer closes.
        change.set_leg(by, Leg::Alerting);
        change.is_changed = true;
    }
    if !rings {
        change.set_standing(&by.user(), |standing| match standing {
            Standing::Invited(pending) => Standing::Invited(OpenInvitation { is_ringing: true, ..pending }),
            other => other,
        });
        change.record_time(&by.user(), Times::rang);
    }
    Ok(Reply::Nothing)
}

/// Refuses a repeat after the ring has ended, which makes the device stop ringing. The device that accepted
/// has already stopped.
pub(crate) fn answer_again(change: &Change, by: &ClientId, invite_id: &InviteId) -> ReplyResult {
    if let Some(end) = change.meeting.end() {
        return Err(Refusal::meeting_ended(end.reason));
    }
    if change.require_seat(by).is_err() {
        change.require_open_invitation(by, invite_id)?;
    }
    Ok(Reply::Nothing)
}

impl Change {
    /// Sets the leg of one device, if the invitation has room for it.
    pub(crate) fn set_leg(&mut self, by: &ClientId, leg: Leg) {
        if let Some(invitation) = self.invitation_of(by).filter(|invitation| invitation.has_room_for(by)) {
            invitation.legs.insert(by.clone(), leg);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::fixture::Call;

    #[test]
    fn t5_the_caller_hears_of_the_first_device_that_rings_and_of_no_other() {
        let mut call = Call::direct();
        call.rings("bob.phone").expect("rings");
        assert_eq!(call.downlinks(), ["alice.phone: invitation_updated ringing"]);
        call.rings("bob.tablet").expect("rings");
        assert!(call.downlinks().is_empty() && call.last.next.is_none(), "only the first ring is committed");
        call.rings("bob.watch").expect("a device without an offer may ring");
        call.accepts("bob.phone").expect("accepts");
        assert!(call.downlinks().contains(&"bob.watch: invitation_closed answered_elsewhere".to_owned()));
    }
}
