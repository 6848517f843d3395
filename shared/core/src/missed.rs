//! Missed calls: invitations that ended without an answer from their user.

use crate::meeting::Meeting;
use crate::participant::Participant;
use crate::standing::OutReason;
use crate::view::DO_NOT_DISTURB;
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::{MissedCallView, MissedMark};

impl Participant {
    /// Returns the reason for which the user missed the last invitation, as on the wire; `None` if the user
    /// did not miss it. A user who declined knows of the call. A silent invitation is unknown to its user. A
    /// user with a seat is notified of the end in another way.
    pub(crate) fn missed_reason(&self) -> Option<&'static str> {
        let is_unknown = self.invitation().is_none() || self.is_silent();
        if self.has_declined() || self.last_seat().is_some() || is_unknown {
            return None;
        }
        match self.out_reason()? {
            OutReason::UserBusy => Some("user_busy"),
            OutReason::DoNotDisturb => Some(DO_NOT_DISTURB),
            OutReason::NoAnswer => Some("no_answer"),
            OutReason::Unreachable => Some("unreachable"),
            OutReason::Cancelled => Some("cancelled"),
            OutReason::Ended => Some("meeting_ended"),
            _ => None,
        }
    }
}

impl Meeting {
    /// Returns the call that `user` missed in this meeting; `None` if the user did not miss it, or was
    /// invited again later.
    #[must_use]
    pub fn missed_call(&self, user: &UserId) -> Option<MissedCallView> {
        let participant = self.participants.get(user)?;
        let mark = MissedMark {
            from: self.caller(&participant.invitation()?.inviter),
            reason: participant.missed_reason()?.to_owned(),
            at_ms: participant.times.missed_ms?,
        };
        Some(MissedCallView { meeting_id: self.id.clone(), mode: *self.mode, media: self.media, mark })
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::fixture::{Call, create, opening, user};
    use crate::tests::scenes::inviting;
    use switchboard_protocol::downlink::Body;
    use switchboard_protocol::object::Mode;

    /// Returns the reason and the time of the call that Bob missed.
    fn missed(call: &Call) -> Option<(String, i64)> {
        call.meeting.missed_call(&user("bob")).map(|missed| (missed.mark.reason, missed.mark.at_ms))
    }

    // Proves: missed-later
    #[test]
    fn a_missed_call_is_kept_with_the_time_of_its_notice_and_stands_in_the_call_record() {
        let mut call = Call::direct();
        assert_eq!(missed(&call), None, "it rings");
        call.at(50_000).wakes();
        let at_ms = call.now.ms;
        assert_eq!(missed(&call), Some(("unreachable".to_owned(), at_ms)));
        let notified = call.last.notices.iter().find_map(|downlink| match &downlink.body {
            Body::MissedCall { at_ms, .. } => Some(*at_ms),
            _ => None,
        });
        assert_eq!(notified, Some(at_ms));
        let records = call.meeting.call_history();
        let of = |name: &str| records.iter().find(|(of, _)| *of == user(name)).expect("a record").1.clone();
        assert_eq!(of("bob").missed_call(), call.meeting.missed_call(&user("bob")));
        assert_eq!(of("bob").missed.expect("missed").from.user_id, user("alice"));
        assert_eq!(of("alice").missed, None, "the caller missed nothing");
    }

    // Proves: missed-later
    #[test]
    fn a_call_that_was_answered_declined_or_is_offered_again_is_not_missed() {
        let mut call = Call::direct();
        call.rejects("bob.phone").expect("declines");
        assert_eq!(missed(&call), None);

        let mut call = Call::open(&opening(create(Mode::Group, &["bob", "carol"])));
        call.accepts("carol.phone").expect("accepts");
        call.at(50_000).wakes();
        assert!(missed(&call).is_some());
        call.does("alice.phone", inviting(&["bob"])).expect("invites");
        assert_eq!(missed(&call), None);
        call.accepts("bob.phone").expect("accepts");
        call.leaves("bob.phone").expect("leaves");
        assert_eq!(missed(&call), None);
    }
}
