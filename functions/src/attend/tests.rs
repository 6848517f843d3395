use super::*;
use crate::testing::{
    accept, accepted, another, at, call_to, calls_of_bob, created, device, published, request, rev, serve,
    service, service_with_rtc, user,
};
use switchboard_core::{ChannelPresence, DeviceStatus, Input};
use switchboard_protocol::code::Code;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::{JoinPolicy, Media, Mode, ParticipantState, Policy};
use switchboard_protocol::requests::{
    CreateMeeting, CreateRequest, Leave, MediaReport, RaiseHand, RefreshToken, Rejoin,
};
use switchboard_service::fake::{FakeRtc, RtcCall};

fn leave(meeting: &MeetingId) -> AttendRequest {
    AttendRequest::Leave(Leave { meeting_id: meeting.clone() })
}

fn report(meeting: &MeetingId) -> AttendRequest {
    AttendRequest::ReportMedia(ReportMedia {
        meeting_id: meeting.clone(),
        state: MediaReport::Joined,
        audio: Some(true),
        video: None,
        screen: None,
    })
}

#[tokio::test]
async fn a_side_that_leaves_a_direct_call_ends_it_and_both_find_it_in_their_history() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    accepted(&service, &meeting, "bob.phone").await;
    let report = serve(request("alice.phone", "l1", leave(&meeting), at(5_000)), &service, &attend).await;
    assert!(report.ended.is_some(), "{report:?}");
    let published = published(&service);
    assert_eq!(published.last().map(String::as_str), Some("alice.phone= ok"));
    assert!(published.contains(&"bob.phone: meeting_ended".to_owned()), "{published:?}");
    let state = service.table.state.borrow();
    assert!(state.slots.is_empty());
    assert_eq!(state.calls.keys().cloned().collect::<Vec<_>>(), [user("alice"), user("bob")]);
}

#[tokio::test]
async fn the_outcome_of_an_end_has_the_leg_of_each_user_once() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    accepted(&service, &meeting, "bob.phone").await;
    let report = serve(request("alice.phone", "l1", leave(&meeting), at(5_000)), &service, &attend).await;
    let legs: Vec<_> =
        report.legs.iter().map(|leg| (leg.user_id.as_str(), leg.reason.as_str(), leg.sip)).collect();
    assert_eq!(legs, [("alice", "completed", 200), ("bob", "completed", 200)]);
    assert_eq!(report.to_value()["legs"][1]["device"], "GID@@@bob.phone");
    let again = serve(request("alice.phone", "l1", leave(&meeting), at(6_000)), &service, &attend).await;
    assert!(again.ended.is_some() && again.legs.is_empty(), "{again:?}");
}

#[tokio::test]
async fn a_call_history_that_cannot_be_written_leaves_the_end_pending() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    service.table.fail("write_calls");
    serve(request("alice.phone", "l1", leave(&meeting), at(5_000)), &service, &attend).await;
    assert!(published(&service).contains(&"alice.phone= ok".to_owned()));
    assert_eq!(service.table.stored(&meeting).pending.len(), 1, "`wake` will retry");
}

#[tokio::test]
async fn a_repeated_leave_is_answered_again() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    serve(request("alice.phone", "l1", leave(&meeting), at(5_000)), &service, &attend).await;
    let committed = rev(&service, &meeting);
    published(&service);
    serve(request("alice.phone", "l1", leave(&meeting), at(6_000)), &service, &attend).await;
    assert_eq!(rev(&service, &meeting), committed);
    assert!(published(&service).contains(&"alice.phone= ok".to_owned()));
}

#[tokio::test]
async fn requests_of_users_without_a_seat_are_refused() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    let rejoin = AttendRequest::Rejoin(Rejoin { meeting_id: meeting.clone() });
    serve(request("carol.phone", "r1", rejoin, at(1_000)), &service, &attend).await;
    assert_eq!(published(&service), ["carol.phone= error forbidden"]);
    for unknown in [leave(&"m0".parse().expect("an id")), report(&"m0".parse().expect("an id"))] {
        let refused = serve(request("carol.phone", "r2", unknown, at(1_000)), &service, &attend).await;
        assert_eq!(refused.refused, Some(Code::MeetingNotFound));
    }
}

#[tokio::test]
async fn a_user_joins_an_open_group_without_an_invitation() {
    let service = service();
    let open = Policy { join: JoinPolicy::Open, ..Policy::default() };
    let create =
        CreateMeeting { policy: Some(open), ..CreateMeeting::new(Mode::Group, Media::Audio, Vec::new()) };
    let create = request("alice.phone", "c1", CreateRequest::CreateMeeting(create), at(0));
    let report = serve(create, &service, &crate::create_meeting::create_meeting).await;
    let meeting = report.meeting_id.expect("a meeting");
    published(&service);
    let join = || {
        AttendRequest::JoinMeeting(JoinMeeting {
            meeting_id: meeting.clone(),
            media: Media::Audio,
            takeover: None,
        })
    };
    serve(request("carol.phone", "j1", join(), at(1_000)), &service, &attend).await;
    assert_eq!(published(&service), ["alice.phone: participant_updated accepted", "carol.phone= joined"]);
    let carol = service.table.stored(&meeting).meeting.participants[&user("carol")].clone();
    assert_eq!(carol.name.as_deref(), Some("Carol"), "the stored name");
    let unknown =
        JoinMeeting { meeting_id: "m0".parse().expect("an id"), media: Media::Audio, takeover: None };
    serve(request("carol.phone", "j2", AttendRequest::JoinMeeting(unknown), at(1_000)), &service, &attend)
        .await;
    assert_eq!(published(&service), ["carol.phone= error meeting_not_found"]);
}

#[tokio::test]
async fn after_a_crash_the_repeated_request_informs_the_others() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Group).await;
    accepted(&service, &meeting, "bob.phone").await;
    let raise = || AttendRequest::RaiseHand(RaiseHand { meeting_id: meeting.clone() });
    service.table.crash_after_commit();
    serve(request("bob.phone", "h1", raise(), at(2_000)), &service, &attend).await;
    let service = another(&service);
    serve(request("bob.phone", "h1", raise(), at(3_000)), &service, &attend).await;
    assert_eq!(published(&service), ["alice.phone: hand_changed", "bob.phone= hand_changed"]);
}

#[tokio::test]
async fn a_media_report_counts_only_if_the_rtc_service_confirms_it() {
    let rtc = FakeRtc::capable();
    let service = service_with_rtc(&rtc);
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    let state = || service.table.stored(&meeting).meeting.participants[&user("alice")].state();
    let now = at(1_000);
    serve(request("alice.phone", "m1", report(&meeting), now), &service, &attend).await;
    assert_eq!(state(), ParticipantState::Accepted, "the channel is empty");
    rtc.set_members(&["alice"]);
    serve(request("alice.phone", "m2", report(&meeting), now), &service, &attend).await;
    assert_eq!(state(), ParticipantState::Joined);
}

#[tokio::test]
async fn a_media_report_is_trusted_without_rtc_management() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    serve(request("alice.phone", "m1", report(&meeting), at(1_000)), &service, &attend).await;
    let alice = service.table.stored(&meeting).meeting.participants[&user("alice")].clone();
    assert_eq!(alice.state(), ParticipantState::Joined);
    let media = alice.seat().expect("a seat").media;
    assert_eq!((media.audio, media.video), (true, false));
}

#[tokio::test]
async fn a_channel_that_may_be_closed_is_made_again_before_a_join_token() {
    let rtc = FakeRtc::capable();
    let service = service_with_rtc(&rtc);
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    accepted(&service, &meeting, "bob.phone").await;
    let registered = |calls: Vec<RtcCall>| calls.iter().any(|call| matches!(call, RtcCall::Register(_)));
    assert!(registered(rtc.take_calls()), "the channel of the new meeting");
    let rejoin = |id, by, after_ms| {
        let rejoin = AttendRequest::Rejoin(Rejoin { meeting_id: meeting.clone() });
        serve(request(by, id, rejoin, at(after_ms)), &service, &attend)
    };
    rejoin("r1", "bob.phone", 2_000).await;
    assert!(!registered(rtc.take_calls()), "nobody was in the channel, and it is younger than its time");

    let present = |users: &[&str], after_ms| {
        let stored = service.table.stored(&meeting).loaded();
        let users = users.iter().map(|name| user(name)).collect();
        let seen = Input::Presence(ChannelPresence::Exactly { users, rev: stored.meeting.rev });
        let service = &service;
        async move { service.apply(stored, &seen, at(after_ms)).await.expect("committed") }
    };
    present(&["alice", "bob"], 3_000).await;
    present(&["alice"], 10_000).await;
    rejoin("r2", "bob.phone", 12_000).await;
    assert!(!registered(rtc.take_calls()), "Alice holds the channel");
    present(&[], 13_000).await;
    rejoin("r3", "bob.phone", 38_000).await;
    assert!(registered(rtc.take_calls()), "the service may have closed the channel");
    assert!(published(&service).contains(&"bob.phone= joined".to_owned()));

    rtc.set_down(true);
    service.table.state.borrow_mut().channels.clear();
    rejoin("r4", "bob.phone", 39_000).await;
    assert!(published(&service).contains(&"bob.phone= joined".to_owned()), "the channel may still be there");
}

#[tokio::test]
async fn the_direct_call_of_a_user_who_takes_a_lost_seat_again_is_still_found() {
    let service = service();
    let group = created(&service, &["bob"], Mode::Group).await;
    accepted(&service, &group, "bob.phone").await;
    let phone = |status| Input::Device { client_id: device("bob.phone"), status };
    for (after_ms, input) in [
        (2_000, phone(DeviceStatus::Disconnected)),
        (20_000, phone(DeviceStatus::StillDisconnected)),
        (100_000, Input::Deadline),
    ] {
        let stored = service.table.stored(&group).loaded();
        service.apply(stored, &input, at(after_ms)).await.expect("committed");
    }
    let bob = || service.table.stored(&group).meeting.participants[&user("bob")].state();
    assert_eq!(bob(), ParticipantState::Lost);
    let call = request("carol.phone", "c2", call_to(&["bob"], Mode::Direct), at(101_000));
    let call = serve(call, &service, &crate::create_meeting::create_meeting).await;
    let call = call.meeting_id.expect("a meeting");
    serve(accept(&service, &call, "bob.phone"), &service, &crate::answer::answer).await;
    let rejoin = AttendRequest::Rejoin(Rejoin { meeting_id: group.clone() });
    serve(request("bob.phone", "r1", rejoin, at(102_000)), &service, &attend).await;
    assert_eq!(bob(), ParticipantState::Accepted);
    assert_eq!(calls_of_bob(&service).await, ([call, group.clone()].into(), Some(group)));
}

#[tokio::test]
async fn however_often_devices_ask_the_channel_is_made_again_once_in_thirty_seconds() {
    let rtc = FakeRtc::default();
    let service = service_with_rtc(&rtc);
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    accepted(&service, &meeting, "bob.phone").await;
    assert_eq!(rtc.take_calls().len(), 1, "the channel of the new meeting");
    let mut made = Vec::new();
    for at_ms in [150_000, 150_001, 160_000, 179_999, 180_000, 180_001] {
        let again = AttendRequest::RefreshToken(RefreshToken { meeting_id: meeting.clone() });
        let id = format!("t{at_ms}");
        serve(request("alice.phone", &id, again, at(at_ms)), &service, &attend).await;
        assert_eq!(published(&service), ["alice.phone= token"], "the token comes in any case");
        made.extend(rtc.take_calls().iter().map(|_| at_ms));
    }
    assert_eq!(made, [150_000, 180_000]);
}
