//! Moderation by host and cohosts: speech, and membership (T32–T38).

mod managed;

use crate::calls::{Call, group, talks};
use crate::device::{Device, none, request};
use crate::inviting::{invite, receives_state};
use crate::round_trips::was_cheap;
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};
use std::time::Duration;
use terminal::ReceivedDownlink;

fn mute(call: &Call, whom: &str, mode: &str) -> Value {
    let mut fields = call.request("mute");
    fields["user_id"] = json!(whom);
    fields["mode"] = json!(mode);
    fields
}

fn allow(call: &Call, whom: &str) -> Value {
    let mut fields = call.request("allow_speech");
    fields["user_id"] = json!(whom);
    fields
}

fn remove(call: &Call, whom: &User, ban: bool) -> Value {
    let mut fields = call.request("remove");
    fields["user_id"] = json!(whom.id);
    fields["ban"] = json!(ban);
    fields
}

/// Returns the user, the mode, and `true` if the RTC service enforces the mode.
fn speech_of(news: &ReceivedDownlink) -> (String, String, bool) {
    let text = |field: &str| news.body[field].as_str().expect("a text").to_owned();
    (text("user_id"), text("mode"), news.body["enforced"].as_bool().expect("yes or no"))
}

fn speech(user: &User, mode: &str, enforced: bool) -> (String, String, bool) {
    (user.id.to_string(), mode.to_owned(), enforced)
}

/// Alice is host of Bob and Carol; all have received each other's `joined`.
struct Party {
    bob: User,
    carol: User,
    host: Device,
    bobs: Device,
    carols: Device,
    call: Call,
}

async fn party(stack: &Stack) -> Party {
    let (alice, bob, carol) = (User::at(stack, "Alice"), User::at(stack, "Bob"), User::at(stack, "Carol"));
    let (mut host, mut bobs, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let created = host.requests("create-meeting", group(&[&bob, &carol])).await;
    let call = Call::to(&created, &bob);
    host.sends_once("attend", call.joined()).await;
    for (device, user) in [(&bobs, &bob), (&carols, &carol)] {
        device.requests("answer", Call::to(&created, user).about_invitation("accept")).await;
        device.sends_once("attend", call.joined()).await;
    }
    for device in [&mut host, &mut bobs, &mut carols] {
        receives_state(device, &carol, "joined").await;
    }
    for device in [&mut host, &mut bobs, &mut carols] {
        device.remaining_notices(&[]).await;
    }
    Party { bob, carol, host, bobs, carols, call }
}

#[tokio::test]
async fn t34_t36_a_soft_mute_asks_and_may_be_undone_by_whom_it_asks() {
    let Party { bob, mut host, mut bobs, mut carols, call, .. } = party(Stack::shared()).await;
    let answer = host.requests("moderate", mute(&call, bob.id.as_str(), "soft")).await;
    assert_eq!((answer.kind.as_str(), speech_of(&answer)), ("speech_changed", speech(&bob, "soft", false)));
    for device in [&mut bobs, &mut carols] {
        let heard = device.receives("speech_changed").await;
        assert_eq!(speech_of(&heard), speech(&bob, "soft", false));
        assert!(heard.prev_rev.is_some(), "all members are notified");
    }
    let answer = bobs.requests("attend", call.request("unmute_self")).await;
    assert_eq!((answer.kind.as_str(), speech_of(&answer)), ("speech_changed", speech(&bob, "free", false)));
    for device in [&mut host, &mut carols] {
        assert_eq!(speech_of(&device.receives("speech_changed").await), speech(&bob, "free", false));
    }
    let cause = bobs.client_id().to_owned();
    assert_eq!(bobs.remaining_notices(&[&cause]).await, none(), "the sender gets the answer only");
}

// Proves: blocks
#[tokio::test]
async fn t35_t37_t38_a_block_stands_in_later_tokens_and_only_a_host_lifts_it() {
    let Party { bob, host, mut bobs, call, .. } = party(Stack::shared()).await;
    host.requests("moderate", mute(&call, bob.id.as_str(), "hard")).await;
    assert_eq!(
        speech_of(&bobs.receives("speech_changed").await),
        speech(&bob, "hard", false),
        "this RTC service is not managed"
    );
    let refused = bobs.is_refused("attend", call.request("unmute_self")).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("speech_blocked", 403));
    let rights = |token: &ReceivedDownlink| token.body["join"]["rights"]["microphone"].clone();
    assert_eq!(rights(&bobs.requests("attend", call.request("refresh_token")).await), json!(false));
    assert_eq!(rights(&bobs.requests("attend", call.request("rejoin")).await), json!(false));
    let soft = host.requests("moderate", mute(&call, bob.id.as_str(), "soft")).await;
    assert_eq!(speech_of(&soft), speech(&bob, "hard", false), "the user's own request lifts no block");
    host.requests("moderate", allow(&call, bob.id.as_str())).await;
    assert_eq!(speech_of(&bobs.receives("speech_changed").await), speech(&bob, "free", false));
    assert_eq!(rights(&bobs.requests("attend", call.request("refresh_token")).await), json!(true));
}

#[tokio::test]
async fn everybody_can_be_muted_at_once_and_one_statement_tells_it() {
    let Party { bob, carol, mut host, mut bobs, mut carols, call } = party(Stack::shared()).await;
    let all = |mode: &str| ("*".to_owned(), mode.to_owned(), false);
    let answer = host.requests("moderate", mute(&call, "*", "soft")).await;
    assert_eq!(speech_of(&answer), all("soft"));
    for (device, user) in [(&mut bobs, &bob), (&mut carols, &carol)] {
        let own = device.receives_that("speech_changed", |news| speech_of(news) != all("soft")).await;
        assert_eq!(speech_of(&own), speech(user, "soft", false));
        device.receives_that("speech_changed", |news| speech_of(news) == all("soft")).await;
    }
    let cause = host.client_id().to_owned();
    assert_eq!(host.remaining_notices(&[&cause]).await, none());
    assert_eq!(speech_of(&host.requests("moderate", allow(&call, "*")).await), all("free"));
    let state = bobs.syncs().await;
    for participant in state["meetings"][0]["participants"].as_array().expect("a list") {
        assert_eq!(participant["speech"]["mode"], "free", "{participant}");
    }
}

#[tokio::test]
async fn who_may_not_and_who_is_not_there() {
    let Party { bob, carol, host, bobs, call, .. } = party(Stack::shared()).await;
    let code = async |device: &Device, fields: Value| device.is_refused("moderate", fields).await.code;
    assert_eq!(code(&bobs, mute(&call, carol.id.as_str(), "soft")).await, "not_host");
    assert_eq!(code(&bobs, allow(&call, "*")).await, "not_host");
    assert_eq!(code(&bobs, remove(&call, &carol, false)).await, "not_host");
    assert_eq!(code(&host, mute(&call, "nobody", "soft")).await, "user_not_found");
    assert_eq!(code(&host, remove(&call, &User::new("Zoe"), true)).await, "user_not_found");
    let stranger = User::new("Mallory").on("phone").await;
    assert_eq!(code(&stranger, mute(&call, bob.id.as_str(), "hard")).await, "forbidden");
    let state = host.syncs().await;
    let alice = state["meetings"][0]["host"].as_str().expect("an account").to_owned();
    assert_eq!(code(&host, mute(&call, &alice, "hard")).await, "forbidden");
    let mut removal = call.request("remove");
    removal["user_id"] = json!(alice);
    assert_eq!(code(&host, removal).await, "forbidden");
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let device = User::new("Alice").on("phone").await;
    let cases = [
        (json!({"type": "mute", "mode": "hard"}), "user_id"),
        (json!({"type": "mute", "user_id": "b o b", "mode": "hard"}), "user_id"),
        (json!({"type": "mute", "user_id": "**", "mode": "hard"}), "user_id"),
        (json!({"type": "mute", "user_id": "bob"}), "mode"),
        (json!({"type": "mute", "user_id": "bob", "mode": "free"}), "mode"),
        (json!({"type": "mute", "user_id": "bob", "mode": "soft", "for_seconds": 5}), "for_seconds"),
        (json!({"type": "mute", "user_id": "bob", "mode": "hard", "for_seconds": 0}), "for_seconds"),
        (json!({"type": "mute", "user_id": "bob", "mode": "hard", "for_seconds": 86_401}), "for_seconds"),
        (json!({"type": "mute", "user_id": "bob", "mode": "hard", "for_seconds": -1}), "for_seconds"),
        (json!({"type": "allow_speech"}), "user_id"),
        (json!({"type": "remove", "user_id": "*"}), "user_id"),
        (json!({"type": "remove", "user_id": "bob", "for_seconds": 5}), "for_seconds"),
        (json!({"type": "remove", "user_id": "bob", "ban": "yes"}), "ban"),
        (json!({"type": "remove", "user_id": "bob", "reason": "x".repeat(201)}), "reason"),
    ];
    for (mut fields, path) in cases {
        fields["meeting_id"] = json!("m1");
        let refused = device.is_refused("moderate", fields.clone()).await;
        let said = (refused.code.as_str(), refused.path.as_deref());
        assert_eq!(said, ("bad_request", Some(path)), "{fields}: {refused}");
    }
    device.wrote_nothing().await;
}

#[tokio::test]
async fn t38_a_block_ends_when_its_time_comes() {
    let Party { bob, host, mut bobs, mut carols, call, .. } = party(&Stack::own()).await;
    let mut block = mute(&call, bob.id.as_str(), "hard");
    block["for_seconds"] = json!(60);
    let answer = host.requests("moderate", block).await;
    assert!(answer.body["until_in_ms"].as_i64().is_some_and(|ms| (1..=60_000).contains(&ms)), "{answer:?}");
    bobs.receives("speech_changed").await;
    carols.receives("speech_changed").await;
    bobs.stack.advance_clock_when_idle(Duration::from_secs(62)).await;
    for device in [&mut bobs, &mut carols] {
        assert_eq!(speech_of(&device.receives("speech_changed").await), speech(&bob, "free", false));
    }
}

// Proves: removal
#[tokio::test]
async fn t32_who_is_removed_comes_back_by_an_invitation_only() {
    let Party { bob, mut host, mut bobs, mut carols, call, .. } = party(Stack::shared()).await;
    let answer = host.requests("moderate", remove(&call, &bob, false)).await;
    assert_eq!(answer.kind, "participant_updated");
    assert_eq!(answer.body["participant"]["state"], "removed");
    assert_eq!(bobs.receives("participant_removed").await.body["reason"], "removed");
    receives_state(&mut carols, &bob, "removed").await;
    for kind in ["rejoin", "refresh_token", "unmute_self"] {
        assert_eq!(bobs.is_refused("attend", call.request(kind)).await.code, "not_admitted");
    }
    bobs.is_refused("answer", call.about_invitation("accept")).await;
    let cause = host.client_id().to_owned();
    assert_eq!(host.remaining_notices(&[&cause]).await, none(), "the sender gets the answer only");

    let invited = host.requests("invite", invite(&call, &[&bob])).await;
    bobs.receives("invitation").await;
    let accepted = bobs.requests("answer", Call::to(&invited, &bob).about_invitation("accept")).await;
    assert_eq!(accepted.kind, "invitation_accepted");
}

// Proves: removal
#[tokio::test]
async fn t33_who_is_banned_does_not_come_back() {
    let Party { bob, carol, host, mut bobs, call, .. } = party(&Stack::own()).await;
    host.requests("moderate", remove(&call, &bob, true)).await;
    let removed = bobs.receives("participant_removed").await;
    assert_eq!((&removed.body["reason"], removed.body.get("until_in_ms")), (&json!("banned"), None));
    for kind in ["rejoin", "refresh_token"] {
        assert_eq!(bobs.is_refused("attend", call.request(kind)).await.code, "banned");
    }
    assert_eq!(bobs.is_refused("answer", call.about_invitation("accept")).await.code, "banned");

    let mut ban = remove(&call, &carol, true);
    ban["for_seconds"] = json!(600);
    host.requests("moderate", ban).await;
    host.stack.advance_clock_when_idle(Duration::from_secs(602)).await;
    host.stack.sweep().await;
    let state = host.syncs().await;
    let states: Vec<&Value> = state["meetings"][0]["participants"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|participant| &participant["state"])
        .collect();
    assert_eq!(states, ["joined", "banned", "removed"], "the ban has expired, without a notice");
}

#[tokio::test]
async fn t40_removing_one_side_of_a_direct_call_ends_it() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    caller.requests("moderate", remove(&call, &bob, false)).await;
    phone.receives("participant_removed").await;
    assert_eq!(caller.receives("meeting_ended").await.body["reason"], "completed");
}

#[tokio::test]
async fn the_same_request_again_is_the_same_answer() {
    let Party { bob, host, mut bobs, call, .. } = party(Stack::shared()).await;
    let block = request("moderate", mute(&call, bob.id.as_str(), "hard"));
    let (first, second) = (host.sends(&block).await, host.sends(&block).await);
    assert_eq!((&first.id, speech_of(&first)), (&second.id, speech_of(&second)));
    let cause = host.client_id().to_owned();
    assert_eq!(bobs.remaining_notices(&[&cause]).await, ["speech_changed"], "one notice");
}

#[tokio::test]
async fn moderation_costs_two_round_trips_at_most() {
    let Party { bob, host, bobs, call, .. } = party(Stack::shared()).await;
    host.requests("moderate", mute(&call, bob.id.as_str(), "soft")).await;
    bobs.requests("attend", call.request("unmute_self")).await;
    host.requests("moderate", mute(&call, "*", "hard")).await;
    host.requests("moderate", allow(&call, "*")).await;
    host.requests("moderate", remove(&call, &bob, false)).await;
    was_cheap(&host, "moderate").await;
    was_cheap(&bobs, "attend").await;
}

// Proves: enforced-rights
#[tokio::test]
async fn where_the_service_has_no_such_call_a_block_is_not_said_to_be_enforced() {
    let stack = Stack::own_with(&["RtcProvider=alibaba", "RtcUrl=", "RtcKeyId=abc", "RtcKeySecret=abckey"]);
    let Party { bob, host, mut bobs, call, .. } = party(&stack).await;
    let answer = host.requests("moderate", mute(&call, bob.id.as_str(), "hard")).await;
    assert_eq!(speech_of(&answer), speech(&bob, "hard", false));
    assert_eq!(speech_of(&bobs.receives("speech_changed").await), speech(&bob, "hard", false));
    let token = bobs.requests("attend", call.request("refresh_token")).await;
    let join = &token.body["join"];
    assert_eq!((&join["rights"]["microphone"], &join["rights_enforced"]), (&json!(false), &json!(false)));
}
