//! Writes of the table that are stored although their answer gets lost, and a function that crashes between its two
//! writes: the devices get the same messages as without the fault.

use crate::calls::{Call, direct, rings, talks};
use crate::device::{Device, request};
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};
use std::time::Duration;

/// Longer than the SDK waits for one answer of the table, in milliseconds.
const SLOWER_THAN_AN_ATTEMPT_MS: u64 = 1_300;

/// The two ways in which an answer to a write of `function` gets lost.
fn losses(function: &str, operation: &str) -> [Value; 2] {
    let failed = json!({"function": function, "kind": "lose_table_answer", "only": operation});
    let mut late = failed.clone();
    late["delay_ms"] = json!(SLOWER_THAN_AN_ATTEMPT_MS);
    [failed, late]
}

/// Alice and Bob are in a call; all notices so far are consumed.
async fn talk(stack: &Stack) -> (Device, Device) {
    let (alice, bob) = (User::at(stack, "Alice"), User::at(stack, "Bob"));
    let (mut caller, mut phone) = (alice.online("phone").await, bob.online("phone").await);
    talks(&mut caller, &bob, &mut phone).await;
    let cause = phone.client_id().to_owned();
    caller.remaining_notices(&[&cause]).await;
    (caller, phone)
}

/// Checks that Alice is notified 10 s after Bob's phone has lost its connection, and of the end of the call after the
/// grace.
async fn the_drop_is_noticed(stack: &Stack, mut caller: Device, phone: Device) {
    phone.disconnects().await;
    stack.until_faults_struck().await;
    for seconds in [11, 31] {
        stack.advance_clock_when_idle(Duration::from_secs(seconds)).await;
    }
    let reconnects = |news: &terminal::ReceivedDownlink| news.body["participant"]["state"] == "reconnecting";
    caller.receives_that("participant_updated", reconnects).await;
    stack.advance_clock_when_idle(Duration::from_secs(61)).await;
    let ended = caller.receives("meeting_ended").await;
    assert_eq!(ended.body["reason"], "lost");
    assert_eq!(caller.syncs().await["meetings"], json!([]), "no call is left");
}

// Proves: own-write
#[tokio::test]
async fn a_drop_whose_write_gets_no_answer_is_noticed_all_the_same() {
    for fault in losses("presence", "UpdateItem") {
        let stack = Stack::own();
        let (caller, phone) = talk(&stack).await;
        stack.inject_fault(fault).await;
        the_drop_is_noticed(&stack, caller, phone).await;
    }
}

// Proves: own-write
#[tokio::test]
async fn a_drop_is_noticed_though_the_function_crashed_between_its_two_writes() {
    let stack = Stack::own();
    let (caller, phone) = talk(&stack).await;
    let crash = json!({"function": "presence", "kind": "kill_after_commit", "only": "UpdateItem"});
    stack.inject_fault(crash).await;
    the_drop_is_noticed(&stack, caller, phone).await;
}

// Proves: own-write
#[tokio::test]
async fn requests_whose_write_gets_no_answer_are_answered_and_told_once() {
    for operation in ["TransactWriteItems", "UpdateItem"] {
        for fault in losses("*", operation) {
            let stack = Stack::own();
            let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
            let (mut caller, mut phone) = (alice.online("phone").await, bob.online("phone").await);
            let is_create = operation == "TransactWriteItems";
            let call = if is_create {
                stack.inject_fault(fault).await;
                let call = Call::of(&caller.sends(&request("create-meeting", direct(&bob))).await);
                phone.receives("invitation").await;
                call
            } else {
                let call = rings(&mut caller, &bob, &mut phone).await;
                stack.until_idle().await;
                stack.inject_fault(fault).await;
                call
            };
            let accepted = phone.requests("answer", call.about_invitation("accept")).await;
            assert_eq!(accepted.kind, "invitation_accepted");
            stack.until_faults_struck().await;
            let cause = phone.client_id().to_owned();
            assert_eq!(caller.remaining_notices(&[&cause]).await, ["participant_updated"], "{operation}");
        }
    }
}
