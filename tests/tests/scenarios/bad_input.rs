//! Payloads and envelopes that are not requests: each gets an answer with a stable code, no function fails, and the
//! table is not read.

use crate::calls::direct;
use crate::device::{Device, refusal, request};
use crate::journal;
use crate::user::User;
use serde_json::{Value, json};
use terminal::Uplink;

/// Functions that take requests, each with one of its types.
const FUNCTIONS: [(&str, &str); 4] = [
    ("create-meeting", "create_meeting"),
    ("answer", "accept"),
    ("attend", "leave"),
    ("destroy", "destroy_meeting"),
];

/// Checks that every request of this device was handled without a failure and without a table operation.
async fn assert_table_untouched(device: &Device) {
    for invocation in journal::until(device.client_id(), |done| !done.is_empty()).await {
        assert_eq!(invocation.status(), Some("returned"), "{invocation:#?}");
        assert_eq!(invocation.table_operations(), Vec::<&str>::new(), "{invocation:#?}");
    }
}

async fn device() -> Device {
    User::new("Alice").on("phone").await
}

// Proves: client-mistakes
#[tokio::test]
async fn what_is_no_json_is_answered_though_it_names_no_request() {
    let mut device = device().await;
    for (function, _) in FUNCTIONS {
        for payload in [&b"hello"[..], b"{\"v\":1,", b"\xff\xfe\x00", b"", b"[[[[[[[[", &[b'['; 4000]] {
            let error = device.is_refused_bytes(function, payload).await;
            assert_eq!(
                (&error.body["code"], &error.body["sip"]),
                (&"bad_request".into(), &400.into()),
                "{payload:?}"
            );
        }
    }
    assert_table_untouched(&device).await;
}

#[tokio::test]
async fn json_that_is_no_object_is_answered_though_it_names_no_request() {
    let mut device = device().await;
    for (function, _) in FUNCTIONS {
        for payload in ["null", "1", "\"create_meeting\"", "[]", "[{\"v\":1}]", "true"] {
            let error = device.is_refused_bytes(function, payload.as_bytes()).await;
            assert_eq!(error.body["code"], "bad_request", "{payload}");
        }
    }
    assert_table_untouched(&device).await;
}

#[tokio::test]
async fn without_a_usable_id_there_is_no_request_to_answer() {
    let mut device = device().await;
    let ids = [
        None,
        Some(json!("")),
        Some(json!("a".repeat(65))),
        Some(json!("a b")),
        Some(json!(5)),
        Some(Value::Null),
    ];
    for (function, kind) in FUNCTIONS {
        for id in &ids {
            let mut body = json!({"v": 1, "type": kind, "meeting_id": "m1"});
            if let Some(id) = id {
                body["id"] = id.clone();
            }
            let error = device.is_refused_bytes(function, body.to_string().as_bytes()).await;
            assert_eq!(
                (&error.body["code"], &error.body["path"]),
                (&"bad_request".into(), &"id".into()),
                "{body}"
            );
        }
    }
    assert_table_untouched(&device).await;
}

#[tokio::test]
async fn two_unreadable_messages_have_two_errors() {
    let mut device = device().await;
    let first = device.is_refused_bytes("attend", b"hello").await;
    let second = device.is_refused_bytes("attend", b"hello").await;
    assert_ne!(first.id, second.id, "the second error is not a copy of the first");
}

#[tokio::test]
async fn an_unknown_type_names_its_path() {
    let device = device().await;
    for (function, kind) in FUNCTIONS {
        let (foreign, _) =
            FUNCTIONS.iter().find(|(_, other)| *other != kind).expect("there are several functions");
        for kind in [json!("dance"), json!(""), json!(5), json!({"a": 1})] {
            let refused =
                refusal(device.terminal.request_uplink(&request(function, json!({"type": kind}))).await);
            assert_eq!(
                (refused.code.as_str(), refused.path.as_deref()),
                ("bad_request", Some("type")),
                "{kind}"
            );
        }
        let refused = device.is_refused(foreign, json!({"type": kind, "meeting_id": "m1"})).await;
        assert_eq!(refused.path.as_deref(), Some("type"), "`{kind}` is not a request of {foreign}");
        let refused = device.is_refused(function, json!({"meeting_id": "m1"})).await;
        assert_eq!(refused.path.as_deref(), Some("type"));
    }
    assert_table_untouched(&device).await;
}

#[tokio::test]
async fn another_version_is_told_apart_from_none() {
    let device = device().await;
    for (function, kind) in FUNCTIONS {
        for version in [json!(0), json!(2), json!(99_999_999)] {
            let refused =
                device.is_refused(function, json!({"v": version, "type": kind, "meeting_id": "m1"})).await;
            assert_eq!((refused.code.as_str(), refused.sip), ("unsupported_version", 505), "{version}");
        }
        for version in [json!("1"), Value::Null] {
            let refused =
                device.is_refused(function, json!({"v": version, "type": kind, "meeting_id": "m1"})).await;
            assert_eq!(
                (refused.code.as_str(), refused.path.as_deref()),
                ("bad_request", Some("v")),
                "{version}"
            );
        }
    }
    assert_table_untouched(&device).await;
}

// Proves: client-mistakes
#[tokio::test]
async fn a_request_of_more_than_16_kb_is_too_large_and_one_of_just_16_kb_is_not() {
    let (device, bob) = (device().await, User::new("Bob"));
    let padded = |bytes: usize| -> Uplink {
        let mut fields = direct(&bob);
        fields["padding"] = json!("");
        let missing = bytes - request("create-meeting", fields.clone()).payload().len();
        fields["padding"] = json!("x".repeat(missing));
        request("create-meeting", fields)
    };
    for bytes in [16 * 1024 + 1, 100 * 1024] {
        let uplink = padded(bytes);
        assert_eq!(uplink.payload().len(), bytes);
        let refused = refusal(device.terminal.request_uplink(&uplink).await);
        assert_eq!((refused.code.as_str(), refused.sip), ("too_large", 513), "{bytes} bytes");
    }
    assert_table_untouched(&device).await;
    assert_eq!(device.sends(&padded(16 * 1024)).await.kind, "meeting_created", "unknown fields are ignored");
}

#[tokio::test]
async fn a_time_to_live_outside_its_limits_names_its_path() {
    let device = device().await;
    for ttl in [json!(0), json!(-1), json!(60_001), json!(1.5), json!("10")] {
        let refused =
            device.is_refused("attend", json!({"type": "leave", "meeting_id": "m1", "ttl_ms": ttl})).await;
        assert_eq!(
            (refused.code.as_str(), refused.path.as_deref()),
            ("bad_request", Some("ttl_ms")),
            "{ttl}"
        );
    }
    assert_table_untouched(&device).await;
}
