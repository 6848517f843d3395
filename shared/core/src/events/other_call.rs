//! A user of this call accepted another call. A user is in one call at a time, so the user gives up the seat
//! here, and the other members are notified. The device of the seat is notified, too, since another device
//! may have accepted.
//!
//! The commit of the other call took the user's call slot. This commit requires that the slot still names the
//! other call. So if a user accepts two calls at the same time, exactly one of them keeps the user: the call
//! that took the slot last.

use crate::change::Change;
use crate::decision::{Decision, SlotChange};
use crate::standing::OutReason;
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;

/// Puts the user out. Changes nothing if the user has no seat.
pub(crate) fn apply(mut change: Change, user: &UserId, call: &MeetingId) -> Decision {
    change.apply_deadlines();
    if change.meeting.end().is_none() && change.meeting.has_member(user) {
        change.put_out(user, OutReason::Left);
        change.update_phase();
        change.slots.retain(|slot| *slot != SlotChange::Free(user.clone()));
        change.slots.push(SlotChange::TakenBy { user: user.clone(), call: call.clone() });
    }
    change.into_decision(None)
}

#[cfg(test)]
mod tests {
    use crate::tests::fixture::{Call, user};
    use crate::{Input, SlotChange};
    use switchboard_protocol::object::ParticipantState as State;

    fn left_for_other_call() -> Input {
        Input::LeftForOtherCall { user: user("bob"), call: "m-other".parse().expect("an id") }
    }

    #[test]
    fn a_user_who_accepts_another_call_leaves_this_one_and_everybody_hears_it() {
        let mut call = Call::group();
        call.accepts("bob.phone").expect("accepts");
        call.takes(&left_for_other_call());
        assert_eq!(call.state("bob"), State::Left);
        assert_eq!(
            call.downlinks(),
            ["alice.phone: participant_updated left", "bob.phone: participant_updated left"],
            "the device with the seat may be another one than that which accepted"
        );
        assert!(call.takes(&left_for_other_call()).next.is_none(), "once");
        let mut call = Call::direct();
        call.accepts("bob.phone").expect("accepts");
        call.takes(&left_for_other_call());
        assert_eq!(
            call.downlinks(),
            ["alice.phone: meeting_ended completed", "bob.phone: meeting_ended completed"]
        );
    }

    #[test]
    fn the_other_call_must_hold_the_slot_and_keeps_it() {
        let mut call = Call::direct();
        call.accepts("bob.phone").expect("accepts");
        call.takes(&left_for_other_call());
        let other = "m-other".parse().expect("an id");
        assert_eq!(
            call.last.slots,
            [SlotChange::Free(user("alice")), SlotChange::TakenBy { user: user("bob"), call: other }],
            "the call ends for Alice"
        );
    }
}
