//! Identity and access: a function may do here what its role in the template allows, and nothing else. Without this, a
//! forgotten statement would show only after a deployment.

use serde_json::Value;
use tracing::error;

use crate::journal::Caller;
use crate::runtime::Functions;
use crate::template::Statement;

#[cfg(test)]
mod tests;

/// Something that a call wants to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    /// As `dynamodb:GetItem`.
    pub(crate) action: String,
    /// The resource's ARN.
    pub(crate) resource: String,
    /// Condition keys and their values.
    pub(crate) context: Vec<(&'static str, String)>,
}

impl Wish {
    pub(crate) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into(), context: Vec::new() }
    }

    /// Whether the statements of a role grant the wish.
    pub(crate) fn is_granted(&self, statements: &[Statement]) -> bool {
        let applies = |statement: &&Statement| {
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

/// Why a function may not do what it asked for, if it may not. Calls that come from no function may do everything.
pub(crate) fn denied(functions: &Functions, caller: &Caller, wishes: &[Wish]) -> Option<String> {
    let function = functions.find(caller.function.as_deref()?)?;
    let wish = wishes.iter().find(|wish| !wish.is_granted(&function.role))?;
    let message = format!(
        "{} is not authorized to perform: {} on resource: {} because its role in the template does not allow it",
        function.deployed_name, wish.action, wish.resource
    );
    error!(target: "function", origin = function.name.as_str(), "{message}");
    Some(message)
}

/// What a call to the table wants to do. `arn` makes the ARN of a table.
pub(crate) fn table_wishes(operation: &str, request: &Value, arn: impl Fn(&str) -> String) -> Vec<Wish> {
    let table = |request: &Value| arn(request.get("TableName").and_then(Value::as_str).unwrap_or_default());
    let own = |resource: String| Wish::new(format!("dynamodb:{operation}"), resource);
    match operation {
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = request.get("RequestItems").and_then(Value::as_object);
            tables.into_iter().flatten().map(|(name, _)| own(arn(name))).collect()
        }
        // A transaction needs the rights of what is in it.
        "TransactWriteItems" | "TransactGetItems" => {
            let items = request.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
            let parts = items.filter_map(Value::as_object).flatten();
            let action = |kind: &str| match kind {
                "ConditionCheck" => "dynamodb:ConditionCheckItem".to_owned(),
                kind => format!("dynamodb:{kind}Item"),
            };
            parts.map(|(kind, part)| Wish::new(action(kind), table(part))).collect()
        }
        _ => match request.get("IndexName").and_then(Value::as_str) {
            Some(index) => vec![own(format!("{}/index/{index}", table(request)))],
            None => vec![own(table(request))],
        },
    }
}

/// Whether a text matches a pattern in which `*` stands for any characters and `?` for any one.
fn matches(pattern: &str, text: &str) -> bool {
    // Where to go on if the part after the last `*` does not fit: that star takes one character more.
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
