//! `reject` (T8, T9): the user declines the invitation on all devices. A direct call ends (T14).

use crate::change::Change;
use crate::invitation::Leg;
use crate::outgoing::{Reply, ReplyResult};
use crate::remark::Remark;
use crate::standing::OutReason;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::InviteId;
use switchboard_protocol::object::RejectReason;

/// Answered by `ok`. The reason `busy` ends the invitation as `user_busy`, every other reason as `declined`.
/// A reject after an accept is refused, so that it does not end the call.
pub(crate) fn apply(change: &mut Change, by: &ClientId, invite_id: &InviteId, remark: Remark) -> ReplyResult {
    change.require_open_invitation(by, invite_id)?;
    let rev = change.rev;
    if let Some(invitation) = change.invitation_of(by) {
        invitation.close(rev, |device| if device == by { Leg::Closed } else { Leg::Lost });
    }
    let is_busy = remark.decline == Some(RejectReason::Busy);
    let reason = if is_busy { OutReason::UserBusy } else { OutReason::Declined };
    change.put_out_with(&by.user(), reason, remark);
    change.update_phase();
    Ok(Reply::OK)
}

pub(crate) fn answer_again() -> ReplyResult {
    Ok(Reply::OK)
}

#[cfg(test)]
mod tests {
    use crate::tests::fixture::{Call, account, user};
    use crate::tests::scenes::inviting;
    use crate::{Action, SlotChange};
    use serde_json::json;
    use switchboard_protocol::code::{Code, EndReason};
    use switchboard_protocol::object::{ParticipantState as State, RejectReason};

    fn rejects(call: &mut Call, device: &str, reason: RejectReason, text: Option<&str>) {
        let invite_id = call.invite_id(account(device));
        let text = text.map(str::to_owned);
        call.does(device, Action::Reject { invite_id, reason, text }).expect("rejects");
    }

    #[test]
    fn t8_t14_a_reject_ends_the_direct_call() {
        let mut call = Call::direct();
        call.rejects("bob.tablet").expect("rejects");
        assert_eq!(
            call.downlinks(),
            [
                "alice.phone: invitation_updated declined",
                "alice.phone: meeting_ended all_declined",
                "bob.phone: invitation_closed declined_elsewhere",
                "bob.tablet= ok",
            ]
        );
        assert_eq!(call.last.slots, [SlotChange::Free(user("bob")), SlotChange::Free(user("alice"))]);
    }

    #[test]
    fn t9_a_late_reject_does_not_kill_the_call() {
        let mut call = Call::direct();
        call.accepts("bob.phone").expect("accepts");
        assert_eq!(call.rejects("bob.tablet"), Err(Code::AlreadyAnswered));
        assert_eq!(call.end_reason(), None);
    }

    #[test]
    fn t52_the_inviter_and_the_members_get_the_reason_and_the_text_of_a_decline() {
        let cases = [
            (RejectReason::Declined, State::Declined, "declined"),
            (RejectReason::Other, State::Declined, "declined"),
            (RejectReason::DoNotDisturb, State::Declined, "do_not_disturb"),
            (RejectReason::Busy, State::UserBusy, "user_busy"),
        ];
        for (reason, state, code) in cases {
            let mut call = Call::group();
            rejects(&mut call, "bob.phone", reason, Some("In a meeting"));
            assert_eq!(call.state("bob"), state);
            let updated = &call.sent_to("alice.phone", "invitation_updated")[0];
            assert_eq!(
                (&updated["code"], &updated["reason"], &updated["text"]),
                (&json!(code), &json!(reason), &json!("In a meeting"))
            );
            let shown = call.participant("bob").view(call.now.ms);
            assert_eq!((shown.reason, shown.text.as_deref()), (Some(reason), Some("In a meeting")));
            let closed = &call.sent_to("bob.tablet", "invitation_closed")[0];
            assert_eq!(closed["reason"], "declined_elsewhere");
            assert!(call.sent_to("bob.tablet", "missed_call").is_empty(), "the user knows of the call");
        }
    }

    #[test]
    fn t52_a_direct_call_that_is_declined_as_busy_ends_as_busy() {
        let mut call = Call::direct();
        rejects(&mut call, "bob.phone", RejectReason::Busy, None);
        assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::Busy));
        assert_eq!(call.accepts("bob.tablet"), Err(Code::MeetingEnded));
    }

    #[test]
    fn t52_a_user_who_is_invited_again_is_shown_without_the_words_of_before() {
        let mut call = Call::group();
        rejects(&mut call, "bob.phone", RejectReason::Declined, Some("Later"));
        call.does("alice.phone", inviting(&["bob"])).expect("a user who declined may be invited again");
        let shown = call.participant("bob").view(call.now.ms);
        assert_eq!((shown.state, shown.reason, shown.text), (State::Invited, None, None));
    }
}
