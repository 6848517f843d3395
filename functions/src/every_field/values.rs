//! Values to try for each field of a schema.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Values for every field that is a text: users and ids of the scenes, a cursor, and two texts without a
/// meaning.
const TEXTS: [&str; 8] = ["bob", "carol", "dave", "*", "c1", "1795366084000.m1", "one", "two"];

/// Returns the fields of a request by their path, each with the values to try. This includes the fields of an
/// object with its own schema, but not the content of an app's object.
pub(super) fn fields(
    schema: &Value,
    definitions: &BTreeMap<String, Value>,
) -> Vec<(Vec<String>, Vec<Value>)> {
    let schema = resolved(schema, definitions);
    let mut found = Vec::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let inner = fields(field, definitions);
        if inner.is_empty() {
            found.push((vec![name.clone()], candidates(field, definitions)));
        }
        for (path, candidates) in inner {
            found.push(([name.clone()].into_iter().chain(path).collect(), candidates));
        }
    }
    found
}

/// Returns whether the values are those of an enum: the names of the values, not texts to try.
pub(super) fn is_choice(candidates: &[Value]) -> bool {
    candidates.len() > 1
        && candidates.iter().all(Value::is_string)
        && *candidates != TEXTS.map(|text| json!(text))
}

/// Returns the schema that a reference names, or the schema beside `null` in a choice.
fn resolved(schema: &Value, definitions: &BTreeMap<String, Value>) -> Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return resolved(&definitions[name], definitions);
    }
    match schema["anyOf"].as_array() {
        Some(choices) if choices.iter().any(|choice| choice["type"] == "null") => {
            let other = choices.iter().find(|choice| choice["type"] != "null");
            resolved(other.expect("a type beside null"), definitions)
        }
        _ => schema.clone(),
    }
}

fn candidates(schema: &Value, definitions: &BTreeMap<String, Value>) -> Vec<Value> {
    let schema = resolved(schema, definitions);
    if let Some(values) = schema["enum"].as_array() {
        return values.clone();
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        return choices.iter().flat_map(|choice| candidates(choice, definitions)).collect();
    }
    if let Some(value) = schema.get("const") {
        return vec![value.clone()];
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => panic!("a schema without a type: {schema}"),
    };
    let of_type = |name: &str| match name {
        "boolean" => vec![json!(true), json!(false)],
        "integer" => {
            let limit = |name: &str, default: i64| schema[name].as_i64().unwrap_or(default);
            vec![json!(limit("minimum", 1)), json!(limit("maximum", 1_000))]
        }
        "string" => TEXTS.map(|text| json!(text)).to_vec(),
        "array" => {
            let users = [json!([]), json!(["bob"]), json!(["carol"]), json!(["dave"])];
            users.to_vec()
        }
        "object" => vec![json!({}), json!({"bob": "cohost"}), json!({"one": 1}), json!({"two": 2})],
        "null" => Vec::new(),
        other => panic!("no values for the type `{other}`"),
    };
    types.into_iter().flat_map(of_type).collect()
}
