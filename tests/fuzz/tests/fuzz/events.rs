//! Tests of the events of topic rules.

use bolero::check;
use serde_json::Value;
use switchboard_protocol::address::ClientId;
use switchboard_service::request::Received;

use super::mutation::{Edit, ITERATIONS, edited};

const EVENT: &str = r#"{"payload":"eyJ2IjoxfQ==","client_id":"GID_ios@@@alice.phone","topic":"call-up/answer",
    "received_ms":1795366084000,"trace_id":"2f3c8e1a","source_ip":"192.0.2.1"}"#;

#[test]
fn the_sender_of_an_event_is_the_one_that_the_broker_names() {
    check!().with_iterations(ITERATIONS).with_type::<Vec<Edit>>().for_each(|edits| {
        let Ok(event) = serde_json::from_slice::<Value>(&edited(EVENT.as_bytes(), edits)) else { return };
        let named = event.get("client_id").and_then(Value::as_str).map(str::to_owned);
        let Ok(received) = Received::from_event(event) else { return };
        if let Some(sender) = &received.sender {
            assert_eq!(Some(sender.as_str()), named.as_deref());
            assert_eq!(ClientId::try_from(sender.as_str().to_owned()).as_ref(), Ok(sender));
        }
        // The service answers an unreadable payload, too, so its cause must be computable.
        let _ = received.unreadable_cause();
    });
}
