//! Reads before a create request is decided: all records in one batch.

use crate::fixture::{START_MS, commit, device, direct, meeting, take, user, users, write};
use crate::server::Server;
use switchboard_core::Meeting;
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::Mode;
use switchboard_service::ports::{Commit, Slot, Stored, UserRecord};

#[tokio::test]
async fn users_never_seen_are_returned_with_empty_records() {
    let Server { table, .. } = Server::shared().await;
    let everybody = users(3);
    let view =
        table.opening(&direct().id, &everybody, Some(&everybody[0]), START_MS).await.expect("an answer");
    assert_eq!(view.meeting, None);
    assert_eq!(view.users, everybody.into_iter().map(|user| (user, UserRecord::default())).collect());
}

#[tokio::test]
async fn the_meeting_and_each_users_devices_name_and_slot_are_returned() {
    let Server { table, .. } = Server::shared().await;
    let (alice, bob) = (user("alice"), user("bob"));
    let call = meeting(Mode::Direct, &alice, std::slice::from_ref(&bob));
    write(&table, &Commit { slots: vec![take(&alice)], ..commit(&call) }).await;
    table.register_device(&device(&bob, "phone"), Some("Bob"), START_MS).await.expect("an answer");

    let view = table
        .opening(&call.id, &[alice.clone(), bob.clone()], Some(&alice), START_MS)
        .await
        .expect("an answer");
    assert_eq!(view.meeting.and_then(Stored::into_meeting).map(|loaded| loaded.meeting), Some(call.clone()));
    assert_eq!(view.users[&alice].slot, Some(Slot { meeting_id: call.id }));
    assert_eq!(view.users[&bob].slot, None);
    assert_eq!(view.users[&bob].name.as_deref(), Some("Bob"));
    assert_eq!(view.users[&bob].devices[0].client_id, device(&bob, "phone"));
}

/// Three keys for each invitee, two for the caller, and one for the meeting: up to 32 invitees fit into one batch.
async fn of_invitees(invitees: usize) {
    let Server { table, .. } = Server::shared().await;
    let everybody = users(invitees + 1);
    let (first, last): (&UserId, &UserId) = (&everybody[0], &everybody[invitees]);
    for user in [first, last] {
        table.register_device(&device(user, "phone"), None, START_MS).await.expect("an answer");
    }
    let known: Meeting = meeting(Mode::Group, first, &everybody[1..]);
    for expected in [None, Some(known.clone())] {
        let view =
            table.opening(&known.id, &everybody, Some(&everybody[0]), START_MS).await.expect("an answer");
        assert_eq!(view.meeting.and_then(Stored::into_meeting).map(|loaded| loaded.meeting), expected);
        assert_eq!(view.users.len(), everybody.len());
        assert!([first, last].iter().all(|user| view.users[*user].devices.len() == 1));
        if expected.is_none() {
            write(&table, &Commit { slots: vec![take(first)], parts: known.new_parts(), ..commit(&known) })
                .await;
        }
    }
}

// Proves: largest-request
#[tokio::test]
async fn the_largest_request_is_read_whole() {
    of_invitees(49).await;
}

#[tokio::test]
async fn the_second_largest_request_is_read_whole() {
    of_invitees(48).await;
}
