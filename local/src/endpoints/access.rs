//! Identity and access management: finds the function that calls an endpoint and checks its role. A function may call
//! only what its role in the template allows, so that a missing statement causes an error on the laptop, not after a deployment.

use serde_json::Value;
use tracing::error;

use crate::instruments::journal::Caller;
use crate::runtime::Functions;
use crate::template::PolicyStatement;

#[cfg(test)]
mod tests;

/// Splits the path of a request into its caller and the rest of the path, which starts with `/` or is empty. The
/// endpoint of a function process ends in `/fn/<process>`; other paths have no caller.
pub(super) fn split_caller<'p>(path: &'p str, service: &str, functions: &Functions) -> (Caller, &'p str) {
    let rest = path.strip_prefix(service).unwrap_or(path);
    match rest.strip_prefix("/fn/") {
        Some(labelled) => {
            let end = labelled.find('/').unwrap_or(labelled.len());
            (functions.caller(&labelled[..end]), &labelled[end..])
        }
        None => (Caller::default(), rest),
    }
}

/// An action on a resource, for which a call needs permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Permission {
    /// Action, as `dynamodb:GetItem`.
    pub(crate) action: String,
    /// ARN of the resource.
    pub(crate) resource: String,
    /// Condition keys and their values.
    pub(crate) context: Vec<(&'static str, String)>,
}

impl Permission {
    pub(crate) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into(), context: Vec::new() }
    }

    /// Reports whether the statements of a role grant this permission: at least one applies, and each one that applies
    /// allows.
    pub(crate) fn is_granted(&self, statements: &[PolicyStatement]) -> bool {
        let applies = |statement: &&PolicyStatement| {
            statement.actions.iter().any(|pattern| matches(pattern, &self.action))
                && statement.resources.iter().any(|pattern| matches(pattern, &self.resource))
                && statement.conditions.iter().all(|(key, patterns)| {
                    let value = self.context.iter().find(|(name, _)| name == key).map(|(_, value)| value);
                    value.is_some_and(|value| patterns.iter().any(|pattern| matches(pattern, value)))
                })
        };
        let mut applying = statements.iter().filter(applies).peekable();
        applying.peek().is_some() && applying.all(|statement| statement.allows)
    }
}

/// Checks the permissions that a call needs; returns the error message of AWS if the role of the calling function lacks
/// one. A call without a function may do everything.
pub(super) fn denied(functions: &Functions, caller: &Caller, needed: &[Permission]) -> Option<String> {
    let function = functions.find(caller.function.as_deref()?)?;
    let missing = needed.iter().find(|permission| !permission.is_granted(&function.role))?;
    let message = format!(
        "{} is not authorized to perform: {} on resource: {} because its role in the template does not allow it",
        function.deployed_name, missing.action, missing.resource
    );
    error!(target: "function", origin = function.name.as_str(), "{message}");
    Some(message)
}

/// Permissions that a DynamoDB call needs. `arn` makes the ARN of a table.
pub(super) fn table_permissions(
    operation: &str,
    request: &Value,
    arn: impl Fn(&str) -> String,
) -> Vec<Permission> {
    let table = |request: &Value| arn(request.get("TableName").and_then(Value::as_str).unwrap_or_default());
    let own = |resource: String| Permission::new(format!("dynamodb:{operation}"), resource);
    match operation {
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = request.get("RequestItems").and_then(Value::as_object);
            tables.into_iter().flatten().map(|(name, _)| own(arn(name))).collect()
        }
        // A transaction needs the permissions of each of its parts.
        "TransactWriteItems" | "TransactGetItems" => {
            let items = request.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
            let parts = items.filter_map(Value::as_object).flatten();
            let action = |kind: &str| match kind {
                "ConditionCheck" => "dynamodb:ConditionCheckItem".to_owned(),
                kind => format!("dynamodb:{kind}Item"),
            };
            parts.map(|(kind, part)| Permission::new(action(kind), table(part))).collect()
        }
        _ => match request.get("IndexName").and_then(Value::as_str) {
            Some(index) => vec![own(format!("{}/index/{index}", table(request)))],
            None => vec![own(table(request))],
        },
    }
}

/// Matches a text against a pattern, in which `*` stands for any number of characters and `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    // Restart point if the part after the last `*` does not match: that `*` then takes one character more.
    let mut retry = None;
    let (mut pattern, mut text) = (pattern, text);
    loop {
        let mut rest = text.chars();
        let found = rest.next();
        if let Some(after) = pattern.strip_prefix('*') {
            retry = Some((after, text));
            pattern = after;
            continue;
        }
        let mut wanted = pattern.chars();
        match (wanted.next(), found) {
            (None, None) => return true,
            (Some('?'), Some(_)) => {}
            (Some(wanted), Some(found)) if wanted == found => {}
            _ => {
                let Some((after, from)) = retry else { return false };
                let mut from = from.chars();
                if from.next().is_none() {
                    return false;
                }
                retry = Some((after, from.as_str()));
                (pattern, text) = (after, from.as_str());
                continue;
            }
        }
        (pattern, text) = (wanted.as_str(), rest.as_str());
    }
}
