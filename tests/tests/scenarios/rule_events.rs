//! Unusual events from the rule engine: the same event twice, or one without a valid sender.

use crate::calls::direct;
use crate::device::{ids, request};
use crate::journal;
use crate::stack::Stack;
use crate::user::{User, now_ms};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use switchboard_protocol::address::ClientId;
use uuid::Uuid;

/// The event that the rule makes of a message.
fn event(client_id: &ClientId, payload: &[u8], received_ms: i64) -> Value {
    json!({
        "payload": BASE64_STANDARD.encode(payload),
        "client_id": client_id.as_str(),
        "topic": "call-up/create-meeting",
        "received_ms": received_ms,
        "trace_id": Uuid::new_v4().to_string(),
    })
}

// Proves: event-once
#[tokio::test]
async fn the_same_event_twice_has_one_effect_and_its_messages_have_the_same_ids() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let event =
        event(caller.terminal.client_id(), &request("create-meeting", direct(&bob)).payload(), now_ms());
    for _ in 0..2 {
        Stack::shared().invoke("create-meeting", &event).await;
    }

    let answers = caller.copies_of("meeting_created").await;
    assert_eq!(answers.len(), 2, "each delivery is answered");
    assert_eq!(ids(&answers)[0], ids(&answers)[1]);
    assert_eq!(answers[0]["meeting_id"], answers[1]["meeting_id"]);
    assert_eq!(answers[0]["rev"], answers[1]["rev"], "nothing was committed the second time");
    let invitations = phone.copies_of("invitation").await;
    assert!(!invitations.is_empty());
    assert!(ids(&invitations).iter().all(|id| *id == ids(&invitations)[0]), "{invitations:#?}");
    assert_eq!(phone.remaining_notices(&[]).await, ["invitation"], "the user is rung once");
}

// Proves: event-once
#[tokio::test]
async fn the_same_event_twice_at_once_has_one_effect() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let event =
        event(caller.terminal.client_id(), &request("create-meeting", direct(&bob)).payload(), now_ms());
    let stack = Stack::shared();
    tokio::join!(stack.invoke("create-meeting", &event), stack.invoke("create-meeting", &event));

    let answers = caller.copies_of("meeting_created").await;
    assert!(ids(&answers).iter().all(|id| *id == ids(&answers)[0]), "{answers:#?}");
    assert!(answers.iter().all(|answer| answer["meeting_id"] == answers[0]["meeting_id"]));
    assert_eq!(phone.remaining_notices(&[]).await, ["invitation"]);
}

// Proves: client-mistakes
#[tokio::test]
async fn a_request_past_its_time_is_refused_and_nothing_is_written() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let create = request("create-meeting", direct(&bob)).with_ttl_ms(5_000);
    let late = event(caller.terminal.client_id(), &create.payload(), now_ms() - 7_500);
    Stack::shared().invoke("create-meeting", &late).await;
    let error = caller.receives("error").await;
    assert_eq!((&error.body["code"], &error.body["sip"]), (&"request_expired".into(), &408.into()));
    assert_eq!(error.answers(), Some(create.id()));
    assert_eq!(phone.remaining_notices(&[]).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_event_without_a_sender_is_nobodys_and_answered_to_nobody() {
    let bob = User::new("Bob");
    let mut phone = bob.on("phone").await;
    let payload = BASE64_STANDARD.encode(request("create-meeting", direct(&bob)).payload());
    for sender in [json!({"payload": payload}), json!({"payload": payload, "client_id": "n/a"})] {
        Stack::shared().invoke("create-meeting", &sender).await;
    }
    assert_eq!(phone.remaining_notices(&[]).await, Vec::<String>::new());
}

// Proves: sender
#[tokio::test]
async fn events_of_the_broker_name_the_sender_as_the_broker_knows_it() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    caller.requests("create-meeting", direct(&bob)).await;
    phone.receives("invitation").await;
    let invocations = journal::until(caller.client_id(), |done| !done.is_empty()).await;
    assert_eq!(invocations[0].function, "create-meeting");
}
