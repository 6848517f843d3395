//! Tests of direct calls that merge: two users who call each other (T16), and a user who calls again after a
//! lost connection (T17).

use crate::tests::fixture::{Call, START_MS, client, command, create, downlinks, opening, user};
use crate::tests::scenes::video;
use crate::{Action, ChannelPresence, CreateMark, Decision, DeviceStatus, MarkKind};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{BusyPolicy, Media, Mode, ParticipantState as State, Policy};

fn merge(peer: &str) -> Action {
    Action::Merge { peer: user(peer), busy: BusyPolicy::Reject, media: Media::Audio }
}

/// Returns whether the call that `device` requests merges with this call.
fn merges(call: &Call, device: &str, mode: Mode, peer: &str) -> bool {
    call.meeting.merges_with(&client(device), &create(mode, &[peer]), call.now, call.rtc)
}

#[test]
fn t16_who_calls_back_while_being_rung_takes_that_call() {
    let mut call = Call::direct();
    assert!(merges(&call, "bob.phone", Mode::Direct, "alice"));
    assert!(!merges(&call, "bob.phone", Mode::Group, "alice"), "both calls must be direct");
    assert!(!merges(&call, "bob.phone", Mode::Direct, "carol"), "both calls must have the same two users");
    call.sends("bob.phone", "b1", "create", merge("alice")).expect("the calls merge");
    assert_eq!(
        call.downlinks(),
        [
            "alice.phone: meeting_merged",
            "bob.phone= meeting_merged",
            "bob.tablet: invitation_closed answered_elsewhere"
        ]
    );
    assert_eq!(call.state("bob"), State::Accepted);
    let joins =
        call.last.notices.iter().chain(&call.last.answer).filter_map(|downlink| match &downlink.body {
            Body::MeetingMerged { .. } => {
                Some((downlink.to.user(), downlink.grant.as_ref()?.user_id.clone()))
            }
            _ => None,
        });
    let joins: Vec<_> = joins.collect();
    assert!(
        joins.len() == 2 && joins.iter().all(|(to, token_user)| to == token_user),
        "each side gets its own join token: {joins:?}"
    );
    assert!(!merges(&call, "bob.tablet", Mode::Direct, "alice"), "no call merges with an answered call");
    assert_eq!(call.does("bob.tablet", merge("alice")), Err(Code::StateConflict));
}

#[test]
fn t16_who_lets_calls_wait_has_two() {
    for (second_busy, first_busy) in
        [(BusyPolicy::Ring, BusyPolicy::Reject), (BusyPolicy::Reject, BusyPolicy::Ring)]
    {
        let mut first = create(Mode::Direct, &["bob"]);
        first.policy = Some(Policy { busy: first_busy, ..Policy::default() });
        let call = Call::open(&opening(first));
        let mut second = create(Mode::Direct, &["alice"]);
        second.policy = Some(Policy { busy: second_busy, ..Policy::default() });
        assert!(!call.meeting.merges_with(&client("bob.phone"), &second, call.now, call.rtc));
    }
}

#[test]
fn t16_a_call_that_rang_out_is_met_by_nothing() {
    let mut call = Call::direct();
    call.at(47_000);
    assert!(!merges(&call, "bob.phone", Mode::Direct, "alice"), "the deadline of the ring applies first");
}

#[test]
fn t16_the_request_is_remembered_where_it_went_and_can_be_taken_back_there() {
    let mut call = Call::direct();
    let merged = opening(create(Mode::Direct, &["alice"]));
    // A create mark has no deadline and no call history: its type has no field for them.
    let mark = CreateMark {
        meeting_id: merged.meeting_id,
        caller: merged.by.user(),
        at_ms: START_MS,
        kind: MarkKind::MergedInto(call.meeting.id.clone()),
    };
    assert_eq!(mark.end_reason(), EndReason::Merged);
    let refused = mark.decide(&command("alice.phone", "c1", "create", Action::CreateAgain));
    assert_eq!(refused.refused, Some(Code::MeetingEnded));
    assert_eq!(downlinks(&refused), ["alice.phone= error merged"]);
    let answer = refused.answer.clone();
    let only_answer = Decision { answer, refused: Some(Code::MeetingEnded), ..Decision::default() };
    assert_eq!(refused, only_answer, "the mark changes nothing and has no other effect");

    call.sends("bob.phone", "b1", "create", merge("alice")).expect("the calls merge");
    call.sends("bob.phone", "b1", "create", merge("alice")).expect("a repeat is answered");
    assert!(call.last.next.is_none() && call.downlinks().contains(&"bob.phone= meeting_merged".to_owned()));
    assert!(
        call.downlinks().contains(&"alice.phone: meeting_merged".to_owned()),
        "the notice still holds: {:?}",
        call.downlinks()
    );
    assert_eq!(call.sends("bob.phone", "b1", "other body", merge("alice")), Err(Code::BadRequest));

    call.sends("bob.phone", "d1", "destroy", Action::TakeBack { text: None })
        .expect("the create request is taken back");
    assert_eq!(
        call.downlinks(),
        ["alice.phone: meeting_ended completed", "bob.phone= meeting_ended cancelled"]
    );
    call.sends("bob.phone", "d1", "destroy", Action::TakeBack { text: None }).expect("a repeat is answered");
    call.sends("bob.phone", "d2", "destroy", Action::TakeBack { text: None })
        .expect("another request is answered too");
    assert_eq!(call.downlinks(), ["bob.phone= meeting_ended cancelled"]);
    assert_eq!(call.sends("bob.phone", "b1", "create", merge("alice")), Err(Code::MeetingEnded));
}

#[test]
fn t17_who_dropped_out_and_calls_again_is_back_in_the_call() {
    for device in ["bob.phone", "bob.tablet"] {
        let mut call = Call::direct();
        call.accepts("bob.phone").expect("accepts");
        call.joins_media("alice.phone").expect("joins");
        call.joins_media("bob.phone").expect("joins");
        assert_eq!(
            merges(&call, device, Mode::Direct, "alice"),
            device == "bob.phone",
            "from another device, a user who did not drop out is busy"
        );
        for (at, status) in [(0, DeviceStatus::Disconnected), (10_000, DeviceStatus::StillDisconnected)] {
            call.at(at).device_is("bob.phone", status);
            assert!(call.last.next.is_some(), "the status is committed");
        }
        assert!(
            merges(&call, device, Mode::Direct, "alice") && !merges(&call, device, Mode::Direct, "carol")
        );
        assert!(!merges(&call, "alice.tablet", Mode::Direct, "bob"), "the side that stayed did not drop out");
        call.does(device, merge("alice")).expect("comes back to the call");
        let mut expected = vec!["alice.phone: participant_updated joined".to_owned()];
        if device == "bob.tablet" {
            expected.push("bob.phone: participant_removed moved".to_owned());
        }
        expected.push(format!("{device}= meeting_merged"));
        assert_eq!(
            call.downlinks()
                .iter()
                .filter(|line| *line != "bob.phone: participant_updated joined")
                .cloned()
                .collect::<Vec<_>>(),
            expected
        );
        assert_eq!((call.state("bob"), call.meeting.end()), (State::Joined, None));
        assert!(call.participant("bob").sits_on(&client(device)));
    }
}

#[test]
fn t17_the_call_is_met_also_where_only_the_rtc_service_says_that_its_user_is_back() {
    let mut call = Call::direct();
    call.rtc.reports_presence = true;
    call.accepts("bob.phone").expect("accepts");
    for seen in [
        ChannelPresence::Joined { user: user("alice") },
        ChannelPresence::Joined { user: user("bob") },
        ChannelPresence::Left { user: user("bob"), clean: false },
    ] {
        call.rtc_reports(seen);
        assert!(call.last.next.is_some(), "the report is committed");
    }
    assert!(merges(&call, "bob.phone", Mode::Direct, "alice"));
    for is_repeat in [false, true] {
        call.sends("bob.phone", "b1", "create", merge("alice")).expect("comes back to the call");
        assert_eq!(
            (call.downlinks(), call.last.next.is_none()),
            (vec!["bob.phone= meeting_merged".to_owned()], is_repeat)
        );
    }
    assert_eq!(call.state("bob"), State::Reconnecting, "the RTC service does not report the user yet");
}

#[test]
fn t17_the_device_in_the_call_that_calls_again_is_back_at_once_however_far_the_call_is() {
    for is_managed in [false, true] {
        let mut call = Call::direct();
        call.rtc.reports_presence = is_managed;
        // Alice's terminal crashes while it rings, after the accept, and with both in the media.
        for step in ["rings", "accepted", "joined"] {
            match step {
                "accepted" => call.accepts("bob.phone").expect("accepts"),
                "joined" => {
                    for name in ["alice", "bob"] {
                        call.rtc_reports(ChannelPresence::Joined { user: user(name) });
                    }
                }
                _ => {}
            }
            let state = call.state("alice");
            assert!(merges(&call, "alice.phone", Mode::Direct, "bob"), "{step}");
            assert!(!merges(&call, "alice.tablet", Mode::Direct, "bob"), "{step}: another device is busy");
            assert!(!merges(&call, "alice.phone", Mode::Direct, "carol"), "{step}: another peer");
            assert!(!merges(&call, "alice.phone", Mode::Group, "bob"), "{step}: a group is another call");
            call.does("alice.phone", merge("bob")).expect("is back in the call");
            assert_eq!(call.downlinks(), ["alice.phone= meeting_merged"], "{step}");
            assert_eq!(call.state("alice"), state, "{step}: the seat is as it was");
            let grant = call.last.answer.as_ref().and_then(|answer| answer.grant.as_ref());
            assert!(grant.is_some(), "{step}: with a way into the media");
        }
        assert!(merges(&call, "bob.phone", Mode::Direct, "alice"), "the callee as well as the caller");
    }
}

#[test]
fn t16_a_group_that_rings_its_member_is_met_by_nothing() {
    let mut call = Call::group();
    assert!(!merges(&call, "bob.phone", Mode::Direct, "alice"));
    assert_eq!(call.does("bob.phone", merge("alice")), Err(Code::StateConflict));
}

#[test]
fn t54_a_call_that_ends_because_its_create_request_is_taken_back_says_why() {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    call.does("bob.phone", Action::TakeBack { text: Some("Wrong button".to_owned()) }).expect("takes back");
    assert_eq!(call.sent_to("alice.phone", "meeting_ended")[0]["text"], "Wrong button");
    assert_eq!(call.sent_to("bob.phone", "meeting_ended")[0]["text"], "Wrong button");
}

fn merge_with_video(peer: &str) -> Action {
    Action::Merge { peer: user(peer), busy: BusyPolicy::Reject, media: Media::Video }
}

#[test]
fn t16_t55_who_calls_back_is_shown_with_the_media_of_the_create_request() {
    let mut call = video(Mode::Direct, &["bob"]);
    call.does("bob.phone", merge_with_video("alice")).expect("the calls merge");
    assert!(call.media_of("bob").video);
    let shown = &call.sent_to("alice.phone", "meeting_merged")[0]["meeting"]["participants"][1]["media"];
    assert_eq!(shown["video"], true);
}

#[test]
fn t17_t55_who_calls_again_is_shown_with_the_media_of_the_create_request() {
    let mut call = video(Mode::Direct, &["bob"]);
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("bob.phone").expect("joins");
    call.does("bob.phone", merge_with_video("alice")).expect("is back in the call");
    assert!(call.media_of("bob").video, "from the device with the seat");
    assert_eq!(call.sent_to("alice.phone", "participant_updated")[0]["participant"]["media"]["video"], true);
    call.does("bob.phone", merge("alice")).expect("is back in the call");
    for (at, status) in [(0, DeviceStatus::Disconnected), (10_000, DeviceStatus::StillDisconnected)] {
        call.at(at).device_is("bob.phone", status);
    }
    call.does("bob.tablet", merge_with_video("alice")).expect("comes back to the call");
    assert!(call.media_of("bob").video, "from another device");
    let told = call.sent_to("alice.phone", "participant_updated");
    assert_eq!((told.len(), &told[0]["participant"]["media"]["video"]), (1, &true.into()));
}
