//! AWS IoT policies: what the policy documents of one connection allow. Pure, so that every rule of the
//! evaluation can be tested without a broker.

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

/// Why policy documents cannot be used. The broker then refuses the connection, rather than evaluate a policy
/// differently from the service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PolicyError {
    /// Not a policy document, or one with parts (conditions, inverted lists) that are not evaluated here.
    #[error("policy document {index}: {source}")]
    Document {
        /// Position in the list, from 0.
        index: usize,
        source: serde_json::Error,
    },
    /// A policy variable, which is not substituted here.
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
    /// Reads policy documents; each is a JSON object, or a string that holds one.
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

    /// Whether `action` is allowed on `resource`: some statement allows it and none denies it.
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

/// Names the broker's resources as policies do.
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
