//! `silence` (T10): this device stops ringing. The user's other devices continue to ring.

use super::accept::invitation_not_found;
use crate::change::Change;
use crate::invitation::Leg;
use crate::outgoing::{Reply, ReplyResult};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::InviteId;

/// Answered by `ok`, even after the invitation has closed.
pub(crate) fn apply(change: &mut Change, by: &ClientId, invite_id: &InviteId) -> ReplyResult {
    let participant = change.participant(by);
    let invitation =
        participant.and_then(|p| p.invitation()).filter(|it| it.id == *invite_id && it.silent.is_none());
    let Some(invitation) = invitation else { return Err(invitation_not_found()) };
    let is_silenced = invitation.legs.get(by) == Some(&Leg::Silenced);
    if participant.is_some_and(|p| p.is_pending()) && !is_silenced {
        change.set_leg(by, Leg::Silenced);
        change.is_changed = true;
    }
    Ok(Reply::OK)
}

pub(crate) fn answer_again() -> ReplyResult {
    Ok(Reply::OK)
}

#[cfg(test)]
mod tests {
    use crate::tests::fixture::{Call, client};
    use crate::{Action, Leg};
    use switchboard_protocol::object::ParticipantState;

    fn leg(call: &Call, device: &str) -> Leg {
        let invitation = call.participant("bob").invitation();
        invitation.expect("was invited").legs[&client(device)]
    }

    #[test]
    fn t5_t10_each_device_rings_and_is_silenced_for_itself() {
        let mut call = Call::direct();
        assert_eq!((leg(&call, "bob.phone"), leg(&call, "bob.tablet")), (Leg::Offered, Leg::Offered));
        call.rings("bob.phone").expect("rings");
        assert_eq!((leg(&call, "bob.phone"), leg(&call, "bob.tablet")), (Leg::Alerting, Leg::Offered));
        let invite_id = call.invite_id("bob");
        call.does("bob.phone", Action::Silence { invite_id: invite_id.clone() }).expect("silences");
        assert_eq!((leg(&call, "bob.phone"), leg(&call, "bob.tablet")), (Leg::Silenced, Leg::Offered));
        assert!(call.last.next.is_some() && call.last.notices.is_empty());
        call.does("bob.phone", Action::Silence { invite_id }).expect("a second silence is answered");
        assert!(call.last.next.is_none(), "a second silence changes nothing");
    }

    #[test]
    fn t10_a_silenced_device_rings_no_more_and_the_others_do() {
        let mut call = Call::direct();
        call.rings("bob.phone").expect("rings");
        let invite_id = call.invite_id("bob");
        call.does("bob.phone", Action::Silence { invite_id }).expect("silences");
        assert_eq!(call.downlinks(), ["bob.phone= ok"]);
        call.accepts("bob.tablet").expect("the other device still rings");
        assert!(call.downlinks().contains(&"bob.phone: invitation_closed answered_elsewhere".to_owned()));
    }

    #[test]
    fn t13_a_device_that_was_silenced_had_the_offer() {
        let mut call = Call::direct();
        call.rings("bob.phone").expect("rings");
        let invite_id = call.invite_id("bob");
        call.does("bob.phone", Action::Silence { invite_id }).expect("silences");
        call.at(47_000).rings("bob.tablet").expect_err("the invitation has expired");
        assert_eq!(call.state("bob"), ParticipantState::NoAnswer);
    }
}
