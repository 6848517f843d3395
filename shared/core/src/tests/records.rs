//! Tests of call records by leg: each user's own times and reason.

use super::fixture::*;
use super::scenes::{MINUTE, inviting};
use crate::{Action, DeviceStatus, Input, OutReason, Phase, RtcCapabilities};
use serde_json::{Value, json};
use switchboard_protocol::media_event::{MediaEvent, MediaEventKind, ServiceTime};
use switchboard_protocol::object::{CallLeg, Media, RejectReason};

/// Returns the leg of one user.
fn leg(call: &Call, name: &str) -> CallLeg {
    let legs = call.meeting.legs();
    legs.into_iter().find(|leg| leg.user_id == user(name)).unwrap_or_else(|| panic!("{name} has no leg"))
}

/// Returns the history entry of one user.
fn entry(call: &Call, name: &str) -> Value {
    let history = call.meeting.call_history();
    let entry = history.into_iter().find(|(of, _)| *of == user(name));
    serde_json::to_value(entry.unwrap_or_else(|| panic!("{name} has no entry")).1).expect("serialises")
}

fn after(ms: i64) -> Option<i64> {
    Some(START_MS + ms)
}

fn seen(call: &mut Call, name: &str, is_there: bool, after_ms: i64) {
    call.at(after_ms);
    let kind = if is_there {
        MediaEventKind::Joined { media_id: name.to_owned(), stay: None }
    } else {
        MediaEventKind::Left { media_id: name.to_owned(), stay: None, clean: false }
    };
    let at = ServiceTime { ms: START_MS + after_ms, seq: 0 };
    let event = MediaEvent { id: format!("e{after_ms}"), channel_id: "c".to_owned(), at, kind };
    call.takes(&Input::Callback { event, user: Some(user(name)) });
}

/// Case `talk-time`: Bob accepts and never reaches the media, Dave leaves during the call, and Alice ends it
/// after ten minutes.
#[test]
fn t57_each_user_has_own_times_and_an_own_reason() {
    let mut call =
        Call::open(&opening(create(switchboard_protocol::object::Mode::Group, &["bob", "carol", "dave"])));
    call.rtc = RtcCapabilities { reports_presence: true, enforces_rights: true };
    call.at(2_000);
    for device in ["bob.phone", "carol.phone", "dave.phone"] {
        call.rings(device).expect("rings");
    }
    call.at(4_000);
    for device in ["bob.phone", "carol.phone", "dave.phone"] {
        call.accepts(device).expect("accepts");
    }
    for (name, after_ms) in [("alice", 5_000), ("carol", 6_000), ("dave", 7_000)] {
        seen(&mut call, name, true, after_ms);
    }
    call.at(26_000).wakes();
    assert_eq!(call.participant("bob").out_reason(), Some(OutReason::Failed));
    call.at(2 * MINUTE);
    call.leaves("dave.phone").expect("leaves");
    assert!(call.meeting.legs().is_empty(), "a live call has no records");
    call.at(10 * MINUTE);
    call.does("alice.phone", Action::Destroy { text: Some("Bye".to_owned()) }).expect("ends it for all");

    let bob = leg(&call, "bob");
    assert_eq!((bob.reason.as_str(), bob.sip, bob.joined_ms, bob.duration_ms), ("failed", 504, None, 0));
    assert_eq!((bob.invited_ms, bob.rang_ms, bob.answered_ms), (after(0), after(2_000), after(4_000)));
    assert_eq!(bob.sent, None);
    let bobs = entry(&call, "bob");
    assert_eq!(
        (bobs.get("started_ms"), &bobs["duration_ms"], &bobs["reason"]),
        (None, &json!(0), &json!("failed"))
    );

    let dave = leg(&call, "dave");
    assert_eq!((dave.reason.as_str(), dave.sip, dave.text.as_deref()), ("left", 200, None));
    assert_eq!((dave.joined_ms, dave.left_ms), (after(7_000), after(2 * MINUTE)));
    assert_eq!(dave.duration_ms, 2 * MINUTE - 7_000);
    assert_eq!(entry(&call, "dave")["started_ms"], json!(after(7_000)));

    let carol = leg(&call, "carol");
    assert_eq!((carol.reason.as_str(), carol.text.as_deref()), ("host_ended", Some("Bye")));
    assert_eq!((carol.left_ms, carol.duration_ms), (after(10 * MINUTE), 10 * MINUTE - 6_000));
    assert_eq!(carol.device, Some(client("carol.phone")));
    let alice = leg(&call, "alice");
    assert_eq!((alice.invited_ms, alice.answered_ms, alice.joined_ms), (None, None, after(5_000)));
    assert_eq!(entry(&call, "alice")["direction"], "out");
}

#[test]
fn t57_a_user_who_drops_out_and_is_lost_left_when_the_connection_broke() {
    let mut call = Call::group();
    for device in ["bob.phone", "carol.phone"] {
        call.accepts(device).expect("accepts");
        call.joins_media(device).expect("joins");
    }
    call.at(60_000).device_is("bob.phone", DeviceStatus::Disconnected);
    call.at(70_000).device_is("bob.phone", DeviceStatus::StillDisconnected);
    call.at(140_000).wakes();
    assert_eq!(call.participant("bob").out_reason(), Some(OutReason::Lost));
    call.at(200_000);
    call.does("alice.phone", Action::Destroy { text: None }).expect("ends it for all");
    let bob = leg(&call, "bob");
    assert_eq!((bob.reason.as_str(), bob.sip), ("lost", 504));
    assert_eq!((bob.left_ms, bob.duration_ms), (after(70_000), 70_000));
}

#[test]
fn t57_a_user_who_comes_back_has_the_sum_of_both_stays() {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("bob.phone").expect("joins");
    call.at(10_000).leaves("bob.phone").expect("leaves");
    call.at(20_000);
    let joiner = crate::Joiner {
        name: None,
        devices: Vec::new(),
        takeover: false,
        max_knocks: 3,
        media: Media::Audio,
    };
    call.does("bob.phone", Action::Join(joiner)).expect("comes back");
    assert_eq!(call.participant("bob").times.left_ms, None);
    call.at(25_000).joins_media("bob.phone").expect("joins");
    call.at(40_000);
    call.does("alice.phone", Action::Destroy { text: None }).expect("ends it for all");
    let bob = leg(&call, "bob");
    assert_eq!((bob.joined_ms, bob.left_ms, bob.duration_ms), (after(0), after(40_000), 25_000));
    assert_eq!(bob.reason, "host_ended");
}

#[test]
fn t57_a_connection_that_breaks_and_comes_back_is_one_stay() {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("bob.phone").expect("joins");
    call.at(10_000).device_is("bob.phone", DeviceStatus::Disconnected);
    call.at(20_000).device_is("bob.phone", DeviceStatus::StillDisconnected);
    call.at(30_000).device_is("bob.phone", DeviceStatus::Connected);
    call.at(60_000).leaves("bob.phone").expect("leaves");
    assert_eq!(call.participant("bob").times.stayed_ms, 60_000);
}

#[test]
fn t57_a_direct_call_ends_for_both_with_the_meetings_reason() {
    let mut call = Call::direct();
    call.at(3_000).accepts("bob.phone").expect("accepts");
    call.at(4_000).joins_media("alice.phone").expect("joins");
    call.at(5_000).joins_media("bob.phone").expect("joins");
    call.at(65_000).leaves("alice.phone").expect("leaves");
    assert!(matches!(call.meeting.phase, Phase::Ended(_)));
    for (name, duration_ms) in [("alice", 61_000), ("bob", 60_000)] {
        let leg = leg(&call, name);
        assert_eq!((leg.reason.as_str(), leg.sip, leg.duration_ms), ("completed", 200, duration_ms));
    }
}

#[test]
fn t57_a_decline_has_its_code_and_words_in_the_records_of_its_user() {
    let mut call = Call::group();
    let (invite_id, text) = (call.invite_id("bob"), Some("At night".to_owned()));
    call.does("bob.phone", Action::Reject { invite_id, reason: RejectReason::DoNotDisturb, text })
        .expect("rejects");
    call.does("alice.phone", Action::Destroy { text: None }).expect("ends it for all");
    let bobs = entry(&call, "bob");
    assert_eq!(
        (&bobs["reason"], &bobs["sip"], &bobs["text"], &bobs["duration_ms"]),
        (&json!("do_not_disturb"), &json!(480), &json!("At night"), &json!(0))
    );
    assert_eq!(bobs["decline"], "do_not_disturb");
    let carol = leg(&call, "carol");
    assert_eq!((carol.reason.as_str(), carol.answered_ms), ("host_ended", None), "still rang at the end");
    assert_eq!(carol.decline, None);
}

#[test]
fn t57_the_record_of_a_decline_has_the_reason_that_the_user_gave() {
    for (reason, code) in [
        (RejectReason::Declined, "declined"),
        (RejectReason::Other, "declined"),
        (RejectReason::Busy, "user_busy"),
        (RejectReason::DoNotDisturb, "do_not_disturb"),
    ] {
        let mut call = Call::direct();
        let invite_id = call.invite_id("bob");
        call.does("bob.phone", Action::Reject { invite_id, reason, text: None }).expect("rejects");
        assert_eq!((leg(&call, "bob").reason.as_str(), leg(&call, "bob").decline), (code, Some(reason)));
        assert_eq!(entry(&call, "bob")["decline"], json!(reason));
    }
}

#[test]
fn t57_a_new_invitation_of_a_user_who_never_joined_starts_the_times_anew() {
    let mut call = Call::group();
    call.at(1_000).rings("bob.phone").expect("rings");
    call.at(2_000).rejects("bob.phone").expect("rejects");
    call.at(9_000);
    call.does("alice.phone", inviting(&["bob"])).expect("invites again");
    let times = call.participant("bob").times;
    assert_eq!((times.invited_ms, times.rang_ms), (after(9_000), None));
}
