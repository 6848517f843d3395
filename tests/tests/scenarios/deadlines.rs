//! Deadlines: rings and unused meetings end, and the caller is notified of the reach of the offers.

use crate::calls::{Call, direct, group, rings};
use crate::device::none;
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};
use std::time::Duration;

/// Past the deadline of a ring (45 s), with its grace of 2 s and the timer's delay of 1 s.
const RING_IS_OVER: Duration = Duration::from_secs(49);

// Proves: T3, T14, unreachable
#[tokio::test]
async fn t13_who_had_it_and_did_not_answer_is_no_answer() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone, mut tablet) =
        (alice.on("phone").await, bob.on("phone").await, bob.on("tablet").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    stack.advance_clock_when_idle(RING_IS_OVER).await;

    let updated = caller.receives("invitation_updated").await;
    let told = ["state", "code", "reach"].map(|field| &updated.body[field]);
    assert_eq!(told, [&json!("no_answer"), &json!("no_answer"), &json!("delivered")]);
    let ended = caller.receives("meeting_ended").await;
    assert_eq!((&ended.body["reason"], &ended.body["sip"]), (&json!("no_answer"), &json!(408)));
    for device in [&mut phone, &mut tablet] {
        let closed = device.receives("invitation_closed").await;
        assert_eq!(
            (&closed.body["reason"], &closed.body["invite_id"]),
            (&json!("expired"), &json!(call.invite_id))
        );
        let missed = device.receives("missed_call").await;
        assert_eq!(
            (&missed.body["from"]["user_id"], &missed.body["reason"]),
            (&json!(alice.id), &json!("no_answer"))
        );
    }
    let refused = phone.is_refused("answer", call.about_invitation("accept")).await;
    assert_eq!((refused.code.as_str(), refused.reason.as_deref()), ("meeting_ended", Some("no_answer")));
    let back = phone.requests("create-meeting", direct(&alice)).await;
    assert!(back.body.contains_key("join"), "t47: both are free again: {back:?}");
}

// Proves: unreachable
#[tokio::test]
async fn t13_who_had_it_on_no_device_is_unreachable_and_so_is_an_account_never_seen() {
    let stack = Stack::own();
    let (bob, nobody) = (User::at(&stack, "Bob"), User::at(&stack, "Nobody"));
    bob.on("phone").await.disconnects().await;
    let mut callers = Vec::new();
    for callee in [&bob, &nobody] {
        let caller = User::at(&stack, "Alice").on("phone").await;
        let created = caller.requests("create-meeting", direct(callee)).await;
        assert!(created.body.contains_key("join"), "the offer rings: {created:?}");
        callers.push(caller);
    }
    stack.advance_clock_when_idle(RING_IS_OVER).await;
    for caller in &mut callers {
        let over = |news: &terminal::ReceivedDownlink| news.body["state"] == "unreachable";
        let updated = caller.receives_that("invitation_updated", over).await;
        assert_eq!(updated.body["code"], "unreachable");
        let ended = caller.receives("meeting_ended").await;
        assert_eq!((&ended.body["reason"], &ended.body["sip"]), (&json!("unreachable"), &json!(480)));
    }
}

#[tokio::test]
async fn t13_a_device_that_fetched_the_offer_and_rang_makes_it_no_answer() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    bob.on("phone").await.disconnects().await;
    let mut caller = alice.on("phone").await;
    let call = Call::of(&caller.requests("create-meeting", direct(&bob)).await);
    let back = bob.on("phone").await;
    back.sends_once("answer", call.about_invitation("ringing")).await;
    stack.advance_clock_when_idle(RING_IS_OVER).await;
    assert_eq!(caller.receives("meeting_ended").await.body["reason"], "no_answer");
}

#[tokio::test]
async fn t13_an_accept_in_the_last_moment_wins() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let mut fields = direct(&bob);
    fields["ring_seconds"] = json!(180);
    let call = Call::of(&caller.requests("create-meeting", fields).await);
    phone.receives("invitation").await;
    stack.advance_clock_when_idle(Duration::from_mins(3)).await;
    stack.wake_meeting(&call.meeting_id).await;
    let accepted = phone.requests("answer", call.about_invitation("accept")).await;
    assert_eq!(accepted.kind, "invitation_accepted", "the deadline fires two seconds late");
    stack.advance_clock_when_idle(Duration::from_secs(10)).await;
    stack.wake_meeting(&call.meeting_id).await;
    let cause = phone.client_id().to_owned();
    assert_eq!(caller.remaining_notices(&[&cause]).await, ["participant_updated"], "the call goes on");
}

#[tokio::test]
async fn t13_in_a_group_one_who_does_not_answer_ends_nothing() {
    let stack = Stack::own();
    let (alice, bob, carol) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"), User::at(&stack, "Carol"));
    let (mut caller, mut phone, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let created = caller.requests("create-meeting", group(&[&bob, &carol])).await;
    let (bobs, carols_call) = (Call::to(&created, &bob), Call::to(&created, &carol));
    phone.receives("invitation").await;
    carols.sends_once("answer", carols_call.about_invitation("ringing")).await;
    phone.requests("answer", bobs.about_invitation("accept")).await;
    stack.advance_clock_when_idle(RING_IS_OVER).await;

    let over = |news: &terminal::ReceivedDownlink| news.body["state"] == "no_answer";
    let updated = caller.receives_that("invitation_updated", over).await;
    assert_eq!(updated.body["user_id"], json!(carol.id));
    let closed = carols.receives("invitation_closed").await;
    assert_eq!(closed.body["reason"], "expired");
    for kind in ["accept", "reject"] {
        let refused = carols.is_refused("answer", carols_call.about_invitation(kind)).await;
        assert_eq!((refused.code.as_str(), refused.sip), ("invitation_expired", 408), "{kind}");
    }
    carols.sends_once("answer", carols_call.about_invitation("ringing")).await;
    assert_eq!(
        carols.receives("error").await.body["code"],
        "invitation_expired",
        "a late `ringing` is refused"
    );
    assert_eq!(
        phone.requests("attend", bobs.request("refresh_token")).await.kind,
        "token",
        "the meeting goes on"
    );
    let state = caller.syncs().await;
    let participant_states = [&alice, &bob, &carol].map(|user| user_state(&state, user));
    assert_eq!(participant_states, [json!("accepted"), json!("accepted"), json!("no_answer")]);
}

#[tokio::test]
async fn t42_a_group_that_everybody_has_left_ends_after_a_while_and_who_rings_has_missed_it() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let mut fields = group(&[&bob]);
    fields["ring_seconds"] = json!(180);
    let created = caller.requests("create-meeting", fields).await;
    let call = Call::to(&created, &bob);
    phone.receives("invitation").await;
    caller.sends_once("attend", call.joined()).await;
    caller.requests("attend", call.request("leave")).await;
    let cause = caller.client_id().to_owned();
    assert_eq!(phone.remaining_notices(&[&cause]).await, none(), "t39: the meeting is empty and still rings");
    stack.advance_clock_when_idle(Duration::from_secs(32)).await;
    assert_eq!(phone.receives("invitation_closed").await.body["reason"], "meeting_ended");
    assert_eq!(phone.receives("missed_call").await.body["reason"], "meeting_ended");
    let refused = phone.is_refused("answer", call.about_invitation("accept")).await;
    assert_eq!((refused.code.as_str(), refused.reason.as_deref()), ("meeting_ended", Some("empty")));
}

#[tokio::test]
async fn t43_a_meeting_that_nobody_ever_joined_ends_as_unused() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let mut caller = alice.on("phone").await;
    let created = caller.requests("create-meeting", group(&[&bob])).await;
    let call = Call::to(&created, &bob);
    stack.advance_clock_when_idle(RING_IS_OVER).await;
    let over = |news: &terminal::ReceivedDownlink| news.body["state"] == "unreachable";
    caller.receives_that("invitation_updated", over).await;
    assert_eq!(
        caller.requests("attend", call.request("refresh_token")).await.kind,
        "token",
        "the meeting waits for its host"
    );
    stack.advance_clock_when_idle(Duration::from_secs(260)).await;
    let ended = caller.receives("meeting_ended").await;
    assert_eq!((&ended.body["reason"], &ended.body["duration_ms"]), (&json!("unused"), &json!(0)));
    let next = caller.requests("create-meeting", direct(&bob)).await;
    assert!(next.body.contains_key("join"), "t47: the creator is free again: {next:?}");
}

#[tokio::test]
async fn t45_a_meeting_ends_when_its_time_is_over() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let mut fields = direct(&bob);
    fields["max_minutes"] = json!(1);
    let call = Call::of(&caller.requests("create-meeting", fields).await);
    phone.receives("invitation").await;
    phone.requests("answer", call.about_invitation("accept")).await;
    stack.advance_clock_when_idle(Duration::from_secs(62)).await;
    for device in [&mut caller, &mut phone] {
        assert_eq!(device.receives("meeting_ended").await.body["reason"], "max_duration");
    }
}

/// The state of a user in the first meeting of a `state`.
fn user_state(state: &Value, user: &User) -> Value {
    let participants = state["meetings"][0]["participants"].as_array();
    let of_user = |participant: &&Value| participant["user_id"] == json!(user.id);
    participants.into_iter().flatten().find(of_user).map_or(Value::Null, |p| p["state"].clone())
}
