//! The JSON of a policy document. Source: AWS IoT Core developer guide, "AWS IoT Core policies".

use serde::Deserialize;
use serde_json::Value;

/// One policy document. Unknown fields are errors, because ignoring a condition would allow too much.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Document {
    #[serde(rename = "Version", default)]
    _version: Option<String>,
    #[serde(rename = "Id", default)]
    _id: Option<String>,
    statement: OneOrMany<Statement>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Statement {
    #[serde(rename = "Sid", default)]
    _sid: Option<String>,
    pub(super) effect: Effect,
    pub(super) action: OneOrMany<String>,
    pub(super) resource: OneOrMany<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Effect {
    Allow,
    Deny,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    pub(super) fn into_vec(self) -> Vec<T> {
        match self {
            Self::Many(items) => items,
            Self::One(item) => vec![item],
        }
    }
}

impl Document {
    pub(super) fn parse(value: &Value) -> Result<Self, serde_json::Error> {
        match value {
            Value::String(text) => serde_json::from_str(text),
            other => Self::deserialize(other),
        }
    }

    pub(super) fn statements(self) -> Vec<Statement> {
        self.statement.into_vec()
    }
}
