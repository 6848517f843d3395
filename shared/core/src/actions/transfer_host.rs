//! `transfer_host`: the host makes another member host.

use crate::change::Change;
use crate::outgoing::{Reply, ReplyResult};
use crate::refusal::Refusal;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::downlink::Body;

/// Answered by `host_changed`.
pub(crate) fn apply(change: &mut Change, by: &ClientId, user: &UserId) -> ReplyResult {
    change.require_host(by)?;
    if !change.meeting.has_member(user) {
        return Err(Refusal::not_a_member());
    }
    let previous = change.meeting.host.clone();
    if previous != *user {
        change.make_host(user);
        change.update_host();
    }
    Ok(Reply::Body(Body::HostChanged { host: user.clone(), previous }))
}

pub(crate) fn answer_again(change: &Change) -> ReplyResult {
    Ok(change.meeting.host_changed().into())
}

#[cfg(test)]
mod tests {
    use crate::Action;
    use crate::tests::fixture::user;
    use crate::tests::scenes::{hosted_group, role};
    use switchboard_protocol::code::Code;
    use switchboard_protocol::object::{HostLeavePolicy, Role, SpeechMode, UserOrAll};
    use switchboard_protocol::requests::MuteMode;

    #[test]
    fn the_host_makes_somebody_else_host() {
        let mut call = hosted_group(HostLeavePolicy::End);
        let transfer = |name: &str| Action::TransferHost { user: user(name) };
        assert_eq!(call.does("bob.phone", transfer("bob")), Err(Code::NotHost));
        assert_eq!(call.does("alice.phone", transfer("mallory")), Err(Code::UserNotFound));
        call.does("alice.phone", transfer("bob")).expect("the host has the right");
        assert_eq!(
            call.downlinks(),
            ["alice.phone= host_changed", "bob.phone: host_changed", "carol.phone: host_changed"]
        );
        assert_eq!((role(&call, "alice"), role(&call, "bob")), (Role::Member, Role::Host));
        call.leaves("alice.phone").expect("leaves");
        assert_eq!(call.meeting.end(), None, "the new host has a seat");
        assert_eq!(
            call.does("bob.phone", transfer("alice")),
            Err(Code::UserNotFound),
            "the new host must have a seat"
        );
    }

    #[test]
    fn t38_a_blocked_member_who_becomes_host_may_speak_again() {
        let mut call = hosted_group(HostLeavePolicy::Transfer);
        let block =
            Action::Mute { target: UserOrAll::User(user("bob")), mode: MuteMode::Hard, for_seconds: None };
        call.does("alice.phone", block).expect("the host has the right");
        assert_eq!(*call.participant("bob").speech.mode, SpeechMode::Hard);
        call.does("alice.phone", Action::TransferHost { user: user("bob") }).expect("the host has the right");
        assert_eq!(*call.participant("bob").speech.mode, SpeechMode::Free);
    }
}
