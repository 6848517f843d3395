//! Samples of events that are not requests: connects, the broker's lifecycle events, timers and the sweep.

mod callbacks;

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use switchboard_protocol::requests::sample::{ALICE, BOB};
use switchboard_rtc::jwt;

use super::sample::{
    Answer, CONNECTION_ID, LONG_AGO_MS, Making, Origin, RECEIVED_MS, SOURCE_IP, Sample, event,
};
use crate::queue::QueueMessage;
use crate::template::Schedule;
use crate::triggers::{queue_mapping, schedule};

/// Returns the samples.
pub(super) fn samples() -> Vec<Sample> {
    let mut samples = connects();
    samples.extend(lifecycle());
    samples.extend([
        event("wake.nudge", nudge).about("the timer of a meeting").after("create-meeting"),
        event("wake.sweep", sweep).about("the sweep of every minute"),
    ]);
    samples.extend(callbacks::samples());
    samples
}

/// Returns samples of the broker's calls to its authorizer. The JWTs are signed with the laptop's development secret.
fn connects() -> Vec<Sample> {
    vec![
        event("authorize", |making| connect(making.jwt_secret, "alice", RECEIVED_MS))
            .about("Alice's phone connects: admitted"),
        event("authorize.expired", |making| connect(making.jwt_secret, "alice", LONG_AGO_MS))
            .about("with an expired JWT: refused"),
        event("authorize.wrong-signature", |_| connect("another secret", "alice", RECEIVED_MS))
            .about("with a JWT of another app: refused"),
        event("authorize.other-account", |making| connect(making.jwt_secret, "mallory", RECEIVED_MS))
            .about("with Mallory's JWT: refused"),
        event("authorize.no-token", |_| authorizer_event(&json!({"clientId": ALICE})))
            .about("without a JWT: refused"),
    ]
}

fn connect(secret: &str, account: &str, expires_ms: i64) -> Value {
    let claims = json!({"sub": account, "name": "Alice", "exp": expires_ms / 1000});
    // Claims that are plain JSON can always be signed.
    let token = jwt::sign_hs256(&claims, secret.as_bytes()).unwrap_or_default();
    let name = "?x-amz-customauthorizer-name=switchboard-Authorizer";
    authorizer_event(&json!({"username": name, "password": BASE64.encode(token), "clientId": ALICE}))
}

/// Makes the event of a custom authorizer. Source: "Defining your Lambda function" under custom authentication, AWS IoT
/// Core developer guide.
fn authorizer_event(mqtt: &Value) -> Value {
    json!({
        "signatureVerified": false,
        "protocols": ["mqtt"],
        "protocolData": {"mqtt": mqtt},
        "connectionMetadata": {"id": CONNECTION_ID},
    })
}

/// Returns samples of lifecycle events. Source: "Lifecycle events", AWS IoT Core developer guide.
fn lifecycle() -> Vec<Sample> {
    let common = json!({
        "clientId": BOB,
        "timestamp": RECEIVED_MS,
        "sessionIdentifier": CONNECTION_ID,
        "principalIdentifier": "81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9",
        "versionNumber": 0,
    });
    let broker = |name, topic, more: Value| {
        let mut payload = common.clone();
        if let (Value::Object(payload), Value::Object(more)) = (&mut payload, more) {
            payload.extend(more);
        }
        let (payload, received_ms) = (payload.to_string(), RECEIVED_MS);
        let origin = Origin::Message { sender: None, topic: Some(topic), payload, received_ms };
        Sample { name: Cow::Borrowed(name), about: "", after: None, answer: Answer::Nothing, origin }
    };
    vec![
        broker(
            "presence.connected",
            "$aws/events/presence/connected/GID_android@@@bob.phone",
            json!({"eventType": "connected", "ipAddress": SOURCE_IP}),
        )
        .about("Bob's phone has connected and can be offered calls")
        .after("authorize"),
        broker(
            "presence.disconnected",
            "$aws/events/presence/disconnected/GID_android@@@bob.phone",
            json!({
                "eventType": "disconnected",
                "clientInitiatedDisconnect": false,
                "disconnectReason": "CONNECTION_LOST",
            }),
        )
        .about("Bob's phone lost its connection")
        .after("answer.accept"),
    ]
}

fn nudge(making: &Making<'_>) -> Value {
    let declared = making.deployment.functions.iter().find(|function| function.name == "wake");
    let source = declared.and_then(|wake| wake.queues.first()).map(|source| source.queue.as_str());
    let queue = making.deployment.queues.iter().find(|queue| Some(queue.name.as_str()) == source);
    let message = QueueMessage {
        id: CONNECTION_ID.to_owned(),
        body: making.filled(r#"{"meeting_id":"$MEETING"}"#),
        attributes: Value::Null,
        sent_ms: RECEIVED_MS,
        first_received_ms: None,
        receive_count: 1,
        receipt: "receipt".to_owned(),
        visible_ms: RECEIVED_MS,
    };
    let arn = queue.map(|queue| queue.arn.clone()).unwrap_or_default();
    queue_mapping::event(&[message], &arn)
}

fn sweep(making: &Making<'_>) -> Value {
    let wake = making.deployment.functions.iter().find(|function| function.name == "wake");
    let Some((wake, sweep)) = wake.and_then(|wake| Some((wake, wake.schedules.first()?))) else {
        return Value::Null;
    };
    let sweep = Schedule { every: Duration::from_mins(1), ..sweep.clone() };
    let mut event = schedule::event(&sweep, wake, making.surroundings, RECEIVED_MS);
    event["id"] = json!(CONNECTION_ID);
    event
}
