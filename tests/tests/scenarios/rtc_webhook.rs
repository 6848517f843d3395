//! Callbacks of the RTC service to the function's URL: signed ones report who is in the media, in any order; all others
//! are refused and change nothing.

pub mod services;

use crate::calls::{Call, group, rings};
use crate::device::{Device, none};
use crate::inviting::receives_state;
use crate::media::channel;
use crate::stack::{Stack, client};
use crate::user::{User, now_ms};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use services::{Agora, Janus, Livekit, Service};
use std::time::Duration;

/// Past the 30 s for which a seat in a direct call is kept.
const SEAT_IS_LOST: Duration = Duration::from_secs(32);

/// The URL for callbacks.
fn url(stack: &Stack) -> String {
    format!("{}/lambda-url/rtc-webhook/", stack.http)
}

/// A call that Bob has accepted, with both users not yet in the media.
struct Answered<S> {
    alice: User,
    bob: User,
    caller: Device,
    phone: Device,
    call: Call,
    /// The channel and both users, as the service names them.
    room: String,
    alices_id: String,
    bobs_id: String,
    service: S,
}

impl<S: Service> Answered<S> {
    async fn at(stack: &Stack, service: S) -> Self {
        let (alice, bob) = (User::at(stack, "Alice"), User::at(stack, "Bob"));
        let (mut caller, mut phone) = (alice.online("phone").await, bob.online("phone").await);
        let call = rings(&mut caller, &bob, &mut phone).await;
        let accepted = phone.requests("answer", call.about_invitation("accept")).await;
        receives_state(&mut caller, &bob, "accepted").await;
        let room = channel(&call.created);
        let alices_id = service.media_id(&call.created["join"]);
        let bobs_id = service.media_id(&accepted.body["join"]);
        Self { alice, bob, caller, phone, call, room, alices_id, bobs_id, service }
    }

    /// Sends a callback, which must be accepted.
    async fn hook(&self, body: &Value) {
        let response = self.service.sends(&self.caller.stack, body).await;
        assert_eq!(response.status(), 200, "{body}");
    }

    /// Both users enter the media, one second apart, the second one at `at_ms`.
    async fn both_join(&mut self, at_ms: i64) {
        for (id, at_ms) in [(self.alices_id.clone(), at_ms - 1_000), (self.bobs_id.clone(), at_ms)] {
            self.hook(&self.service.joined(&self.room, &id, at_ms)).await;
        }
        receives_state(&mut self.caller, &self.bob, "joined").await;
        receives_state(&mut self.phone, &self.alice, "joined").await;
        receives_state(&mut self.phone, &self.bob, "joined").await;
        for device in [&mut self.caller, &mut self.phone] {
            device.remaining_notices(&[]).await;
        }
    }

    /// The meeting's revision.
    async fn rev(&self) -> Value {
        self.caller.syncs().await["meetings"][0]["rev"].clone()
    }
}

// Proves: callback-notices, outcome-events
#[tokio::test]
async fn t18_whoever_the_service_says_has_joined_is_in_and_the_members_are_told() {
    let mut talk = Answered::at(Stack::shared(), Livekit::laptop()).await;
    talk.hook(&talk.service.joined(&talk.room, &talk.bobs_id, now_ms())).await;
    let told = receives_state(&mut talk.caller, &talk.bob, "joined").await;
    assert!(told.prev_rev.is_some(), "{told:?}");
    receives_state(&mut talk.phone, &talk.bob, "joined").await;
    talk.hook(&talk.service.joined(&talk.room, &talk.alices_id, now_ms())).await;
    receives_state(&mut talk.phone, &talk.alice, "joined").await;
    assert_eq!(talk.caller.syncs().await["meetings"][0]["state"], "active");
    let outcomes = talk.caller.stack.get("/local/outcomes").await;
    let told = |event: &&Value| {
        let outcome = &event["detail"]["responsePayload"];
        event["source"] == "switchboard" && outcome["meeting_id"] == json!(talk.call.meeting_id)
    };
    let told: Vec<&Value> = outcomes.as_array().into_iter().flatten().filter(told).collect();
    assert_eq!(told.len(), 2, "each join is an outcome event: {told:?}");
}

// Proves: callback-notices
#[tokio::test]
async fn t24_t25_a_connection_that_broke_keeps_its_seat_and_has_it_back() {
    let mut talk = Answered::at(Stack::shared(), Livekit::laptop()).await;
    let start = now_ms();
    talk.both_join(start).await;
    let (room, id) = (talk.room.clone(), talk.bobs_id.clone());
    talk.hook(&talk.service.left(&room, &id, start, start + 5_000, false)).await;
    receives_state(&mut talk.caller, &talk.bob, "reconnecting").await;
    talk.hook(&talk.service.joined(&room, &id, start + 9_000)).await;
    receives_state(&mut talk.caller, &talk.bob, "joined").await;
    assert_eq!(talk.phone.requests("attend", talk.call.request("refresh_token")).await.kind, "token");
}

// Proves: callback-notices
#[tokio::test]
async fn t27_t40_whoever_leaves_the_media_on_purpose_has_hung_up() {
    let mut talk = Answered::at(Stack::shared(), Livekit::laptop()).await;
    let start = now_ms();
    talk.both_join(start).await;
    talk.hook(&talk.service.left(&talk.room, &talk.bobs_id, start, start + 5_000, true)).await;
    assert_eq!(talk.caller.receives("meeting_ended").await.body["reason"], "completed");
    let next = talk.phone.requests("create-meeting", crate::calls::direct(&talk.alice)).await;
    assert!(next.body.contains_key("join"), "both are free: {next:?}");
}

// Proves: callback-notices
#[tokio::test]
async fn t49_when_the_channel_is_gone_everybody_has_to_come_back() {
    let mut talk = Answered::at(Stack::shared(), Livekit::laptop()).await;
    let start = now_ms();
    talk.both_join(start).await;
    talk.hook(&talk.service.closed(&talk.room, start + 5_000)).await;
    receives_state(&mut talk.caller, &talk.bob, "reconnecting").await;
    receives_state(&mut talk.phone, &talk.alice, "reconnecting").await;
    talk.hook(&talk.service.joined(&talk.room, &talk.bobs_id, start + 6_000)).await;
    receives_state(&mut talk.caller, &talk.bob, "joined").await;
}

#[tokio::test]
async fn t26_a_seat_that_nobody_comes_back_to_is_lost() {
    let stack = Stack::own();
    let mut talk = Answered::at(&stack, Livekit::laptop()).await;
    let start = now_ms();
    talk.both_join(start).await;
    let (bobs_id, room) = (talk.bobs_id.clone(), talk.room.clone());
    // The device has lost the broker too, which is checked here when the time is over.
    talk.phone.disconnects().await;
    let left = talk.service.left(&room, &bobs_id, start, start + 5_000, false);
    assert_eq!(talk.service.sends(&stack, &left).await.status(), 200);
    receives_state(&mut talk.caller, &talk.bob, "reconnecting").await;
    stack.advance_clock_when_idle(SEAT_IS_LOST).await;
    assert_eq!(talk.caller.receives("meeting_ended").await.body["reason"], "lost");
}

// Proves: callback-notices
#[tokio::test]
async fn callbacks_that_come_twice_or_late_change_nothing() {
    let mut talk = Answered::at(Stack::shared(), Livekit::laptop()).await;
    let start = now_ms();
    talk.both_join(start).await;
    let (room, id) = (talk.room.clone(), talk.bobs_id.clone());
    talk.hook(&talk.service.joined(&room, &id, start + 20_000)).await;
    talk.caller.remaining_notices(&[]).await;
    talk.phone.remaining_notices(&[]).await;
    let before = talk.rev().await;
    let late = [
        talk.service.joined(&room, &id, start),
        talk.service.joined(&room, &id, start + 20_000),
        // The earlier stay: it ended long ago, and the service reports it only now.
        talk.service.left(&room, &id, start, start + 10_000, true),
        talk.service.left(&room, &id, start, start + 30_000, false),
        talk.service.closed(&room, start - 60_000),
    ];
    for body in late {
        talk.hook(&body).await;
        assert_eq!(talk.rev().await, before, "{body}");
    }
    assert_eq!(
        (talk.caller.remaining_notices(&[]).await, talk.phone.remaining_notices(&[]).await),
        (none(), none())
    );
}

// Proves: clocks
#[tokio::test]
async fn callbacks_of_a_server_whose_clock_is_two_minutes_off_count() {
    for ahead_seconds in [-120, 120] {
        let service = Livekit::laptop().with_clock(ahead_seconds);
        let mut talk = Answered::at(Stack::shared(), service).await;
        let start = now_ms() + ahead_seconds * 1_000;
        talk.both_join(start).await;
        let (room, id) = (talk.room.clone(), talk.bobs_id.clone());
        talk.hook(&talk.service.left(&room, &id, start, start + 5_000, false)).await;
        receives_state(&mut talk.caller, &talk.bob, "reconnecting").await;
        talk.hook(&talk.service.joined(&room, &id, start + 9_000)).await;
        receives_state(&mut talk.caller, &talk.bob, "joined").await;
        talk.hook(&talk.service.left(&room, &id, start + 9_000, start + 12_000, true)).await;
        assert_eq!(talk.caller.receives("meeting_ended").await.body["reason"], "completed");
    }
}

// Proves: callback-notices
#[tokio::test]
async fn the_same_callback_many_times_at_once_is_applied_once() {
    let mut talk = Answered::at(Stack::shared(), Livekit::laptop()).await;
    let body = talk.service.joined(&talk.room, &talk.bobs_id, now_ms());
    let (a, b, c, d) = (talk.hook(&body), talk.hook(&body), talk.hook(&body), talk.hook(&body));
    tokio::join!(a, b, c, d);
    receives_state(&mut talk.caller, &talk.bob, "joined").await;
    assert_eq!(talk.caller.remaining_notices(&[]).await, none(), "one notice");
}

// Proves: signed-callbacks
#[tokio::test]
async fn a_callback_that_is_not_the_services_is_refused_and_nothing_changes() {
    let mut talk = Answered::at(Stack::shared(), Livekit::laptop()).await;
    talk.both_join(now_ms()).await;
    let stack = talk.caller.stack.clone();
    let before = talk.rev().await;
    let body = talk.service.closed(&talk.room, now_ms() + 60_000);
    let right = talk.service.header(&body.to_string());
    let others = talk.service.header(&talk.service.closed("switchboard-other", 0).to_string());
    let strangers = Livekit::new("devkey", "another-secret").header(&body.to_string());
    let altered = body.to_string().replace("room_finished", "room_finishee");
    let text = body.to_string();
    for (what, header, body) in [
        ("no signature", None, &text),
        ("signed for another body", Some(&others), &text),
        ("signed with another key", Some(&strangers), &text),
        ("an altered body", Some(&right), &altered),
        ("no token at all", Some(&"Bearer x".to_owned()), &text),
    ] {
        let response = post(&stack, header.map(|header| ("authorization", header.as_str())), body).await;
        assert_eq!(response.status(), 401, "{what}");
        assert_eq!(response.text().await.expect("text"), "{}", "the answer does not name the reason");
    }
    assert_eq!(talk.rev().await, before);
    assert_eq!(
        (talk.caller.remaining_notices(&[]).await, talk.phone.remaining_notices(&[]).await),
        (none(), none())
    );
}

async fn post(stack: &Stack, header: Option<(&str, &str)>, body: &str) -> Response {
    let mut request = client().post(url(stack)).header("content-type", "application/webhook+json");
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    request.body(body.to_owned()).send().await.expect("the stack answers")
}

// Proves: signed-callbacks
#[tokio::test]
async fn what_is_of_no_use_here_is_taken_and_changes_nothing() {
    let mut talk = Answered::at(Stack::shared(), Livekit::laptop()).await;
    talk.both_join(now_ms()).await;
    let before = talk.rev().await;
    let later = now_ms() + 60_000;
    let of_nobody = talk.service.joined(&talk.room, "nobody", later);
    let mut unknown = talk.service.closed(&talk.room, later);
    unknown["event"] = json!("room_repainted");
    let bodies = [
        of_nobody,
        unknown,
        talk.service.closed("switchboard-nosuchmeeting", later),
        talk.service.closed("another-deployment", later),
        talk.service.closed("switchboard-not an id", later),
        talk.service.closed("", later),
        json!({"event": "egress_started", "id": "EV_2", "createdAt": "1"}),
    ];
    for body in bodies {
        talk.hook(&body).await;
    }
    assert_eq!(talk.rev().await, before);
    assert_eq!(
        (talk.caller.remaining_notices(&[]).await, talk.phone.remaining_notices(&[]).await),
        (none(), none())
    );
}

// Proves: signed-callbacks
#[tokio::test]
async fn requests_that_are_no_callbacks_are_refused_by_their_form() {
    let (stack, livekit) = (Stack::shared(), Livekit::laptop());
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let response =
            client().request(method.clone(), url(stack)).send().await.expect("the function answers");
        assert_eq!(
            (response.status().as_u16(), &response.headers()["allow"]),
            (405, &"POST".parse().expect("a value")),
            "{method}"
        );
    }
    for (body, status) in
        [("", 400), ("no JSON", 400), ("[]", 400), ("{}", 400), (&" ".repeat(256 * 1024 + 1), 413)]
    {
        let header = livekit.header(body);
        let response = post(stack, Some(("authorization", &header)), body).await;
        assert_eq!(response.status(), status, "{} bytes", body.len());
    }
    // A content type that Lambda passes on as text, and a path and a query without a meaning.
    let body = livekit.closed("switchboard-nosuchmeeting", now_ms()).to_string();
    let request =
        client().post(format!("{}any/path?x=1", url(stack))).header("content-type", "application/json");
    let response = request.header("authorization", livekit.header(&body)).body(body).send().await;
    assert_eq!(response.expect("the function answers").status(), 200);
}

#[tokio::test]
async fn only_this_function_has_a_url() {
    let stack = Stack::shared();
    for function in ["answer", "authorize", "wake", "nosuchfunction"] {
        let url = format!("{}/lambda-url/{function}/", stack.http);
        let response = client().post(url).body("{}").send().await.expect("the stack answers");
        assert_eq!(response.status(), 403, "{function}");
    }
}

#[tokio::test]
async fn a_callback_that_cannot_be_served_now_may_come_again() {
    let stack = Stack::own();
    let mut talk = Answered::at(&stack, Livekit::laptop()).await;
    let body = talk.service.joined(&talk.room, &talk.bobs_id, now_ms());
    // The number of attempts of the SDK.
    stack
        .inject_fault(json!({"function": "rtc-webhook", "kind": "fail_table", "only": "GetItem", "times": 3}))
        .await;
    let response = talk.service.sends(&stack, &body).await;
    assert_eq!((response.status().as_u16(), response.headers().contains_key("retry-after")), (503, true));
    talk.hook(&body).await;
    receives_state(&mut talk.caller, &talk.bob, "joined").await;
}

#[tokio::test]
async fn an_event_of_a_meeting_that_is_over_revives_nobody() {
    let mut talk = Answered::at(Stack::shared(), Livekit::laptop()).await;
    talk.caller.requests("attend", talk.call.request("leave")).await;
    talk.phone.receives("meeting_ended").await;
    talk.hook(&talk.service.joined(&talk.room, &talk.bobs_id, now_ms())).await;
    talk.hook(&talk.service.closed(&talk.room, now_ms())).await;
    let refused = talk.phone.is_refused("attend", talk.call.request("rejoin")).await;
    assert_eq!(refused.code, "meeting_ended");
}

#[tokio::test]
async fn in_a_group_each_is_told_of_who_comes_and_goes() {
    let (stack, livekit) = (Stack::shared(), Livekit::laptop());
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, phone, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let created = caller.requests("create-meeting", group(&[&bob, &carol])).await;
    for (device, user) in [(&phone, &bob), (&carols, &carol)] {
        device.requests("answer", Call::to(&created, user).about_invitation("accept")).await;
    }
    let room = created.body["join"]["channel_id"].as_str().expect("a way in").to_owned();
    let start = now_ms();
    for body in [
        livekit.joined(&room, bob.id.as_str(), start),
        livekit.left(&room, bob.id.as_str(), start, start + 2_000, true),
    ] {
        assert_eq!(livekit.sends(stack, &body).await.status(), 200);
    }
    for device in [&mut caller, &mut carols] {
        receives_state(device, &bob, "joined").await;
        receives_state(device, &bob, "left").await;
    }
}

#[tokio::test]
async fn agoras_notifications_are_taken() {
    let stack = Stack::own_with(&Agora::PARAMETERS);
    let mut talk = Answered::at(&stack, Agora).await;
    assert_ne!(talk.alices_id, talk.bobs_id, "numbers");
    let start = now_ms();
    talk.both_join(start).await;
    let (room, id) = (talk.room.clone(), talk.bobs_id.clone());
    talk.hook(&Agora.left(&room, &id, start, start + 5_000, false)).await;
    receives_state(&mut talk.caller, &talk.bob, "reconnecting").await;
    talk.hook(&Agora.joined(&room, &id, start + 2_000)).await;
    assert_eq!(talk.caller.remaining_notices(&[]).await, none(), "the event is older");
    talk.hook(&Agora.joined(&room, &id, start + 8_000)).await;
    receives_state(&mut talk.caller, &talk.bob, "joined").await;
    let body = Agora.left(&room, &id, start, start + 9_000, true).to_string();
    let forged = Agora.header(&format!("{body} "));
    let response = post(&stack, Some((Agora.header_name(), &forged)), &body).await;
    assert_eq!(response.status(), 401);
    talk.hook(&Agora.left(&room, &id, start, start + 9_000, true)).await;
    assert_eq!(talk.caller.receives("meeting_ended").await.body["reason"], "completed");
}

#[tokio::test]
async fn events_of_janus_are_taken_one_by_one_and_in_lists() {
    let stack = Stack::own_with(&Janus::PARAMETERS);
    let mut talk = Answered::at(&stack, Janus).await;
    let start = now_ms();
    let both = json!([
        {"emitter": "MyJanus", "type": 1, "timestamp": 1, "session_id": 7, "event": {"name": "created"}},
        Janus.joined(&talk.room, &talk.alices_id, start),
        Janus.joined(&talk.room, &talk.bobs_id, start + 1),
    ]);
    talk.hook(&both).await;
    receives_state(&mut talk.caller, &talk.bob, "joined").await;
    receives_state(&mut talk.phone, &talk.alice, "joined").await;
    let left = Janus.left(&talk.room, &talk.bobs_id, start, start + 2, false);
    let response =
        post(&stack, Some(("authorization", "Basic c3dpdGNoYm9hcmQ6bm8=")), &left.to_string()).await;
    assert_eq!(response.status(), 401);
    talk.hook(&left).await;
    receives_state(&mut talk.caller, &talk.bob, "reconnecting").await;
}

#[tokio::test]
async fn a_service_without_callbacks_has_nothing_here() {
    let livekit = Livekit::laptop();
    let body = livekit.closed("switchboard-x", now_ms()).to_string();
    let without_secret: Vec<&str> = Agora::PARAMETERS
        .into_iter()
        .filter(|parameter| !parameter.starts_with("RtcCallbackSecret"))
        .collect();
    let without_callbacks = vec!["RtcProvider=alibaba", "RtcUrl="];
    // For a service without callbacks the function has no address, and AWS answers.
    for (parameters, status) in [(without_callbacks, 403), (without_secret, 404)] {
        let stack = Stack::own_with(&parameters);
        let header = livekit.header(&body);
        for header in [None, Some(("authorization", header.as_str())), Some(("agora-signature-v2", ""))] {
            assert_eq!(post(&stack, header, &body).await.status(), status, "{parameters:?}");
        }
    }
}
