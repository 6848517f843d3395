//! `admit` (T21): a host admits users from the lobby.

use crate::change::Change;
use crate::meeting::Meeting;
use crate::outgoing::{Reply, ReplyResult};
use crate::participant::Participant;
use crate::refusal::Refusal;
use crate::seating::EntryBy;
use crate::standing::Standing;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::limits::MAX_INVITEES;
use switchboard_protocol::object::LobbyDecision;

/// Largest number of users that one request decides about: the number that one request may name. Each
/// admitted user takes two items of the transaction, which may have 100.
const MAX_DECIDED: usize = MAX_INVITEES;

/// Answered by `lobby_updated`, with the result for each user: the named users, or the first users in the
/// lobby, in order of arrival. Refuses with `meeting_full` if no seat was free for any of them.
pub(crate) fn apply(change: &mut Change, by: &ClientId, named: Option<&[UserId]>) -> ReplyResult {
    change.require_host_set(by)?;
    let mut users = Vec::new();
    for user in change.named_or_waiting(named) {
        let code = admit(change, &user).err().map(|refusal| refusal.code);
        users.push(LobbyDecision { user_id: user, admitted: code.is_none(), code });
    }
    if !users.is_empty() && users.iter().all(|user| user.code == Some(Code::MeetingFull)) {
        return Err(Refusal::new(
            Code::MeetingFull,
            "every seat is taken; retry when a participant has left",
        ));
    }
    Ok(Reply::Body(Body::LobbyUpdated { users }))
}

/// Gives a seat to a user in the lobby.
fn admit(change: &mut Change, user: &UserId) -> Result<(), Refusal> {
    let participant = change.meeting.participants.get(user);
    match participant.map(|p| &*p.standing) {
        Some(Standing::Lobby { devices }) => {
            let waiting = devices.clone();
            change.require_free_seat()?;
            change.let_in(waiting);
            Ok(())
        }
        Some(Standing::Seated(_)) => Ok(()),
        _ => Err(Refusal::new(
            Code::UserNotFound,
            "the user is not in the lobby; send sync for the present state",
        )),
    }
}

/// Answers from the present state, with the code of each user who has no seat, like the first answer.
pub(crate) fn answer_again(change: &Change, named: Option<&[UserId]>, rev: u64) -> ReplyResult {
    let meeting = &change.meeting;
    let waited = |p: &Participant| p.is_in_lobby() && p.standing.rev() < rev;
    let users = named.map_or_else(
        || {
            let was_admitted = |p: &Participant| {
                p.seat().is_some_and(|seat| seat.entry.is_from(rev) && seat.invitation.is_none())
            };
            let mut users = meeting.users(was_admitted);
            users.extend(meeting.users(waited));
            users
        },
        <[UserId]>::to_vec,
    );
    let decision = |user: UserId| {
        let participant = meeting.participants.get(&user);
        let code = match participant {
            Some(p) if p.is_member() => None,
            Some(p) if waited(p) => Some(Code::MeetingFull),
            _ => Some(Code::UserNotFound),
        };
        LobbyDecision { admitted: code.is_none(), user_id: user, code }
    };
    Ok(Reply::Body(Body::LobbyUpdated { users: users.into_iter().map(decision).collect() }))
}

impl Change {
    /// Gives a seat to the user of the devices `waiting` in the lobby. The first device of the list has the
    /// seat until another device claims it.
    pub(crate) fn let_in(&mut self, waiting: Vec<ClientId>) {
        if let Some(first) = waiting.first().cloned() {
            self.give_seat(&first, EntryBy::Admission { waiting });
        }
    }

    /// Returns the users that a request about the lobby decides about: the named users, or the users in the
    /// lobby in order of arrival, at most as many as a request may name.
    pub(crate) fn named_or_waiting(&self, named: Option<&[UserId]>) -> Vec<UserId> {
        named.map_or_else(|| self.meeting.waiting_users(None), <[UserId]>::to_vec)
    }
}

impl Meeting {
    /// Returns the users in the lobby that a request about the lobby decides about, in order of arrival: those
    /// of `named`, or the first of all, at most as many as a request may name.
    #[must_use]
    pub fn waiting_users(&self, named: Option<&[UserId]>) -> Vec<UserId> {
        let is_named = |p: &&Participant| named.is_none_or(|named| named.contains(&p.user_id));
        let mut waiting: Vec<&Participant> =
            self.participants.values().filter(|p| p.is_in_lobby()).filter(is_named).collect();
        waiting.sort_by_key(|p| (p.standing.rev(), p.order));
        waiting.into_iter().map(|p| p.user_id.clone()).take(MAX_DECIDED).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::fixture::{Call, client, user};
    use crate::tests::scenes::{admit, decided, deny, group_with_entry, join, take_over};
    use crate::{Action, ChannelPresence, DeviceStatus, Outgoing, SlotChange};
    use switchboard_protocol::code::Code;
    use switchboard_protocol::downlink::Body;
    use switchboard_protocol::object::SeatPlace::{Elsewhere, Here};
    use switchboard_protocol::object::{JoinPolicy, ParticipantState as State};

    #[test]
    fn t21_a_host_lets_people_in_in_the_order_they_came_and_only_as_many_as_there_are_seats() {
        let mut call = group_with_entry(JoinPolicy::Lobby);
        for device in ["frank.phone", "dave.phone", "eve.phone"] {
            join(&mut call, device).expect("waits in the lobby");
        }
        call.meeting.max_participants = 3;
        call.accepts("bob.phone").expect("accepts");
        assert_eq!(call.does("bob.phone", admit(None)), Err(Code::NotHost));
        call.does("alice.phone", admit(None)).expect("one seat is free");
        assert_eq!(
            decided(&call),
            [
                ("frank".to_owned(), true, None),
                ("dave".to_owned(), false, Some(Code::MeetingFull)),
                ("eve".to_owned(), false, Some(Code::MeetingFull)),
            ]
        );
        assert_eq!(
            call.downlinks(),
            [
                "alice.phone: participant_updated accepted",
                "alice.phone= lobby_updated",
                "bob.phone: participant_updated accepted",
                "frank.phone: lobby_result",
                "frank.tablet: lobby_result",
            ]
        );
        assert_eq!(call.last.slots, [SlotChange::Claim(user("frank"))]);
        assert_eq!(call.meeting.new_parts(), [user("frank")]);
        assert_eq!(call.does("alice.phone", admit(Some(&["dave"]))), Err(Code::MeetingFull));
        assert_eq!(call.does("alice.phone", admit(Some(&["mallory", "frank"]))), Ok(()));
        assert_eq!(
            decided(&call),
            [("mallory".to_owned(), false, Some(Code::UserNotFound)), ("frank".to_owned(), true, None)]
        );
    }

    #[test]
    fn t21_who_was_let_in_has_the_seat_on_the_device_that_comes_first() {
        let mut call = group_with_entry(JoinPolicy::Lobby);
        join(&mut call, "dave.phone").expect("waits in the lobby");
        call.does("alice.phone", admit(Some(&["dave"]))).expect("the host admits the user");
        let results: Vec<_> =
            call.last.notices.iter().filter(|downlink| downlink.to.user() == user("dave")).collect();
        let has_token = |downlink: &&Outgoing| {
            matches!(downlink.body, Body::LobbyResult { admitted: true, meeting: Some(_) })
                && downlink.grant.is_some()
        };
        assert!(results.len() == 2 && results.iter().all(has_token), "{results:?}");
        call.joins_media("dave.tablet").expect("the user was admitted on the other device too");
        assert_eq!(call.state("dave"), State::Joined);
        assert_eq!(call.joins_media("dave.phone"), Err(Code::NotAdmitted), "the other device has the seat");
    }

    #[test]
    fn t21_a_second_device_does_not_take_the_seat_from_the_one_that_came_first() {
        for first in ["dave.phone", "dave.tablet"] {
            let second = if first == "dave.phone" { "dave.tablet" } else { "dave.phone" };
            let mut call = group_with_entry(JoinPolicy::Lobby);
            call.rtc.reports_presence = true;
            join(&mut call, "dave.phone").expect("waits in the lobby");
            call.does("alice.phone", admit(None)).expect("the host admits the user");
            let place = |call: &Call, device: &str| call.meeting.view_for(&client(device), call.now.ms).seat;
            assert_eq!((place(&call, first), place(&call, second)), (Some(Here), Some(Here)));
            call.does(first, Action::RefreshToken).expect("the first device takes the seat");
            assert_eq!((place(&call, first), place(&call, second)), (Some(Here), Some(Elsewhere)));
            call.leaves(second).expect("a device without the seat is answered");
            assert_eq!(join(&mut call, second), Err(Code::StateConflict));
            for action in [Action::Rejoin, Action::RefreshToken, Action::RaiseHand] {
                assert_eq!(call.does(second, action), Err(Code::NotAdmitted));
            }
            assert!(call.participant("dave").sits_on(&client(first)));
            take_over(&mut call, second).expect("takes the seat over");
            assert!(call.participant("dave").sits_on(&client(second)));
        }
    }

    #[test]
    fn t18_t21_a_device_that_the_rtc_service_saw_first_gets_the_seat_by_its_first_request() {
        let mut call = group_with_entry(JoinPolicy::Lobby);
        call.rtc.reports_presence = true;
        join(&mut call, "dave.phone").expect("waits in the lobby");
        call.does("alice.phone", admit(None)).expect("the host admits the user");
        call.rtc_reports(ChannelPresence::Joined { user: user("dave") });
        assert_eq!(call.state("dave"), State::Joined);
        call.joins_media("dave.tablet").expect("the user was admitted on this device too");
        assert!(call.participant("dave").sits_on(&client("dave.tablet")));
        assert_eq!(call.joins_media("dave.phone"), Err(Code::NotAdmitted));
    }

    #[test]
    fn t21_t24_a_waiting_device_gets_the_seat_though_the_first_one_is_disconnected() {
        let mut call = group_with_entry(JoinPolicy::Lobby);
        join(&mut call, "dave.phone").expect("waits in the lobby");
        call.does("alice.phone", admit(None)).expect("the host admits the user");
        call.device_is("dave.phone", DeviceStatus::Disconnected);
        call.at(10_000).device_is("dave.phone", DeviceStatus::StillDisconnected);
        assert_eq!(call.state("dave"), State::Reconnecting);
        call.at(11_000).does("dave.tablet", Action::Rejoin).expect("the device may claim the seat");
        assert_eq!(call.state("dave"), State::Accepted);
        assert!(call.participant("dave").sits_on(&client("dave.tablet")));
    }

    #[test]
    fn t21_t32_every_device_of_an_admitted_user_is_notified_of_the_removal() {
        let mut call = group_with_entry(JoinPolicy::Lobby);
        join(&mut call, "dave.phone").expect("waits in the lobby");
        call.does("alice.phone", admit(None)).expect("the host admits the user");
        call.does(
            "alice.phone",
            Action::Remove { user: user("dave"), ban: false, for_seconds: None, text: None },
        )
        .expect("the host has the right");
        for device in ["dave.phone", "dave.tablet"] {
            let line = format!("{device}: participant_removed removed");
            assert!(call.downlinks().contains(&line), "{:?}", call.downlinks());
        }
    }

    #[test]
    fn t21_a_repeated_admit_has_the_code_of_each_user() {
        for named in [Some(&["frank", "mallory", "dave"][..]), None] {
            let mut call = group_with_entry(JoinPolicy::Lobby);
            for device in ["frank.phone", "dave.phone"] {
                join(&mut call, device).expect("waits in the lobby");
            }
            call.meeting.max_participants = 2;
            let send = |call: &mut Call| call.sends("alice.phone", "m1", "admit", admit(named));
            send(&mut call).expect("the host admits the first");
            let first = decided(&call);
            assert!(first.contains(&("dave".to_owned(), false, Some(Code::MeetingFull))));
            send(&mut call).expect("a repeat is answered");
            assert_eq!(decided(&call), first);
            call.joins_media("frank.phone").expect("joins");
            send(&mut call).expect("a repeat is answered");
            assert_eq!(decided(&call), first, "also when the user is in the media");
        }
    }

    #[test]
    fn one_request_decides_about_as_many_waiting_users_as_it_may_name() {
        for is_admit in [true, false] {
            let mut call = group_with_entry(JoinPolicy::Lobby);
            call.meeting.max_participants = 100;
            for at in 0..60 {
                join(&mut call, &format!("guest-{at:02}.phone")).expect("waits in the lobby");
            }
            let decide = if is_admit { admit(None) } else { deny(None) };
            for (count, last) in [(49, "guest-48"), (11, "guest-59")] {
                call.does("alice.phone", decide.clone()).expect("the host has the right");
                let users = decided(&call);
                assert_eq!((users.len(), users[users.len() - 1].0.as_str()), (count, last));
            }
        }
    }

    #[test]
    fn t21_a_repeated_admit_shows_the_users_that_it_admitted() {
        let mut call = group_with_entry(JoinPolicy::Lobby);
        join(&mut call, "dave.phone").expect("waits in the lobby");
        let send = |call: &mut Call| call.sends("alice.phone", "m1", "admit", admit(None));
        send(&mut call).expect("the host admits the user");
        join(&mut call, "frank.phone").expect("waits in the lobby");
        send(&mut call).expect("a repeat is answered");
        assert_eq!(decided(&call), [("dave".to_owned(), true, None)]);
    }
}
