//! AWS IoT policies: evaluation of the policy documents of one connection. Pure, so that tests need no broker.

mod document;
mod pattern;

use serde_json::Value;

use document::{Document, Effect};
use pattern::Pattern;

/// `iot:Connect`, on `client/<clientId>`.
pub(crate) const CONNECT: &str = "iot:Connect";
/// `iot:Publish`, on `topic/<topic>`.
pub(crate) const PUBLISH: &str = "iot:Publish";
/// `iot:RetainPublish`, on `topic/<topic>`; needed besides `iot:Publish` to set the retain flag.
pub(crate) const RETAIN_PUBLISH: &str = "iot:RetainPublish";
/// `iot:Receive`, on `topic/<topic>`; evaluated at each delivery.
pub(crate) const RECEIVE: &str = "iot:Receive";
/// `iot:Subscribe`, on `topicfilter/<filter>`.
pub(crate) const SUBSCRIBE: &str = "iot:Subscribe";

/// Error of reading policy documents. The broker refuses the connection, because it would evaluate the policy
/// differently from AWS IoT Core.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PolicyError {
    /// Not a policy document, or a document with parts that this module does not evaluate (conditions, `NotAction`).
    #[error("policy document {index}: {source}")]
    Document {
        /// Position in the list, starting at 0.
        index: usize,
        source: serde_json::Error,
    },
    /// A policy variable; this module does not substitute variables.
    #[error("policy document {index}: policy variables are not supported: {text}")]
    Variable { index: usize, text: String },
}

/// All statements of all documents that apply to one connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    statements: Vec<Statement>,
}

#[derive(Debug, Clone)]
struct Statement {
    effect: Effect,
    actions: Vec<Pattern>,
    resources: Vec<Pattern>,
}

impl Policy {
    /// Parses policy documents. Each document is a JSON object, or a string that contains a JSON object.
    pub(crate) fn parse(documents: &[Value]) -> Result<Self, PolicyError> {
        let mut statements = Vec::new();
        for (index, value) in documents.iter().enumerate() {
            let document =
                Document::parse(value).map_err(|source| PolicyError::Document { index, source })?;
            for statement in document.statements() {
                let compile = |texts: Vec<String>| {
                    texts.into_iter().map(|text| compile(index, text)).collect::<Result<Vec<_>, _>>()
                };
                statements.push(Statement {
                    effect: statement.effect,
                    actions: compile(statement.action.into_vec())?,
                    resources: compile(statement.resource.into_vec())?,
                });
            }
        }
        Ok(Self { statements })
    }

    /// Returns `true` if at least one statement allows `action` on `resource` and no statement denies it.
    pub(crate) fn allows(&self, action: &str, resource: &str) -> bool {
        let mut allowed = false;
        for statement in &self.statements {
            let applies = statement.actions.iter().any(|pattern| pattern.matches(action))
                && statement.resources.iter().any(|pattern| pattern.matches(resource));
            match statement.effect {
                Effect::Deny if applies => return false,
                Effect::Allow if applies => allowed = true,
                Effect::Deny | Effect::Allow => {}
            }
        }
        allowed
    }
}

fn compile(index: usize, text: String) -> Result<Pattern, PolicyError> {
    if text.contains("${") {
        return Err(PolicyError::Variable { index, text });
    }
    Ok(Pattern::new(&text))
}

/// Builds the ARNs of the broker's resources.
#[derive(Debug, Clone)]
pub(crate) struct Arns {
    prefix: String,
}

impl Arns {
    pub(crate) fn new(region: &str, account_id: &str) -> Self {
        Self { prefix: format!("arn:aws:iot:{region}:{account_id}:") }
    }

    pub(crate) fn client(&self, client_id: &str) -> String {
        format!("{}client/{client_id}", self.prefix)
    }

    pub(crate) fn topic(&self, topic: &str) -> String {
        format!("{}topic/{topic}", self.prefix)
    }

    pub(crate) fn topic_filter(&self, filter: &str) -> String {
        format!("{}topicfilter/{filter}", self.prefix)
    }
}

#[cfg(test)]
mod tests;
