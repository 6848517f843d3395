//! `leave` (T27): the user hangs up. A direct call ends (T40).

use crate::change::Change;
use crate::outgoing::{Reply, ReplyResult};
use crate::participant::Participant;
use crate::standing::OutReason;
use switchboard_protocol::address::ClientId;

/// Answered by `ok`. A request of a device without the seat changes nothing: a late request must not hang up
/// for the device that has the call now.
pub(crate) fn apply(change: &mut Change, by: &ClientId) -> ReplyResult {
    change.claim_admitted_seat(by);
    if change.participant(by).is_some_and(Participant::is_in_lobby) {
        // Leaving the lobby withdraws the request.
        change.put_out(&by.user(), OutReason::Ended);
    } else if change.require_seat(by).is_ok() {
        change.put_out(&by.user(), OutReason::Left);
        change.update_phase();
    }
    Ok(Reply::OK)
}

pub(crate) fn answer_again() -> ReplyResult {
    Ok(Reply::OK)
}

#[cfg(test)]
mod tests {
    use crate::SlotChange;
    use crate::tests::fixture::{Call, user};
    use crate::tests::scenes::{admit, decided, group_with_entry, join, take_over};
    use switchboard_protocol::code::{Code, EndReason};
    use switchboard_protocol::object::{JoinPolicy, ParticipantState as State};

    #[test]
    fn t27_t40_hanging_up_ends_the_call_for_the_other_side() {
        let mut call = Call::direct();
        call.accepts("bob.phone").expect("accepts");
        call.leaves("alice.phone").expect("leaves");
        assert_eq!(call.downlinks(), ["alice.phone= ok", "bob.phone: meeting_ended completed"]);
        assert_eq!(call.leaves("bob.phone"), Err(Code::MeetingEnded));
    }

    #[test]
    fn t40_a_caller_who_gives_up_stops_the_ringing() {
        let mut call = Call::direct();
        call.rings("bob.phone").expect("rings");
        call.leaves("alice.phone").expect("leaves");
        assert_eq!(
            call.downlinks(),
            [
                "alice.phone= ok",
                "bob.phone: invitation_closed cancelled",
                "bob.phone: missed_call cancelled",
                "bob.tablet: invitation_closed cancelled",
                "bob.tablet: missed_call cancelled",
            ]
        );
        assert_eq!(call.end_reason(), Some(EndReason::Cancelled));
        assert_eq!(call.accepts("bob.phone"), Err(Code::MeetingEnded));
    }

    #[test]
    fn everybody_in_a_group_hears_when_one_leaves() {
        let mut call = Call::group();
        call.accepts("bob.phone").expect("accepts");
        call.leaves("bob.phone").expect("leaves");
        assert_eq!(call.downlinks(), ["alice.phone: participant_updated left", "bob.phone= ok"]);
        assert_eq!(call.last.slots, [SlotChange::Free(user("bob"))]);
    }

    #[test]
    fn t27_t28_a_device_that_is_not_in_any_more_does_not_hang_up_for_the_one_that_is() {
        let mut call = group_with_entry(JoinPolicy::Invited);
        call.accepts("bob.phone").expect("accepts");
        call.joins_media("bob.phone").expect("joins");
        take_over(&mut call, "bob.tablet").expect("takes the seat over");
        call.leaves("bob.phone").expect("a device without the seat is answered");
        assert_eq!((call.downlinks(), call.last.next.is_some()), (vec!["bob.phone= ok".to_owned()], false));
        assert_eq!(call.state("bob"), State::Joined);
        call.leaves("bob.tablet").expect("hangs up");
        assert_eq!(call.state("bob"), State::Left);
    }

    #[test]
    fn t22_who_gives_up_waiting_in_the_lobby_is_not_let_in_any_more() {
        let mut call = group_with_entry(JoinPolicy::Lobby);
        join(&mut call, "dave.phone").expect("waits in the lobby");
        call.leaves("dave.phone").expect("leaves the lobby");
        assert_eq!(
            call.downlinks(),
            [
                "alice.phone: lobby_updated",
                "dave.phone: lobby_result",
                "dave.phone= ok",
                "dave.tablet: lobby_result",
            ]
        );
        call.does("alice.phone", admit(Some(&["dave"]))).expect("the answer shows a result for each user");
        assert_eq!(decided(&call), [("dave".to_owned(), false, Some(Code::UserNotFound))]);
        join(&mut call, "dave.phone").expect("a denied user may wait again");
        assert_eq!(call.state("dave"), State::Lobby, "the user waits like an uninvited one");
    }
}
