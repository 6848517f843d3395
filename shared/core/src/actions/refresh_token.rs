//! `refresh_token`: a fresh join token for the device that has the seat. Changes nothing in the record.

use crate::change::Change;
use crate::outgoing::{Reply, ReplyResult};
use crate::refusal::Refusal;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::downlink::Body;

const TOKEN: Reply = Reply::WithGrant(|_, _| Body::Token {});

/// Answered by `token`.
pub(crate) fn apply(change: &mut Change, by: &ClientId) -> ReplyResult {
    change.claim_admitted_seat(by);
    change.require_seat(by)?;
    Ok(TOKEN)
}

pub(crate) fn answer_again(change: &Change, by: &ClientId) -> ReplyResult {
    if let Some(end) = change.meeting.end() {
        return Err(Refusal::meeting_ended(end.reason));
    }
    change.require_seat(by)?;
    Ok(TOKEN)
}

#[cfg(test)]
mod tests {
    use crate::Action;
    use crate::tests::fixture::{Call, user};
    use crate::tests::scenes::{admit, group_with_entry, join, joining, take_over};
    use switchboard_protocol::code::Code;
    use switchboard_protocol::object::JoinPolicy;

    #[test]
    fn a_token_or_a_join_that_is_asked_for_again_is_given_while_it_is_due() {
        let mut call = group_with_entry(JoinPolicy::Lobby);
        join(&mut call, "dave.phone").expect("waits in the lobby");
        call.does("alice.phone", admit(None)).expect("the host admits the user");
        let token = |call: &mut Call| call.sends("dave.tablet", "t1", "token", Action::RefreshToken);
        token(&mut call).expect("takes the seat");
        token(&mut call).expect("a repeat is answered");
        assert_eq!(
            (call.downlinks(), call.last.next.is_some()),
            (vec!["dave.tablet= token".to_owned()], false)
        );
        let join_again = |call: &mut Call| call.sends("dave.tv", "j1", "join", joining("dave", true));
        join_again(&mut call).expect("takes the seat over");
        assert_eq!(token(&mut call), Err(Code::NotAdmitted));
        take_over(&mut call, "dave.phone").expect("takes the seat over");
        assert_eq!(join_again(&mut call), Err(Code::StateConflict), "the seat is on another device");
        call.does(
            "alice.phone",
            Action::Remove { user: user("dave"), ban: true, for_seconds: None, text: None },
        )
        .expect("the host has the right");
        assert_eq!((join_again(&mut call), token(&mut call)), (Err(Code::Banned), Err(Code::Banned)));
    }
}
