//! Tests of the create request's settings for its meeting: times, roles and succession.

use super::fixture::{Call, START_MS, create, opening, user};
use crate::{Action, CreateCommand, Joiner, Phase};
use serde_json::json;
use switchboard_protocol::code::EndReason;
use switchboard_protocol::object::{JoinPolicy, Media, Mode, Policy, Role};
use switchboard_protocol::requests::{CreateMeeting, FirstRole};

fn opening_with(change: impl FnOnce(&mut CreateMeeting)) -> CreateCommand {
    let mut request = create(Mode::Group, &["bob", "carol"]);
    change(&mut request);
    opening(request)
}

fn reason(call: &Call) -> Option<EndReason> {
    call.meeting.end().map(|end| end.reason)
}

#[test]
fn t58_a_meeting_that_nobody_joins_ends_after_its_own_time() {
    let mut call = Call::open(&opening_with(|create| {
        create.invitees = Vec::new();
        create.unused_seconds = Some(60);
    }));
    assert_eq!(call.next_deadline_ms(), Some(START_MS + 60_000));
    call.at(59_999).wakes();
    assert_eq!(reason(&call), None);
    call.at(60_000).wakes();
    assert_eq!(reason(&call), Some(EndReason::Unused));
}

#[test]
fn t58_a_group_that_everybody_left_waits_its_own_time() {
    let mut call = Call::open(&opening_with(|create| create.empty_seconds = Some(600)));
    call.joins_media("alice.phone").expect("joins");
    call.at(10_000).leaves("alice.phone").expect("leaves");
    assert_eq!(call.meeting.phase, Phase::Empty { until_ms: START_MS + 610_000 });
    call.at(60_000).wakes();
    assert_eq!(reason(&call), None, "longer than without the field");
    call.at(610_000).wakes();
    assert_eq!(reason(&call), Some(EndReason::Empty));
}

#[test]
fn t58_a_group_with_zero_seconds_ends_with_its_last_member() {
    let mut call = Call::open(&opening_with(|create| create.empty_seconds = Some(0)));
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("alice.phone").expect("joins");
    call.joins_media("bob.phone").expect("joins");
    call.leaves("alice.phone").expect("leaves");
    assert_eq!(reason(&call), None, "one is still there");
    call.leaves("bob.phone").expect("leaves");
    assert_eq!(reason(&call), Some(EndReason::Empty));
    assert!(call.downlinks().contains(&"carol.phone: missed_call meeting_ended".to_owned()));
}

#[test]
fn t42_t58_an_empty_group_waits_for_a_seat_on_its_way_however_little_time_it_has() {
    let opened = || {
        let mut call = Call::open(&opening_with(|create| create.empty_seconds = Some(0)));
        call.joins_media("alice.phone").expect("joins");
        call.at(10_000).accepts("bob.phone").expect("accepts");
        call.leaves("alice.phone").expect("leaves");
        assert_eq!((reason(&call), call.next_deadline_ms()), (None, Some(START_MS + 30_000)));
        call
    };
    let mut call = opened();
    call.at(29_999).joins_media("bob.phone").expect("the seat is on its way into the media");
    assert_eq!(call.meeting.phase, Phase::Active);
    let mut call = opened();
    call.at(11_000).leaves("bob.phone").expect("leaves");
    assert_eq!(reason(&call), Some(EndReason::Empty), "nobody is on the way any more");
    for reports_presence in [false, true] {
        let mut call = opened();
        call.rtc.reports_presence = reports_presence;
        call.at(30_000).wakes();
        assert_eq!(reason(&call), Some(EndReason::Empty));
    }
}

#[test]
fn t59_named_users_are_cohosts_from_the_beginning_and_when_they_come_later() {
    let mut call = Call::open(&opening_with(|create| {
        create.policy = Some(Policy { join: JoinPolicy::Open, ..Policy::default() });
        create.roles = Some([(user("bob"), FirstRole::Cohost), (user("dave"), FirstRole::Cohost)].into());
    }));
    let role = |call: &Call, name: &str| *call.participant(name).role;
    assert_eq!((role(&call, "bob"), role(&call, "carol")), (Role::Cohost, Role::Member));
    call.accepts("bob.phone").expect("accepts");
    let remove = Action::Remove { user: user("carol"), ban: true, for_seconds: None, text: None };
    call.does("bob.phone", remove).expect("a cohost may remove");
    let joiner =
        Joiner { name: None, devices: Vec::new(), takeover: false, max_knocks: 3, media: Media::Audio };
    call.does("dave.phone", Action::Join(joiner)).expect("comes in");
    assert_eq!(role(&call, "dave"), Role::Cohost);
}

#[test]
fn t60_the_first_of_the_succession_who_is_there_becomes_host() {
    let mut call = Call::open(&opening_with(|create| {
        create.roles = Some([(user("bob"), FirstRole::Cohost)].into());
        create.succession = Some(vec![user("erin"), user("carol"), user("bob")]);
    }));
    for device in ["bob.phone", "carol.phone"] {
        call.accepts(device).expect("accepts");
    }
    call.leaves("alice.phone").expect("leaves");
    assert_eq!(call.meeting.host, user("carol"), "before the cohost");
    call.leaves("carol.phone").expect("leaves");
    assert_eq!(call.meeting.host, user("bob"));
}

#[test]
fn t58_t59_t60_the_times_and_the_succession_are_in_every_snapshot() {
    let call = Call::open(&opening_with(|create| {
        create.unused_seconds = Some(120);
        create.empty_seconds = Some(0);
        create.succession = Some(vec![user("carol"), user("bob")]);
        create.roles = Some([(user("bob"), FirstRole::Cohost)].into());
    }));
    let meeting = &call.sent_to("alice.phone", "meeting_created")[0]["meeting"];
    assert_eq!((&meeting["unused_seconds"], &meeting["empty_seconds"]), (&json!(120), &json!(0)));
    assert_eq!(meeting["succession"], json!(["carol", "bob"]));
    assert_eq!(meeting["participants"][1]["role"], "cohost");
    let plain = Call::group();
    let meeting = &plain.sent_to("alice.phone", "meeting_created")[0]["meeting"];
    assert_eq!((&meeting["unused_seconds"], &meeting["empty_seconds"]), (&json!(300), &json!(30)));
    assert_eq!(meeting.get("succession"), None);
}
