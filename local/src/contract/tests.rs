//! That the document is complete and up to date, and that its examples and limits are those of the service.

use super::*;
use schemas::wire;
use serde::Serialize;
use serde_json::{Map, Value, json};
use switchboard_protocol::downlink::Downlink;
use switchboard_protocol::envelope::{Unreadable, read};
use switchboard_protocol::requests::{
    AnswerRequest, AttendRequest, CreateRequest, DestroyRequest, InviteRequest, ModerateRequest, Requests,
    SyncRequest,
};

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is a folder of the workspace")
}

fn examples(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).expect("examples are a JSON object")
}

/// Reads a message as the function does, and writes it again.
fn rewritten<R: Requests + Serialize>(message: &Value) -> Result<Value, Unreadable> {
    let envelope = read::<R>(message.to_string().as_bytes())?;
    let mut again = serde_json::to_value(&envelope.request).expect("requests are JSON");
    again["v"] = json!(1);
    again["id"] = json!(envelope.id);
    Ok(again)
}

/// The same by the function's name.
fn request(function: &str, message: &Value) -> Result<Value, Unreadable> {
    match function {
        CreateRequest::FUNCTION => rewritten::<CreateRequest>(message),
        InviteRequest::FUNCTION => rewritten::<InviteRequest>(message),
        AnswerRequest::FUNCTION => rewritten::<AnswerRequest>(message),
        AttendRequest::FUNCTION => rewritten::<AttendRequest>(message),
        ModerateRequest::FUNCTION => rewritten::<ModerateRequest>(message),
        DestroyRequest::FUNCTION => rewritten::<DestroyRequest>(message),
        SyncRequest::FUNCTION => rewritten::<SyncRequest>(message),
        other => panic!("`{other}` is not read here"),
    }
}

#[test]
fn the_document_in_the_workspace_is_the_one_that_the_types_make() {
    let present = std::fs::read_to_string(workspace().join(PATH)).expect("the document is there");
    let wanted = document().expect("it can be made");
    let differs = present.lines().zip(wanted.lines()).position(|(present, wanted)| present != wanted);
    assert!(
        present == wanted,
        "run `make asyncapi`: {PATH} differs from line {:?} on",
        differs.map(|line| line + 1)
    );
}

#[test]
fn every_type_has_an_example_that_the_service_reads_and_would_write_so() {
    let (wire, requests) = (wire().expect("it can be read"), examples(examples::REQUESTS));
    for function in &wire.functions {
        for kind in &function.kinds {
            let example =
                requests.get(&kind.name).unwrap_or_else(|| panic!("`{}` has no example", kind.name));
            assert_eq!(request(function.name, example).as_ref(), Ok(example), "{}", kind.name);
        }
    }
    let downlinks = examples(examples::DOWNLINKS);
    for kind in &wire.downlinks {
        let example = downlinks.get(&kind.name).unwrap_or_else(|| panic!("`{}` has no example", kind.name));
        let downlink: Downlink = serde_json::from_value(example.clone()).expect(&kind.name);
        assert_eq!(downlink.body.kind(), kind.name);
        assert_eq!(&serde_json::to_value(&downlink).expect("downlinks are JSON"), example);
    }
}

#[test]
fn no_example_is_of_a_type_that_there_is_not() {
    let wire = wire().expect("it can be read");
    let kinds = wire.functions.iter().flat_map(|function| &function.kinds).chain(&wire.downlinks);
    let kinds: Vec<&str> = kinds.map(|kind| kind.name.as_str()).collect();
    for (kind, example) in examples(examples::REQUESTS).into_iter().chain(examples(examples::DOWNLINKS)) {
        assert!(kinds.contains(&kind.as_str()), "there is no `{kind}`");
        assert_eq!(example["type"], kind.as_str());
    }
}

#[test]
fn the_limits_of_the_schemas_are_those_that_the_service_enforces() {
    let (wire, requests) = (wire().expect("it can be read"), examples(examples::REQUESTS));
    let mut tried = 0;
    for function in &wire.functions {
        for kind in &function.kinds {
            let fields = &wire.schemas[&format!("request.{}", kind.name)]["properties"];
            for (field, schema) in fields.as_object().expect("an object") {
                for (fits, value) in edges(schema).into_iter().chain(ids(schema, &wire.schemas)) {
                    let mut example = requests[&kind.name].clone();
                    if field == "meeting_id" {
                        // Whoever names the meeting does not name its create request.
                        example.as_object_mut().expect("an object").remove("create_id");
                    }
                    example[field] = value;
                    let outcome = request(function.name, &example);
                    assert_eq!(outcome.is_ok(), fits, "{}.{field}: {outcome:?}", kind.name);
                    tried += 1;
                }
            }
        }
    }
    assert!(tried >= 150, "only {tried} limits were found");
}

#[test]
fn the_limits_of_the_envelope_are_those_that_the_service_enforces() {
    let (wire, requests) = (wire().expect("it can be read"), examples(examples::REQUESTS));
    let fields = wire.schemas["Request"]["properties"].as_object().expect("an object");
    for function in &wire.functions {
        let kind = &function.kinds.first().expect("it has one").name;
        for field in ["id", "ttl_ms"] {
            let tried = [edges(&fields[field]), ids(&fields[field], &wire.schemas)].concat();
            assert!(tried.len() >= 4, "{field} has no limits");
            for (fits, value) in tried {
                let mut example = requests[kind].clone();
                example[field] = value;
                let outcome = request(function.name, &example);
                assert_eq!(outcome.is_ok(), fits, "{kind}.{field}: {outcome:?}");
            }
        }
    }
}

/// Texts at both sides of what an id may be, for a field that is one, and whether they are ids.
fn ids(field: &Value, schemas: &schemas::Schemas) -> Vec<(bool, Value)> {
    let reference = field["$ref"].as_str().or_else(|| field["allOf"][0]["$ref"].as_str()).unwrap_or_default();
    let schema = reference.rsplit('/').next().and_then(|name| schemas.get(name));
    let pattern = schema.and_then(|schema| schema["pattern"].as_str()).unwrap_or_default();
    if !pattern.contains("[A-Za-z0-9_-]{1,64}") {
        return Vec::new();
    }
    let text = |length| Value::from("a".repeat(length));
    vec![(true, text(1)), (true, text(64)), (false, text(0)), (false, text(65)), (false, "a b".into())]
}

/// Values at both sides of a field's limits, and whether they are within.
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
fn every_topic_that_a_function_reads_is_in_the_document() {
    let functions = wire().expect("it can be read").functions;
    let template = std::fs::read_to_string(workspace().join("template.yaml")).expect("the template is there");
    for function in &functions {
        let parent = if function.bulk { "BulkUpParent" } else { "CallUpParent" };
        let topic = format!("FROM '${{{parent}}}/{}'", function.name);
        assert!(template.contains(&topic), "no rule reads {topic}");
    }
    let rules = template.matches("FROM '${CallUpParent}/").count()
        + template.matches("FROM '${BulkUpParent}/").count();
    assert_eq!(rules, functions.len(), "a rule reads a topic that is not in the document");
}

#[test]
fn each_code_stands_with_its_sip_status() {
    let schemas = wire().expect("it can be read").schemas;
    for (name, code, sip) in [("Code", "meeting_ended", 410), ("EndReason", "all_declined", 603)] {
        let codes = schemas[name]["oneOf"].as_array().expect("a choice");
        assert!(codes.iter().all(|code| code["x-sip"].is_u64()), "{codes:?}");
        let found = codes.iter().find(|entry| entry["const"] == code).expect("it is there");
        assert_eq!(found["x-sip"], sip);
    }
}

#[test]
fn no_deployed_function_carries_the_schemas() {
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
        assert!(!read(path).contains("schema"), "{path}");
    }
}
