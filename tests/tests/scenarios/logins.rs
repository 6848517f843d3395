//! A login that ends while its device is connected, and a client ID that two devices use.

use crate::calls::direct;
use crate::device::{DEADLINE, request};
use crate::makes::{AnyEvents, AnyTerminal};
use crate::stack::Stack;
use crate::user::{JWT_SECRET, User, now_seconds};
use serde_json::json;
use std::time::Duration;
use terminal::{Terminal, TerminalEvent, development_jwt};

/// A login that ends before its connection does: an authorizer admits for 5 minutes at least.
const SHORT_LOGIN_SECONDS: i64 = 240;
/// Past the end of the connection, and of the login with its leeway of 60 s.
const LOGIN_IS_OVER: Duration = Duration::from_secs(305);

/// Waits for an event of the terminal.
async fn until(events: &mut AnyEvents, is_it: impl Fn(&TerminalEvent) -> bool) -> TerminalEvent {
    let found = tokio::time::timeout(DEADLINE, async {
        loop {
            let event = events.next().await.expect("the terminal goes on");
            if is_it(&event) {
                return event;
            }
        }
    });
    found.await.expect("the event comes in time")
}

#[tokio::test]
async fn a_call_survives_the_end_of_a_login_if_the_app_brings_a_new_token() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let mut caller = alice.on("phone").await;
    let short = development_jwt(JWT_SECRET, bob.id.as_str(), None, now_seconds() + SHORT_LOGIN_SECONDS);
    let (phone, mut events) =
        AnyTerminal::connect(bob.config_with("phone", short), &stack).await.expect("admitted");
    caller.requests("create-meeting", direct(&bob)).await;
    let rings = until(
        &mut events,
        |event| matches!(event, TerminalEvent::Message(message) if message.kind == "invitation"),
    );
    let TerminalEvent::Message(invitation) = rings.await else { panic!("a message") };
    let meeting = invitation.meeting_id.clone().expect("the invitation names its meeting");
    let about = |fields: serde_json::Value| {
        let mut all = json!({"meeting_id": meeting});
        all.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        all
    };
    let accept = json!({"type": "accept", "invite_id": invitation.body["invite_id"], "media": "audio"});
    phone.request_uplink(&request("answer", about(accept))).await.expect("accepted");
    for uplink in [&caller.terminal, &phone] {
        let report = about(json!({"type": "report_media", "state": "joined"}));
        uplink.send_uplink(&request("attend", report)).await.expect("sent");
    }
    caller
        .receives_that("participant_updated", |news| {
            news.body["participant"]["user_id"] == bob.id.as_str()
                && news.body["participant"]["state"] == "joined"
        })
        .await;

    stack.advance_clock_when_idle(LOGIN_IS_OVER).await;
    until(&mut events, |event| matches!(event, TerminalEvent::Disconnected { .. })).await;
    until(&mut events, |event| matches!(event, TerminalEvent::LoginRefused { tries_again: true, .. })).await;
    phone.renew_token(bob.token());
    until(&mut events, |event| matches!(event, TerminalEvent::Connected { .. })).await;
    let rejoin = about(json!({"type": "rejoin"}));
    let joined = phone.request_uplink(&request("attend", rejoin)).await.expect("the seat is kept");
    assert_eq!(joined.kind, "joined");
    let state = caller.requests("sync", about(json!({"type": "sync"}))).await;
    assert_eq!(state.body["meetings"][0]["state"], "active", "{:?}", state.body);
}

#[tokio::test]
async fn two_devices_with_one_client_id_connect_ever_more_rarely_and_say_so() {
    let bob = User::new("Bob");
    let mut devices = Vec::new();
    for _ in 0..2 {
        // Other makes have other waits, and those on MQTT 5 stop.
        let (terminal, events) = Terminal::connect(bob.config("phone")).await.expect("admitted");
        devices.push((terminal, AnyEvents::Own(events)));
    }
    let client_id = bob.client_id("phone");
    let (_first, events) = &mut devices[0];
    let event = until(events, |event| matches!(event, TerminalEvent::UsedElsewhere { .. })).await;
    assert!(matches!(event, TerminalEvent::UsedElsewhere { times: 4 }), "{event:?}");
    let connects = bob.stack.presence_events("connected", client_id.as_str()).await;
    assert!(connects <= 12, "{connects} connects");
}
