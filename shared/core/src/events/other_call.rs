//! A user of this call accepted another one: a user is in one call at a time, so the seat here is given up, and the others
//! are notified. The device of the seat is notified, too: it may be another one than the device that accepted.
//!
//! The other call took the user's call slot with its commit. That the slot still names it is the condition of this commit. So
//! of two calls that a user accepts at the same time, exactly one stays: the one that took the slot last.

use crate::change::Change;
use crate::decision::{Decision, SlotChange};
use crate::standing::OutReason;
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;

/// Nothing changes unless the user has a seat.
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
