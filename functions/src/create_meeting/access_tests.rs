//! Tests of calls to users who do not take calls of the caller (T64) or have do-not-disturb (T65).

use super::create_meeting;
use crate::invite::invite;
use crate::sync::sync;
use crate::testing::{at, call_to, created, published, request, serve, service, user};
use serde_json::Value;
use switchboard_core::Availability;
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::Mode;
use switchboard_protocol::requests::{Invite, InviteRequest, SyncRequest, SyncState};
use switchboard_service::Service;
use switchboard_service::fake::FakePorts;

/// Returns a service in which Bob blocks these users, and Carol has do-not-disturb.
fn service_with_blocks(names: &[&str]) -> Service<FakePorts> {
    let service = service();
    let blocked = names.iter().map(|name| user(name)).collect();
    let do_not_disturb_until_ms = Some(at(600_000).ms);
    let mut state = service.table.state.borrow_mut();
    state.availabilities.insert(user("bob"), Availability { blocked, ..Availability::default() });
    state
        .availabilities
        .insert(user("carol"), Availability { do_not_disturb_until_ms, ..Availability::default() });
    drop(state);
    service
}

/// Lets Alice call Bob. Returns the downlinks to her phone, and the users whose slots are taken afterwards.
async fn calls_bob(service: &Service<FakePorts>) -> (Vec<Value>, Vec<UserId>) {
    let create = request("alice.phone", "c1", call_to(&["bob"], Mode::Direct), at(0));
    let report = serve(create, service, &create_meeting).await;
    assert_eq!(report.failed, [], "{report:?}");
    let sent = service.publisher.broker.take();
    let to_alice = sent.iter().filter(|sent| sent.to.user() == user("alice"));
    let to_alice = to_alice.map(|sent| serde_json::to_value(&sent.downlink).expect("serialises")).collect();
    let taken = service.table.state.borrow().slots.keys().cloned().collect();
    (to_alice, taken)
}

#[tokio::test]
async fn t64_a_blocked_caller_gets_the_downlinks_of_a_caller_whose_callee_sleeps() {
    // No device is connected in these tests, so Bob is unreachable.
    let (asleep, taken) = calls_bob(&service()).await;
    assert_eq!(taken, [user("alice"), user("bob")]);
    let (blocked, taken) = calls_bob(&service_with_blocks(&["alice"])).await;
    assert_eq!(blocked, asleep);
    assert_eq!(taken, [user("alice")], "a blocked caller does not make the user busy");
}

#[tokio::test]
async fn t64_a_silent_call_wakes_nobody_and_stays_silent_when_it_is_repeated() {
    let service = service_with_blocks(&["alice"]);
    for _ in 0..2 {
        let create = request("alice.phone", "c1", call_to(&["bob"], Mode::Direct), at(0));
        let report = serve(create, &service, &create_meeting).await;
        assert_eq!((report.push_wanted.len(), report.reached.len()), (0, 0), "{report:?}");
        assert!(!report.told.contains(&"invitation"), "{report:?}");
        let mut sent = published(&service);
        sent.sort();
        assert_eq!(sent, ["alice.phone: invitation_updated invited", "alice.phone= meeting_created"]);
    }
    let ask = SyncRequest::SyncState(SyncState { meeting_id: None, missed_since_ms: Some(0) });
    serve(request("bob.phone", "s1", ask, at(1_000)), &service, &sync).await;
    let state = serde_json::to_value(&service.publisher.broker.take()[0].downlink).expect("serialises");
    for list in ["meetings", "invitations", "missed"] {
        assert_eq!(state[list], Value::Array(Vec::new()), "{list}");
    }
}

#[tokio::test]
async fn t64_a_user_takes_calls_of_others_while_a_blocked_caller_rings() {
    let service = service_with_blocks(&["alice"]);
    calls_bob(&service).await;
    let create = request("carol.phone", "c2", call_to(&["bob"], Mode::Direct), at(1_000));
    serve(create, &service, &create_meeting).await;
    let mut sent = published(&service);
    sent.retain(|line| line.starts_with("bob."));
    assert_eq!(sent, ["bob.phone: invitation", "bob.tablet: invitation"]);
}

#[tokio::test]
async fn t64_a_blocked_caller_does_not_learn_that_the_user_is_in_another_call() {
    let service = service_with_blocks(&["carol"]);
    created(&service, &["bob"], Mode::Direct).await;
    let create = request("carol.phone", "c2", call_to(&["bob"], Mode::Direct), at(1_000));
    serve(create, &service, &create_meeting).await;
    assert_eq!(
        published(&service),
        ["carol.phone= meeting_created", "carol.phone: invitation_updated invited"]
    );
}

// Proves: T16
#[tokio::test]
async fn t64_a_blocked_user_who_calls_back_while_being_rung_takes_that_call() {
    let service = service_with_blocks(&["alice"]);
    let rung = request("bob.phone", "c1", call_to(&["alice"], Mode::Direct), at(0));
    let meeting = serve(rung, &service, &create_meeting).await.meeting_id;
    service.publisher.broker.take();
    let back = request("alice.phone", "c2", call_to(&["bob"], Mode::Direct), at(1_000));
    let report = serve(back, &service, &create_meeting).await;
    assert_eq!(report.meeting_id, meeting, "Bob calls Alice: her call is an answer");
    assert!(published(&service).contains(&"bob.phone: meeting_merged".to_owned()));
}

#[tokio::test]
async fn t64_t65_an_invitation_to_a_group_follows_the_settings_about_its_inviter() {
    let service = service_with_blocks(&["alice"]);
    let meeting_id = created(&service, &[], Mode::Group).await;
    let invitees = vec![user("bob"), user("carol")];
    let more = Invite { meeting_id, invitees, ring_seconds: None, ext: None };
    let report =
        serve(request("alice.phone", "i1", InviteRequest::Invite(more), at(1_000)), &service, &invite).await;
    assert_eq!(report.push_wanted, []);
    let mut sent = published(&service);
    sent.retain(|line| !line.starts_with("alice.phone: participant_updated"));
    sent.sort();
    assert_eq!(
        sent,
        [
            "alice.phone: invitation_updated invited",
            "alice.phone: invitation_updated unreachable",
            "alice.phone= invitation_result",
            "carol.phone: missed_call",
        ]
    );
}
