//! The SQL of topic rules: the part of the AWS IoT language that `template.yaml` uses, version 2016-03-23. What is
//! not understood here is refused when the stack starts, so no rule ever behaves differently from what it says.

mod evaluate;
mod filter;
mod parse;
#[cfg(test)]
mod tests;
mod token;

use serde_json::Value;

pub use evaluate::{Event, Message};
pub use filter::TopicFilter;

/// A rule's statement: `SELECT … FROM … [WHERE …]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    select: Select,
    from: TopicFilter,
    condition: Option<Expression>,
}

impl Statement {
    /// The topics that the statement applies to.
    #[must_use]
    pub fn from(&self) -> &TopicFilter {
        &self.from
    }
}

/// What a statement hands over.
#[derive(Debug, Clone, PartialEq)]
enum Select {
    /// `SELECT *`: the payload as it is.
    Payload,
    /// Named values, in the order of the statement.
    Fields(Vec<(String, Expression)>),
}

/// A value to compute from a message.
#[derive(Debug, Clone, PartialEq)]
enum Expression {
    /// `'text'`, `12`, `true`, `null`.
    Literal(Value),
    /// `*`: the whole payload, as JSON.
    Payload,
    /// `a.b`: an attribute of the payload.
    Attribute(Vec<String>),
    /// `encode(*, 'base64')`.
    EncodedPayload,
    /// `clientid()`.
    ClientId,
    /// `topic()`.
    Topic,
    /// `topic(n)`, counted from 1.
    TopicLevel(usize),
    /// `timestamp()`.
    Timestamp,
    /// `traceid()`.
    TraceId,
    /// `sourceip()`.
    SourceIp,
    /// `principal()`.
    Principal,
    /// `startswith(text, prefix)`.
    StartsWith(Box<Expression>, Box<Expression>),
    /// `a = b`, or with `true` `a <> b`.
    Equal { left: Box<Expression>, right: Box<Expression>, negated: bool },
    /// `a AND b`.
    And(Box<Expression>, Box<Expression>),
    /// `a OR b`.
    Or(Box<Expression>, Box<Expression>),
    /// `NOT a`.
    Not(Box<Expression>),
}

/// Why a statement cannot be evaluated here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (at character {} of the statement, before `{rest}`)", position + 1)]
pub struct SqlError {
    /// What is wrong.
    pub problem: String,
    /// Where, in bytes from the start of the statement.
    pub position: usize,
    /// The beginning of what follows there.
    pub rest: String,
}
