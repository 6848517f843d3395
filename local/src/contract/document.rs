//! `docs/asyncapi.yaml`: the protocol as an `AsyncAPI` 3 document. The parts that no table has are in `head.yaml`.

use serde_json::{Value as Json, json};
use serde_norway::{Mapping, Value};
use switchboard_protocol::downlink::DownlinkInfo;
use switchboard_protocol::requests::{FUNCTIONS, Function, REQUESTS};

use super::error::ContractError;
use super::examples;
use super::schemas::{DownlinkSchema, RequestSchema, wire};

/// Version of the MQTT bindings of `AsyncAPI`.
const BINDING: &str = "0.2.0";
/// Channel of the downlinks.
const CONTROL: &str = "downlink";
/// Channel of the downlinks on the bulk topic.
const BULK: &str = "downlink-bulk";

/// Returns the text of the document.
///
/// # Errors
/// A message type has no example, or its schema has an unexpected form.
pub fn text() -> Result<String, ContractError> {
    let text = serde_norway::to_string(&assemble()?)?;
    Ok(format!(
        "# Made by `make generate` from the types and tables in shared/protocol/src; change them there.\n{text}"
    ))
}

fn assemble() -> Result<Value, ContractError> {
    let wire = wire()?;
    let mut document: Mapping = serde_norway::from_str(include_str!("head.yaml"))?;
    let Some(Value::Mapping(mut components)) = document.remove("components") else {
        return Err(ContractError::Head("components"));
    };
    let (mut channels, mut operations, mut messages) = (Mapping::new(), Mapping::new(), Mapping::new());
    for function in FUNCTIONS {
        channels.insert(function.name().into(), uplink_channel(*function)?);
    }
    for request in &wire.requests {
        let (kind, name) = (request.info.kind, format!("request.{}", request.info.kind));
        let examples = examples::of_request(request.info)?;
        messages.insert(name.as_str().into(), message(&name, kind, &request.about, examples)?);
        operations.insert(kind.into(), request_operation(request)?);
    }
    let (bulk, control): (Vec<_>, Vec<_>) = wire.downlinks.iter().partition(|downlink| downlink.info.bulk);
    let about = "Answers and notices to one terminal. A terminal subscribes to its own topic.";
    channels.insert(CONTROL.into(), downlink_channel("downlink", about, &control)?);
    let about = "Answers of low priority, which may be large. A terminal subscribes to its own topic.";
    channels.insert(BULK.into(), downlink_channel("downlinkBulk", about, &bulk)?);
    for downlink in &wire.downlinks {
        let (kind, name) = (downlink.info.kind, format!("downlink.{}", downlink.info.kind));
        let examples = vec![examples::of_downlink(kind)?];
        messages.insert(name.as_str().into(), message(&name, kind, &downlink.about, examples)?);
        if downlink.info.notice {
            operations.insert(format!("on.{kind}").into(), notice_operation(downlink)?);
        }
    }
    components.insert("messages".into(), messages.into());
    components.insert("schemas".into(), yaml(&wire.schemas)?);
    document.insert("channels".into(), channels.into());
    document.insert("operations".into(), operations.into());
    document.insert("components".into(), components.into());
    Ok(document.into())
}

fn uplink_channel(function: Function) -> Result<Value, ContractError> {
    let parent = if function.is_bulk() { "uplinkBulk" } else { "uplink" };
    let requests = REQUESTS.iter().filter(|request| request.function == function);
    let messages: Json = requests
        .map(|request| {
            let message = at(&["components", "messages", &format!("request.{}", request.kind)]);
            (request.kind.to_owned(), message)
        })
        .collect();
    yaml(&json!({
        "address": format!("{{{parent}}}/{function}"),
        "summary": format!("Requests of the function `{function}`."),
        "parameters": {parent: at(&["components", "parameters", parent])},
        "messages": messages,
    }))
}

fn downlink_channel(
    parent: &str,
    about: &str,
    downlinks: &[&DownlinkSchema],
) -> Result<Value, ContractError> {
    let messages: Json = downlinks
        .iter()
        .map(|downlink| {
            let kind = downlink.info.kind;
            (kind.to_owned(), at(&["components", "messages", &format!("downlink.{kind}")]))
        })
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

/// Makes the operation of a request, with its answers.
fn request_operation(request: &RequestSchema) -> Result<Value, ContractError> {
    let info = request.info;
    let mut about = Vec::new();
    match info.answered_by {
        [] => about.push("Sent once. The only answer is an `error`.".to_owned()),
        answers => about.push(format!("Answered by {}.", words(answers.iter().copied()))),
    }
    if !info.refusals.is_empty() {
        let refusals = info.refusals.iter().map(|code| json!(code)).collect::<Vec<_>>();
        about.push(format!(
            "Refused, besides the general codes, with {}.",
            words(refusals.iter().filter_map(Json::as_str))
        ));
    }
    if !info.note.is_empty() {
        about.push(info.note.to_owned());
    }
    // AsyncAPI allows one channel for a reply. The error to a bulk request comes on the control channel.
    let is_bulk = info.answered_by.iter().any(|kind| DownlinkInfo::find(kind).is_some_and(|info| info.bulk));
    let channel = if is_bulk { BULK } else { CONTROL };
    let replies = info.answered_by.iter().copied().chain((!is_bulk).then_some("error"));
    let replies: Vec<Json> = replies.map(|reply| at(&["channels", channel, "messages", reply])).collect();
    yaml(&json!({
        "action": "receive",
        "channel": at(&["channels", info.function.name()]),
        "summary": request.about,
        "description": about.join(" "),
        "messages": [at(&["channels", info.function.name(), "messages", info.kind])],
        "reply": {"channel": at(&["channels", channel]), "messages": replies},
        "bindings": binding(),
    }))
}

/// Makes the operation of a notice.
fn notice_operation(downlink: &DownlinkSchema) -> Result<Value, ContractError> {
    yaml(&json!({
        "action": "send",
        "channel": at(&["channels", CONTROL]),
        "summary": downlink.about,
        "messages": [at(&["channels", CONTROL, "messages", downlink.info.kind])],
        "bindings": binding(),
    }))
}

fn message(schema: &str, kind: &str, about: &str, examples: Vec<Value>) -> Result<Value, ContractError> {
    let mut message = Mapping::new();
    message.insert("name".into(), kind.into());
    message.insert("summary".into(), about.into());
    message.insert("payload".into(), yaml(&at(&["components", "schemas", schema]))?);
    let examples =
        examples.into_iter().map(|example| Mapping::from_iter([("payload".into(), example)]).into());
    message.insert("examples".into(), examples.collect::<Vec<Value>>().into());
    Ok(message.into())
}

fn binding() -> Json {
    json!({"mqtt": {"qos": 1, "retain": false, "bindingVersion": BINDING}})
}

/// Makes a reference to a part of the document.
fn at(path: &[&str]) -> Json {
    json!({"$ref": format!("#/{}", path.join("/"))})
}

fn words<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn yaml(part: &impl serde::Serialize) -> Result<Value, ContractError> {
    Ok(serde_norway::to_value(part)?)
}
