//! A function that crashes between its commit and its effects: the terminal retries, or `wake` repeats the effects that
//! were not reported done. In both cases all devices get the true state, under the same ids, and the request takes
//! effect once.

use crate::calls::{Call, direct, rings, talks};
use crate::device::{Device, ids, refusal, request};
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};
use std::time::Duration;

/// Past the 5 s after which effects that were not reported done are repeated, and the timer's delay of 1 s.
const EFFECTS_ARE_OVERDUE: Duration = Duration::from_secs(7);
/// Past the time of the next sweep.
const A_MINUTE: Duration = Duration::from_secs(61);

/// Crashes the process of `function` as soon as its next commit is written.
async fn crash_after_commit(stack: &Stack, function: &str, operation: &str) {
    let fault = json!({"function": function, "kind": "kill_after_commit", "only": operation});
    stack.inject_fault(fault).await;
}

/// A direct call that rings for three minutes, so that it still rings at the sweep a minute later.
fn long_ring(callee: &User) -> Value {
    let mut fields = direct(callee);
    fields["ring_seconds"] = json!(180);
    fields
}

/// Calls with a ring of three minutes; `phone` receives the invitation.
async fn rings_long(caller: &Device, callee: &User, phone: &mut Device) -> Call {
    let call = Call::of(&caller.requests("create-meeting", long_ring(callee)).await);
    phone.receives("invitation").await;
    call
}

#[tokio::test]
async fn a_create_that_died_after_its_commit_rings_when_the_terminal_asks_again() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    crash_after_commit(&stack, "create-meeting", "TransactWriteItems").await;
    let create = request("create-meeting", direct(&bob));
    caller.sends_unanswered(&create).await;
    stack.until_faults_struck().await;
    assert_eq!(
        phone.remaining_notices(&[]).await,
        Vec::<String>::new(),
        "the function crashed before it published"
    );

    let call = Call::of(&caller.sends(&create).await);
    let offer = phone.receives("invitation").await;
    assert_eq!(offer.body["invite_id"], call.invite_id);
    assert_eq!(caller.syncs().await["meetings"].as_array().map(Vec::len), Some(1), "there is one meeting");
    let accepted = phone.requests("answer", call.about_invitation("accept")).await;
    assert_eq!(accepted.meeting_id.as_deref(), Some(call.meeting_id.as_str()));
    let cause = phone.client_id().to_owned();
    assert_eq!(caller.remaining_notices(&[&cause]).await, ["participant_updated"]);
}

// Proves: crash-wake
#[tokio::test]
async fn a_create_that_died_after_its_commit_rings_and_is_answered_even_if_nobody_asks_again() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    crash_after_commit(&stack, "create-meeting", "TransactWriteItems").await;
    let create = request("create-meeting", long_ring(&bob));
    caller.sends_unanswered(&create).await;
    stack.until_faults_struck().await;
    stack.advance_clock_when_idle(A_MINUTE).await;

    let offer = phone.receives("invitation").await;
    let answer = caller.receives("meeting_created").await;
    assert_eq!(answer.answers(), Some(create.id()));
    assert!(answer.body.contains_key("join"), "the caller may still come in: {answer:?}");
    assert_eq!(answer.meeting_id, offer.meeting_id);
    let left_ms = offer.body["deadline_in_ms"].as_i64().expect("milliseconds");
    assert!(left_ms <= 120_000, "a minute of the ring is over: {left_ms}");

    let again = caller.sends(&create).await;
    assert_eq!(again.id, answer.id, "a retry gets the same message");
    assert_eq!(phone.remaining_notices(&[]).await, Vec::<String>::new(), "the device rings once");
}

// Proves: crash-wake
#[tokio::test]
async fn effects_that_were_done_but_not_reported_are_done_again_under_the_same_ids() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    // The second write marks the effects done. The process crashes before it, when its timer is armed.
    stack
        .inject_fault(
            json!({"function": "create-meeting", "kind": "kill_before_commit", "only": "UpdateItem"}),
        )
        .await;
    rings_long(&caller, &bob, &mut phone).await;
    stack.until_faults_struck().await;
    stack.advance_clock_when_idle(EFFECTS_ARE_OVERDUE).await;
    crate::controls::until("the offer is published again", async || {
        stack.direct_messages("wake", phone.client_id()).await > 0
    })
    .await;

    let offers = phone.copies_of("invitation").await;
    assert_eq!(offers.len(), 2, "the effects were not marked done: {offers:#?}");
    assert_eq!(ids(&offers)[0], ids(&offers)[1]);
    assert_eq!(phone.remaining_notices(&[]).await, Vec::<String>::new(), "the user is rung once");
    let answers = caller.copies_of("meeting_created").await;
    assert!(ids(&answers).iter().all(|id| *id == ids(&answers)[0]), "{answers:#?}");

    stack.advance_clock_when_idle(A_MINUTE).await;
    stack.sweep().await;
    assert_eq!(phone.copies_of("invitation").await.len(), 2, "the effects are marked done");
}

// Proves: true-effects
#[tokio::test]
async fn effects_are_not_done_again_when_they_are_not_true_any_more() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    stack
        .inject_fault(
            json!({"function": "create-meeting", "kind": "kill_before_commit", "only": "UpdateItem"}),
        )
        .await;
    let call = rings_long(&caller, &bob, &mut phone).await;
    stack.until_faults_struck().await;
    phone.requests("answer", call.about_invitation("accept")).await;
    stack.advance_clock_when_idle(A_MINUTE).await;
    stack.sweep().await;
    stack.wake_meeting(&call.meeting_id).await;
    assert_eq!(phone.copies_of("invitation").await.len(), 1, "a user who has answered is not rung");
    let cause = phone.client_id().to_owned();
    assert_eq!(caller.remaining_notices(&[&cause]).await, ["participant_updated"]);
}

// Proves: crash-retry
#[tokio::test]
async fn an_accept_that_died_after_its_commit_is_answered_and_told_when_the_terminal_asks_again() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone, mut tablet) =
        (alice.on("phone").await, bob.on("phone").await, bob.on("tablet").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    tablet.receives("invitation").await;
    crash_after_commit(&stack, "answer", "").await;
    let accept = request("answer", call.about_invitation("accept"));
    phone.sends_unanswered(&accept).await;
    stack.until_faults_struck().await;
    let late = tablet.is_refused("answer", call.about_invitation("accept")).await;
    assert_eq!(late.code, "already_answered", "the commit counts");

    let accepted = phone.sends(&accept).await;
    assert_eq!(accepted.kind, "invitation_accepted");
    assert!(accepted.body.contains_key("join"));
    let again = phone.sends(&accept).await;
    assert_eq!(again.id, accepted.id);
    let cause = phone.client_id().to_owned();
    assert_eq!(
        caller.remaining_notices(&[&cause]).await,
        ["participant_updated"],
        "the caller is notified once"
    );
    assert_eq!(tablet.receives("invitation_closed").await.body["reason"], "answered_elsewhere");
    let state = caller.syncs().await;
    assert_eq!(state["meetings"][0]["participants"][1]["state"], "accepted");
}

#[tokio::test]
async fn an_invite_that_died_after_its_commit_rings_when_the_terminal_asks_again() {
    let stack = Stack::own();
    let (alice, bob, carol) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"), User::at(&stack, "Carol"));
    let (mut caller, mut phone, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    crash_after_commit(&stack, "invite", "TransactWriteItems").await;
    let mut fields = call.request("invite");
    fields["invitees"] = json!([carol.id]);
    let invite = request("invite", fields);
    caller.sends_unanswered(&invite).await;
    stack.until_faults_struck().await;
    assert_eq!(
        carols.remaining_notices(&[]).await,
        Vec::<String>::new(),
        "the function crashed before it published"
    );

    let answer = caller.sends(&invite).await;
    let offer = carols.receives("invitation").await;
    assert_eq!(offer.body["invite_id"], json!(Call::to(&answer, &carol).invite_id));
    assert_eq!(phone.receives("meeting_updated").await.body["meeting"]["mode"], "group");
}

#[tokio::test]
async fn a_drop_whose_timer_died_with_its_function_is_found_by_the_sweep() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.online("phone").await, bob.online("phone").await);
    talks(&mut caller, &bob, &mut phone).await;
    // The first write is the registry's, the second one the meeting's.
    stack
        .inject_fault(
            json!({"function": "presence", "kind": "kill_after_commit", "only": "UpdateItem", "skip": 1}),
        )
        .await;
    phone.disconnects().await;
    stack.until_faults_struck().await;
    stack.advance_clock_when_idle(A_MINUTE).await;
    let gone = |news: &terminal::ReceivedDownlink| news.body["participant"]["state"] == "reconnecting";
    caller.receives_that("participant_updated", gone).await;
}

// Proves: crash-retry
#[tokio::test]
async fn a_leave_that_died_after_its_commit_is_told_when_the_terminal_asks_again() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    crash_after_commit(&stack, "attend", "TransactWriteItems").await;
    let leave = request("attend", call.request("leave"));
    caller.sends_unanswered(&leave).await;
    stack.until_faults_struck().await;
    assert_eq!(caller.sends(&leave).await.kind, "ok");
    assert_eq!(phone.receives("meeting_ended").await.body["reason"], "completed");

    stack.advance_clock_when_idle(A_MINUTE).await;
    stack.sweep().await;
    let ends = phone.copies_of("meeting_ended").await;
    assert!(ids(&ends).iter().all(|id| *id == ids(&ends)[0]), "every copy is the same message: {ends:#?}");
    let next = phone.requests("create-meeting", direct(&alice)).await;
    assert!(next.body.contains_key("join"), "both are free: {next:?}");
}

// Proves: crash-wake
#[tokio::test]
async fn an_end_that_died_after_its_commit_is_told_even_if_nobody_asks_again() {
    let stack = Stack::own();
    let (alice, bob, carol, dave) = (
        User::at(&stack, "Alice"),
        User::at(&stack, "Bob"),
        User::at(&stack, "Carol"),
        User::at(&stack, "Dave"),
    );
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let (carols, mut daves) = (carol.on("phone").await, dave.on("phone").await);
    let left = talks(&mut caller, &bob, &mut phone).await;
    let destroyed = rings_long(&carols, &dave, &mut daves).await;
    for (function, device, end) in [
        ("attend", &caller, left.request("leave")),
        ("destroy", &carols, destroyed.request("destroy_meeting")),
    ] {
        crash_after_commit(&stack, function, "TransactWriteItems").await;
        device.sends_unanswered(&request(function, end)).await;
        stack.until_faults_struck().await;
    }
    stack.advance_clock_when_idle(A_MINUTE).await;
    assert_eq!(phone.receives("meeting_ended").await.body["reason"], "completed");
    assert_eq!(daves.receives("invitation_closed").await.body["reason"], "meeting_ended");
    assert_eq!(daves.receives("missed_call").await.body["from"]["user_id"], json!(carol.id));
}

// Proves: crash-wake
#[tokio::test]
async fn a_wake_that_died_after_its_commit_tells_the_outcome_later() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    crash_after_commit(&stack, "wake", "TransactWriteItems").await;
    stack.advance_clock_when_idle(Duration::from_secs(49)).await;
    stack.until_faults_struck().await;
    assert_eq!(
        phone.remaining_notices(&[]).await,
        Vec::<String>::new(),
        "the function crashed before it published"
    );

    stack.advance_clock_when_idle(A_MINUTE).await;
    assert_eq!(caller.receives("invitation_updated").await.body["state"], "no_answer");
    assert_eq!(caller.receives("meeting_ended").await.body["reason"], "no_answer");
    assert_eq!(phone.receives("invitation_closed").await.body["reason"], "expired");
    assert_eq!(phone.receives("missed_call").await.body["reason"], "no_answer");
    stack.wake_meeting(&call.meeting_id).await;
    stack.sweep().await;
    let cause = caller.client_id().to_owned();
    assert_eq!(caller.remaining_notices(&[&cause]).await, Vec::<String>::new());
    assert_eq!(phone.remaining_notices(&[&cause]).await, Vec::<String>::new(), "one effect");
}

// Proves: crash-retry
#[tokio::test]
async fn a_function_that_died_before_its_commit_has_done_nothing_and_is_asked_again() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    stack.inject_fault(json!({"function": "create-meeting", "kind": "kill_before_commit"})).await;
    let create = request("create-meeting", direct(&bob));
    caller.sends_unanswered(&create).await;
    stack.until_faults_struck().await;
    assert_eq!(caller.syncs().await["meetings"], json!([]));
    let call = Call::of(&caller.sends(&create).await);
    assert_eq!(phone.receives("invitation").await.body["invite_id"], call.invite_id);
    stack.inject_fault(json!({"function": "answer", "kind": "kill_before_commit"})).await;
    let accept = request("answer", call.about_invitation("accept"));
    phone.sends_unanswered(&accept).await;
    stack.until_faults_struck().await;
    assert_eq!(phone.sends(&accept).await.kind, "invitation_accepted");
    assert_eq!(caller.receives("participant_updated").await.body["participant"]["state"], "accepted");
}

#[tokio::test]
async fn a_table_that_throttles_for_long_is_said_to_be_unavailable_and_may_be_asked_again() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let create = request("create-meeting", direct(&bob));
    for fault in ["throttle_table", "fail_table"] {
        // The number of attempts of the SDK.
        stack.inject_fault(json!({"function": "create-meeting", "kind": fault, "times": 3})).await;
        let refused = refusal(caller.terminal.request_uplink(&create).await);
        assert_eq!((refused.code.as_str(), refused.retryable), ("unavailable", true), "{fault}");
        assert!(refused.retry_after_ms.is_some(), "{refused:?}");
    }
    assert_eq!(caller.sends(&create).await.kind, "meeting_created");
    phone.receives("invitation").await;
}

// Proves: independent-downlinks
#[tokio::test]
async fn one_downlink_that_the_broker_refuses_holds_up_nobody_else() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone, mut tablet) =
        (alice.on("phone").await, bob.on("phone").await, bob.on("tablet").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    tablet.receives("invitation").await;
    let only = format!("@@@{}.", alice.id);
    // The number of attempts of the SDK.
    stack.inject_fault(json!({"function": "answer", "kind": "fail_publish", "only": only, "times": 2})).await;
    assert_eq!(phone.requests("answer", call.about_invitation("accept")).await.kind, "invitation_accepted");
    assert_eq!(tablet.receives("invitation_closed").await.body["reason"], "answered_elsewhere");
    stack.until_faults_struck().await;
    let state = caller.syncs().await;
    assert_eq!(state["meetings"][0]["participants"][1]["state"], "accepted", "`sync` has the lost state");
}
