use super::*;
use crate::testing::{
    accepted, another, at, calls_of_bob, created, group_of, interfere, joined, published, request, rev,
    serve, service, user,
};
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::{JoinPolicy, Mode};
use switchboard_protocol::requests::{CancelInvite, DestroyMeeting, DestroyRequest};
use switchboard_service::fake::FakeMinter;

fn invite_user(meeting: &MeetingId, name: &str) -> InviteRequest {
    InviteRequest::Invite(Invite {
        meeting_id: meeting.clone(),
        invitees: vec![user(name)],
        ring_seconds: None,
        ext: None,
    })
}

#[tokio::test]
async fn an_invited_user_is_rung_and_a_direct_call_becomes_a_group() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Direct).await;
    accepted(&service, &meeting, "bob.phone").await;
    serve(request("bob.phone", "i1", invite_user(&meeting, "carol"), at(2_000)), &service, &invite).await;
    let published = published(&service);
    assert!(published.contains(&"carol.phone: invitation".to_owned()), "{published:?}");
    assert_eq!(published.last().map(String::as_str), Some("bob.phone= invitation_result"));
    assert_eq!(*service.table.stored(&meeting).meeting.mode, Mode::Group);
}

#[tokio::test]
async fn refusals_name_the_meeting_before_the_invitees() {
    let service = service();
    let unknown = invite_user(&"m0".parse().expect("an id"), "carol");
    serve(request("alice.phone", "i1", unknown, at(0)), &service, &invite).await;
    assert_eq!(published(&service), ["alice.phone= error meeting_not_found"]);

    let meeting = created(&service, &["bob"], Mode::Group).await;
    let unaccepted = || invite_user(&meeting, FakeMinter::UNACCEPTED_USER);
    serve(request("alice.phone", "i2", unaccepted(), at(1_000)), &service, &invite).await;
    assert_eq!(published(&service), ["alice.phone= error bad_request"]);

    let end = DestroyMeeting { meeting_id: Some(meeting.clone()), create_id: None, reason: None };
    let end = request("alice.phone", "d1", DestroyRequest::DestroyMeeting(end), at(2_000));
    serve(end, &service, &crate::destroy::destroy).await;
    published(&service);
    serve(request("alice.phone", "i3", unaccepted(), at(3_000)), &service, &invite).await;
    assert_eq!(published(&service), ["alice.phone= error meeting_ended"]);
}

#[tokio::test]
async fn a_repeated_invitation_rings_again_under_the_same_ids() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Group).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        serve(request("alice.phone", "i1", invite_user(&meeting, "carol"), at(1_000)), &service, &invite)
            .await;
        let sent = service.publisher.broker.take();
        let offer = sent.iter().find(|sent| sent.downlink.body.kind() == "invitation").expect("an offer");
        ids.push(offer.downlink.id.clone());
    }
    assert_eq!((ids[0].clone(), rev(&service, &meeting)), (ids[1].clone(), 2));
}

#[tokio::test]
async fn after_a_crash_the_repeated_invitation_rings() {
    let service = service();
    let meeting = created(&service, &["bob"], Mode::Group).await;
    service.table.crash_after_commit();
    serve(request("alice.phone", "i1", invite_user(&meeting, "carol"), at(1_000)), &service, &invite).await;
    let service = another(&service);
    serve(request("alice.phone", "i1", invite_user(&meeting, "carol"), at(2_000)), &service, &invite).await;
    assert!(published(&service).contains(&"carol.phone: invitation".to_owned()));
}

#[tokio::test]
async fn an_invitation_is_cancelled_also_after_a_lost_race() {
    let service = service();
    let meeting = created(&service, &["bob", "carol"], Mode::Group).await;
    let cancel = CancelInvite { meeting_id: meeting.clone(), invitees: Some(vec![user("carol")]) };
    interfere(&service, &meeting);
    let cancel = request("alice.phone", "x1", InviteRequest::CancelInvite(cancel), at(1_000));
    serve(cancel, &service, &invite).await;
    let published = published(&service);
    assert!(published.contains(&"carol.phone: invitation_closed cancelled".to_owned()), "{published:?}");
    assert!(!published.iter().any(|line| line.starts_with("bob")), "{published:?}");
}

#[tokio::test]
async fn the_direct_call_of_a_user_who_is_invited_out_of_the_lobby_is_still_found() {
    let service = service();
    let group = group_of(&service, "carol.phone", JoinPolicy::Lobby).await;
    joined(&service, &group, "bob.tablet").await;
    let call = created(&service, &["bob"], Mode::Direct).await;
    accepted(&service, &call, "bob.phone").await;
    serve(request("carol.phone", "i1", invite_user(&group, "bob"), at(4_000)), &service, &invite).await;
    assert!(service.table.stored(&group).meeting.has_member(&user("bob")));
    assert_eq!(calls_of_bob(&service).await, ([call, group.clone()].into(), Some(group)));
}
