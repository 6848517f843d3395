//! Tests that the table of downlinks agrees with the bodies.

use super::*;
use serde_json::{Map, Value};

#[test]
fn every_row_has_an_example_that_is_read_as_its_type_and_written_unchanged() {
    let examples: Map<String, Value> = serde_json::from_str(EXAMPLES).expect("examples are a JSON object");
    for row in DOWNLINKS {
        let example = examples.get(row.kind).unwrap_or_else(|| panic!("`{}` has no example", row.kind));
        let downlink: Downlink = serde_json::from_value(example.clone()).expect(row.kind);
        assert_eq!(downlink.body.info(), *row);
        assert_eq!(&serde_json::to_value(&downlink).expect("downlinks are JSON"), example);
    }
    assert_eq!(examples.len(), DOWNLINKS.len(), "an example without a row, or a row that occurs twice");
}

#[test]
fn an_example_has_join_parameters_where_its_row_requires_them() {
    let examples: Map<String, Value> = serde_json::from_str(EXAMPLES).expect("examples are a JSON object");
    for row in DOWNLINKS {
        let has_join = examples[row.kind].get("join").is_some();
        assert_eq!(has_join, row.join != JoinField::Absent, "{}", row.kind);
    }
}

#[cfg(feature = "schema")]
#[test]
fn every_body_has_a_row() {
    let schema = schemars::schema_for!(Body).to_value();
    let variants = schema["oneOf"].as_array().expect("one schema for each variant");
    let kinds: Vec<_> =
        variants.iter().map(|variant| variant["properties"]["type"]["const"].as_str()).collect();
    let rows: Vec<_> = DOWNLINKS.iter().map(|row| Some(row.kind)).collect();
    assert_eq!(kinds, rows, "DOWNLINKS lists every variant of Body, in the same order");
}
