//! Properties of every field of one kind, tried with each field of each request that the schemas list.

use super::*;
use schemas::set::Schemas;

/// Placeholder for the value of a field in an example.
const PLACE: &str = "\"the place of the value\"";

/// A field of a request with its place in an example.
struct Field {
    /// Path: `create_meeting.policy.join`.
    path: String,
    /// Function that serves the request.
    function: Function,
    /// The field's schema, without references.
    schema: Value,
    /// An example with [`PLACE`] in place of the field's value.
    message: String,
}

impl Field {
    /// Reads the example with `value`, written as JSON, in the field.
    fn served(&self, value: &str) -> Result<Value, Unreadable> {
        served(self.function, &self.message.replace(PLACE, value))
    }
}

/// Returns every field of every request, also those of objects in a request.
fn fields() -> Vec<Field> {
    let schemas = wire().expect("the tables are complete").schemas;
    let mut fields = Vec::new();
    for request in REQUESTS {
        let schema = &schemas[&format!("request.{}", request.kind)];
        collect(request, schema, &mut Vec::new(), &schemas, &mut fields);
    }
    fields
}

fn collect(
    request: &RequestInfo,
    schema: &Value,
    path: &mut Vec<String>,
    schemas: &Schemas,
    found: &mut Vec<Field>,
) {
    let Some(members) = schema["properties"].as_object() else { return };
    for (name, member) in members {
        let schema = resolved(member, schemas);
        path.push(name.clone());
        found.push(Field {
            path: format!("{}.{}", request.kind, path.join(".")),
            function: request.function,
            schema: schema.clone(),
            message: example_with(request, path),
        });
        collect(request, &schema, path, schemas, found);
        path.pop();
    }
}

/// Returns the example of the request that has the field, or the first one, with [`PLACE`] in the field.
fn example_with(request: &RequestInfo, path: &[String]) -> String {
    let pointer = format!("/{}", path.join("/"));
    let mut examples = examples(request);
    let at = examples.iter().rposition(|example| example.pointer(&pointer).is_some()).unwrap_or(0);
    let mut example = examples.swap_remove(at);
    let mut object = &mut example;
    for name in path {
        object = &mut object[name];
    }
    *object = serde_json::from_str(PLACE).expect("JSON");
    example.to_string()
}

/// Follows the references of a schema, and the choice of an optional field.
fn resolved(schema: &Value, schemas: &Schemas) -> Value {
    let choices = ["allOf", "anyOf"].iter().filter_map(|name| schema[*name].as_array()).flatten();
    let mut parts = std::iter::once(schema).chain(choices);
    let reference = parts.find_map(|part| part["$ref"].as_str()).and_then(|name| name.rsplit('/').next());
    match reference.and_then(|name| schemas.get(name)) {
        Some(found) => resolved(found, schemas),
        None => schema.clone(),
    }
}

fn is_of_type(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.contains(&json!(kind)))
}

#[test]
fn whole_numbers_are_integers_however_they_are_written_in_every_integer_field() {
    let mut tried = Vec::new();
    for field in fields().into_iter().filter(|field| is_of_type(&field.schema, "integer")) {
        let least = field.schema["minimum"].as_u64().unwrap_or(1).max(1);
        let expected =
            field.served(&least.to_string()).unwrap_or_else(|error| panic!("{}: {error:?}", field.path));
        for written in
            [format!("{least}.0"), format!("{least}.000"), format!("{least}0e-1"), format!("{least}E0")]
        {
            assert_eq!(field.served(&written), Ok(expected.clone()), "{}: {written}", field.path);
        }
        let refused = field.served(&format!("{least}.5")).expect_err(&field.path);
        assert_eq!(
            (refused.code, refused.re.is_some()),
            (switchboard_protocol::code::Code::BadRequest, true)
        );
        let (_, path) = field.path.split_once('.').expect("a field of a request");
        assert_eq!(refused.path.as_deref(), Some(path));
        tried.push(field.path);
    }
    for known in ["create_meeting.ring_seconds", "mute.for_seconds", "history.limit"] {
        assert!(tried.iter().any(|path| path == known), "{known} is not among {tried:?}");
    }
}

#[test]
fn whole_numbers_are_integers_in_the_envelope_of_every_request() {
    for request in REQUESTS {
        let example = examples(request).swap_remove(0).to_string();
        let with = |fields: &str| example.replace("\"v\":1", fields);
        assert!(example.contains("\"v\":1"), "{example}");
        let expected = served(request.function, &example);
        assert!(expected.is_ok(), "{expected:?}");
        for fields in ["\"v\":1.0", "\"v\":1,\"ttl_ms\":10000.0", "\"v\":1,\"ttl_ms\":1e4"] {
            assert_eq!(served(request.function, &with(fields)), expected, "{} {fields}", request.kind);
        }
        for (fields, path) in [("\"v\":1.5", "v"), ("\"v\":1,\"ttl_ms\":0.5", "ttl_ms")] {
            let refused = served(request.function, &with(fields)).expect_err(fields);
            assert_eq!(refused.path.as_deref(), Some(path), "{}", request.kind);
        }
    }
}

/// Fields with text that no person sees.
const NOT_SHOWN: [&str; 1] = ["cursor"];

/// Returns the fields with free text that other people see.
fn texts() -> Vec<Field> {
    let is_free = |field: &Field| {
        let is_formed = ["pattern", "enum", "const", "oneOf", "format"]
            .iter()
            .any(|name| field.schema.get(name).is_some());
        is_of_type(&field.schema, "string")
            && !is_formed
            && !NOT_SHOWN.iter().any(|name| field.path.ends_with(name))
    };
    fields().into_iter().filter(is_free).collect()
}

/// Returns the value of the field in a result of [`Field::served`].
fn value<'a>(field: &Field, served: &'a Value) -> Option<&'a str> {
    let (_, path) = field.path.split_once('.').expect("a field of a request");
    served.pointer(&format!("/{}", path.replace('.', "/"))).and_then(Value::as_str)
}

#[test]
fn names_that_deceive_are_shown_without_what_deceives_in_every_text_field() {
    let texts = texts();
    for field in &texts {
        let served = field.served("\"Bob\\u202ee\\u200bcil\\u3164A\\u001b[1m\"").expect(&field.path);
        assert_eq!(value(field, &served), Some("BobecilA[1m"), "{}", field.path);
        let served = field.served("\"\\u200b\\u2800\"").expect(&field.path);
        assert_eq!(value(field, &served).unwrap_or_default(), "", "{}", field.path);
        let kept = "\"\u{1f469}\u{200d}\u{1f4bb} \u{645}\u{6cc}\u{200c}\u{62e} \u{5d0}\u{5d1}\"";
        let served = field.served(kept).expect(&field.path);
        assert_eq!(value(field, &served), Some(kept.trim_matches('"')), "{}", field.path);
    }
    for known in [
        "create_meeting.title",
        "update_meeting.title",
        "reject.text",
        "remove.reason",
        "destroy_meeting.reason",
    ] {
        assert!(texts.iter().any(|field| field.path == known), "{known} is not a text that is shown");
    }
}

#[test]
fn half_an_emoji_is_repaired_in_every_text_field_and_names_the_request_otherwise() {
    for field in texts() {
        let served = field.served("\"Lunch \\ud83c\"").expect(&field.path);
        assert_eq!(value(&field, &served), Some("Lunch \u{fffd}"), "{}", field.path);
    }
    for field in fields() {
        if let Err(refused) = field.served("\"\\udf5d\"") {
            assert!(refused.re.is_some() && refused.path.is_some(), "{}: {refused:?}", field.path);
        }
    }
}
