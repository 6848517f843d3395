//! Puts the document together: what is the same for all messages from `head.yaml`, the rest from the types.

use serde_json::{Value as Json, json};
use serde_norway::{Mapping, Value};
use std::collections::BTreeSet;

use super::schemas::{Function, Kind, wire};
use super::{ContractError, answers, examples};

/// Version of the MQTT bindings of `AsyncAPI`.
const BINDING: &str = "0.2.0";
/// Channels of what terminals get.
const CONTROL: &str = "downlink";
const BULK: &str = "downlink-bulk";
/// Downlinks of low priority, which may be large.
const ON_BULK: [&str; 2] = ["state", "history"];

/// The document.
///
/// # Errors
/// As [`super::document`].
pub fn assemble() -> Result<Value, ContractError> {
    let wire = wire()?;
    let mut document: Mapping = serde_norway::from_str(include_str!("head.yaml"))?;
    let Some(Value::Mapping(mut components)) = document.remove("components") else {
        return Err(ContractError::Incomplete("head.yaml has no components".to_owned()));
    };
    let (mut channels, mut operations, mut messages) = (Mapping::new(), Mapping::new(), Mapping::new());
    let mut answered = BTreeSet::new();
    for function in &wire.functions {
        channels.insert(function.name.into(), uplink_channel(function)?);
        for kind in &function.kinds {
            let name = format!("request.{}", kind.name);
            messages.insert(name.as_str().into(), message(&name, kind, examples::request(&kind.name)?)?);
            operations.insert(kind.name.as_str().into(), request(function, kind, &mut answered)?);
        }
    }
    let is_bulk = |kind: &&Kind| ON_BULK.contains(&kind.name.as_str());
    let (bulk, control): (Vec<_>, Vec<_>) = wire.downlinks.iter().partition(is_bulk);
    let about = "Answers and news of one terminal. Each terminal subscribes to its own.";
    channels.insert(CONTROL.into(), downlink_channel("downlink", about, &control)?);
    let about = "Answers that are of low priority and may be large. Each terminal subscribes to its own.";
    channels.insert(BULK.into(), downlink_channel("downlinkBulk", about, &bulk)?);
    for kind in &wire.downlinks {
        let name = format!("downlink.{}", kind.name);
        messages.insert(name.as_str().into(), message(&name, kind, examples::downlink(&kind.name)?)?);
        if answers::comes_unasked(&kind.name) {
            operations.insert(format!("on.{}", kind.name).into(), news(kind)?);
        } else if kind.name != "error" && !answered.contains(kind.name.as_str()) {
            let words =
                "answers nothing and does not come unasked: say which in local/src/contract/answers.rs";
            return Err(ContractError::Incomplete(format!("`{}` {words}", kind.name)));
        }
    }
    components.insert("messages".into(), messages.into());
    components.insert("schemas".into(), yaml(&wire.schemas)?);
    document.insert("channels".into(), channels.into());
    document.insert("operations".into(), operations.into());
    document.insert("components".into(), components.into());
    Ok(document.into())
}

fn uplink_channel(function: &Function) -> Result<Value, ContractError> {
    let parent = if function.bulk { "uplinkBulk" } else { "uplink" };
    let name = function.name;
    let kinds = function.kinds.iter();
    let messages: Json = kinds
        .map(|kind| (kind.name.clone(), at(&["components", "messages", &format!("request.{}", kind.name)])))
        .collect();
    yaml(&json!({
        "address": format!("{{{parent}}}/{name}"),
        "summary": format!("Requests of the function `{name}`."),
        "parameters": {parent: at(&["components", "parameters", parent])},
        "messages": messages,
    }))
}

fn downlink_channel(parent: &str, about: &str, kinds: &[&Kind]) -> Result<Value, ContractError> {
    let messages: Json = kinds
        .iter()
        .map(|kind| (kind.name.clone(), at(&["components", "messages", &format!("downlink.{}", kind.name)])))
        .collect();
    yaml(&json!({
        "address": format!("{{{parent}}}/p2p/{{clientId}}"),
        "summary": about,
        "parameters": {
            parent: at(&["components", "parameters", parent]),
            "clientId": at(&["components", "parameters", "clientId"]),
        },
        "messages": messages,
    }))
}

/// The operation of a request, with its answers.
fn request(
    function: &Function,
    kind: &Kind,
    answered: &mut BTreeSet<&'static str>,
) -> Result<Value, ContractError> {
    let name = &kind.name;
    let Some(answers) = answers::to(name) else {
        let words = "say in local/src/contract/answers.rs what answers it";
        return Err(ContractError::Incomplete(format!("`{name}`: {words}")));
    };
    answered.extend(answers.with);
    let mut about = Vec::new();
    match answers.with {
        [] => about.push("Never answered, only refused.".to_owned()),
        with => about.push(format!("Answered by {}.", words(with.iter().copied()))),
    }
    if !answers.refusals.is_empty() {
        let refusals = answers.refusals.iter().map(|code| json!(code)).collect::<Vec<_>>();
        about.push(format!(
            "Refused, besides the general codes, with {}.",
            words(refusals.iter().filter_map(Json::as_str))
        ));
    }
    if !answers.note.is_empty() {
        about.push(answers.note.to_owned());
    }
    // All of a reply comes on one channel; the error of a bulk request comes on the other one.
    let is_bulk = answers.with.iter().any(|kind| ON_BULK.contains(kind));
    let channel = if is_bulk { BULK } else { CONTROL };
    let replies = answers.with.iter().copied().chain((!is_bulk).then_some("error"));
    let replies: Vec<Json> = replies.map(|reply| at(&["channels", channel, "messages", reply])).collect();
    yaml(&json!({
        "action": "receive",
        "channel": at(&["channels", function.name]),
        "summary": kind.about,
        "description": about.join(" "),
        "messages": [at(&["channels", function.name, "messages", name])],
        "reply": {"channel": at(&["channels", channel]), "messages": replies},
        "bindings": binding(),
    }))
}

/// The operation of a downlink that comes unasked.
fn news(kind: &Kind) -> Result<Value, ContractError> {
    yaml(&json!({
        "action": "send",
        "channel": at(&["channels", CONTROL]),
        "summary": kind.about,
        "messages": [at(&["channels", CONTROL, "messages", &kind.name])],
        "bindings": binding(),
    }))
}

fn message(schema: &str, kind: &Kind, example: Value) -> Result<Value, ContractError> {
    let mut message = Mapping::new();
    message.insert("name".into(), kind.name.as_str().into());
    message.insert("summary".into(), kind.about.as_str().into());
    message.insert("payload".into(), yaml(&at(&["components", "schemas", schema]))?);
    let example = Mapping::from_iter([("payload".into(), example)]);
    message.insert("examples".into(), vec![Value::from(example)].into());
    Ok(message.into())
}

fn binding() -> Json {
    json!({"mqtt": {"qos": 1, "retain": false, "bindingVersion": BINDING}})
}

/// A reference to a part of the document.
fn at(path: &[&str]) -> Json {
    json!({"$ref": format!("#/{}", path.join("/"))})
}

fn words<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn yaml(part: &impl serde::Serialize) -> Result<Value, ContractError> {
    Ok(serde_norway::to_value(part)?)
}
