//! The outcome events: results of requests, deadlines and callbacks, users to wake by push, and never a token. The
//! examples of `docs/outcomes.md` are compared with real events.

use crate::calls::{Call, direct, rings, talks};
use crate::controls::until;
use crate::device::request;
use crate::inviting::{invite, receives_state};
use crate::stack::{Stack, client, workspace};
use crate::user::User;
use serde_json::{Value, json};
use std::time::Duration;

/// Past the deadline of a ring.
const RING_IS_OVER: Duration = Duration::from_secs(49);

impl Stack {
    /// The events about a meeting so far, oldest first.
    async fn outcomes_of(&self, meeting_id: &str) -> Vec<Value> {
        let all = self.get("/local/outcomes").await;
        let about = |event: &&Value| event["detail"]["responsePayload"]["meeting_id"] == meeting_id;
        all.as_array().into_iter().flatten().filter(about).cloned().collect()
    }

    /// Waits for an event about a meeting for which `claim` is true; returns the event.
    async fn outcome(&self, meeting_id: &str, what: &str, claim: impl Fn(&Value) -> bool) -> Value {
        let is_it = |event: &Value| claim(&event["detail"]["responsePayload"]);
        until(what, async || self.outcomes_of(meeting_id).await.iter().any(is_it)).await;
        let events = self.outcomes_of(meeting_id).await;
        events.into_iter().find(is_it).expect("the event was found")
    }
}

/// The example of the document with this word after `json `.
fn example(name: &str) -> Value {
    let page = std::fs::read_to_string(workspace().join("docs/outcomes.md")).expect("the page is readable");
    let start = format!("```json {name}\n");
    let (_, rest) = page.split_once(&start).unwrap_or_else(|| panic!("no example {name}"));
    let (text, _) = rest.split_once("```").expect("the example ends");
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Checks that an event has exactly the members of an example, of the same JSON types, down to the first elements of
/// lists; the members of `reached` are free.
fn assert_same_form(event: &Value, example: &Value, at: &str) {
    match (event, example) {
        (Value::Object(event), Value::Object(example)) => {
            let names = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
            if !["reached"].contains(&at.rsplit('.').next().unwrap_or_default()) {
                assert_eq!(names(event), names(example), "{at}");
                for (name, value) in example {
                    assert_same_form(&event[name], value, &format!("{at}.{name}"));
                }
            }
        }
        (Value::Array(event), Value::Array(example)) => {
            assert_eq!(event.is_empty(), example.is_empty(), "{at}");
            if let (Some(event), Some(example)) = (event.first(), example.first()) {
                assert_same_form(event, example, at);
            }
        }
        _ => assert_eq!(std::mem::discriminant(event), std::mem::discriminant(example), "{at}: {event}"),
    }
}

fn has_no_token(event: &Value) {
    let text = event.to_string();
    // Words that occur in every join token or join object.
    for word in ["\"token\"", "eyJhbGci", "\"join\":"] {
        assert!(!text.contains(word), "{text}");
    }
}

// Proves: push
#[tokio::test]
async fn a_call_of_somebody_asleep_wants_a_push_until_the_ring_is_over() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (caller, phone) = (alice.on("phone").await, bob.online("phone").await);
    phone.disconnects().await;
    let before = stack.now_ms().await;
    let call = Call::of(&caller.requests("create-meeting", direct(&bob)).await);
    let event = stack.outcome(&call.meeting_id, "a create", |told| told["request"] == "create_meeting").await;
    assert_eq!(event["detail-type"], "Lambda Function Invocation Result - Success");
    let push = &event["detail"]["responsePayload"]["push_wanted"][0];
    assert_eq!((&push["user_id"], &push["invite_id"]), (&json!(bob.id), &json!(call.invite_id)));
    assert_eq!(push["devices"], json!([bob.client_id("phone")]));
    assert_eq!(
        (&push["from"]["user_id"], &push["mode"], &push["media"]),
        (&json!(alice.id), &json!("direct"), &json!("audio"))
    );
    let rings_for = push["deadline_ms"].as_i64().expect("milliseconds") - before;
    assert!((45_000..60_000).contains(&rings_for), "{rings_for}");
    has_no_token(&event);
    assert_same_form(&event, &example("push-wanted"), "");
}

// Proves: push
#[tokio::test]
async fn who_was_invited_by_a_function_that_died_is_named_for_a_push_when_the_terminal_asks_again() {
    let stack = Stack::own();
    let (alice, bob, carol) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"), User::at(&stack, "Carol"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    carol.online("phone").await.disconnects().await;
    let call = talks(&mut caller, &bob, &mut phone).await;
    let fault = json!({"function": "invite", "kind": "kill_after_commit", "only": "TransactWriteItems"});
    stack.inject_fault(fault).await;
    let invite = request("invite", invite(&call, &[&carol]));
    caller.sends_unanswered(&invite).await;
    stack.until_faults_struck().await;
    let invited = Call::to(&caller.sends(&invite).await, &carol);
    let event = stack.outcome(&call.meeting_id, "an invite", |told| told["request"] == "invite").await;
    let push = &event["detail"]["responsePayload"]["push_wanted"][0];
    assert_eq!((&push["user_id"], &push["invite_id"]), (&json!(carol.id), &json!(invited.invite_id)));
    assert_eq!(push["devices"], json!([carol.client_id("phone")]));
}

// Proves: push
#[tokio::test]
async fn an_account_that_was_never_seen_wants_a_push_without_devices() {
    let stack = Stack::shared();
    let (alice, nobody) = (User::new("Alice"), User::new("Nobody"));
    let caller = alice.on("phone").await;
    let call = Call::of(&caller.requests("create-meeting", direct(&nobody)).await);
    let event = stack.outcome(&call.meeting_id, "a create", |told| told["request"] == "create_meeting").await;
    let push = &event["detail"]["responsePayload"]["push_wanted"][0];
    assert_eq!((&push["user_id"], &push["devices"]), (&json!(nobody.id), &json!([])));
}

// Proves: outcome-events
#[tokio::test]
async fn a_call_of_somebody_awake_wants_no_push_and_its_steps_are_told() {
    let stack = Stack::shared();
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.online("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    let event = stack.outcome(&call.meeting_id, "a create", |told| told["request"] == "create_meeting").await;
    let told = &event["detail"]["responsePayload"];
    assert_eq!(
        (&told["push_wanted"], &told["reached"][bob.client_id("phone").as_str()]),
        (&Value::Null, &json!("delivered"))
    );
    assert_eq!(told["told"], json!(["invitation", "meeting_created"]));
    has_no_token(&event);

    phone.requests("answer", call.about_invitation("accept")).await;
    receives_state(&mut caller, &bob, "accepted").await;
    let event = stack.outcome(&call.meeting_id, "an accept", |told| told["request"] == "accept").await;
    has_no_token(&event);
    assert_same_form(&event, &example("accepted"), "");

    caller.requests("attend", call.request("leave")).await;
    let event = stack.outcome(&call.meeting_id, "an end", |told| told["ended"] == "completed").await;
    assert_eq!(event["detail"]["responsePayload"]["state"], "ended");
}

// Proves: outcome-events
#[tokio::test]
async fn what_time_did_is_told_by_wake_itself() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    stack.advance_clock_when_idle(RING_IS_OVER).await;
    caller.receives("meeting_ended").await;
    let event = stack.outcome(&call.meeting_id, "no answer", |told| told["ended"] == "no_answer").await;
    assert_eq!(
        (&event["source"], &event["detail-type"]),
        (&json!("switchboard"), &json!("Switchboard Outcome"))
    );
    assert_same_form(&event, &example("no-answer"), "");
}

#[tokio::test]
async fn a_refusal_is_told() {
    let stack = Stack::shared();
    let caller = User::new("Alice").on("phone").await;
    let refused = caller.is_refused("attend", json!({"type": "leave", "meeting_id": "nosuchmeeting"})).await;
    assert_eq!(refused.code, "meeting_not_found");
    let event = stack.outcome("nosuchmeeting", "a refusal", |told| told["refused"].is_string()).await;
    assert_eq!(event["detail"]["responsePayload"]["refused"], "meeting_not_found");
}

#[tokio::test]
async fn only_a_function_whose_role_allows_it_tells_by_itself() {
    let stack = Stack::shared();
    let entry =
        json!({"EventBusName": "switchboard-outcomes", "Source": "x", "DetailType": "y", "Detail": "{}"});
    let put = async |function: &str| {
        let request = client().post(format!("{}/events/fn/{function}/", stack.http));
        let request = request.header("x-amz-target", "AWSEvents.PutEvents");
        let body = json!({"Entries": [entry]}).to_string();
        let response = request.body(body).send().await.expect("the stack answers");
        let answer = response.text().await.expect("text");
        serde_json::from_str::<Value>(&answer).expect("JSON")
    };
    assert_eq!(put("attend").await["__type"], "AccessDeniedException");
    assert_eq!(put("wake").await["FailedEntryCount"], 0);
}
