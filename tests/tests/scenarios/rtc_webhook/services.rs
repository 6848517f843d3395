//! The callbacks of three RTC services, written and signed as each of them does it.

use super::url;
use crate::stack::{Stack, client};
use crate::user::now_seconds;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Response;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sha2::Sha256;
use switchboard_rtc::livekit::{ApiKey, LivekitClaims, body_hash, sign};

/// A service that sends callbacks.
pub trait Service {
    /// Returns the service's name of a user, from a `join` object.
    fn media_id(&self, join: &Value) -> String;

    /// Makes the callback for a user who entered the channel at that time.
    fn joined(&self, room: &str, id: &str, at_ms: i64) -> Value;

    /// Makes the callback for a user who had entered at `since_ms` and left at `at_ms`; `clean` is `true` if the user
    /// left on purpose.
    fn left(&self, room: &str, id: &str, since_ms: i64, at_ms: i64, clean: bool) -> Value;

    /// Makes the callback for a channel that was closed at that time.
    fn closed(&self, room: &str, at_ms: i64) -> Value;

    /// Returns the name of the header with the proof of the sender.
    fn header_name(&self) -> &'static str {
        "authorization"
    }

    /// Returns the value of that header for a body.
    fn header(&self, body: &str) -> String;

    /// Sends a callback.
    async fn sends(&self, stack: &Stack, body: &Value) -> Response {
        let body = body.to_string();
        let request = client().post(url(stack)).header("content-type", "application/webhook+json");
        let request = request.header(self.header_name(), self.header(&body)).body(body);
        request.send().await.expect("the stack answers")
    }
}

/// `LiveKit`: each stay of a user has an id and a start time.
pub struct Livekit {
    key: ApiKey,
    /// Seconds by which the server's clock is ahead.
    ahead_seconds: i64,
}

impl Livekit {
    pub fn new(id: &str, secret: &str) -> Self {
        Self { key: ApiKey { id: id.to_owned(), secret: secret.into() }, ahead_seconds: 0 }
    }

    /// Uses the laptop stack's key unless another is given.
    pub fn laptop() -> Self {
        Self::new("devkey", "local-development-only-rtc-secret")
    }

    /// The same server with a clock that is this many seconds ahead.
    pub fn with_clock(self, ahead_seconds: i64) -> Self {
        Self { ahead_seconds, ..self }
    }
}

impl Service for Livekit {
    fn media_id(&self, join: &Value) -> String {
        join["user_id"].as_str().expect("an account").to_owned()
    }

    fn joined(&self, room: &str, id: &str, at_ms: i64) -> Value {
        let mut body = self.closed(room, at_ms);
        body["event"] = json!("participant_joined");
        body["participant"] = json!({"sid": format!("PA_{id}_{at_ms}"), "identity": id, "state": "ACTIVE",
            "joinedAt": (at_ms / 1000).to_string(), "joinedAtMs": at_ms.to_string()});
        body
    }

    fn left(&self, room: &str, id: &str, since_ms: i64, at_ms: i64, clean: bool) -> Value {
        let mut body = self.joined(room, id, since_ms);
        body["event"] = json!("participant_left");
        body["createdAt"] = json!((at_ms / 1000).to_string());
        body["participant"]["state"] = json!("DISCONNECTED");
        body["participant"]["disconnectReason"] =
            json!(if clean { "CLIENT_INITIATED" } else { "SIGNAL_CLOSE" });
        body
    }

    fn closed(&self, room: &str, at_ms: i64) -> Value {
        json!({"event": "room_finished", "id": format!("EV_{at_ms}"), "createdAt": (at_ms / 1000).to_string(),
            "room": {"sid": "RM_1", "name": room, "creationTime": "1"}})
    }

    fn header(&self, body: &str) -> String {
        let now = now_seconds() + self.ahead_seconds;
        let claims = LivekitClaims {
            sha256: Some(body_hash(body.as_bytes())),
            ..LivekitClaims::issued_by(&self.key.id, now, now + 300)
        };
        sign(&claims, &self.key).expect("signs").expose_secret().to_owned()
    }
}

/// Agora: users are numbers, and times are in seconds.
pub struct Agora;

impl Agora {
    pub const PARAMETERS: [&str; 4] = [
        "RtcProvider=agora",
        "RtcKeyId=0123456789abcdef0123456789abcdef",
        "RtcKeySecret=fedcba9876543210fedcba9876543210",
        "RtcCallbackSecret=agoras-callback-secret",
    ];

    fn notice(event: u32, room: &str, at_ms: i64) -> Value {
        json!({"noticeId": format!("1:{at_ms}:{event}"), "productId": 1, "eventType": event, "notifyMs": at_ms + 700,
            "payload": {"channelName": room, "ts": at_ms / 1000}})
    }
}

impl Service for Agora {
    fn media_id(&self, join: &Value) -> String {
        join["params"]["uid"].as_u64().expect("a number").to_string()
    }

    fn joined(&self, room: &str, id: &str, at_ms: i64) -> Value {
        let mut body = Self::notice(107, room, at_ms);
        body["payload"]["uid"] = json!(id.parse::<u32>().expect("a number"));
        body["payload"]["clientSeq"] = json!(at_ms);
        body
    }

    fn left(&self, room: &str, id: &str, since_ms: i64, at_ms: i64, clean: bool) -> Value {
        let mut body = self.joined(room, id, at_ms);
        body["eventType"] = json!(108);
        body["payload"]["reason"] = json!(if clean { 1 } else { 2 });
        body["payload"]["duration"] = json!((at_ms - since_ms) / 1000);
        body
    }

    fn closed(&self, room: &str, at_ms: i64) -> Value {
        Self::notice(102, room, at_ms)
    }

    fn header_name(&self) -> &'static str {
        "agora-signature-v2"
    }

    fn header(&self, body: &str) -> String {
        let secret = b"agoras-callback-secret";
        let mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length").chain_update(body);
        HEXLOWER.encode(&mac.finalize().into_bytes())
    }
}

/// Janus: each request has the same password.
pub struct Janus;

impl Janus {
    pub const PARAMETERS: [&str; 4] = [
        "RtcProvider=janus",
        "RtcUrl=http://127.0.0.1:8088/janus",
        "RtcKeySecret=the-core-tokens-secret",
        "RtcCallbackSecret=januss-callback-secret",
    ];

    fn event(data: &Value, at_ms: i64) -> Value {
        json!({"emitter": "MyJanus", "type": 64, "timestamp": at_ms * 1000, "session_id": 7, "handle_id": 8,
            "event": {"plugin": "janus.plugin.videoroom", "data": data}})
    }
}

impl Service for Janus {
    fn media_id(&self, join: &Value) -> String {
        join["params"]["participant_id"].as_str().expect("an id").to_owned()
    }

    fn joined(&self, room: &str, id: &str, at_ms: i64) -> Value {
        Self::event(&json!({"event": "joined", "room": room, "id": id, "private_id": 5}), at_ms)
    }

    fn left(&self, room: &str, id: &str, _: i64, at_ms: i64, clean: bool) -> Value {
        Self::event(
            &json!({"event": if clean { "kicked" } else { "leaving" }, "room": room, "id": id}),
            at_ms,
        )
    }

    fn closed(&self, room: &str, at_ms: i64) -> Value {
        Self::event(&json!({"event": "destroyed", "room": room}), at_ms)
    }

    fn header(&self, _: &str) -> String {
        format!("Basic {}", BASE64.encode("switchboard:januss-callback-secret"))
    }
}
