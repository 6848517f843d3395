//! Permissions of functions: the statements of their roles.

use serde_json::{Map, Value as Json};

use super::evaluate::{Evaluator, text};
use super::yaml::{Place, TemplateError};

/// Statement of a function's role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyStatement {
    /// `true` for the effect `Allow`; `false` for `Deny`, which overrides every `Allow`.
    pub allows: bool,
    /// Action patterns, as `dynamodb:GetItem`.
    pub actions: Vec<String>,
    /// Resource patterns (ARNs).
    pub resources: Vec<String>,
    /// Condition keys with their patterns. The value of each key must match one of its patterns.
    pub conditions: Vec<(String, Vec<String>)>,
}

/// Reads the statements under the `Policies` of a function.
pub(super) fn statements(
    evaluator: &Evaluator<'_>,
    place: &Place,
) -> Result<Vec<PolicyStatement>, TemplateError> {
    let mut statements = Vec::new();
    for (index, policy) in list(evaluator.at(place)?).into_iter().enumerate() {
        let place = place.index(index);
        let Json::Object(mut policy) = policy else {
            return Err(evaluator.error(&place, "the laptop stack reads policies with a `Statement` only"));
        };
        let Some(found) = policy.remove("Statement") else {
            return Err(evaluator.error(&place, "the laptop stack reads policies with a `Statement` only"));
        };
        for (index, found) in list(Some(found)).into_iter().enumerate() {
            let place = place.key("Statement").index(index);
            let Json::Object(found) = found else {
                return Err(
                    evaluator.error(&place, "must be a mapping with `Effect`, `Action` and `Resource`")
                );
            };
            statements.push(statement(evaluator, found, &place)?);
        }
    }
    Ok(statements)
}

fn statement(
    evaluator: &Evaluator<'_>,
    mut found: Map<String, Json>,
    place: &Place,
) -> Result<PolicyStatement, TemplateError> {
    let effect = found.remove("Effect").unwrap_or_default();
    let mut statement = PolicyStatement {
        allows: effect == "Allow",
        actions: texts(found.remove("Action")),
        resources: texts(found.remove("Resource")),
        conditions: Vec::new(),
    };
    if (effect != "Allow" && effect != "Deny")
        || statement.actions.is_empty()
        || statement.resources.is_empty()
    {
        return Err(evaluator.error(place, "needs `Effect`, `Action` and `Resource`"));
    }
    if let Some(Json::Object(operators)) = found.remove("Condition") {
        for (operator, keys) in operators {
            let (true, Json::Object(keys)) = (operator == "StringLike" || operator == "StringEquals", keys)
            else {
                let problem = "the laptop stack evaluates `StringLike` and `StringEquals` only";
                return Err(evaluator.error(&place.key("Condition"), problem));
            };
            statement.conditions.extend(keys.into_iter().map(|(key, patterns)| (key, texts(Some(patterns)))));
        }
    }
    match found.keys().find(|key| *key != "Sid") {
        None => Ok(statement),
        Some(key) => Err(evaluator.error(place, format!("the laptop stack does not evaluate `{key}`"))),
    }
}

/// Converts a value to a list; a single value becomes a list of one.
fn list(value: Option<Json>) -> Vec<Json> {
    match value {
        None => Vec::new(),
        Some(Json::Array(values)) => values,
        Some(value) => vec![value],
    }
}

fn texts(value: Option<Json>) -> Vec<String> {
    list(value).iter().map(text).collect()
}
