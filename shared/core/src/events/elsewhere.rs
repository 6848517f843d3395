//! A user of this call accepted another one: a user is in one call at a time, so the seat here is given up, and the others
//! are notified. The device of the seat is notified, too: it may be another one than the device that accepted.

use crate::change::Change;
use crate::decision::Decision;
use crate::standing::OutReason;
use switchboard_protocol::address::UserId;

/// Nothing changes unless the user has a seat.
pub(crate) fn apply(mut change: Change, user: &UserId) -> Decision {
    change.apply_deadlines();
    if change.meeting.end().is_none() && change.meeting.has_member(user) {
        change.put_out(user, OutReason::Left);
        change.update_phase();
    }
    change.into_decision(None)
}

#[cfg(test)]
mod tests {
    use crate::Input;
    use crate::tests::fixture::{Call, user};
    use switchboard_protocol::object::ParticipantState as State;

    #[test]
    fn a_user_who_accepts_another_call_leaves_this_one_and_everybody_hears_it() {
        let mut call = Call::group();
        call.accepts("bob.phone").expect("accepts");
        let elsewhere = Input::AcceptedElsewhere { user: user("bob") };
        call.takes(&elsewhere);
        assert_eq!(call.state("bob"), State::Left);
        assert_eq!(
            call.downlinks(),
            ["alice.phone: participant_updated left", "bob.phone: participant_updated left"],
            "the device with the seat may be another one than that which accepted"
        );
        assert_eq!(call.last.slots, [crate::SlotChange::Free(user("bob"))]);
        assert!(call.takes(&elsewhere).next.is_none(), "once");
        let mut call = Call::direct();
        call.accepts("bob.phone").expect("accepts");
        call.takes(&elsewhere);
        assert_eq!(
            call.downlinks(),
            ["alice.phone: meeting_ended completed", "bob.phone: meeting_ended completed"]
        );
    }
}
