//! The parsed form of a statement.

use regex::Regex;
use serde_json::Value;

use super::topic_filter::TopicFilter;

/// Statement of a rule: `SELECT … FROM … [WHERE …]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub(super) select: Select,
    pub(super) topic_filter: TopicFilter,
    pub(super) condition: Option<Expression>,
}

impl Statement {
    /// Topic filter of the `FROM` clause.
    #[must_use]
    pub fn topic_filter(&self) -> &TopicFilter {
        &self.topic_filter
    }
}

/// The `SELECT` clause.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Select {
    /// `SELECT *`: the unchanged payload.
    Payload,
    /// Named values, in the order of the statement.
    Fields(Vec<(String, Expression)>),
}

/// Expression that is evaluated for a message.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
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
    /// `regexp_matches(text, 'pattern')`.
    Matches(Box<Expression>, Pattern),
    /// `a = b`, or with `true` `a <> b`.
    Equal { left: Box<Expression>, right: Box<Expression>, negated: bool },
    /// `a AND b`.
    And(Box<Expression>, Box<Expression>),
    /// `a OR b`.
    Or(Box<Expression>, Box<Expression>),
    /// `NOT a`.
    Not(Box<Expression>),
}

/// Regular expression of a statement. Two expressions are equal if their texts are equal.
#[derive(Debug, Clone)]
pub(super) struct Pattern(pub(super) Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// Error in a statement, or a part of it that the stack does not support.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (at character {} of the statement, before `{rest}`)", position + 1)]
pub struct SqlError {
    /// Description of the problem.
    pub problem: String,
    /// Position in bytes from the start of the statement.
    pub position: usize,
    /// Beginning of the text at the position.
    pub rest: String,
}
