//! The schemas of the document, by name.

use serde_json::Value;
use std::collections::BTreeMap;

/// Place of the schemas in the document.
pub const SCHEMAS: &str = "/components/schemas";

/// Schemas by name.
pub type Schemas = BTreeMap<String, Value>;
