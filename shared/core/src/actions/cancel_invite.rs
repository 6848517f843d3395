//! `cancel_invite` (T11, T12): the inviter or the host cancels open invitations.

use crate::change::Change;
use crate::outgoing::{Reply, ReplyResult};
use crate::participant::Participant;
use crate::refusal::Refusal;
use crate::standing::OutReason;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;

/// Answered by `invitation_result`, for the named users or for all users with an open invitation.
///
/// Refuses with `already_answered` if none of these invitations is open, and with `forbidden` if other
/// members made all open ones.
pub(crate) fn apply(change: &mut Change, by: &ClientId, named: Option<&[UserId]>) -> ReplyResult {
    if !change.participant(by).is_some_and(Participant::is_member) {
        return Err(Refusal::new(Code::Forbidden, "you are not in this meeting; join it first"));
    }
    let is_host = change.meeting.host == by.user();
    let is_own = |p: &Participant| p.invitation().is_some_and(|invitation| invitation.inviter == by.user());
    let is_meant = |p: &Participant| p.is_pending() && named.is_none_or(|named| named.contains(&p.user_id));
    let open = change.meeting.users(is_meant);
    let allowed = change.meeting.users(|p| is_meant(p) && (is_host || is_own(p)));
    if open.is_empty() {
        return Err(Refusal::new(
            Code::AlreadyAnswered,
            "no invitation is open; send leave to leave the call",
        ));
    }
    if allowed.is_empty() {
        return Err(Refusal::new(
            Code::Forbidden,
            "only the inviter or the host may cancel an invitation; ask one of them",
        ));
    }
    for user in &allowed {
        change.close_invitation(user, OutReason::Cancelled);
    }
    change.update_phase();
    Ok(Reply::Body(change.invitation_result(named.unwrap_or(&allowed))))
}

pub(crate) fn answer_again(change: &Change, named: Option<&[UserId]>, rev: u64) -> ReplyResult {
    let cancelled =
        change.meeting.users(|p| p.standing.is_from(rev) && p.out_reason() == Some(OutReason::Cancelled));
    Ok(Reply::Body(change.invitation_result(named.unwrap_or(&cancelled))))
}

#[cfg(test)]
mod tests {
    use crate::tests::fixture::{Call, client, user};
    use crate::tests::scenes::{cancel, inviting};
    use crate::{Action, Outgoing, Phase};
    use switchboard_protocol::code::{Code, EndReason};
    use switchboard_protocol::downlink::Body;
    use switchboard_protocol::object::{InvitePolicy, ParticipantState as State};

    #[test]
    fn t11_t14_a_cancelled_direct_call_is_over() {
        let mut call = Call::direct();
        call.does("alice.phone", cancel(None)).expect("cancels");
        assert_eq!(
            call.downlinks(),
            [
                "alice.phone: meeting_ended cancelled",
                "alice.phone= invitation_result",
                "bob.phone: invitation_closed cancelled",
                "bob.phone: missed_call cancelled",
                "bob.tablet: invitation_closed cancelled",
                "bob.tablet: missed_call cancelled",
            ]
        );
        assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::Cancelled));
    }

    // Proves: T12
    #[test]
    fn t11_one_of_two_is_cancelled_and_the_other_rings_on() {
        let mut call = Call::group();
        call.does("alice.phone", cancel(Some(&["bob"]))).expect("cancels");
        assert_eq!((call.state("bob"), call.state("carol")), (State::Cancelled, State::Invited));
        assert_eq!(call.accepts("bob.phone"), Err(Code::InvitationCancelled));
        assert_eq!(
            call.does("carol.phone", cancel(None)),
            Err(Code::Forbidden),
            "the sender is neither the inviter nor the host"
        );
        assert_eq!(call.meeting.phase, Phase::Ringing);
    }

    #[test]
    fn t12_a_cancel_that_comes_after_the_accept_has_lost() {
        let mut call = Call::direct();
        call.accepts("bob.phone").expect("accepts");
        assert_eq!(call.does("alice.phone", cancel(None)), Err(Code::AlreadyAnswered));
        assert_eq!(call.meeting.end(), None);
    }

    #[test]
    fn t11_who_is_not_in_the_meeting_any_more_takes_no_invitation_back() {
        let mut call = Call::group();
        call.settings_mut().policy.invite = InvitePolicy::Any;
        call.accepts("bob.phone").expect("accepts");
        call.does("bob.phone", inviting(&["dave"])).expect("any member has the right");
        call.does(
            "alice.phone",
            Action::Remove { user: user("bob"), ban: false, for_seconds: None, text: None },
        )
        .expect("removes");
        assert_eq!(call.does("bob.phone", cancel(Some(&["dave"]))), Err(Code::Forbidden));
        assert_eq!(call.state("dave"), State::Invited);
        call.does("alice.phone", cancel(Some(&["dave"]))).expect("the host has the right");
    }

    #[test]
    fn t11_a_member_cancels_only_the_invitations_that_the_member_made() {
        let mut call = Call::group();
        call.settings_mut().policy.invite = InvitePolicy::Any;
        call.accepts("bob.phone").expect("accepts");
        call.does("bob.phone", inviting(&["dave"])).expect("any member has the right");
        call.does("bob.phone", cancel(None)).expect("the inviter has the right");
        assert_eq!((call.state("dave"), call.state("carol")), (State::Cancelled, State::Invited));
    }

    #[test]
    fn t11_a_repeated_cancel_shows_the_invitations_that_it_cancelled() {
        let mut call = Call::group();
        call.does("alice.phone", cancel(Some(&["bob"]))).expect("cancels");
        for _ in 0..2 {
            call.sends("alice.phone", "x1", "cancel", cancel(None)).expect("cancels, or answers the repeat");
            let Some(Body::InvitationResult { invitations, .. }) =
                call.last.answer.as_ref().map(|answer| &answer.body)
            else {
                panic!("the answer is not invitation_result: {:?}", call.last.answer)
            };
            let users: Vec<&str> = invitations.iter().map(|invitation| invitation.user_id.as_str()).collect();
            assert_eq!(users, ["carol"]);
        }
    }

    #[test]
    fn the_end_of_an_offer_waits_at_the_broker_as_long_as_the_offer_may() {
        let mut call = Call::group();
        let Action::Invite { invitees, .. } = inviting(&["dave"]) else {
            unreachable!("invite builds Action::Invite")
        };
        call.does("alice.phone", Action::Invite { invitees, ring_seconds: Some(180), ext: None })
            .expect("invites");
        let keeps = |call: &Call, device: &str| {
            let to = |downlink: &&Outgoing| {
                downlink.to == client(device) && downlink.body.kind().starts_with("invitation")
            };
            call.last.notices.iter().find(to).map(|downlink| downlink.keep_ms)
        };
        assert_eq!(keeps(&call, "dave.phone"), Some(180_000));
        call.at(1_000).does("alice.phone", cancel(None)).expect("cancels");
        assert_eq!(
            keeps(&call, "dave.phone"),
            Some(180_000),
            "the broker may still keep the offer that it closes"
        );
        assert_eq!(keeps(&call, "bob.phone"), Some(45_000));
    }
}
