use super::*;
use crate::testing::{
    accepted, another, at, calls_of_bob, commit_first, created, group_of, joined, published, request, rev,
    serve, service, service_with_rtc, user,
};
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::{JoinPolicy, Mode, ParticipantState, UserOrAll};
use switchboard_protocol::requests::{LobbyUsers, Mute, MuteMode, Remove, Star};
use switchboard_service::fake::{FakeRtc, RtcCall};

fn block_bob(meeting: &MeetingId) -> ModerateRequest {
    ModerateRequest::Mute(Mute {
        meeting_id: meeting.clone(),
        user_id: UserOrAll::User(user("bob")),
        mode: MuteMode::Hard,
        for_seconds: None,
    })
}

fn remove_bob(meeting: &MeetingId) -> ModerateRequest {
    ModerateRequest::Remove(Remove {
        meeting_id: meeting.clone(),
        user_id: user("bob"),
        ban: None,
        for_seconds: None,
        reason: None,
    })
}

/// Returns `enforced` of every published `speech_changed`.
fn enforced(service: &Service<switchboard_service::fake::FakePorts>) -> Vec<bool> {
    let sent = service.publisher.broker.take();
    let bodies = sent.iter().map(|sent| serde_json::to_value(&sent.downlink).expect("serialises"));
    bodies.filter_map(|body| body["enforced"].as_bool()).collect()
}

#[tokio::test]
async fn a_host_removes_a_participant_who_learns_it() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Group).await;
    accepted(&service, &meeting, "bob.phone").await;
    serve(request("alice.phone", "m1", remove_bob(&meeting), at(2_000)), &service, &moderate).await;
    let published = published(&service);
    assert!(published.contains(&"bob.phone: participant_removed".to_owned()), "{published:?}");
    assert!(published.last().is_some_and(|last| last.starts_with("alice.phone=")), "{published:?}");
}

#[tokio::test]
async fn a_member_who_is_not_host_is_refused() {
    let service = service();
    let meeting = created(&service, &["bob", "carol"], Mode::Group).await;
    accepted(&service, &meeting, "carol.phone").await;
    serve(request("carol.phone", "m1", remove_bob(&meeting), at(2_000)), &service, &moderate).await;
    assert_eq!(published(&service), ["carol.phone= error not_host"]);
}

#[tokio::test]
async fn a_repeated_removal_is_applied_once() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Group).await;
    accepted(&service, &meeting, "bob.phone").await;
    for _ in 0..2 {
        serve(request("alice.phone", "m1", remove_bob(&meeting), at(2_000)), &service, &moderate).await;
        assert!(published(&service).contains(&"bob.phone: participant_removed".to_owned()));
    }
    assert_eq!(rev(&service, &meeting), 3);
}

#[tokio::test]
async fn a_removal_is_decided_again_if_the_participant_left_meanwhile() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Group).await;
    accepted(&service, &meeting, "bob.phone").await;
    let other = another(&service);
    let leave = switchboard_protocol::requests::Leave { meeting_id: meeting.clone() };
    let leave = switchboard_protocol::requests::AttendRequest::Leave(leave);
    serve(request("bob.phone", "l1", leave, at(1_500)), &other, &crate::attend::attend).await;
    commit_first(&other, &service);
    serve(request("alice.phone", "m1", remove_bob(&meeting), at(2_000)), &service, &moderate).await;
    let bob = service.table.stored(&meeting).meeting.participants[&user("bob")].state();
    assert_ne!(bob, ParticipantState::Accepted);
    assert_ne!(rev(&service, &meeting), 2);
}

#[tokio::test]
async fn a_block_is_applied_at_the_rtc_service_before_members_learn_it() {
    let rtc = FakeRtc::capable();
    let service = service_with_rtc(&rtc);
    let meeting = created(&service, &["bob"], Mode::Group).await;
    accepted(&service, &meeting, "bob.phone").await;
    let _ = rtc.take_calls();
    let now = at(2_000);
    let report = serve(request("alice.phone", "m1", block_bob(&meeting), now), &service, &moderate).await;
    assert!(
        matches!(&rtc.take_calls()[..], [RtcCall::Restrict(_, bob, rights)] if bob == "bob" && !rights.microphone)
    );
    assert!(enforced(&service).iter().all(|enforced| *enforced));
    assert!(report.media_failed.is_empty());
    assert!(service.table.stored(&meeting).pending.is_empty());
}

#[tokio::test]
async fn a_block_that_the_rtc_service_does_not_apply_is_published_as_not_enforced_and_stays_pending() {
    let rtc = FakeRtc::capable();
    let service = service_with_rtc(&rtc);
    let meeting = created(&service, &["bob"], Mode::Group).await;
    accepted(&service, &meeting, "bob.phone").await;
    rtc.set_down(true);
    let now = at(2_000);
    let report = serve(request("alice.phone", "m1", block_bob(&meeting), now), &service, &moderate).await;
    assert_eq!(report.media_failed, ["restrict"]);
    let enforced = enforced(&service);
    assert!(!enforced.is_empty() && enforced.iter().all(|enforced| !*enforced), "{enforced:?}");
    assert_eq!(service.table.stored(&meeting).pending.len(), 1);
}

#[tokio::test]
async fn the_direct_call_of_an_admitted_user_is_still_found() {
    for users in [LobbyUsers::Users(vec![user("bob")]), LobbyUsers::All(Star::Star)] {
        let service = service();
        let group = group_of(&service, "carol.phone", JoinPolicy::Lobby).await;
        joined(&service, &group, "bob.tablet").await;
        let call = created(&service, &["bob"], Mode::Direct).await;
        accepted(&service, &call, "bob.phone").await;
        let admit = ModerateRequest::Admit(Admit { meeting_id: group.clone(), users });
        serve(request("carol.phone", "m1", admit, at(4_000)), &service, &moderate).await;
        assert!(service.table.stored(&group).meeting.has_member(&user("bob")));
        assert_eq!(calls_of_bob(&service).await, ([call, group.clone()].into(), Some(group)));
    }
}
