//! Tests of the SQL of the laptop stack's rules: a statement is refused or evaluated, for any message.

use bolero::check;
use local::sql::{PublishedMessage, Statement};

use super::mutation::{Edit, ITERATIONS, edited};

const SQL: &str = "SELECT encode(*, 'base64') AS payload, clientid() AS client_id, timestamp() AS received_ms, \
                   traceid() AS trace_id FROM 'call-up/answer'";
const WITH_CONDITION: &str = "SELECT * FROM '$aws/events/presence/+/+' WHERE topic(4) = 'connected' \
                              AND regexp_matches(clientId, '^[A-Za-z0-9_-]+@@@')";

#[test]
fn a_statement_is_refused_or_evaluated_for_any_payload() {
    for sql in [SQL, WITH_CONDITION] {
        sql.parse::<Statement>().unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    let run = check!().with_iterations(ITERATIONS).with_type::<(bool, Vec<Edit>, Vec<u8>)>();
    run.for_each(|(conditional, edits, payload)| {
        let sql = edited(if *conditional { WITH_CONDITION } else { SQL }.as_bytes(), edits);
        let Ok(statement) = String::from_utf8_lossy(&sql).parse::<Statement>() else { return };
        let message = PublishedMessage {
            topic: "call-up/answer",
            payload,
            client_id: Some("GID_ios@@@alice.phone"),
            principal: None,
            source_ip: None,
            trace_id: Some("t1"),
            received_ms: 1_795_366_084_000,
        };
        if let Some(event) = statement.apply(&message) {
            serde_json::to_string(&event).expect("an event is JSON");
        }
    });
}
