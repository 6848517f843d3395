//! `set_role`: the host makes a participant a cohost, or a member again.

use crate::change::Change;
use crate::outgoing::ReplyResult;
use crate::participant::Participant;
use crate::refusal::Refusal;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::object::Role;

/// Answered by `participant_updated`. The user may also have an open invitation or be in the lobby.
///
/// Refuses with `state_conflict` to change the role of the host.
pub(crate) fn apply(change: &mut Change, by: &ClientId, user: &UserId, role: Role) -> ReplyResult {
    change.require_host(by)?;
    let rev = change.rev;
    let has_part = |p: &&mut Participant| p.out_reason().is_none();
    let Some(participant) = change.meeting.participants.get_mut(user).filter(has_part) else {
        return Err(Refusal::new(
            Code::UserNotFound,
            "the user has no part in the meeting; invite the user first",
        ));
    };
    if *participant.role == Role::Host {
        return Err(Refusal::new(Code::StateConflict, "the user is the host; send transfer_host first"));
    }
    if *participant.role != role {
        participant.role.set(role, rev);
        change.is_changed = true;
    }
    answer_again(change, user)
}

pub(crate) fn answer_again(change: &Change, user: &UserId) -> ReplyResult {
    Ok(change.meeting.participant_updated(user, change.now.ms).into())
}

#[cfg(test)]
mod tests {
    use crate::tests::scenes::{hosted_group, role, set_role};
    use switchboard_protocol::code::Code;
    use switchboard_protocol::object::{HostLeavePolicy, Role};

    #[test]
    fn roles_are_given_by_the_host_and_seen_by_all() {
        let mut call = hosted_group(HostLeavePolicy::Transfer);
        assert_eq!(set_role(&mut call, "bob.phone", "bob", Role::Cohost), Err(Code::NotHost));
        assert_eq!(set_role(&mut call, "alice.phone", "mallory", Role::Cohost), Err(Code::UserNotFound));
        assert_eq!(set_role(&mut call, "alice.phone", "alice", Role::Member), Err(Code::StateConflict));
        set_role(&mut call, "alice.phone", "bob", Role::Cohost).expect("the host has the right");
        assert_eq!(
            call.downlinks(),
            [
                "alice.phone= participant_updated joined",
                "bob.phone: participant_updated joined",
                "carol.phone: participant_updated accepted",
            ]
            .map(|line| line.replace("accepted", "joined"))
        );
        assert_eq!(
            set_role(&mut call, "bob.phone", "carol", Role::Cohost),
            Err(Code::NotHost),
            "a cohost may not change roles"
        );
        set_role(&mut call, "alice.phone", "bob", Role::Cohost).expect("the role is set already");
        assert!(call.last.next.is_none());
        set_role(&mut call, "alice.phone", "bob", Role::Member).expect("the host has the right");
        assert_eq!(role(&call, "bob"), Role::Member);
    }
}
