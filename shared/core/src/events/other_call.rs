//! A user of this call accepted another call. A user is in one call at a time, so the user gives up the seat
//! here, and the other members are notified. The device of the seat is notified, too, since another device
//! may have accepted.
//!
//! The commit of the other call took the user's call slot. This commit requires that the slot still names the
//! other call. So if a user accepts two calls at the same time, exactly one of them keeps the user: the call
//! that took the slot last.
//!
//! A user may also be in two calls: a `join` leaves no other call. The call slot names the call that the user
//! entered last. When the user leaves that call, the slot returns to the other one.

use crate::change::Change;
use crate::deadlines;
use crate::decision::{Decision, SlotChange};
use crate::input::{Now, RtcCapabilities};
use crate::meeting::Meeting;
use crate::participant::Participant;
use crate::standing::OutReason;
use std::collections::BTreeMap;
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

/// Takes the call slot back of a user who left the call `from`. The commit makes a revision, so that it fails
/// if the user leaves this call at the same time: the slot never names a call without its user. Deadlines that
/// have passed are left to the next input.
pub(crate) fn take_slot_back(mut change: Change, user: &UserId, from: &MeetingId) -> Decision {
    if change.meeting.wants_slot_of(user, change.now, change.rtc) {
        change.is_changed = true;
        change.slots.push(SlotChange::Reclaim { user: user.clone(), from: from.clone() });
    }
    change.into_decision(None)
}

impl Change {
    /// Stores the other calls of the users who took a seat in this revision.
    pub(crate) fn note_other_calls(&mut self, calls: &BTreeMap<UserId, MeetingId>) {
        let rev = self.rev;
        for (user, call) in calls {
            if let Some(seat) = self.seat_of_user(user).filter(|seat| seat.entry.is_from(rev)) {
                seat.other_call = Some(call.clone());
            }
        }
    }
}

impl Meeting {
    /// Returns whether the meeting holds the call slot of `user`, unless another call has it, after applying
    /// the deadlines that have passed.
    #[must_use]
    pub fn wants_slot_of(&self, user: &UserId, now: Now, rtc: RtcCapabilities) -> bool {
        let settled = deadlines::applied(self, now, rtc).next;
        let present = settled.as_ref().unwrap_or(self);
        present.end().is_none() && present.participants.get(user).is_some_and(Participant::holds_slot)
    }

    /// Returns the users who gave up their seats in the revision `rev`, each with the call that the user's call
    /// slot named before.
    #[must_use]
    pub fn slots_to_return(&self, rev: u64) -> Vec<(UserId, MeetingId)> {
        let left = self.participants.values().filter(|p| p.standing.is_from(rev) && !p.holds_slot());
        left.filter_map(|p| Some((p.user_id.clone(), p.last_seat()?.other_call.clone()?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::fixture::{Call, command, user};
    use crate::{Action, Input, SlotChange};
    use switchboard_protocol::id::MeetingId;
    use switchboard_protocol::object::{Media, ParticipantState as State};

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
    fn a_user_who_leaves_the_call_of_the_slot_returns_it_to_the_other_call() {
        let other: MeetingId = "m-other".parse().expect("an id");
        let mut call = Call::group();
        let invite_id = call.invite_id("bob");
        let accept = Action::Accept { invite_id, media: Media::Audio, name: None, is_in_other_call: true };
        let accept = command("bob.phone", "a1", "accept", accept);
        call.takes(&Input::Command(accept.with_other_call(&user("bob"), Some(other.clone()))));
        assert_eq!(call.meeting.slots_to_return(call.meeting.rev), []);
        call.leaves("bob.phone").expect("leaves");
        let left = call.meeting.rev;
        assert_eq!(call.meeting.slots_to_return(left), [(user("bob"), other)]);
        call.accepts("carol.phone").expect("accepts");
        assert_eq!(call.meeting.slots_to_return(call.meeting.rev), [], "once");
    }

    #[test]
    fn a_call_takes_the_slot_back_only_while_its_user_is_in_it() {
        let from: MeetingId = "m-other".parse().expect("an id");
        let back = Input::LeftOtherCall { user: user("bob"), call: from.clone() };
        let mut call = Call::group();
        assert!(call.takes(&back).next.is_none(), "the ring of a group holds no slot");
        call.accepts("bob.phone").expect("accepts");
        let rev = call.meeting.rev;
        let taken = SlotChange::Reclaim { user: user("bob"), from };
        assert_eq!(call.takes(&back).slots, [taken]);
        assert_eq!((call.meeting.rev, call.last.notices.len()), (rev + 1, 0));
        let mut late = call.clone();
        assert!(late.at(100_000_000).takes(&back).next.is_none(), "its deadline has passed");
        call.leaves("bob.phone").expect("leaves");
        assert!(call.takes(&back).next.is_none());
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
