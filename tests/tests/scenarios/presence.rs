//! Lifecycle events as the broker may deliver them: twice, late, out of order, or about unknown users.

use crate::calls::{Call, direct, talks};
use crate::device::Device;
use crate::stack::Stack;
use crate::user::User;
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use std::time::Duration;

/// Past the 10 s after which a lost device with a seat is checked, and the timer's delay of 1 s.
const DEVICE_CHECKED: Duration = Duration::from_secs(12);

/// One connection, as lifecycle events name it.
#[derive(Debug, Clone)]
pub struct Connection {
    client_id: String,
    session: String,
    version: i64,
}

impl Connection {
    /// The device's last connection in the registry.
    pub async fn of(stack: &Stack, user: &User, client_id: &str) -> Self {
        let device = &registered(stack, user).await[&format!("device:{client_id}")]["M"];
        Self {
            client_id: client_id.to_owned(),
            session: device["session"]["S"].as_str().expect("the device has connected").to_owned(),
            version: number(&device["version"]),
        }
    }

    /// A later connection of the same device.
    fn next(&self) -> Self {
        Self { session: format!("{}-next", self.session), version: self.version + 1, ..self.clone() }
    }

    /// Invokes the function with the event of this connection, as the rule does.
    async fn is(&self, event_type: &str, stack: &Stack) {
        self.is_at(event_type, stack, stack.now_ms().await).await;
    }

    /// Like [`is`](Self::is), at this time by the clock of the broker.
    pub async fn is_at(&self, event_type: &str, stack: &Stack, now_ms: i64) {
        let event = json!({
            "clientId": self.client_id,
            "timestamp": now_ms,
            "eventType": event_type,
            "sessionIdentifier": self.session,
            "principalIdentifier": "principal",
            "versionNumber": self.version,
        });
        stack.invoke("presence", &rule_event(event.to_string().as_bytes(), now_ms)).await;
    }
}

fn rule_event(payload: &[u8], now_ms: i64) -> Value {
    json!({"payload": BASE64_STANDARD.encode(payload), "received_ms": now_ms})
}

fn number(value: &Value) -> i64 {
    value["N"].as_str().and_then(|number| number.parse().ok()).expect("a number")
}

/// The user's item in the registry.
async fn registered(stack: &Stack, user: &User) -> Value {
    stack.item(&format!("user#{}", user.id), "devices").await
}

/// The instances of a user in the registry.
async fn instances(stack: &Stack, user: &User) -> Vec<String> {
    let item = registered(stack, user).await;
    let names = item.as_object().expect("the user is known").keys();
    names
        .filter_map(|name| name.strip_prefix("device:")?.split_once('.'))
        .map(|(_, name)| name.to_owned())
        .collect()
}

/// Alice and Bob are in a call; all notices so far are consumed.
async fn talk(stack: &Stack) -> (User, Device, Device, Call) {
    let (alice, bob) = (User::at(stack, "Alice"), User::at(stack, "Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.online("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    let cause = phone.client_id().to_owned();
    caller.remaining_notices(&[&cause]).await;
    (bob, caller, phone, call)
}

/// The notices to the caller once lost devices have been checked.
async fn notices_after_check(stack: &Stack, caller: &mut Device, call: &Call) -> Vec<String> {
    stack.advance_clock_when_idle(DEVICE_CHECKED).await;
    stack.wake_meeting(&call.meeting_id).await;
    caller.remaining_notices(&[]).await
}

// Proves: lifecycle-order
#[tokio::test]
async fn a_disconnect_that_comes_twice_is_one() {
    let stack = Stack::own();
    let (bob, mut caller, phone, call) = talk(&stack).await;
    let connection = Connection::of(&stack, &bob, phone.client_id()).await;
    phone.disconnects().await;
    let before = caller.syncs().await;
    connection.is("disconnected", &stack).await;
    connection.is("disconnected", &stack).await;
    assert_eq!(before["meetings"][0]["rev"], caller.syncs().await["meetings"][0]["rev"]);
    assert_eq!(notices_after_check(&stack, &mut caller, &call).await, ["participant_updated"]);
    connection.is("disconnected", &stack).await;
    assert_eq!(notices_after_check(&stack, &mut caller, &call).await, Vec::<String>::new());
}

// Proves: clocks
#[tokio::test]
async fn a_drop_is_noticed_though_the_clock_of_the_broker_is_two_minutes_off() {
    for ahead_ms in [-120_000, 120_000] {
        let stack = Stack::own();
        let (bob, mut caller, phone, call) = talk(&stack).await;
        let connection = Connection::of(&stack, &bob, phone.client_id()).await;
        stack.inject_fault(json!({"function": "presence", "kind": "drop_invoke"})).await;
        drop(phone);
        stack.until_faults_struck().await;
        connection.is_at("disconnected", &stack, stack.now_ms().await + ahead_ms).await;
        assert_eq!(notices_after_check(&stack, &mut caller, &call).await, ["participant_updated"]);
        let back = connection.next();
        back.is_at("connected", &stack, stack.now_ms().await + ahead_ms).await;
        assert_eq!(caller.syncs().await["meetings"][0]["participants"][1]["state"], "joined");
    }
}

// Proves: lifecycle-order
#[tokio::test]
async fn the_end_of_an_older_connection_does_not_end_the_present_one() {
    let stack = Stack::own();
    let (bob, mut caller, phone, call) = talk(&stack).await;
    let older = Connection::of(&stack, &bob, phone.client_id()).await;
    phone.disconnects().await;
    let phone = bob.online("phone").await;
    let present = Connection::of(&stack, &bob, phone.client_id()).await;
    assert!(present.version > older.version && present.session != older.session);
    older.is("disconnected", &stack).await;
    older.is("connected", &stack).await;
    let known = registered(&stack, &bob).await;
    let device = &known[&format!("device:{}", phone.client_id())]["M"];
    assert_eq!((&device["session"]["S"], &device["online"]["BOOL"]), (&json!(present.session), &json!(true)));
    assert_eq!(notices_after_check(&stack, &mut caller, &call).await, Vec::<String>::new());
}

// Proves: lifecycle-order
#[tokio::test]
async fn a_connect_that_comes_after_its_own_disconnect_brings_nobody_back() {
    let stack = Stack::own();
    let (bob, mut caller, phone, call) = talk(&stack).await;
    let connection = Connection::of(&stack, &bob, phone.client_id()).await;
    phone.disconnects().await;
    // The events of the same connection; the first one is late.
    connection.is("connected", &stack).await;
    // Another connection opened and closed meanwhile, and its events arrive out of order.
    connection.next().is("disconnected", &stack).await;
    connection.next().is("connected", &stack).await;
    assert_eq!(notices_after_check(&stack, &mut caller, &call).await, ["participant_updated"]);
    let state = caller.syncs().await;
    assert_eq!(state["meetings"][0]["participants"][1]["state"], "reconnecting");
}

#[tokio::test]
async fn a_disconnect_of_who_is_connected_costs_a_look_and_nothing_else() {
    let stack = Stack::own();
    let (bob, mut caller, phone, call) = talk(&stack).await;
    // The broker's event is wrong; the check of the connection counts.
    Connection::of(&stack, &bob, phone.client_id()).await.is("disconnected", &stack).await;
    assert_eq!(notices_after_check(&stack, &mut caller, &call).await, Vec::<String>::new());
    assert_eq!(phone.requests("attend", call.request("refresh_token")).await.kind, "token");
}

#[tokio::test]
async fn events_about_who_is_no_terminal_are_none_of_ours() {
    let stack = Stack::shared();
    let now_ms = stack.now_ms().await;
    for client_id in ["iotconsole-7", "", "GID@@@a.b.c", "GID@@@+"] {
        let event = json!({
            "clientId": client_id,
            "timestamp": now_ms,
            "eventType": "disconnected",
            "sessionIdentifier": "s",
            "versionNumber": 0,
        });
        let result = stack.invoke("presence", &rule_event(event.to_string().as_bytes(), now_ms)).await;
        assert_eq!(result, Value::Null, "{client_id}");
    }
    let user = User::new("Alice");
    let device = user.online("phone").await;
    Connection::of(stack, &user, device.client_id()).await.is("subscribed", stack).await;
}

// Proves: device-limits
#[tokio::test]
async fn ten_devices_of_a_user_are_remembered_and_the_longest_unseen_forgotten() {
    let stack = Stack::shared();
    let bob = User::new("Bob");
    for at in 0..12 {
        bob.online(&format!("d{at:02}")).await.disconnects().await;
    }
    let expected: Vec<String> = (2..12).map(|at| format!("d{at:02}")).collect();
    assert_eq!(instances(stack, &bob).await, expected);
}

// Proves: device-limits
#[tokio::test]
async fn the_eight_devices_seen_last_are_rung() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let mut devices = Vec::new();
    for at in 0..10 {
        devices.push(bob.online(&format!("d{at}")).await);
    }
    let mut caller = alice.on("phone").await;
    caller.requests("create-meeting", direct(&bob)).await;
    let cause = caller.client_id().to_owned();
    caller.remaining_notices(&[&cause]).await;
    for (at, device) in devices.iter_mut().enumerate() {
        let expected: &[&str] = if at < 2 { &[] } else { &["invitation"] };
        assert_eq!(device.remaining_notices(&[&cause]).await, expected, "{at}");
    }
}

// Proves: device-limits
#[tokio::test]
async fn a_device_that_was_not_seen_for_a_week_is_not_rung_and_then_forgotten() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    bob.online("old").await.disconnects().await;
    stack.advance_clock_when_idle(Duration::from_hours(8 * 24)).await;
    let mut caller = alice.on("phone").await;
    caller.requests("create-meeting", direct(&bob)).await;
    let cause = caller.client_id().to_owned();
    caller.remaining_notices(&[&cause]).await;
    assert_eq!(stack.direct_messages("create-meeting", bob.client_id("old").as_str()).await, 0);
    assert_eq!(instances(&stack, &bob).await, ["old"]);
    let _new = bob.online("new").await;
    assert_eq!(instances(&stack, &bob).await, ["new"]);
}
