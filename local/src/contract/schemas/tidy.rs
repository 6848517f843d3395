//! Changes the generator's schemas of Rust types into those of the wire.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use switchboard_protocol::code::{Code, EndReason};

use super::set::{SCHEMAS, Schemas};

/// Merges the schemas of requests and downlinks. An object whose schema differs between the two occurs twice: as `<name>`
/// and as `request.<name>`.
pub fn merge(mut requests: Schemas, downlinks: Schemas) -> Schemas {
    loop {
        let differs = |(name, schema): (&String, &Value)| {
            let other = downlinks.get(name)?;
            (other != schema).then(|| name.clone())
        };
        let Some(name) = requests.iter().find_map(differs) else { break };
        let renamed = format!("request.{name}");
        let (old, new) = (format!("#{SCHEMAS}/{name}"), format!("#{SCHEMAS}/{renamed}"));
        if let Some(schema) = requests.remove(&name) {
            requests.insert(renamed, schema);
        }
        for schema in requests.values_mut() {
            each(schema, &mut |object| {
                if object.get("$ref").is_some_and(|target| *target == old) {
                    object.insert("$ref".to_owned(), json!(new));
                }
            });
        }
    }
    requests.extend(downlinks);
    requests
}

/// Applies all changes to all schemas.
pub fn tidy(schemas: &mut Schemas) {
    for schema in schemas.values_mut() {
        each(schema, &mut |object| {
            without_null(object);
            numbers(object);
            comment(object);
            reference_alone(object);
        });
    }
    // The only field that may be `null`, in an error to an unreadable uplink.
    schemas.entry("Downlink".to_owned()).and_modify(|downlink| {
        let request = downlink["properties"]["re"].take();
        downlink["properties"]["re"] = json!({"anyOf": [request, {"type": "null"}],
            "description": "Id of the request that the downlink answers; `null` if that id could not be read, absent in notices."});
    });
    with_sip(schemas, "Code", Code::sip);
    with_sip(schemas, "EndReason", EndReason::sip);
}

/// Calls `change` for the schema and all schemas inside it, innermost first.
fn each(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match schema {
        Value::Object(object) => {
            object.values_mut().for_each(|value| each(value, change));
            change(object);
        }
        Value::Array(list) => list.iter_mut().for_each(|value| each(value, change)),
        _ => {}
    }
}

/// Removes `null` from a field's types: an absent optional field is left out of the JSON.
fn without_null(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            for (key, value) in only {
                object.entry(key).or_insert(value);
            }
        }
    }
}

/// Removes the width of Rust's numbers.
fn numbers(object: &mut Map<String, Value>) {
    let format = object.get("format").and_then(Value::as_str).unwrap_or_default();
    if format.contains("int") {
        object.remove("format");
    }
    if object.get("maximum").and_then(Value::as_u64) == Some(u16::MAX.into()) {
        object.remove("maximum");
    }
}

/// Joins the lines of a paragraph, which are wrapped in the source.
fn comment(object: &mut Map<String, Value>) {
    if let Some(Value::String(text)) = object.get_mut("description") {
        *text =
            text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n\n");
    }
}

/// Moves a `$ref` with siblings into `allOf`, since readers ignore the siblings of a `$ref`.
fn reference_alone(object: &mut Map<String, Value>) {
    if object.len() > 1
        && let Some(target) = object.remove("$ref")
    {
        object.insert("allOf".to_owned(), json!([{"$ref": target}]));
    }
}

/// Adds the SIP status that a gateway would send to each code.
fn with_sip<C: DeserializeOwned>(schemas: &mut Schemas, name: &str, sip: impl Fn(C) -> u16) {
    let codes = schemas.get_mut(name).and_then(|schema| schema["oneOf"].as_array_mut());
    for code in codes.into_iter().flatten() {
        if let Ok(known) = serde_json::from_value(code["const"].clone()) {
            let sip = sip(known);
            code["description"] =
                json!(format!("SIP {sip}. {}", code["description"].as_str().unwrap_or_default()));
            code["x-sip"] = json!(sip);
        }
    }
}
