//! Samples of the RTC service's callbacks: webhooks in `LiveKit`'s form, signed with the laptop's development key, as the
//! function's URL passes them on.

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use switchboard_rtc::livekit::{ApiKey, LivekitClaims, body_hash, sign};

use super::super::sample::{CONNECTION_ID, Making, RECEIVED_MS, Sample, event};
use crate::endpoints::function_url;

/// Name of the function that receives the callbacks.
const FUNCTION: &str = "rtc-webhook";

pub(super) fn samples() -> Vec<Sample> {
    vec![
        event("rtc-webhook.participant_joined", |making| {
            making.webhook(&about_bob("participant_joined", None))
        })
        .about("Bob is in the media: the other members are notified")
        .after("answer.accept"),
        event("rtc-webhook.participant_left", |making| {
            making.webhook(&about_bob("participant_left", Some("SIGNAL_CLOSE")))
        })
        .about("Bob lost his connection to the media: his seat is kept for a while")
        .after("rtc-webhook.participant_joined"),
        event("rtc-webhook.room_finished", |making| making.webhook(&about_room("room_finished")))
            .about("the channel was closed: all members are out")
            .after("rtc-webhook.participant_joined"),
        event("rtc-webhook.room_started", |making| making.webhook(&about_room("room_started")))
            .about("an event without effect: accepted and ignored"),
        event("rtc-webhook.wrong-signature", |making| {
            let key = ApiKey { secret: "another secret".into(), ..making.key() };
            making.signed(&about_bob("participant_left", None), &key)
        })
        .about("signed with another key: 401, no effect")
        .after("answer.accept"),
        event("rtc-webhook.wrong-method", |_| called("GET", &HeaderMap::new(), b""))
            .about("a GET request: 405"),
    ]
}

fn about_room(event: &str) -> Value {
    let at = (RECEIVED_MS / 1000).to_string();
    json!({"event": event, "id": "EV_sample", "createdAt": at,
        "room": {"sid": "RM_sample", "name": "$CHANNEL", "creationTime": at}})
}

fn about_bob(event: &str, reason: Option<&str>) -> Value {
    let mut webhook = about_room(event);
    webhook["participant"] = json!({"sid": "PA_sample", "identity": "bob", "state": "ACTIVE",
        "joinedAt": (RECEIVED_MS / 1000).to_string(), "joinedAtMs": RECEIVED_MS.to_string()});
    if let Some(reason) = reason {
        webhook["participant"]["disconnectReason"] = json!(reason);
    }
    webhook
}

impl Making<'_> {
    /// Returns a setting of the function.
    fn setting(&self, name: &str) -> &str {
        let functions = &self.deployment.functions;
        let function = functions.iter().find(|function| function.name == FUNCTION);
        function.and_then(|function| function.environment.get(name)).map_or("", String::as_str)
    }

    fn key(&self) -> ApiKey {
        ApiKey { id: self.setting("RTC_KEY_ID").to_owned(), secret: self.setting("RTC_KEY_SECRET").into() }
    }

    fn webhook(&self, body: &Value) -> Value {
        self.signed(body, &self.key())
    }

    fn signed(&self, body: &Value, key: &ApiKey) -> Value {
        let channel = format!("{}-$MEETING", self.setting("CHANNEL_PREFIX"));
        let body = self.filled(&body.to_string().replace("$CHANNEL", &channel));
        let claims = LivekitClaims {
            sha256: Some(body_hash(body.as_bytes())),
            // A sample may be played at any time.
            ..LivekitClaims::issued_by(&key.id, 0, RECEIVED_MS / 1000)
        };
        // Signing claims without grants does not fail, and a token is plain ASCII.
        let token = sign(&claims, key).map(|token| token.expose_secret().to_owned()).unwrap_or_default();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/webhook+json"));
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&token).unwrap_or(HeaderValue::from_static("")));
        called("POST", &headers, body.as_bytes())
    }
}

fn called(method: &str, headers: &HeaderMap, body: &[u8]) -> Value {
    let request_id = CONNECTION_ID;
    let call = function_url::UrlRequest {
        method,
        path: "/",
        query: "",
        headers,
        body,
        at_ms: RECEIVED_MS,
        request_id,
    };
    function_url::event(FUNCTION, &call)
}
