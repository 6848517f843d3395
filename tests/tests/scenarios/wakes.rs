//! Timers only nudge: a wake-up that is early, late, doubled, lost or needless never changes a result.

use crate::calls::{Call, direct, rings, talks};
use crate::controls::{nudge, nudges, sweep_event};
use crate::device::{ids, none};
use crate::journal;
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};
use std::time::Duration;

/// Past the deadline of a ring, but before the sweep that runs each minute.
const RING_IS_OVER: Duration = Duration::from_secs(49);

/// The ids of some copies, without repetitions.
fn different_ids(copies: &[Value]) -> usize {
    let mut ids = ids(copies);
    ids.sort_unstable();
    ids.dedup();
    ids.len()
}

#[tokio::test]
async fn a_wake_for_nothing_does_nothing() {
    let stack = Stack::shared();
    stack.wake_meeting("nosuchmeeting").await;
    for body in ["no JSON", "{}", r#"{"meeting_id":7}"#, r#"{"meeting_id":"a b"}"#, "null", ""] {
        let result = stack.invoke("wake", &nudges(&[body.to_owned()])).await;
        assert_eq!(result, json!({"batchItemFailures": []}), "{body} must not be delivered again");
    }
    stack.invoke("wake", &nudges(&[])).await;
    stack.invoke("wake", &sweep_event()).await;
    stack.invoke("wake", &json!({})).await;
}

// Proves: deadlines
#[tokio::test]
async fn an_early_wake_changes_nothing_and_tells_nobody() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    let before = caller.syncs().await;
    for _ in 0..3 {
        alice.stack.wake_meeting(&call.meeting_id).await;
    }
    let after = caller.syncs().await;
    assert_eq!(before["meetings"][0]["rev"], after["meetings"][0]["rev"]);
    let cause = caller.client_id().to_owned();
    assert_eq!(caller.remaining_notices(&[&cause]).await, none());
    assert_eq!(phone.remaining_notices(&[&cause]).await, none());

    let accepted = phone.requests("answer", call.about_invitation("accept")).await;
    assert_eq!(accepted.kind, "invitation_accepted");
    alice.stack.wake_meeting(&call.meeting_id).await;
    let cause = phone.client_id().to_owned();
    assert_eq!(caller.remaining_notices(&[&cause]).await, ["participant_updated"]);
}

#[tokio::test]
async fn a_wake_of_a_meeting_that_is_over_does_nothing() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    caller.requests("attend", call.request("leave")).await;
    phone.receives("meeting_ended").await;
    let cause = caller.client_id().to_owned();
    for device in [&mut caller, &mut phone] {
        // The notices of the call itself.
        device.remaining_notices(&[&cause]).await;
    }
    for _ in 0..2 {
        alice.stack.wake_meeting(&call.meeting_id).await;
    }
    assert_eq!(phone.remaining_notices(&[]).await, none());
    assert_eq!(caller.remaining_notices(&[]).await, none());
}

#[tokio::test]
async fn an_early_wake_leaves_the_deadline_to_be_found() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    // The create's own timer is lost; the early wake arms the next one.
    stack.inject_fault(json!({"function": "create-meeting", "kind": "fail_queue", "times": 3})).await;
    let call = rings(&mut caller, &bob, &mut phone).await;
    stack.until_idle().await;
    stack.wake_meeting(&call.meeting_id).await;
    let again = journal::inspect(&stack, |invocations| {
        let wake = invocations.iter().rfind(|one| one.function == "wake").expect("`wake` was invoked");
        let delay = wake.of_kind("queue").next().map(|entry| entry["detail"]["delay_seconds"].clone());
        [wake.entries[0]["at_ms"].clone(), delay.unwrap_or_default()]
    });
    let [begun_ms, delay] = again.await.map(|number| number.as_i64().expect("`wake` arms the next timer"));
    let created_ms = call.created["meeting"]["created_ms"].as_i64().expect("milliseconds");
    let at_ms = begun_ms + delay * 1_000 - created_ms;
    assert!((45_000..=49_000).contains(&at_ms), "at the end of the ring: {at_ms}");
    stack.advance_clock_when_idle(RING_IS_OVER).await;
    assert_eq!(caller.receives("meeting_ended").await.body["reason"], "no_answer");
}

// Proves: deadlines
#[tokio::test]
async fn many_wakes_at_once_end_a_ring_once() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    stack.advance_clock_when_idle(RING_IS_OVER).await;
    let (once, twice) = (stack.wake_meeting(&call.meeting_id), stack.wake_meeting(&call.meeting_id));
    tokio::join!(once, twice, stack.wake_meeting(&call.meeting_id), stack.sweep());

    let cause = caller.client_id().to_owned();
    assert_eq!(caller.remaining_notices(&[&cause]).await, ["invitation_updated", "meeting_ended"]);
    assert_eq!(phone.remaining_notices(&[&cause]).await, ["invitation_closed", "missed_call"]);
    for (device, kind) in [(&mut caller, "meeting_ended"), (&mut phone, "missed_call")] {
        assert_eq!(different_ids(&device.copies_of(kind).await), 1, "every copy is the same message");
    }
}

// Proves: deadlines
#[tokio::test]
async fn a_late_wake_finds_the_outcome_that_the_deadline_had() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    rings(&mut caller, &bob, &mut phone).await;
    stack.advance_clock_when_idle(Duration::from_mins(20)).await;
    let ended = caller.receives("meeting_ended").await;
    assert_eq!(ended.body["reason"], "no_answer");
    assert_eq!(phone.receives("missed_call").await.body["reason"], "no_answer");
}

// Proves: deadlines
#[tokio::test]
async fn without_any_wake_the_next_request_finds_the_outcome_that_the_deadline_had() {
    let stack = Stack::own();
    let (alice, bob, carol) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"), User::at(&stack, "Carol"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let carols = carol.on("phone").await;
    stack.inject_fault(json!({"function": "create-meeting", "kind": "fail_queue", "times": 6})).await;
    let call = rings(&mut caller, &bob, &mut phone).await;
    stack.advance_clock_when_idle(RING_IS_OVER).await;

    assert_eq!(phone.syncs().await["invitations"], json!([]), "`sync` has the true state");
    let created = carols.requests("create-meeting", direct(&bob)).await;
    assert!(created.body.contains_key("join"), "an expired ring keeps no user busy: {created:?}");
    let refused = phone.is_refused("answer", call.about_invitation("accept")).await;
    assert_eq!((refused.code.as_str(), refused.reason.as_deref()), ("meeting_ended", Some("no_answer")));
    assert_eq!(
        caller.receives("meeting_ended").await.body["reason"],
        "no_answer",
        "the late accept applied the deadline"
    );
}

// Proves: deadlines
#[tokio::test]
async fn a_lost_nudge_is_made_good_by_the_sweep() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    stack.inject_fault(json!({"function": "create-meeting", "kind": "fail_queue", "times": 3})).await;
    rings(&mut caller, &bob, &mut phone).await;
    stack.until_faults_struck().await;
    // The sweep that runs each minute, not one of the test's.
    stack.advance_clock_when_idle(Duration::from_secs(61)).await;
    assert_eq!(caller.receives("meeting_ended").await.body["reason"], "no_answer");
    assert_eq!(phone.receives("invitation_closed").await.body["reason"], "expired");
}

#[tokio::test]
async fn of_a_batch_of_nudges_only_the_failed_ones_come_again() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (caller, carols) = (alice.on("phone").await, User::at(&stack, "Carol").on("phone").await);
    let first = Call::of(&caller.requests("create-meeting", direct(&bob)).await);
    let second = Call::of(&carols.requests("create-meeting", direct(&User::at(&stack, "Dave"))).await);
    for device in [&caller, &carols] {
        journal::until_at(&stack, device.client_id(), |_| true).await;
    }
    let mut record = stack.item(&format!("meeting#{}", first.meeting_id), "state").await;
    record["schema"] = json!({"N": "99"});
    stack.writes_item(&record).await;
    let event = nudges(&[nudge(&first.meeting_id), nudge(&second.meeting_id)]);
    let result = stack.invoke("wake", &event).await;
    assert_eq!(result, json!({"batchItemFailures": [{"itemIdentifier": "0"}]}));
}
