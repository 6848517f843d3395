//! Limits of the rate of requests: invitations of a user, rings of the same callee, requests of a device.

use crate::calls::{direct, group};
use crate::device::{Device, request};
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};
use std::time::Duration;

/// Sends this number of create requests at once. Returns the meetings that were made, and the waits of those that were refused.
async fn creates_at_once(device: &Device, count: usize, fields: &Value) -> (Vec<String>, Vec<u64>) {
    let uplinks: Vec<_> = (0..count).map(|_| request("create-meeting", fields.clone())).collect();
    let answers = uplinks.iter().map(|uplink| device.terminal.request_uplink(uplink));
    let (mut made, mut waits) = (Vec::new(), Vec::new());
    for answer in futures::future::join_all(answers).await {
        match answer {
            Ok(created) => made.push(created.meeting_id.expect("a meeting")),
            Err(terminal::RequestError::Refused(refused)) => {
                assert_eq!((refused.code.as_str(), refused.retryable), ("rate_limited", true));
                waits.push(refused.retry_after_ms.expect("a wait"));
            }
            Err(error) => panic!("{error}"),
        }
    }
    (made, waits)
}

// Proves: rate-limits
#[tokio::test]
async fn two_devices_of_a_user_that_call_at_once_share_the_limit_and_may_hang_up() {
    let stack = Stack::own_with(&["InvitationsPerMinute=3"]);
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (phone, tablet) = (alice.on("phone").await, alice.on("tablet").await);
    let mut fields = group(&[&bob]);
    fields["policy"] = json!({"busy": "ring"});
    let (of_phone, of_tablet) =
        tokio::join!(creates_at_once(&phone, 3, &fields), creates_at_once(&tablet, 3, &fields));
    assert_eq!(of_phone.0.len() + of_tablet.0.len(), 3, "three of six: {of_phone:?} {of_tablet:?}");
    assert!(of_phone.1.iter().chain(&of_tablet.1).all(|wait| (1..=60_000).contains(wait)));
    for (device, made) in [(&phone, &of_phone.0), (&tablet, &of_tablet.0)] {
        for meeting_id in made {
            let destroy = json!({"type": "destroy_meeting", "meeting_id": meeting_id});
            assert_eq!(device.requests("destroy", destroy).await.kind, "meeting_ended");
        }
    }
    stack.advance_clock_when_idle(Duration::from_secs(61)).await;
    assert_eq!(phone.requests("create-meeting", fields).await.kind, "meeting_created");
}

#[tokio::test]
async fn a_callee_who_does_not_answer_is_not_rung_without_end() {
    let stack = Stack::own_with(&["UnansweredRingsPerHour=2"]);
    let (alice, bob, carol) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"), User::at(&stack, "Carol"));
    let (caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    for _ in 0..2 {
        let created = caller.requests("create-meeting", direct(&bob)).await;
        phone.receives("invitation").await;
        let leave = json!({"type": "leave", "meeting_id": created.meeting_id});
        caller.requests("attend", leave).await;
    }
    let refused = caller.is_refused("create-meeting", direct(&bob)).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("rate_limited", 503));
    assert_eq!(caller.requests("create-meeting", direct(&carol)).await.kind, "meeting_created");
}

// Proves: rate-limits
#[tokio::test]
async fn a_device_that_floods_a_function_is_refused_and_still_hangs_up() {
    let stack = Stack::own_with(&["RequestsPerSecond=1", "RequestBurst=1"]);
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let caller = alice.on("phone").await;
    let created = caller.requests("create-meeting", direct(&bob)).await;
    let refused = loop {
        let settings = request("settings", json!({"type": "settings"}));
        if let Err(terminal::RequestError::Refused(refused)) = caller.terminal.request_uplink(&settings).await
        {
            break refused;
        }
    };
    assert_eq!((refused.code.as_str(), refused.retryable), ("rate_limited", true));
    assert!(refused.retry_after_ms.is_some_and(|ms| (1..=1_000).contains(&ms)), "{refused:?}");
    for kind in ["leave", "leave", "leave"] {
        let uplink = request("attend", json!({"type": kind, "meeting_id": created.meeting_id}));
        let answer = caller.terminal.request_uplink(&uplink).await;
        let code = answer.as_ref().err().map(ToString::to_string).unwrap_or_default();
        assert!(!code.contains("rate_limited"), "{code}");
    }
}
