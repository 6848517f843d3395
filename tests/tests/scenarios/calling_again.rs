//! Calling again: after a crash, right after hanging up, and while another call still holds the user.

use crate::calls::{Call, direct, rings, talks};
use crate::controls::until;
use crate::device::{Device, refusal, request};
use crate::media::talk;
use crate::rtc_service::RtcService;
use crate::stack::Stack;
use crate::user::User;
use serde_json::json;
use std::time::Duration;
use switchboard_protocol::object::Media;
use switchboard_protocol::requests::{JoinMeeting, Leave};

const ROUNDS: u64 = 20;

/// A new process on the same device: the connection of the crashed one breaks.
async fn restarted(user: &User, crashed: Device) -> Device {
    drop(crashed);
    user.on("phone").await
}

#[tokio::test]
async fn t17_who_crashed_and_calls_the_same_user_again_is_back_at_once() {
    let stack = Stack::shared();
    let (alice, bob) = (User::at(stack, "Alice"), User::at(stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    phone.remaining_notices(&[caller.client_id()]).await;
    let caller = restarted(&alice, caller).await;
    let merged = caller.requests("create-meeting", direct(&bob)).await;
    assert_eq!(
        (merged.kind.as_str(), merged.meeting_id.as_deref()),
        ("meeting_merged", Some(call.meeting_id.as_str()))
    );
    assert!(merged.body["join"]["token"].is_string());
    assert_eq!(phone.remaining_notices(&[caller.client_id()]).await, Vec::<String>::new(), "nothing rings");
    caller.requests("attend", call.request("leave")).await;
    phone.receives("meeting_ended").await;
}

#[tokio::test]
async fn t17_who_crashed_is_back_at_once_also_where_the_rtc_service_says_who_is_in() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.online("phone").await, bob.online("phone").await);
    let (call, _) = talk(&rtc, (&alice, &mut caller), (&bob, &mut phone)).await;
    let caller = restarted(&alice, caller).await;
    let merged = caller.requests("create-meeting", direct(&bob)).await;
    assert_eq!(
        (merged.kind.as_str(), merged.meeting_id.as_deref()),
        ("meeting_merged", Some(call.meeting_id.as_str()))
    );
    assert!(merged.body["join"]["token"].is_string());
}

#[tokio::test]
async fn t17_who_crashed_while_it_rang_and_calls_again_waits_in_the_same_call() {
    let stack = Stack::shared();
    let (alice, bob) = (User::at(stack, "Alice"), User::at(stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    let caller = restarted(&alice, caller).await;
    let merged = caller.requests("create-meeting", direct(&bob)).await;
    assert_eq!(merged.meeting_id.as_deref(), Some(call.meeting_id.as_str()));
    assert_eq!(merged.body["meeting"]["state"], "ringing");
    assert_eq!(phone.remaining_notices(&[caller.client_id()]).await, Vec::<String>::new(), "it rings once");
    phone.requests("answer", call.about_invitation("accept")).await;
}

#[tokio::test]
async fn who_crashed_and_calls_somebody_else_hears_which_call_holds_them() {
    let stack = Stack::shared();
    let [alice, bob, carol] = ["Alice", "Bob", "Carol"].map(|name| User::at(stack, name));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    let caller = restarted(&alice, caller).await;
    let refused = caller.is_refused("create-meeting", direct(&carol)).await;
    assert_eq!(refused.code, "user_busy");
    let held_by = refused.held_by().expect("the call is named");
    assert_eq!(held_by.as_str(), call.meeting_id);
    let here = JoinMeeting { meeting_id: held_by.clone(), media: Media::Audio, takeover: Some(true) };
    assert_eq!(caller.terminal.request(&here).await.expect("the join is accepted").kind, "joined");
    caller.terminal.request(&Leave { meeting_id: held_by }).await.expect("the leave is accepted");
    phone.receives("meeting_ended").await;
    assert_eq!(caller.requests("create-meeting", direct(&carol)).await.kind, "meeting_created");
}

/// Makes Alice hang up and call again, up to 20 ms later: in even rounds another user, in odd rounds the same user.
async fn hangs_up_and_calls_again(is_ordered: bool) {
    let stack = Stack::shared();
    let [alice, bob, carol] = ["Alice", "Bob", "Carol"].map(|name| User::at(stack, name));
    let (caller, phone) = (alice.on("phone").await, bob.on("phone").await);
    let carols = carol.on("phone").await;
    let mut call = Call::of(&caller.requests("create-meeting", direct(&bob)).await);
    for round in 0..ROUNDS {
        let leave = request("attend", call.request("leave"));
        let (callee, peer) = if round % 2 == 0 { (&carol, &carols) } else { (&bob, &phone) };
        let next = request("create-meeting", direct(callee));
        let later = async {
            tokio::time::sleep(Duration::from_millis(round)).await;
            caller.terminal.request_uplink(&next).await
        };
        let created = if is_ordered {
            let (left, created) = tokio::join!(biased; caller.terminal.request_uplink(&leave), later);
            assert_eq!(left.expect("the leave is answered").kind, "ok");
            created
        } else {
            // The library of another terminal may send both requests at once. This library does not, so the test
            // publishes the `leave` without it.
            let topic = leave.topic(&terminal::UplinkParents::default());
            let (left, created) =
                tokio::join!(biased; caller.terminal.publish(&topic, leave.payload()), later);
            left.expect("the leave is sent");
            created
        };
        let created = created.unwrap_or_else(|error| panic!("round {round}: {error}"));
        assert_eq!(created.kind, "meeting_created", "round {round}: {created:?}");
        let before = std::mem::replace(&mut call, Call::of(&created));
        assert_ne!(before.meeting_id, call.meeting_id, "round {round}");
        until("the call before has ended", async || {
            let sync = json!({"type": "sync", "meeting_id": before.meeting_id});
            let outcome = caller.terminal.request_uplink(&request("sync", sync)).await;
            outcome.is_err() && refusal(outcome).code == "meeting_ended"
        })
        .await;
        assert_eq!(
            peer.syncs().await["invitations"][0]["meeting_id"],
            json!(call.meeting_id),
            "round {round}"
        );
    }
    caller.requests("attend", call.request("leave")).await;
}

#[tokio::test]
async fn a_terminal_that_hangs_up_and_calls_again_is_not_busy() {
    hangs_up_and_calls_again(true).await;
}

#[tokio::test]
async fn a_hang_up_that_the_next_call_overtakes_at_the_service_is_waited_for() {
    hangs_up_and_calls_again(false).await;
}
