//! Tests with statements of rules and messages of terminals.

use super::*;

const WRAPPED: &str = "SELECT encode(*, 'base64') AS payload, clientid() AS client_id, topic() AS topic, \
     timestamp() AS received_ms, traceid() AS trace_id, sourceip() AS source_ip FROM 'call-up/create-meeting'";

const FROM_ALICE: PublishedMessage<'static> = PublishedMessage {
    topic: "call-up/create-meeting",
    payload: br#"{"v":1,"type":"create_meeting","client_id":"GID_ios@@@mallory","call":{"mode":"direct"}}"#,
    client_id: Some("GID_ios@@@alice.phone"),
    principal: Some("2bd806c97f0e00af"),
    source_ip: Some("203.0.113.7"),
    trace_id: Some("2f3c"),
    received_ms: 1_795_366_084_000,
};

fn event(sql: &str, message: &PublishedMessage<'_>) -> Option<String> {
    let statement: Statement = sql.parse().expect("a valid statement");
    statement.apply(message).map(|event| serde_json::to_string(&event).expect("JSON"))
}

fn problem(sql: &str) -> SqlError {
    sql.parse::<Statement>().expect_err("a statement that must be refused")
}

/// Evaluates a condition for Alice's message.
fn holds(condition: &str) -> bool {
    event(&format!("SELECT topic() AS topic FROM '#' WHERE {condition}"), &FROM_ALICE).is_some()
}

#[test]
fn the_event_of_a_request_has_the_exact_bytes_of_the_protocol() {
    let event =
        event(WRAPPED, &PublishedMessage { payload: br#"{"v":1,"type":"create_meeting""#, ..FROM_ALICE });
    let expected = concat!(
        r#"{"payload":"eyJ2IjoxLCJ0eXBlIjoiY3JlYXRlX21lZXRpbmci","client_id":"GID_ios@@@alice.phone","#,
        r#""topic":"call-up/create-meeting","received_ms":1795366084000,"trace_id":"2f3c","source_ip":"203.0.113.7"}"#,
    );
    assert_eq!(event.as_deref(), Some(expected));
}

#[test]
fn bytes_that_are_not_json_reach_the_function() {
    let event = event(WRAPPED, &PublishedMessage { payload: &[0xff, 0x00], ..FROM_ALICE }).expect("an event");
    assert!(event.starts_with(r#"{"payload":"/wA=","#), "{event}");
}

#[test]
fn undefined_values_are_left_out_and_a_missing_client_id_is_n_a() {
    let message = PublishedMessage { client_id: None, trace_id: None, source_ip: None, ..FROM_ALICE };
    let event = event(
        "SELECT clientid() AS client_id, traceid() AS trace_id, sourceip() AS source_ip, missing.deeper AS missing, \
         topic(3) AS third FROM '#'",
        &message,
    );
    assert_eq!(event.as_deref(), Some(r#"{"client_id":"n/a"}"#));
}

#[test]
fn the_payload_can_be_selected_unchanged_or_under_a_name() {
    let message = PublishedMessage { payload: br#"{"a":{"b":[1,2]}}"#, ..FROM_ALICE };
    assert_eq!(event("SELECT * FROM '#'", &message).as_deref(), Some(r#"{"a":{"b":[1,2]}}"#));
    assert_eq!(
        event("select * as message, topic(2) as f from '+/+'", &message).as_deref(),
        Some(r#"{"message":{"a":{"b":[1,2]}},"f":"create-meeting"}"#)
    );
    assert_eq!(event("SELECT * FROM '#'", &PublishedMessage { payload: b"not JSON", ..FROM_ALICE }), None);
}

#[test]
fn an_attribute_has_its_last_name_unless_an_alias_is_given() {
    let selected = event("SELECT type, call.mode, call.mode AS kind FROM '#'", &FROM_ALICE);
    assert_eq!(selected.as_deref(), Some(r#"{"type":"create_meeting","mode":"direct","kind":"direct"}"#));
}

#[test]
fn conditions_see_the_message_but_not_the_aliases() {
    assert!(holds("type = 'create_meeting'"));
    assert!(holds("v = 1 AND call.mode <> 'group'"));
    assert!(holds("NOT (type = 'x' OR type = 'y')"));
    assert!(holds("startswith(clientid(), 'GID_') AND topic(2) = 'create-meeting'"));
    assert!(holds("principal() = '2bd806c97f0e00af'"));
    assert!(holds("type = 'it''s' OR true"));
    assert!(!holds("topic = 'call-up/create-meeting'"), "the alias is not visible");
    assert!(!holds("type = 'x' OR type = 'y' AND v = 1"));
}

#[test]
fn a_condition_on_an_undefined_value_is_false_even_if_negated() {
    assert!(!holds("missing = 'x'"));
    assert!(!holds("missing <> 'x'"));
    assert!(!holds("NOT missing = 'x'"));
    assert!(!holds("startswith(missing, 'x')"));
    assert!(!holds("v"), "a number is not a truth value");
    assert!(holds("missing = 'x' OR v = 1"));
}

#[test]
fn filters_match_as_subscriptions_do() {
    let matches = |filter: &str, topic: &str| TopicFilter::new(filter).expect("a filter").matches(topic);
    assert!(matches("call-up/answer", "call-up/answer"));
    assert!(!matches("call-up/answer", "call-up/answers"));
    assert!(!matches("call-up/answer", "call-up/answer/x"));
    assert!(!matches("call-up/answer/x", "call-up/answer"));
    assert!(matches("call-up/+", "call-up/answer"));
    assert!(!matches("call-up/+", "call-up"));
    assert!(!matches("+", "call-up/answer"));
    assert!(matches("call-up/#", "call-up"));
    assert!(matches("call-up/#", "call-up/a/b"));
    assert!(matches("$aws/events/presence/+/+", "$aws/events/presence/connected/GID@@@a"));
    assert!(!matches("#", "$aws/events/presence/connected/GID@@@a"));
    assert!(!matches("+/events/#", "$aws/events/presence"));
    assert!(TopicFilter::new("a/#/b").is_err());
    assert!(TopicFilter::new("a+/b").is_err());
    assert!(TopicFilter::new("").is_err());
}

#[test]
fn unsupported_parts_are_refused_with_their_position() {
    let error = problem("SELECT get_thing_shadow('x') AS shadow FROM 'a'");
    assert_eq!(error.position, 7);
    assert_eq!(
        error.to_string(),
        "the function `get_thing_shadow` is not supported (at character 8 of the statement, before \
         `get_thing_shadow('x') AS`)"
    );

    for (sql, problem_part) in [
        ("", "SELECT was expected"),
        ("SELECT topic() AS t", "FROM was expected"),
        ("SELECT topic() AS t FROM a", "topic filter in quotes"),
        ("SELECT topic() AS t FROM 'a/#/b'", "last level"),
        ("SELECT topic() FROM 'a'", "needs `AS name`"),
        ("SELECT *, clientid() AS client_id FROM 'a'", "beside other fields"),
        ("SELECT a, b.a FROM 'a'", "selected twice"),
        ("SELECT encode(*, 'hex') AS p FROM 'a'", "only encoding"),
        ("SELECT encode(a, 'base64') AS p FROM 'a'", "`*` was expected"),
        ("SELECT a FROM 'a' WHERE a > 1", "sign is not supported"),
        ("SELECT a FROM 'a' WHERE", "a value was expected"),
        ("SELECT a FROM 'a' GROUP", "the end of the statement"),
        ("SELECT a FROM 'a", "no closing quote"),
        ("SELECT clientid(1) AS c FROM 'a'", "`)` was expected"),
        ("SELECT case AS c FROM 'a'", "`case` is not supported"),
    ] {
        let error = problem(sql);
        assert!(error.problem.contains(problem_part), "{sql}: {error}");
    }
}

#[test]
fn a_pattern_matches_anywhere_unless_it_is_anchored() {
    assert!(holds("regexp_matches(clientid(), '@@@alice')"));
    assert!(holds("regexp_matches(type, '^create_[a-z]+$')"));
    assert!(!holds("regexp_matches(clientid(), '^alice')"));
    assert!(!holds("regexp_matches(missing, '')"), "undefined");
    assert!(!holds("regexp_matches(v, '1')"), "not a text");
    assert!(problem("SELECT * FROM '#' WHERE regexp_matches(v, '(')").problem.contains("unclosed group"));
}
