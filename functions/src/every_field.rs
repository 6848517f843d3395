//! Tests that every field of every request is read, and that somebody is told. The test walks the schemas. It
//! sends each request twice, with two values of one field and all else equal, and requires two different
//! results. The result consists of all downlinks and reports of the functions, those of the request and those
//! of what follows: users who ask for the state, a user who joins, deadlines, the end and the call history.
//! What is only stored does not count.
//!
//! A value that is refused with `bad_request` is not used: a field that is only checked and then dropped
//! counts as not read.

mod scenes;
mod values;

use crate::testing::{at, device, service};
use crate::wake::ChannelAges;
use scenes::{AFTERWARDS, NO_USER, SCENES, Scene, filled};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use switchboard_protocol::envelope::{self, Envelope};
use switchboard_protocol::id::BodyHash;
use switchboard_protocol::requests::{
    AnswerRequest, AttendRequest, CreateRequest, DestroyRequest, Function, InviteRequest, ModerateRequest,
    REQUESTS, RequestInfo, Requests, SettingsRequest, SyncRequest, schemas,
};
use switchboard_service::fake::FakePorts;
use switchboard_service::request::serve_request;
use switchboard_service::{InvocationReport, ReceivedRequest, ServeError, Service};

/// Fields of the envelope. The requests' schemas do not contain them, and other tests prove that they are
/// read.
const ENVELOPE: [(&str, &str); 4] = [
    ("v", "decides whether a request is read at all: `envelope::tests`"),
    ("type", "decides which request it is: every test"),
    ("id", "decides what is a repeat: `core::tests::repeats`"),
    ("ttl_ms", "decides how long the request may wait: the test below"),
];

/// Sends a message to its function. All messages have the same hash of the body, so that the hash makes no
/// difference.
async fn send<R, F>(
    message: &Value,
    by: &str,
    at_ms: i64,
    service: &Service<FakePorts>,
    function: &F,
) -> String
where
    R: Requests,
    F: AsyncFn(ReceivedRequest<R>, &Service<FakePorts>) -> Result<InvocationReport, ServeError>,
{
    match envelope::read::<R>(message.to_string().as_bytes()) {
        Ok(envelope) => {
            let envelope = Envelope { hash: BodyHash::of(b"the same for all"), ..envelope };
            let request = ReceivedRequest { by: device(by), envelope, now: at(at_ms) };
            let report = serve_request(request, None, service, function).await.expect("no internal error");
            report.to_value().to_string()
        }
        Err(unreadable) => format!("bad_request at {:?}: {}", unreadable.path, unreadable.message),
    }
}

async fn dispatch(message: &Value, by: &str, at_ms: i64, service: &Service<FakePorts>) -> String {
    let kind = message["type"].as_str().expect("a type");
    match RequestInfo::find(kind).expect("a known type").function {
        Function::CreateMeeting => {
            send::<CreateRequest, _>(message, by, at_ms, service, &crate::create_meeting::create_meeting)
                .await
        }
        Function::Invite => {
            send::<InviteRequest, _>(message, by, at_ms, service, &crate::invite::invite).await
        }
        Function::Answer => {
            send::<AnswerRequest, _>(message, by, at_ms, service, &crate::answer::answer).await
        }
        Function::Attend => {
            send::<AttendRequest, _>(message, by, at_ms, service, &crate::attend::attend).await
        }
        Function::Moderate => {
            send::<ModerateRequest, _>(message, by, at_ms, service, &crate::moderate::moderate).await
        }
        Function::Destroy => {
            send::<DestroyRequest, _>(message, by, at_ms, service, &crate::destroy::destroy).await
        }
        Function::Sync => send::<SyncRequest, _>(message, by, at_ms, service, &crate::sync::sync).await,
        Function::Settings => {
            send::<SettingsRequest, _>(message, by, at_ms, service, &crate::settings::settings).await
        }
    }
}

/// Runs a scene, and returns everything that `message` causes in it; `None` for a message that is not a valid
/// request.
async fn result_of(message: &Value, scene: &Scene) -> Option<String> {
    let service = service();
    for (at_ms, by, step) in scene.before {
        let step = filled(step, &service);
        let report = dispatch(&step, by, *at_ms, &service).await;
        assert!(!report.contains("bad_request") && !report.contains("refused"), "{step}: {report}");
    }
    let message = filled(&message.to_string(), &service);
    service.publisher.broker.take();
    let report = dispatch(&message, scene.by, scene.at_ms, &service).await;
    if report.contains("bad_request") {
        return None;
    }
    let mut told = format!("{report}\n{:?}\n", service.publisher.broker.take());
    for (after_ms, by, step) in AFTERWARDS {
        let at_ms = scene.at_ms + after_ms;
        let report = if *by == NO_USER {
            let swept = crate::wake::wake(json!({}), &ChannelAges::default(), at(at_ms), &service).await;
            swept.expect("no internal error").to_string()
        } else {
            dispatch(&filled(step, &service), by, at_ms, &service).await
        };
        let _ = writeln!(told, "{by} {report}\n{:?}", service.publisher.broker.take());
    }
    Some(told)
}

/// Returns the message with `value` at `path`, or without that field.
fn with(message: &Value, path: &[String], value: Option<&Value>) -> Value {
    let mut changed = message.clone();
    let (last, parents) = path.split_last().expect("a path has a field");
    let mut object = &mut changed;
    for parent in parents {
        object = &mut object[parent];
    }
    if object.is_null() {
        *object = json!({});
    }
    let object: &mut Map<String, Value> = object.as_object_mut().expect("an object");
    match value {
        Some(value) => object.insert(last.clone(), value.clone()),
        None => object.remove(last),
    };
    changed
}

/// Returns the example without its optional fields.
fn shortest(example: &Value, required: &[Value]) -> Value {
    let mut fields = example.as_object().expect("an example is an object").clone();
    fields.retain(|name, _| {
        required.iter().any(|required| required == name) || ENVELOPE.iter().any(|(of_all, _)| of_all == name)
    });
    Value::Object(fields)
}

/// Returns whether two values of the field lead to two different results in a scene. Of a field with a list of
/// values, each two of them have to.
async fn is_read(request: &RequestInfo, required: &[Value], path: &[String], candidates: &[Value]) -> bool {
    let mut alike: BTreeSet<(usize, usize)> = BTreeSet::new();
    if values::is_choice(candidates) {
        alike = (0..candidates.len()).flat_map(|one| (0..one).map(move |other| (one, other))).collect();
    }
    let has_pairs = !alike.is_empty();
    let examples = std::iter::once(&request.sample.message).chain(request.more_examples);
    let examples = examples.map(|message| serde_json::from_str(message).expect("an example is JSON"));
    let examples: Vec<Value> = examples.flat_map(|example| [shortest(&example, required), example]).collect();
    for scene in SCENES.iter().filter(|scene| scene.kinds.contains(&request.kind)) {
        for example in &examples {
            let mut results = Vec::new();
            let own = path.iter().try_fold(example, |object, name| object.get(name));
            for value in candidates.iter().chain(own).map(Some).chain([None]) {
                results.push(result_of(&with(example, path, value), scene).await);
            }
            let differ = |one: usize, other: usize| matches!((&results[one], &results[other]), (Some(a), Some(b)) if a != b);
            alike.retain(|(one, other)| !differ(*one, *other));
            let distinct: BTreeSet<&String> = results.iter().flatten().collect();
            let is_told = if has_pairs { alike.is_empty() } else { distinct.len() > 1 };
            if is_told {
                return true;
            }
        }
    }
    false
}

// Proves: no-field-is-dropped
#[tokio::test]
async fn every_field_of_every_request_makes_a_difference() {
    let mut generator = schemars::SchemaGenerator::default();
    let all = schemas(&mut generator);
    let definitions: BTreeMap<String, Value> = generator.take_definitions(true).into_iter().collect();
    let mut dropped = Vec::new();
    let mut fields = 0;
    for (request, schema) in REQUESTS.iter().zip(all) {
        for (path, candidates) in values::fields(schema.as_value(), &definitions) {
            assert!(ENVELOPE.iter().all(|(name, _)| *name != path[0]), "{path:?} is a field of the envelope");
            fields += 1;
            let required = schema.as_value()["required"].as_array().map(Vec::as_slice).unwrap_or_default();
            if !is_read(request, required, &path, &candidates).await {
                dropped.push(format!("{}.{}", request.kind, path.join(".")));
            }
        }
    }
    assert!(fields > 60, "the schemas have fields: {fields}");
    assert!(dropped.is_empty(), "two values of these fields make no difference: {dropped:?}");
}

/// Without this, the walk would find a difference in every field.
#[tokio::test]
async fn the_same_message_has_the_same_result_twice() {
    for request in REQUESTS {
        let message = serde_json::from_str(request.sample.message).expect("an example is JSON");
        for scene in SCENES.iter().filter(|scene| scene.kinds.contains(&request.kind)) {
            assert_eq!(result_of(&message, scene).await, result_of(&message, scene).await, "{message}");
        }
    }
}

#[tokio::test]
async fn the_life_of_a_request_is_read() {
    for (ttl_ms, is_expired) in [(json!(5_000), true), (json!(60_000), false), (Value::Null, true)] {
        let service = service();
        let message = json!({"v": 1, "type": "sync", "id": "s1", "ttl_ms": ttl_ms});
        let envelope = envelope::read::<SyncRequest>(message.to_string().as_bytes()).expect("valid");
        let request = ReceivedRequest { by: device("alice.phone"), envelope, now: at(0) };
        let received_ms = Some(at(-20_000).ms);
        let report = serve_request(request, received_ms, &service, &crate::sync::sync)
            .await
            .expect("no internal error");
        assert_eq!(report.refused.is_some(), is_expired, "{message}");
    }
}
