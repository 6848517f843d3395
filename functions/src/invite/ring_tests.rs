//! Tests of invitations of users whom a ring that already exists must not keep from ringing.

use super::*;
use crate::testing::{accepted, at, call_to, created, published, request, serve, service, user};
use switchboard_core::Availability;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::{BusyPolicy, Mode, Policy};
use switchboard_protocol::requests::{CreateRequest, GivenRole, ModerateRequest, SetRole};
use switchboard_service::fake::FakePorts;

/// Lets a device invite Bob. Returns whether Bob's devices get an offer, and all downlinks.
async fn invites(
    service: &Service<FakePorts>,
    meeting: &MeetingId,
    by: &str,
    id: &str,
) -> (bool, Vec<String>) {
    let more = InviteRequest::Invite(Invite {
        meeting_id: meeting.clone(),
        invitees: vec![user("bob")],
        ring_seconds: None,
        ext: None,
    });
    serve(request(by, id, more, at(2_000)), service, &invite).await;
    let sent = published(service);
    (sent.iter().any(|line| line.starts_with("bob") && line.ends_with(": invitation")), sent)
}

/// Gives Carol a seat and the right to invite.
async fn make_carol_cohost(service: &Service<FakePorts>, meeting: &MeetingId) {
    accepted(service, meeting, "carol.phone").await;
    let cohost = SetRole { meeting_id: meeting.clone(), user_id: user("carol"), role: GivenRole::Cohost };
    let cohost = request("alice.phone", "s1", ModerateRequest::SetRole(cohost), at(1_500));
    serve(cohost, service, &crate::moderate::moderate).await;
    published(service);
}

#[tokio::test]
async fn a_user_whom_only_the_caller_rings_is_not_busy_for_that_caller() {
    let service = service();
    let meeting = created(&service, &["carol"], Mode::Group).await;
    let CreateRequest::CreateMeeting(mut create) = call_to(&["bob"], Mode::Direct);
    create.policy = Some(Policy { busy: BusyPolicy::Ring, ..Policy::default() });
    let create = request("alice.phone", "c2", CreateRequest::CreateMeeting(create), at(500));
    serve(create, &service, &crate::create_meeting::create_meeting).await;
    make_carol_cohost(&service, &meeting).await;
    let (rings, sent) = invites(&service, &meeting, "carol.phone", "i1").await;
    assert!(!rings, "for others, Bob is busy: {sent:?}");
    let (rings, sent) = invites(&service, &meeting, "alice.phone", "i2").await;
    assert!(rings, "{sent:?}");
}

#[tokio::test]
async fn an_invitation_that_rings_nowhere_does_not_stop_another_member_from_ringing() {
    let service = service();
    let blocked = [user("alice")].into();
    let availability = Availability { blocked, ..Availability::default() };
    service.table.state.borrow_mut().availabilities.insert(user("bob"), availability);
    let meeting = created(&service, &["bob", "carol"], Mode::Group).await;
    make_carol_cohost(&service, &meeting).await;
    for (by, id, expected) in
        [("alice.phone", "i1", false), ("carol.phone", "i2", true), ("alice.phone", "i3", false)]
    {
        let (rings, sent) = invites(&service, &meeting, by, id).await;
        assert_eq!(rings, expected, "{by}: {sent:?}");
    }
    let stored = service.table.stored(&meeting).meeting;
    let inviter = stored.participants[&user("bob")].invitation().map(|it| it.inviter.clone());
    assert_eq!(inviter, Some(user("carol")), "the one who rings");
}
