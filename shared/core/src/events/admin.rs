//! The end of a meeting by the operator of the service (T46).

use crate::change::Change;
use crate::decision::Decision;
use switchboard_protocol::code::EndReason;

/// Ends the meeting. An ended meeting is left unchanged.
pub(crate) fn apply(mut change: Change) -> Decision {
    change.apply_deadlines();
    if change.meeting.end().is_none() {
        change.end(EndReason::Admin);
    }
    change.into_decision(None)
}

#[cfg(test)]
mod tests {
    use crate::tests::fixture::{Call, user};
    use crate::{Input, SlotChange};
    use switchboard_protocol::code::EndReason;

    #[test]
    fn t46_the_operator_ends_a_live_meeting_once() {
        let mut call = Call::group();
        call.takes(&Input::AdminEnd);
        assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::Admin));
        assert_eq!(call.last.slots, [SlotChange::Free(user("alice"))]);
        assert!(
            call.downlinks().contains(&"alice.phone: meeting_ended admin".to_owned()),
            "{:?}",
            call.downlinks()
        );
        assert!(call.takes(&Input::AdminEnd).next.is_none(), "an ended meeting is left unchanged");
    }
}
