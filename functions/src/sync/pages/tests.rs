//! Tests that every message is within the size limit for every state, and that together the messages contain
//! the state exactly once.

use super::*;
use switchboard_protocol::downlink::Offer;
use switchboard_protocol::object::{
    Caller, Media, MeetingState, Mode, ParticipantState, Policy, Role, SpeechView,
};
use switchboard_protocol::object::{Delivery, MediaFlags};

fn participant(at: usize, name: usize) -> ParticipantView {
    ParticipantView {
        user_id: format!("user-{at}").parse().expect("an account"),
        name: Some("é".repeat(name)),
        role: Role::Member,
        state: ParticipantState::Joined,
        speech: SpeechView::default(),
        hand: false,
        media: MediaFlags::default(),
        invite_id: None,
        reason: None,
        text: None,
        removed_ms: None,
        confirmed_gone_ms: None,
        reentries_stopped: None,
    }
}

fn meeting(at: usize, people: usize, name: usize) -> MeetingView {
    MeetingView {
        meeting_id: format!("m{at}").parse().expect("an id"),
        mode: Mode::Group,
        media: Media::Audio,
        title: None,
        state: MeetingState::Active,
        rev: 7,
        host: "user-0".parse().expect("an account"),
        created_ms: 0,
        ends_in_ms: 0,
        locked: false,
        policy: Policy::default(),
        participants: (0..people).map(|at| participant(at, name)).collect(),
        seat: None,
        unused_seconds: None,
        empty_seconds: None,
        succession: None,
        ext: None,
        truncated: None,
    }
}

fn offer(at: usize) -> MeetingOffer {
    let offer = Offer {
        invite_id: format!("i{at}").parse().expect("an id"),
        from: Caller { user_id: "alice".parse().expect("an account"), name: None },
        mode: Mode::Group,
        media: Media::Audio,
        title: Some("x".repeat(200)),
        group: Vec::new(),
        deadline_in_ms: 1,
        delivery: Delivery::Live,
        ext: None,
    };
    MeetingOffer { meeting_id: format!("m{at}").parse().expect("an id"), offer }
}

/// Returns the pages as JSON, after checking their sizes and numbers.
fn pages(meetings: Vec<MeetingView>, invitations: Vec<MeetingOffer>) -> Vec<serde_json::Value> {
    let to: ClientId = "GID@@@alice.phone".parse().expect("a client ID");
    let cause = Cause::Request { client_id: to.clone(), request_id: "s1".parse().expect("an id") };
    let pages = paged(meetings, invitations, None, &to, &cause);
    let subjects: std::collections::BTreeSet<_> = pages.iter().map(|outgoing| &outgoing.subject).collect();
    assert_eq!(subjects.len(), pages.len(), "ids of their own");
    let count = pages.len();
    let body = |(at, outgoing): (usize, Outgoing)| {
        assert!(outgoing.is_answer);
        let body = serde_json::to_value(outgoing.body).expect("serialises");
        assert!(size(&body) <= ROOM_BYTES + 128, "page {at} has {} bytes", size(&body));
        let number = (count > 1).then_some(at + 1);
        assert_eq!(body.get("page").and_then(serde_json::Value::as_u64), number.map(|at| at as u64));
        assert_eq!(body.get("pages").is_some(), count > 1);
        body
    };
    pages.into_iter().enumerate().map(body).collect()
}

fn users(page: &serde_json::Value) -> Vec<String> {
    let meetings = page["meetings"].as_array().expect("a list").iter();
    let people = meetings.flat_map(|meeting| meeting["participants"].as_array().expect("a list"));
    people.map(|person| person["user_id"].as_str().expect("an account").to_owned()).collect()
}

#[test]
fn a_small_state_is_one_message_without_a_number() {
    assert_eq!(pages(Vec::new(), Vec::new()).len(), 1);
    assert_eq!(pages(vec![meeting(1, 2, 5)], vec![offer(1)]).len(), 1);
}

#[test]
fn many_meetings_go_on_several_pages_each_whole() {
    let pages = pages((0..20).map(|at| meeting(at, 20, 20)).collect(), (0..49).map(offer).collect());
    assert!(pages.len() > 2, "{}", pages.len());
    assert_eq!(pages.iter().map(|page| users(page).len()).sum::<usize>(), 400);
    let whole = |page: &serde_json::Value| users(page).len().is_multiple_of(20);
    assert!(pages.iter().all(whole));
    let offers = |page: &serde_json::Value| page["invitations"].as_array().map_or(0, Vec::len);
    assert_eq!(pages.iter().map(offers).sum::<usize>(), 49);
    assert!(offers(&pages[0]) > 0, "what may have to ring comes first");
}

#[test]
fn a_meeting_that_is_too_large_goes_on_with_its_other_people() {
    let pages = pages(vec![meeting(1, 200, 100), meeting(2, 1, 1)], Vec::new());
    assert!(pages.len() > 2);
    let mut all: Vec<String> = pages.iter().flat_map(users).collect();
    assert_eq!(all.len(), 201);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 200, "every participant is on a page");
    assert!(pages.iter().all(|page| page["meetings"][0]["rev"] == 7));
}

#[test]
fn a_page_of_history_ends_before_the_call_that_does_not_fit() {
    let call = |peers: usize| CallView {
        peers: (0..peers).map(|at| format!("user-{at:040}").parse().expect("an account")).collect(),
        ..past_call()
    };
    assert_eq!(count_fitting(&[]), 1);
    let large: Vec<CallView> = (0..9).map(|_| call(150)).collect();
    let count = count_fitting(&large);
    assert!((2..9).contains(&count), "{count}");
    let page = serde_json::to_vec(&large[..count]).expect("serialises").len();
    assert!(page <= ROOM_BYTES && page + page / count > ROOM_BYTES, "{page} bytes");
    assert_eq!(count_fitting(&[call(900), call(1)]), 1, "a call that is too large alone is a page");
}

fn past_call() -> CallView {
    let call = serde_json::json!({"meeting_id": "m1", "direction": "in", "peers": [], "mode": "group",
        "media": "audio", "reason": "left", "ended_ms": 1, "duration_ms": 1});
    serde_json::from_value(call).expect("a record of before the times of each user")
}

#[test]
fn the_newest_missed_calls_are_on_the_first_page_and_leave_room_for_invitations() {
    let missed = |at: usize| MissedCallView {
        meeting_id: format!("m{at}").parse().expect("an id"),
        mode: Mode::Direct,
        media: Media::Audio,
        mark: switchboard_protocol::object::MissedMark {
            from: Caller {
                user_id: "alice".parse().expect("an account"),
                name: Some("\u{1F980}".repeat(128)),
            },
            reason: "no_answer".to_owned(),
            at_ms: 1,
        },
    };
    let to: ClientId = "GID@@@alice.phone".parse().expect("a client ID");
    let cause = Cause::Request { client_id: to.clone(), request_id: "s1".parse().expect("an id") };
    let all: Vec<_> = (0..50).map(missed).collect();
    let pages = paged(Vec::new(), (0..40).map(offer).collect(), Some(all.clone()), &to, &cause);
    let bodies: Vec<_> = pages.iter().map(|page| serde_json::to_value(&page.body).expect("JSON")).collect();
    assert!(bodies.iter().all(|body| body.to_string().len() < MAX_DOWNLINK_BYTES));
    let listed = bodies[0]["missed"].as_array().expect("a list");
    assert!((10..50).contains(&listed.len()), "{}", listed.len());
    assert_eq!(listed[0]["meeting_id"], "m0");
    assert!(bodies[0]["invitations"].as_array().is_some_and(|offers| offers.len() > 10));
    assert!(bodies[1..].iter().all(|body| body.get("missed").is_none()), "once");
}
