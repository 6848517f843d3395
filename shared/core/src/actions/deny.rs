//! `deny` (T22): a host refuses users in the lobby. They may ask to join once more; the second refusal is a
//! ban.

use crate::change::Change;
use crate::outgoing::{Reply, ReplyResult};
use crate::participant::Participant;
use crate::remark::Remark;
use crate::standing::OutReason;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::LobbyDecision;

/// Answered by `lobby_updated`, with the result for each user: the named users, or the first users in the
/// lobby, as for `admit`.
pub(crate) fn apply(change: &mut Change, by: &ClientId, named: Option<&[UserId]>, ban: bool) -> ReplyResult {
    change.require_host_set(by)?;
    let mut users = Vec::new();
    for user in change.named_or_waiting(named) {
        let participant = change.meeting.participants.get(&user);
        let waits = participant.is_some_and(Participant::is_in_lobby);
        let admitted = participant.is_some_and(Participant::is_member);
        if waits {
            turn_away(change, by, &user, ban);
        }
        let is_banned = change.meeting.participants.get(&user).is_some_and(Participant::is_banned);
        let code = match (waits, is_banned) {
            (true, true) => Some(Code::Banned),
            (true, false) => None,
            (false, _) => Some(Code::UserNotFound),
        };
        users.push(LobbyDecision { user_id: user, admitted, code });
    }
    Ok(Reply::Body(Body::LobbyUpdated { users }))
}

/// Refuses a user in the lobby. The second time, and with `ban`, the user is banned for the rest of the
/// meeting.
fn turn_away(change: &mut Change, by: &ClientId, user: &UserId, ban: bool) {
    let Some(participant) = change.meeting.participants.get_mut(user) else { return };
    let is_last = ban || participant.lobby.is_denied;
    participant.lobby.is_denied = true;
    let reason = if is_last { OutReason::Banned { until_ms: None } } else { OutReason::Ended };
    change.put_out_with(user, reason, Remark::of_host(by.user(), None));
}

/// Answers from the present state, with the code of each user who was not in the lobby, like the first
/// answer.
pub(crate) fn answer_again(change: &Change, named: Option<&[UserId]>, rev: u64) -> ReplyResult {
    let meeting = &change.meeting;
    let denied_now = |p: &Participant| p.left_lobby() && p.standing.is_from(rev);
    let users = named.map_or_else(|| meeting.users(denied_now), <[UserId]>::to_vec);
    // Since the refusal, the user may have asked once more or joined.
    let was_denied = |p: &Participant| {
        let was_member = p.seat().is_some_and(|seat| seat.entry.rev() < rev);
        p.lobby.is_denied && p.standing.rev() >= rev && !was_member
    };
    let decision = |user: UserId| {
        let participant = meeting.participants.get(&user);
        let code = match participant {
            Some(p) if p.is_banned() && p.standing.is_from(rev) && p.left_lobby() => Some(Code::Banned),
            Some(p) if was_denied(p) => None,
            _ => Some(Code::UserNotFound),
        };
        LobbyDecision { admitted: participant.is_some_and(Participant::is_member), user_id: user, code }
    };
    Ok(Reply::Body(Body::LobbyUpdated { users: users.into_iter().map(decision).collect() }))
}

#[cfg(test)]
mod tests {
    use crate::Action;
    use crate::tests::fixture::{Call, user};
    use crate::tests::scenes::{decided, deny, group_with_entry, join};
    use switchboard_protocol::code::Code;
    use switchboard_protocol::downlink::Body;
    use switchboard_protocol::object::{JoinPolicy, ParticipantState as State, Role};

    #[test]
    fn t22_who_is_turned_away_hears_it_and_may_ask_again() {
        let mut call = group_with_entry(JoinPolicy::Lobby);
        join(&mut call, "dave.phone").expect("waits in the lobby");
        call.does("alice.phone", deny(Some(&["dave", "bob"]))).expect("the host denies the entry");
        assert_eq!(
            decided(&call),
            [("dave".to_owned(), false, None), ("bob".to_owned(), false, Some(Code::UserNotFound))]
        );
        assert_eq!(
            call.downlinks(),
            ["alice.phone= lobby_updated", "dave.phone: lobby_result", "dave.tablet: lobby_result"]
        );
        assert!(call.last.notices.iter().any(|downlink| downlink.grant.is_none()
            && matches!(downlink.body, Body::LobbyResult { admitted: false, meeting: None })));
        assert_eq!(call.does("dave.phone", Action::Rejoin), Err(Code::NotAdmitted));
        join(&mut call, "dave.phone").expect("a denied user may wait again");
        assert!(call.downlinks().contains(&"alice.phone: lobby_request".to_owned()));
    }

    #[test]
    fn t22_a_repeated_deny_has_the_code_of_each_user() {
        let mut call = group_with_entry(JoinPolicy::Lobby);
        call.accepts("bob.phone").expect("accepts");
        join(&mut call, "dave.phone").expect("waits in the lobby");
        let names = Some(&["dave", "mallory", "bob"][..]);
        let send = |call: &mut Call| call.sends("alice.phone", "d1", "deny", deny(names));
        send(&mut call).expect("the host denies the entry");
        let first = decided(&call);
        let not_found = Some(Code::UserNotFound);
        assert_eq!(
            first,
            [
                ("dave".to_owned(), false, None),
                ("mallory".to_owned(), false, not_found),
                ("bob".to_owned(), true, not_found),
            ]
        );
        send(&mut call).expect("a repeat is answered");
        assert_eq!(decided(&call), first);
        join(call.at(1_000), "dave.phone").expect("asks once more");
        send(&mut call).expect("a repeat is answered");
        assert_eq!(decided(&call), first, "the request did not decide about the second knock");
    }

    #[test]
    fn t21_t22_other_hosts_hear_what_one_of_them_decided() {
        let mut call = group_with_entry(JoinPolicy::Lobby);
        call.accepts("bob.phone").expect("accepts");
        let cohost = Action::SetRole { user: user("bob"), role: Role::Cohost };
        call.does("alice.phone", cohost).expect("the host has the right");
        join(&mut call, "dave.phone").expect("waits in the lobby");
        assert!(call.downlinks().contains(&"bob.phone: lobby_request".to_owned()));
        call.does("bob.phone", deny(None)).expect("a cohost has the right");
        assert!(
            call.downlinks().contains(&"alice.phone: lobby_updated".to_owned()),
            "{:?}",
            call.downlinks()
        );
    }

    #[test]
    fn t22_t33_who_is_turned_away_twice_or_with_a_ban_may_not_ask_again() {
        for is_banned_at_once in [false, true] {
            let mut call = group_with_entry(JoinPolicy::Lobby);
            join(&mut call, "dave.phone").expect("waits");
            if !is_banned_at_once {
                call.does("alice.phone", deny(Some(&["dave"]))).expect("turns away");
                assert_eq!(call.state("dave"), State::Ended);
                join(call.at(1_000), "dave.phone").expect("asks once more");
            }
            let last = Action::Deny { users: Some(vec![user("dave")]), ban: is_banned_at_once };
            for _ in 0..2 {
                call.sends("alice.phone", "d2", "deny", last.clone()).expect("turns away, or is repeated");
                assert_eq!(decided(&call), [("dave".to_owned(), false, Some(Code::Banned))]);
            }
            assert_eq!(call.state("dave"), State::Banned);
            assert!(call.downlinks().contains(&"dave.phone: participant_removed banned".to_owned()));
            assert_eq!(join(call.at(2_000), "dave.phone"), Err(Code::Banned));
        }
    }
}
