//! Case empty-payload: in every function behind a rule of terminals, a message without bytes is a client's
//! mistake. The `payload` in the rule's event is then empty or missing.

use crate::testing::{at, published, service};
use crate::{answer, attend, create_meeting, destroy, invite, moderate, presence, settings, sync};
use serde_json::{Value, json};
use switchboard_service::Service;
use switchboard_service::fake::FakePorts;
use switchboard_service::request::serve_event;

/// Returns events of a message without bytes.
fn events() -> [Value; 3] {
    [json!({"payload": ""}), json!({"payload": null}), json!({})].map(|mut event| {
        event["client_id"] = json!("GID@@@alice.phone");
        event["trace_id"] = json!("t");
        event
    })
}

async fn served(function: &str, event: Value, service: &Service<FakePorts>) -> Value {
    let now = at(0);
    let report = match function {
        "answer" => serve_event(event, now, service, &answer::answer).await,
        "attend" => serve_event(event, now, service, &attend::attend).await,
        "create-meeting" => serve_event(event, now, service, &create_meeting::create_meeting).await,
        "destroy" => return destroy::serve(event, now, service).await.expect("no failure"),
        "invite" => serve_event(event, now, service, &invite::invite).await,
        "moderate" => serve_event(event, now, service, &moderate::moderate).await,
        "settings" => serve_event(event, now, service, &settings::settings).await,
        "sync" => serve_event(event, now, service, &sync::sync).await,
        other => panic!("add the function {other} to this test"),
    };
    report.expect("no failure").to_value()
}

#[tokio::test]
async fn an_empty_payload_is_a_bad_request_in_every_function() {
    for function in switchboard_protocol::requests::FUNCTIONS {
        for event in events() {
            let service = service();
            let report = served(&function.to_string(), event.clone(), &service).await;
            assert_eq!(report["refused"], "bad_request", "{function} {event}");
            assert_eq!(published(&service), ["alice.phone= error bad_request"], "{function} {event}");
        }
    }
}

#[tokio::test]
async fn an_empty_lifecycle_event_is_ignored() {
    for event in events() {
        let served = presence::presence(event.clone(), at(0), &service()).await;
        assert_eq!(served.expect("no failure"), Value::Null, "{event}");
    }
}
