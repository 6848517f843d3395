//! The broker's limits for a connection: a client ID of its own user, its own two topics, and requests to the functions.

use crate::calls::direct;
use crate::device::request;
use crate::journal;
use crate::raw::Raw;
use crate::stack::Stack;
use crate::user::User;
use rumqttc::{ConnectReturnCode, ConnectionError};
use serde_json::json;
use switchboard_protocol::address::{ClientId, DownlinkParents};

/// Checks that the broker refuses a connection of this user under that client ID.
async fn is_refused(user: &User, client_id: &str) {
    let Err(refused) = Raw::connect(user, client_id).await else { panic!("{client_id} was not refused") };
    assert!(
        matches!(&refused, ConnectionError::ConnectionRefused(ConnectReturnCode::NotAuthorized)),
        "{client_id}: {refused}"
    );
}

/// Checks that this user can connect under that client ID.
async fn gets_in(user: &User, client_id: &str) {
    if let Err(error) = Raw::connect(user, client_id).await {
        panic!("{client_id} was refused: {error}");
    }
}

// Proves: subscriptions
#[tokio::test]
async fn a_client_hears_its_own_two_topics_and_no_other() {
    let (alice, mallory) = (User::new("Alice"), User::new("Mallory"));
    let (own, other) = (mallory.client_id("phone"), alice.client_id("phone"));
    for filter in [
        format!("call-dn/p2p/{other}"),
        format!("bulk-dn/p2p/{other}"),
        format!("call-dn/p2p/{}", mallory.client_id("tablet")),
        format!("+/p2p/{own}"),
        format!("call-dn/+/{own}"),
        format!("call-dn/p2p/{own}/#"),
        "call-dn/p2p/+".to_owned(),
        "call-dn/#".to_owned(),
        "+/+/+".to_owned(),
        "#".to_owned(),
        "call-up/create-meeting".to_owned(),
        "call-up/#".to_owned(),
        "$aws/events/presence/#".to_owned(),
        format!("$aws/events/presence/connected/{own}"),
        "$aws/#".to_owned(),
        "$SYS/#".to_owned(),
        format!("$share/group/call-dn/p2p/{other}"),
        "$share/group/#".to_owned(),
    ] {
        let mut stranger =
            Raw::connect(&mallory, own.as_str()).await.expect("the broker accepts a known user");
        assert!(!stranger.subscribes(&filter).await, "{filter}");
    }
    let mut stranger = Raw::connect(&mallory, own.as_str()).await.expect("the broker accepts a known user");
    for filter in [format!("call-dn/p2p/{own}"), format!("bulk-dn/p2p/{own}")] {
        assert!(stranger.subscribes(&filter).await, "{filter}");
    }
}

#[tokio::test]
async fn a_client_speaks_to_the_functions_and_to_nobody_else() {
    let (alice, mallory) = (User::new("Alice"), User::new("Mallory"));
    let mut victim = alice.online("phone").await;
    let own = mallory.client_id("phone");
    let forged = json!({
        "v": 1, "type": "meeting_ended", "id": "forged", "server_ms": 0, "reason": "admin",
        "clientId": victim.client_id(), "eventType": "disconnected", "timestamp": 0,
        "sessionIdentifier": "s", "versionNumber": 99,
    });
    for (topic, retain) in [
        (format!("call-dn/p2p/{}", victim.client_id()), false),
        (format!("bulk-dn/p2p/{}", victim.client_id()), false),
        (format!("call-dn/p2p/{own}"), false),
        ("call-dn/p2p".to_owned(), false),
        (format!("$aws/events/presence/disconnected/{}", victim.client_id()), false),
        ("$aws/rules/switchboard-CreateMeetingRule".to_owned(), false),
        ("call-up/wake".to_owned(), false),
        ("call-up/presence".to_owned(), false),
        ("call-up/create-meeting/x".to_owned(), false),
        ("call-up".to_owned(), false),
        ("bulk-up/create-meeting".to_owned(), false),
        ("call-up/sync".to_owned(), false),
        ("call-up/attend".to_owned(), true),
        ("anything".to_owned(), false),
    ] {
        let mut stranger =
            Raw::connect(&mallory, own.as_str()).await.expect("the broker accepts a known user");
        assert!(!stranger.publishes(&topic, retain, &forged).await, "{topic}");
    }
    assert_eq!(victim.remaining_notices(&[]).await, Vec::<String>::new());
    assert_eq!(victim.copies_of("meeting_ended").await, Vec::<serde_json::Value>::new());
    let stack = &mallory.stack;
    assert_eq!(journal::of(stack, own.as_str()).await.len(), 0, "no function was invoked");
    assert_eq!(stack.presence_events("disconnected", victim.client_id()).await, 0);

    let mut caller = Raw::connect(&mallory, own.as_str()).await.expect("the broker accepts a known user");
    let create = request("create-meeting", direct(&alice)).payload();
    let create = serde_json::from_slice(&create).expect("JSON");
    assert!(caller.publishes("call-up/create-meeting", false, &create).await);
    assert_eq!(victim.receives("invitation").await.body["from"]["user_id"], json!(mallory.id));
}

// Proves: client-ids
#[tokio::test]
async fn a_client_id_that_could_do_harm_is_refused() {
    let alice = User::new("Alice");
    let id = &alice.id;
    for client_id in [
        format!("GID_test@@@{id}.+"),
        format!("GID_test@@@{id}.#"),
        format!("GID_test@@@{id}+"),
        "GID_test@@@+".to_owned(),
        "GID_test@@@#".to_owned(),
        format!("+@@@{id}"),
        format!("#@@@{id}"),
        "+".to_owned(),
        "#".to_owned(),
        format!("GID_test@@@{id}/phone"),
        format!("GID_test/x@@@{id}.phone"),
        format!("GID_test@@@{id}.$aws"),
        format!("$aws@@@{id}"),
        format!("GID_test@@@{id}.*"),
        format!("GID_test@@@{id}.${{iot:ClientId}}"),
        format!("GID_test@@@{id}.ph one"),
        format!("GID_test@@@{id}.phoné"),
    ] {
        is_refused(&alice, &client_id).await;
    }
}

// Proves: client-ids
#[tokio::test]
async fn a_client_id_that_is_no_address_is_refused() {
    let alice = User::new("Alice");
    let id = &alice.id;
    for client_id in [
        id.to_string(),
        format!("GID_test.{id}"),
        format!("GID_test@{id}"),
        format!("GID_test@@{id}"),
        format!("GID_test@@@@{id}"),
        format!("GID_test@@@{id}@@@phone"),
        format!("@@@{id}"),
        "GID_test@@@".to_owned(),
        format!("GID_test@@@.{id}"),
        format!("GID_test@@@{id}."),
        format!("GID_test@@@{id}.a.b"),
        format!("GID_test@@@{id}-other.phone"),
    ] {
        is_refused(&alice, &client_id).await;
    }
    gets_in(&alice, &format!("GID_test@@@{id}")).await;
}

// Proves: client-ids
#[tokio::test]
async fn a_client_id_too_long_to_be_addressed_is_refused_at_connect() {
    let alice = User::new("Alice");
    let of_length = |length: usize| {
        let start = format!("GID_test@@@{}.", alice.id);
        format!("{start}{}", "x".repeat(length - start.len()))
    };
    let parents = DownlinkParents::default();
    let addressable = |length: usize| {
        let client_id: Result<ClientId, _> = of_length(length).parse();
        client_id.is_ok_and(|client_id| parents.check(&client_id).is_ok())
    };
    let longest = (40..=64).rev().find(|length| addressable(*length)).expect("some length can be addressed");
    assert_eq!(longest, 64 - "call-dn/p2p/".len(), "its topics have 64 characters");
    gets_in(&alice, &of_length(longest)).await;
    for length in [longest + 1, 64, 65, 128] {
        is_refused(&alice, &of_length(length)).await;
    }
}

// Proves: client-ids
#[tokio::test]
async fn a_group_that_is_not_served_is_refused_at_connect() {
    let stack = Stack::own_with(&["AllowedGroups=GID_ios,GID_web"]);
    let alice = User::at(&stack, "Alice");
    for group in ["GID_test", "GID_ios2", "GID_io", "gid_ios", "GID_ios,GID_web", "GID"] {
        is_refused(&alice, &format!("{group}@@@{}.phone", alice.id)).await;
    }
    for group in ["GID_ios", "GID_web"] {
        gets_in(&alice, &format!("{group}@@@{}.phone", alice.id)).await;
    }
}
