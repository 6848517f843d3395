//! A client of the gateway: one session with one handle, as a terminal has it, without media.

use super::gateway::{Gateway, TIME_LIMIT};
use serde_json::{Value, json};
use switchboard_rtc::Join;
use switchboard_rtc::janus::VIDEOROOM;
use tokio::time::timeout;

/// An offer of one microphone by an unreachable peer: the gateway negotiates, and no media flows.
const OFFER: &[&str] = &[
    "v=0",
    "o=- 1 1 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 96",
    "c=IN IP4 127.0.0.1",
    "a=sendonly",
    "a=mid:0",
    "a=rtcp-mux",
    "a=rtpmap:96 opus/48000/2",
    "a=ice-ufrag:FAhe",
    "a=ice-pwd:pBjosVB8sFnr8HFHBhRIQR",
    "a=fingerprint:sha-256 \
     F7:C5:CB:B1:4F:A2:62:5E:F0:BA:AA:46:91:A8:90:71:55:E8:77:D1:90:D3:64:39:68:77:26:C5:D5:46:DA:92",
    "a=setup:actpass",
    "",
];

/// A client of the gateway.
pub struct Phone<'a> {
    gateway: &'a Gateway,
    core_token: String,
    session: String,
    handle: String,
}

impl<'a> Phone<'a> {
    /// Opens a session and a handle, with the gateway's token in this join.
    pub async fn attach(gateway: &'a Gateway, join: &Join) -> Self {
        let core_token = join.params["core_token"].as_str().expect("text").to_owned();
        let id = |answer: &Value| {
            let id = answer["data"]["id"].as_u64();
            id.unwrap_or_else(|| panic!("{answer}"))
        };
        let session = gateway.post("", json!({ "janus": "create", "token": core_token })).await;
        let session = format!("/{}", id(&session));
        let attach = json!({ "janus": "attach", "plugin": VIDEOROOM, "token": core_token });
        let handle = format!("{session}/{}", id(&gateway.post(&session, attach).await));
        Self { gateway, core_token, session, handle }
    }

    /// Sends a request that the plugin answers at once.
    pub async fn requests(&self, body: Value) -> Value {
        self.posts(json!({ "body": body })).await["plugindata"]["data"].take()
    }

    /// Enters the room of this join; returns the plugin's answer.
    pub async fn enters(&mut self, join: &Join) -> Value {
        let mut body = json!({
            "request": "join",
            "ptype": "publisher",
            "room": join.params["room"],
            "id": join.params["participant_id"],
        });
        if !join.token.is_empty() {
            body["token"] = join.token.as_str().into();
        }
        self.posts(json!({ "body": body })).await;
        self.next(|_| true).await
    }

    /// Publishes a microphone.
    pub async fn publishes_sound(&mut self) {
        let offer = json!({ "type": "offer", "sdp": OFFER.join("\r\n") });
        self.posts(json!({ "body": { "request": "publish" }, "jsep": offer })).await;
        assert_eq!(self.next(|data| !data["configured"].is_null()).await["configured"], "ok");
    }

    /// Waits for an event of the room with this member; returns its value.
    pub async fn receives(&mut self, member: &str) -> Value {
        self.next(|data| !data[member].is_null()).await[member].take()
    }

    async fn posts(&self, mut message: Value) -> Value {
        message["janus"] = "message".into();
        message["token"] = self.core_token.as_str().into();
        self.gateway.post(&self.handle, message).await
    }

    /// The next matching event of the plugin.
    async fn next(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = async {
            loop {
                let mut event = self.gateway.poll(&self.session, &self.core_token).await;
                let data = event["plugindata"]["data"].take();
                if !data.is_null() && wanted(&data) {
                    return data;
                }
            }
        };
        timeout(TIME_LIMIT, found).await.expect("the gateway sends the event")
    }
}
