//! Tests of callbacks of the RTC services: readers refuse every unsigned callback, and no signed one makes a reader
//! panic.

use std::collections::BTreeMap;
use std::panic::RefUnwindSafe;

use bolero::check;
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};
use switchboard_rtc::agora::callback::AgoraCallbackReader;
use switchboard_rtc::callback::{Callback, CallbackError, CallbackReader};
use switchboard_rtc::janus::callback::{JanusCallbackReader, USER};
use switchboard_rtc::jwt::sign_hs256;
use switchboard_rtc::livekit::callback::LivekitCallbackReader;

use super::mutation::{Edit, ITERATIONS, edited};

const SECRET: &str = "a-secret-of-the-callbacks";
const NOW_MS: i64 = 1_767_225_600_000;

/// One service: its reader, the header with the signature, the signing function, and a valid body.
struct Service {
    /// `true` if the signature covers the body. Janus sends a password instead.
    signs_body: bool,
    reader: Box<dyn CallbackReader + RefUnwindSafe>,
    header: &'static str,
    sign: fn(&[u8]) -> String,
    body: String,
}

fn hmac(body: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length is a key");
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

fn livekit_header(body: &[u8]) -> String {
    let hash = BASE64.encode(&Sha256::digest(body));
    let claims = json!({"iss": "devkey", "nbf": NOW_MS / 1000, "exp": NOW_MS / 1000 + 300, "sha256": hash});
    sign_hs256(&claims, SECRET.as_bytes()).expect("signs")
}

fn services() -> Vec<Service> {
    let secret = SecretString::from(SECRET);
    let livekit = json!({"event": "participant_left", "id": "EV_1", "createdAt": "1767225599",
        "room": {"sid": "RM_1", "name": "switchboard-m1", "creationTime": "1767225400"},
        "participant": {"sid": "PA_1", "identity": "alice", "state": "ACTIVE", "joinedAt": "1767225500"}});
    let agora = json!({"noticeId": "n1", "productId": 1, "eventType": 104, "notifyMs": NOW_MS,
        "payload": {"channelName": "switchboard-m1", "uid": 7, "account": "alice", "clientSeq": 1, "ts": 1_767_225_599_u64, "reason": 1}});
    let janus = json!([{"type": 64, "timestamp": 1_767_225_599_000_000_u64, "event": {"plugin": "janus.plugin.videoroom",
        "data": {"event": "leaving", "room": "switchboard-m1", "id": "alice", "private_id": 1}}}]);
    vec![
        Service {
            signs_body: true,
            reader: Box::new(LivekitCallbackReader::new("devkey", &secret)),
            header: "authorization",
            sign: livekit_header,
            body: livekit.to_string(),
        },
        Service {
            signs_body: true,
            reader: Box::new(AgoraCallbackReader::new(&secret)),
            header: "agora-signature-v2",
            sign: |body| HEXLOWER.encode(&hmac(body)),
            body: agora.to_string(),
        },
        Service {
            signs_body: false,
            reader: Box::new(JanusCallbackReader::new(&secret)),
            header: "authorization",
            sign: |_| format!("Basic {}", BASE64.encode(format!("{USER}:{SECRET}").as_bytes())),
            body: janus.to_string(),
        },
    ]
}

fn read(service: &Service, signature: &str, body: &[u8]) -> Result<usize, CallbackError> {
    let headers = BTreeMap::from([(service.header.to_owned(), signature.to_owned())]);
    service.reader.read(&Callback { headers: &headers, body, now_ms: NOW_MS }).map(|events| events.len())
}

#[test]
fn the_valid_callbacks_of_this_test_are_read() {
    for service in services() {
        let body = service.body.as_bytes();
        let events = read(&service, &(service.sign)(body), body);
        assert_eq!(events, Ok(1), "{}", service.header);
    }
}

#[test]
fn an_edited_signature_or_body_is_forged() {
    let services = services();
    let run = check!().with_iterations(ITERATIONS).with_type::<(u8, Vec<Edit>, Vec<Edit>)>();
    run.for_each(|(which, in_signature, in_body)| {
        let service = &services[usize::from(*which) % services.len()];
        let valid = (service.sign)(service.body.as_bytes());
        let signature = String::from_utf8_lossy(&edited(valid.as_bytes(), in_signature)).into_owned();
        let body = edited(service.body.as_bytes(), in_body);
        let is_edited_body = service.signs_body && body != service.body.as_bytes();
        if signature != valid || is_edited_body {
            assert_eq!(read(service, &signature, &body), Err(CallbackError::Forged), "{signature}");
        }
    });
}

#[test]
fn a_signed_callback_of_any_content_is_read_or_malformed() {
    let services = services();
    check!().with_iterations(ITERATIONS).with_type::<(u8, Vec<Edit>)>().for_each(|(which, edits)| {
        let service = &services[usize::from(*which) % services.len()];
        let body = edited(service.body.as_bytes(), edits);
        assert_ne!(read(service, &(service.sign)(&body), &body), Err(CallbackError::Forged));
    });
}
