//! Tests of removed participants: the proof that they are out of the media, and re-entries (T62, T63).

use crate::tests::fixture::{Call, START_MS, user};
use crate::{
    Action, ChannelPresence, Input, Invitee, Joiner, MAX_REENTRIES, Outgoing, RtcAction, RtcCapabilities,
    TOKEN_LIFE_MS,
};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::media_event::{MediaEvent, MediaEventKind, ServiceTime, Stay};
use switchboard_protocol::object::{JoinPolicy, Media, ParticipantState as State, ParticipantView};

const REMOVED_AT: i64 = 10_000;

/// Returns a group of Alice, the host, with Bob and Carol. All are in the media, and the RTC service reports
/// presence.
fn group() -> Call {
    let mut call = Call::group();
    call.rtc = RtcCapabilities { reports_presence: true, enforces_rights: true };
    call.at(1_000);
    for device in ["bob.phone", "carol.phone"] {
        call.accepts(device).expect("accepts");
    }
    lists(&mut call, &["alice", "bob", "carol"]);
    call
}

/// Returns the group 10 s after its beginning, when Bob is removed.
fn removed() -> Call {
    let mut call = group();
    call.at(REMOVED_AT);
    remove(&mut call, "bob", false);
    call
}

fn remove(call: &mut Call, name: &str, ban: bool) {
    let action = Action::Remove { user: user(name), ban, for_seconds: None, text: None };
    call.does("alice.phone", action).expect("the host has the right");
}

/// Applies a list of the RTC service with these users.
fn lists(call: &mut Call, names: &[&str]) {
    let users = names.iter().map(|name| user(name)).collect();
    let rev = call.meeting.rev;
    call.rtc_reports(ChannelPresence::Exactly { users, rev });
}

fn stay(number: i64) -> Stay {
    Stay { id: number.to_string(), since_ms: START_MS + number * 1_000 }
}

/// Applies a callback about the beginning or the end of Bob's stay with this number. The callback has the
/// stay's beginning.
fn hears(call: &mut Call, number: i64, is_join: bool) {
    let (media_id, stay) = ("bob".to_owned(), Some(stay(number)));
    let kind = if is_join {
        MediaEventKind::Joined { media_id, stay }
    } else {
        MediaEventKind::Left { media_id, stay, clean: true }
    };
    let at = ServiceTime { ms: call.now.ms, seq: 0 };
    let event = MediaEvent { id: "e".to_owned(), channel_id: "c".to_owned(), at, kind };
    call.takes(&Input::Callback { event, user: Some(user("bob")) });
}

fn view(call: &Call) -> ParticipantView {
    call.participant("bob").view(call.now.ms)
}

/// Returns the milliseconds from the removal until Bob was confirmed to be out, and the number of re-entries.
fn proof(call: &Call) -> (Option<i64>, Option<u32>) {
    let view = view(call);
    (view.confirmed_gone_ms.map(|ms| ms - START_MS - REMOVED_AT), view.reentries_stopped)
}

/// Returns the devices that the last step notified about Bob.
fn told(call: &Call) -> Vec<String> {
    let about_bob = |notice: &&Outgoing| match &notice.body {
        Body::ParticipantUpdated { participant } => participant.user_id == user("bob"),
        _ => false,
    };
    let device = |notice: &Outgoing| notice.to.as_str().trim_start_matches("GID@@@").to_owned();
    let mut devices: Vec<String> = call.last.notices.iter().filter(about_bob).map(device).collect();
    devices.sort();
    devices
}

fn asks(call: &Call) -> bool {
    call.last
        .rtc_actions
        .iter()
        .any(|act| matches!(act, RtcAction::Remove { user: name, .. } if *name == user("bob")))
}

fn knock() -> Action {
    Action::Join(Joiner {
        name: None,
        devices: Vec::new(),
        takeover: false,
        max_knocks: 3,
        media: Media::Audio,
    })
}

/// Returns the milliseconds until the next check of Bob.
fn check_in_ms(call: &Call) -> Option<i64> {
    let proof = call.participant("bob").removal_proof.as_ref().expect("was removed");
    let check_at_ms = proof.check_at_ms?;
    assert!(call.next_deadline_ms().is_some_and(|at_ms| at_ms <= check_at_ms), "`wake` comes for it");
    Some(check_at_ms - call.now.ms)
}

// Proves: removal-proof
#[test]
fn t62_the_host_hears_when_a_listing_shows_that_the_removed_user_is_out_and_other_members_do_not() {
    let mut call = removed();
    assert!(asks(&call));
    assert_eq!((view(&call).removed_ms, proof(&call)), (Some(call.now.ms), (None, None)));
    assert_eq!(check_in_ms(&call), Some(1_000));
    call.at(REMOVED_AT + 400);
    lists(&mut call, &["alice", "carol"]);
    assert_eq!(proof(&call), (Some(400), None));
    assert_eq!(told(&call), ["alice.phone"]);
    assert_eq!(call.state("bob"), State::Removed);
    lists(&mut call, &["alice", "carol"]);
    assert!(call.last.next.is_none(), "the first confirmation counts");
}

// Proves: removal-proof
#[test]
fn t62_the_callback_of_the_departure_confirms_it_once() {
    let mut call = group();
    hears(&mut call, 5, true);
    call.at(REMOVED_AT);
    remove(&mut call, "bob", true);
    hears(&mut call, 4, false);
    assert_eq!(proof(&call), (None, None), "the end of an older stay");
    call.at(REMOVED_AT + 300);
    hears(&mut call, 5, false);
    assert_eq!((proof(&call), told(&call)), ((Some(300), None), vec!["alice.phone".to_owned()]));
    call.at(REMOVED_AT + 900);
    for is_join in [false, true] {
        hears(&mut call, 5, is_join);
        assert_eq!(proof(&call), (Some(300), None), "a copy of an event");
    }
}

#[test]
fn t62_a_listing_from_before_the_removal_proves_nothing() {
    let mut call = group();
    let rev = call.meeting.rev;
    call.at(REMOVED_AT);
    remove(&mut call, "bob", false);
    call.rtc_reports(ChannelPresence::Exactly { users: [user("alice")].into(), rev });
    assert_eq!(proof(&call), (None, None));
}

#[test]
fn t62_a_user_who_is_still_there_is_removed_again_and_checked_less_and_less_often() {
    let mut call = removed();
    let mut waits = Vec::new();
    while waits.len() < 8 {
        let wait_ms = check_in_ms(&call).expect("is checked");
        waits.push(wait_ms);
        call.now.ms += wait_ms;
        lists(&mut call, &["alice", "bob", "carol"]);
        assert!(asks(&call));
        assert!(told(&call).is_empty());
    }
    assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    assert_eq!(proof(&call), (None, None));
    lists(&mut call, &["alice", "carol"]);
    assert_eq!(proof(&call), (Some(123_000 + 60_000), None));
}

// Proves: removal-proof
#[test]
fn t63_a_re_entry_that_a_callback_reports_is_stopped_and_the_host_hears_both() {
    let mut call = group();
    hears(&mut call, 5, true);
    call.at(REMOVED_AT);
    remove(&mut call, "bob", false);
    hears(&mut call, 5, false);
    call.at(REMOVED_AT + 20_000);
    hears(&mut call, 30, true);
    assert!(asks(&call));
    assert_eq!((proof(&call), told(&call)), ((None, None), vec!["alice.phone".to_owned()]), "Bob is back");
    let rev = call.meeting.rev;
    let again = call.repeat_effects(rev, &call.deadline_cause());
    assert_eq!(again.rtc_actions, call.last.rtc_actions, "a crashed function's removal is repeated");
    hears(&mut call, 30, true);
    assert!(asks(&call) && call.last.next.is_none(), "a copy of the callback");
    call.at(REMOVED_AT + 20_500);
    hears(&mut call, 30, false);
    assert_eq!((proof(&call), told(&call)), ((Some(20_500), Some(1)), vec!["alice.phone".to_owned()]));
}

#[test]
fn t63_a_late_callback_of_the_stay_that_ended_is_no_re_entry() {
    let mut call = removed();
    lists(&mut call, &["alice", "carol"]);
    hears(&mut call, 5, true);
    assert!(asks(&call), "to be on the safe side");
    assert_eq!((proof(&call), told(&call).len()), ((Some(0), None), 0));
    assert_eq!(check_in_ms(&call), Some(1_000), "the RTC service is asked");
    lists(&mut call, &["alice", "carol"]);
    assert_eq!(proof(&call), (Some(0), None));
}

// Proves: removal-proof
#[test]
fn t63_a_re_entry_without_a_callback_is_found_as_long_as_a_join_token_may_live() {
    let mut call = removed();
    lists(&mut call, &["alice", "carol"]);
    let mut last_ms = 0;
    while let Some(wait_ms) = check_in_ms(&call) {
        assert_eq!(wait_ms, 60_000);
        call.now.ms += wait_ms;
        last_ms = call.now.ms - START_MS - REMOVED_AT;
        if last_ms < TOKEN_LIFE_MS {
            lists(&mut call, &["alice", "carol"]);
            assert!(call.last.notices.is_empty() && !asks(&call));
        } else {
            lists(&mut call, &["alice", "bob", "carol"]);
            assert_eq!((asks(&call), proof(&call)), (true, (None, None)));
            assert_eq!(check_in_ms(&call), Some(1_000));
            break;
        }
    }
    assert_eq!(last_ms, TOKEN_LIFE_MS);
    call.now.ms += 1_000;
    lists(&mut call, &["alice", "carol"]);
    assert_eq!(proof(&call), (Some(TOKEN_LIFE_MS + 1_000), Some(1)));
    while let Some(wait_ms) = check_in_ms(&call) {
        call.now.ms += wait_ms;
        lists(&mut call, &["alice", "carol"]);
    }
    assert!(call.now.ms <= START_MS + REMOVED_AT + 2 * TOKEN_LIFE_MS, "the checks end");
}

#[test]
fn t63_re_entries_beyond_the_limit_are_stopped_and_told_to_nobody() {
    let mut call = removed();
    lists(&mut call, &["alice", "carol"]);
    for _ in 0..MAX_REENTRIES {
        lists(&mut call, &["alice", "bob", "carol"]);
        lists(&mut call, &["alice", "carol"]);
        assert_eq!(told(&call), ["alice.phone"]);
    }
    assert_eq!(proof(&call).1, Some(MAX_REENTRIES));
    lists(&mut call, &["alice", "bob", "carol"]);
    assert!(asks(&call) && call.last.next.is_none());
}

#[test]
fn a_check_that_the_rtc_service_does_not_answer_is_postponed() {
    let mut call = removed();
    call.at(REMOVED_AT + 5_000);
    call.wakes();
    assert_eq!(check_in_ms(&call), Some(-4_000), "`wake` tries again at once");
    call.at(REMOVED_AT + 11_000);
    call.wakes();
    assert_eq!(check_in_ms(&call), Some(60_000));
    assert_eq!(proof(&call), (None, None));
    assert!(call.last.notices.is_empty());
}

#[test]
fn a_ban_of_a_removed_user_keeps_the_proof_and_an_invitation_ends_it() {
    let mut call = removed();
    lists(&mut call, &["alice", "carol"]);
    call.at(REMOVED_AT + 1_000);
    remove(&mut call, "bob", true);
    assert_eq!((call.state("bob"), proof(&call)), (State::Banned, (Some(0), None)));
    let mut call = removed();
    let again = Invitee {
        user_id: user("bob"),
        invite_id: "again".parse().expect("an id"),
        name: None,
        devices: Vec::new(),
        busy: false,
        access: crate::Access::Rings,
    };
    call.does("alice.phone", Action::Invite { invitees: vec![again], ring_seconds: None, ext: None })
        .expect("may be invited");
    assert_eq!(view(&call).removed_ms, None);
    lists(&mut call, &["alice", "carol"]);
    assert_eq!((call.state("bob"), told(&call).len()), (State::Invited, 0));
}

#[test]
fn where_the_rtc_service_reports_nothing_there_is_no_proof_and_no_check() {
    let mut call = group();
    call.rtc = RtcCapabilities::default();
    call.at(REMOVED_AT);
    remove(&mut call, "bob", false);
    assert!(asks(&call));
    assert_eq!((view(&call).removed_ms, proof(&call)), (None, (None, None)));
    hears(&mut call, 5, false);
    assert!(call.last.next.is_none());
}

#[test]
fn a_user_who_never_had_a_seat_needs_no_proof_and_one_who_had_is_removed_from_the_lobby_too() {
    let mut call = group();
    call.settings_mut().policy.join = JoinPolicy::Lobby;
    call.does("dave.phone", knock()).expect("waits");
    remove(&mut call, "dave", true);
    assert_eq!(call.participant("dave").removal_proof, None);
    assert!(call.last.rtc_actions.is_empty());
    remove(&mut call, "bob", false);
    call.does("bob.phone", knock()).expect("waits");
    assert_eq!(view(&call).removed_ms, Some(call.now.ms), "Bob waits, and may be in the media");
    call.does("alice.phone", Action::Deny { users: None, ban: true }).expect("the host has the right");
    assert!(asks(&call), "Bob may have an older join token");
    assert_eq!(view(&call).removed_ms, Some(call.now.ms));
}

// Proves: removal-proof
#[test]
fn t62_t63_the_proof_stays_when_the_removed_user_knocks_again_and_until_the_next_seat() {
    let mut call = removed();
    call.settings_mut().policy.join = JoinPolicy::Lobby;
    lists(call.at(REMOVED_AT + 1_000), &["alice", "carol"]);
    call.does("bob.phone", knock()).expect("waits");
    assert_eq!((call.state("bob"), proof(&call)), (State::Lobby, (Some(1_000), None)));
    lists(call.at(REMOVED_AT + 61_000), &["alice", "bob", "carol"]);
    assert!(asks(&call), "Bob returned with the older join token");
    assert_eq!((proof(&call), told(&call)), ((None, None), vec!["alice.phone".to_owned()]));
    lists(call.at(REMOVED_AT + 62_000), &["alice", "carol"]);
    assert_eq!((call.state("bob"), proof(&call)), (State::Lobby, (Some(62_000), Some(1))));
    call.does("alice.phone", Action::Deny { users: None, ban: false }).expect("the host has the right");
    assert_eq!((call.state("bob"), proof(&call)), (State::Ended, (Some(62_000), Some(1))));
    lists(call.at(REMOVED_AT + 122_000), &["alice", "bob", "carol"]);
    assert!(asks(&call));
    call.does("bob.phone", knock()).expect("asks once more");
    call.does("alice.phone", Action::Admit { users: None }).expect("the host has the right");
    assert_eq!(view(&call).removed_ms, None);
}
