//! The generated files are up to date and complete, and their examples and limits are those of the service.

mod fields;

use super::*;
use schemas::wire;
use serde::Serialize;
use serde_json::{Value, json};
use switchboard_protocol::address::{MAX_CLIENT_ID_CHARS, MAX_TOPIC_CHARS};
use switchboard_protocol::downlink::DOWNLINKS;
use switchboard_protocol::envelope::{DEFAULT_TTL_MS, MAX_TTL_MS, Unreadable, read as read_uplink};
use switchboard_protocol::id::MAX_ID_CHARS;
use switchboard_protocol::limits::{
    DEFAULT_MINUTES, DEFAULT_RING_SECONDS, DEFAULT_SEATS, MAX_EXT_BYTES, MAX_INVITEES, MAX_MINUTES,
    MAX_SEATS, MAX_TEXT_CHARS, RING_SECONDS,
};
use switchboard_protocol::requests::{
    AnswerRequest, AttendRequest, CreateRequest, DEFAULT_PAGE_CALLS, DestroyRequest, FUNCTIONS, Function,
    InviteRequest, ModerateRequest, PAGE_CALLS, REQUESTS, RequestInfo, Requests, SettingsRequest,
    SyncRequest,
};
use switchboard_protocol::{MAX_DOWNLINK_BYTES, MAX_UPLINK_BYTES};

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is a folder of the workspace")
}

/// Reads a message as the function does. Returns its fields as the function sees them.
fn served(function: Function, message: &str) -> Result<Value, Unreadable> {
    fn served<R: Requests + Serialize>(message: &str) -> Result<Value, Unreadable> {
        read_uplink::<R>(message.as_bytes()).map(|envelope| json!(envelope.request))
    }
    match function {
        Function::CreateMeeting => served::<CreateRequest>(message),
        Function::Invite => served::<InviteRequest>(message),
        Function::Answer => served::<AnswerRequest>(message),
        Function::Attend => served::<AttendRequest>(message),
        Function::Moderate => served::<ModerateRequest>(message),
        Function::Destroy => served::<DestroyRequest>(message),
        Function::Sync => served::<SyncRequest>(message),
        Function::Settings => served::<SettingsRequest>(message),
    }
}

fn examples(request: &RequestInfo) -> Vec<Value> {
    examples::messages(request).map(|message| serde_json::from_str(&message).expect("JSON")).collect()
}

#[test]
fn the_files_in_the_workspace_are_the_generated_ones() {
    for (path, wanted) in files(workspace()).expect("the tables are complete") {
        let present = std::fs::read_to_string(workspace().join(path)).unwrap_or_default();
        let differs = present.lines().zip(wanted.lines()).position(|(present, wanted)| present != wanted);
        assert!(
            present == wanted,
            "run `make generate`: {path} differs from line {:?} on",
            differs.map(|line| line + 1)
        );
    }
}

#[test]
fn the_limits_of_the_schemas_are_those_that_the_service_enforces() {
    let wire = wire().expect("the tables are complete");
    let mut tried = 0;
    for request in REQUESTS {
        let fields = &wire.schemas[&format!("request.{}", request.kind)]["properties"];
        for (field, schema) in fields.as_object().expect("an object") {
            for (fits, value) in edges(schema).into_iter().chain(ids(schema, &wire.schemas)) {
                let mut examples = examples(request);
                // An example that has the field also has the fields that it depends on.
                let at = examples.iter().rposition(|example| example.get(field).is_some()).unwrap_or(0);
                let mut example = examples.swap_remove(at);
                example[field] = value;
                let outcome = served(request.function, &example.to_string());
                assert_eq!(outcome.is_ok(), fits, "{}.{field}: {outcome:?}", request.kind);
                tried += 1;
            }
        }
    }
    assert!(tried >= 150, "only {tried} limits were found");
}

#[test]
fn the_limits_of_the_envelope_are_those_that_the_service_enforces() {
    let wire = wire().expect("the tables are complete");
    let fields = wire.schemas["Request"]["properties"].as_object().expect("an object");
    for request in REQUESTS {
        for field in ["id", "ttl_ms"] {
            let values = [edges(&fields[field]), ids(&fields[field], &wire.schemas)].concat();
            assert!(values.len() >= 4, "{field} has no limits");
            for (fits, value) in values {
                let mut example = examples(request).swap_remove(0);
                example[field] = value;
                let outcome = served(request.function, &example.to_string());
                assert_eq!(outcome.is_ok(), fits, "{}.{field}: {outcome:?}", request.kind);
            }
        }
    }
}

/// Returns texts at both sides of the limits of an id, each with `true` if it is a valid id; empty if the field is not
/// an id.
fn ids(field: &Value, schemas: &schemas::set::Schemas) -> Vec<(bool, Value)> {
    let reference = field["$ref"].as_str().or_else(|| field["allOf"][0]["$ref"].as_str()).unwrap_or_default();
    let schema = reference.rsplit('/').next().and_then(|name| schemas.get(name));
    let pattern = schema.and_then(|schema| schema["pattern"].as_str()).unwrap_or_default();
    if !pattern.contains("[A-Za-z0-9_-]{1,64}") {
        return Vec::new();
    }
    let text = |length| Value::from("a".repeat(length));
    vec![(true, text(1)), (true, text(64)), (false, text(0)), (false, text(65)), (false, "a b".into())]
}

/// Returns values at both sides of a field's limits, each with `true` if it is within them.
fn edges(schema: &Value) -> Vec<(bool, Value)> {
    let limit = |name: &str| schema.get(name).and_then(Value::as_u64);
    let users = |count: u64| (0..count).map(|n| json!(format!("user{n}"))).collect::<Value>();
    let text = |length: u64| "ä".repeat(usize::try_from(length).expect("short")).into();
    let mut edges = Vec::new();
    if let Some(least) = limit("minimum").filter(|least| *least > 0) {
        edges.extend([(true, json!(least)), (false, json!(least - 1))]);
    }
    if let Some(most) = limit("maximum") {
        edges.extend([(true, json!(most)), (false, json!(most + 1))]);
    }
    if let Some(most) = limit("maxLength") {
        edges.extend([(true, text(most)), (false, text(most + 1))]);
    }
    if let Some(least) = limit("minItems") {
        edges.extend([(true, users(least)), (false, users(least - 1))]);
    }
    if let Some(most) = limit("maxItems") {
        edges.extend([(true, users(most)), (false, users(most + 1))]);
    }
    edges
}

#[test]
fn the_topic_of_each_function_has_a_rule() {
    let template = std::fs::read_to_string(workspace().join("template.yaml")).expect("the template exists");
    for function in FUNCTIONS {
        let parent = if function.is_bulk() { "BulkUpParent" } else { "CallUpParent" };
        let topic = format!("FROM '${{{parent}}}/{function}'");
        assert!(template.contains(&topic), "no rule reads {topic}");
    }
    let rules = template.matches("FROM '${CallUpParent}/").count()
        + template.matches("FROM '${BulkUpParent}/").count();
    assert_eq!(rules, FUNCTIONS.len(), "a rule reads a topic without a function");
}

#[test]
fn a_row_of_the_protocol_page_that_lacks_something_is_completed_and_keeps_its_sentences() {
    let schemas = wire().expect("the tables are complete").schemas;
    let page = std::fs::read_to_string(workspace().join("docs/protocol.md")).expect("the page exists");
    let row = |page: &str, kind: &str| {
        let line = page.lines().find(|line| line.contains(&format!("| `{kind}` |")));
        line.unwrap_or_else(|| panic!("no row of {kind}")).to_owned()
    };
    let without_mute = page.replace(&format!("{}\n", row(&page, "mute")), "");
    let written = protocol_page::completed(&without_mute, &schemas).expect("a row of `moderate` is left");
    let new = row(&written, "mute");
    for part in
        ["| `moderate` | `mute` |", "`for_seconds`? (1–86400)", "`mode`: `soft` or `hard`", "| `not_host`,"]
    {
        assert!(new.contains(part), "{new} has no {part}");
    }
    let by_hand = "| `moderate` | `remove` | `user_id`: by hand | `participant_updated{by hand}` |";
    let poor = page.replace(&row(&page, "remove"), &format!("{by_hand} – |"));
    let written = protocol_page::completed(&poor, &schemas).expect("complete");
    let filled = row(&written, "remove");
    for part in
        ["| `user_id`: by hand, `ban`?: bool, ", "| `participant_updated{by hand}` |", "| `not_host`,"]
    {
        assert!(filled.contains(part), "{filled} has no {part}");
    }
    let poor = page.replace("| `hand_changed` | `hands` |", "| `hand_changed` | – |");
    assert_eq!(protocol_page::completed(&poor, &schemas).expect("complete"), page);
    let other: String =
        page.split_inclusive('\n').filter(|line| !line.starts_with("| `destroy` |")).collect();
    assert!(matches!(
        protocol_page::completed(&other, &schemas),
        Err(ContractError::NoRow("destroy_meeting"))
    ));
}

#[test]
fn the_changelog_names_every_request() {
    let changelog = std::fs::read_to_string(workspace().join("CHANGELOG.md")).expect("the changelog exists");
    for request in REQUESTS {
        let kind = format!("`{}`", request.kind);
        assert!(changelog.contains(&kind), "CHANGELOG.md does not name the request {kind}: add a line");
    }
}

#[test]
fn the_protocol_page_has_a_row_for_each_notice() {
    let page = std::fs::read_to_string(workspace().join("docs/protocol.md")).expect("the page exists");
    let (_, notices) =
        page.split_once("## All downlinks that are not answers").expect("a section on notices");
    let (notices, _) = notices.split_once("\n## ").expect("a section after it");
    for downlink in DOWNLINKS.iter().filter(|downlink| downlink.notice) {
        let row = format!("\n| `{}` |", downlink.kind);
        assert!(notices.contains(&row), "docs/protocol.md has no row for the notice `{}`", downlink.kind);
    }
}

#[test]
fn the_protocol_page_has_the_limits_of_the_code() {
    let page = std::fs::read_to_string(workspace().join("docs/protocol.md")).expect("the page exists");
    let (least, most) = (RING_SECONDS.start(), RING_SECONDS.end());
    let kb = |bytes: usize| bytes / 1024;
    let rows = [
        format!("| uplink, downlink | {} KB, {} KB |", kb(MAX_UPLINK_BYTES), kb(MAX_DOWNLINK_BYTES)),
        format!("| client ID, topic, request id | {MAX_ID_CHARS} characters each |"),
        format!("| invitees of a request | {MAX_INVITEES} |"),
        format!("| participants of a meeting at a time | {DEFAULT_SEATS} by default, {MAX_SEATS} at most |"),
        format!("| title, reason, text | {MAX_TEXT_CHARS} characters |"),
        format!("| `ext` | {} KB as JSON |", kb(MAX_EXT_BYTES)),
        format!("| ring | {DEFAULT_RING_SECONDS} s by default, {least}–{most} s;"),
        format!("| duration of a meeting | {DEFAULT_MINUTES} minutes by default, {MAX_MINUTES} at most"),
        format!("`limit`? (1–{}, default {DEFAULT_PAGE_CALLS})", PAGE_CALLS.end()),
        format!("lifetime, 1–{MAX_TTL_MS}, default {DEFAULT_TTL_MS}."),
    ];
    for row in rows {
        assert!(page.contains(&row), "docs/protocol.md does not have: {row}");
    }
    assert_eq!((MAX_CLIENT_ID_CHARS, MAX_TOPIC_CHARS), (MAX_ID_CHARS, MAX_ID_CHARS), "one row has all three");
}

#[test]
fn each_code_has_its_sip_status() {
    let schemas = wire().expect("the tables are complete").schemas;
    for (name, code, sip) in [("Code", "meeting_ended", 410), ("EndReason", "all_declined", 603)] {
        let codes = schemas[name]["oneOf"].as_array().expect("a choice");
        assert!(codes.iter().all(|code| code["x-sip"].is_u64()), "{codes:?}");
        let found = codes.iter().find(|entry| entry["const"] == code).expect("the code is listed");
        assert_eq!(found["x-sip"], sip);
    }
}

#[test]
fn no_deployed_function_contains_the_schemas() {
    let read = |path| std::fs::read_to_string(workspace().join(path)).expect("the manifest exists");
    assert_eq!(
        read("shared/protocol/Cargo.toml").matches("dep:schemars").count(),
        1,
        "only by the feature `schema`"
    );
    for path in [
        "shared/core/Cargo.toml",
        "shared/rtc/Cargo.toml",
        "shared/service/Cargo.toml",
        "functions/Cargo.toml",
    ] {
        let manifest = read(path);
        let deployed = manifest.split("[dev-dependencies]").next().unwrap_or_default();
        assert!(!deployed.contains("schema"), "{path}");
    }
}
