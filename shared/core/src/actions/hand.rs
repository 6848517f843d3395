//! `raise_hand` and `lower_hand`: a member raises or lowers a hand.

use crate::change::Change;
use crate::outgoing::{Reply, ReplyResult};
use switchboard_protocol::address::ClientId;

/// Answered by `hand_changed`. A hand that is already up keeps its place.
pub(crate) fn apply(change: &mut Change, by: &ClientId, up: bool) -> ReplyResult {
    change.claim_admitted_seat(by);
    change.require_seat(by)?;
    let rev = change.rev;
    if let Some(seat) = change.seat_of(by).filter(|seat| *seat.hand != up) {
        seat.hand.set(up, rev);
        change.is_changed = true;
    }
    answer_again(change)
}

pub(crate) fn answer_again(change: &Change) -> ReplyResult {
    Ok(Reply::Body(change.meeting.hand_changed()))
}

#[cfg(test)]
mod tests {
    use crate::Action;
    use crate::tests::fixture::{Call, client};
    use crate::tests::scenes::{admit, group_with_entry, join, mute, timed_group};
    use switchboard_protocol::code::Code;
    use switchboard_protocol::downlink::Body;
    use switchboard_protocol::object::JoinPolicy;
    use switchboard_protocol::requests::MuteMode;

    // Proves: T21
    #[test]
    fn a_waiting_device_of_an_admitted_user_takes_the_seat_by_its_hand_or_its_speech() {
        for action in [Action::RaiseHand, Action::LowerHand, Action::UnmuteSelf] {
            let mut call = group_with_entry(JoinPolicy::Lobby);
            join(&mut call, "dave.phone").expect("waits in the lobby");
            call.does("alice.phone", admit(None)).expect("the host admits the user");
            call.does("dave.tablet", action).expect("the user was admitted on the other device too");
            assert!(call.participant("dave").sits_on(&client("dave.tablet")));
        }
    }

    #[test]
    fn a_waiting_device_that_is_refused_takes_no_seat() {
        let mut call = group_with_entry(JoinPolicy::Lobby);
        join(&mut call, "dave.phone").expect("waits in the lobby");
        call.does("alice.phone", admit(None)).expect("the host admits the user");
        mute(&mut call, "alice.phone", "dave", MuteMode::Hard, None).expect("the host has the right");
        assert_eq!(call.does("dave.tablet", Action::UnmuteSelf), Err(Code::SpeechBlocked));
        assert!(call.participant("dave").sits_on(&client("dave.phone")));
    }

    #[test]
    fn hands_stand_in_the_order_in_which_they_went_up() {
        let hands = |call: &Call| match call.last.answer.as_ref().map(|answer| &answer.body) {
            Some(Body::HandChanged { hands }) => hands.iter().map(ToString::to_string).collect::<Vec<_>>(),
            other => panic!("the answer is not hand_changed: {other:?}"),
        };
        let mut call = timed_group(60);
        call.does("bob.phone", Action::RaiseHand).expect("raises");
        assert_eq!(call.downlinks(), ["alice.phone: hand_changed", "bob.phone= hand_changed"]);
        call.does("alice.phone", Action::RaiseHand).expect("raises");
        assert_eq!(hands(&call), ["bob", "alice"]);
        call.does("bob.phone", Action::RaiseHand).expect("the hand is up already");
        assert!(call.last.next.is_none());
        assert_eq!(hands(&call), ["bob", "alice"], "the hand keeps its place");
        call.does("bob.phone", Action::LowerHand).expect("lowers");
        call.does("bob.phone", Action::RaiseHand).expect("raises again");
        assert_eq!(hands(&call), ["alice", "bob"]);
        assert_eq!(call.does("bob.tablet", Action::RaiseHand), Err(Code::NotAdmitted));
        call.leaves("alice.phone").expect("leaves");
        call.does("bob.phone", Action::RaiseHand).expect("the hand is up already");
        assert_eq!(hands(&call), ["bob"], "a participant who left has no hand up");
    }
}
