//! Evaluates a statement for a message. An undefined value is `None`: it is left out of the event, and a condition that
//! depends on it is false.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::statement::{Expression, Select, Statement};

/// A published message, as the rule engine gets it.
#[derive(Debug, Clone, Copy)]
pub struct PublishedMessage<'a> {
    /// Topic.
    pub topic: &'a str,
    /// Payload; any bytes, not only JSON.
    pub payload: &'a [u8],
    /// Client ID of the sender; `None` if the message was not sent over MQTT.
    pub client_id: Option<&'a str>,
    /// Principal of the sender, if known.
    pub principal: Option<&'a str>,
    /// IP address of the sender, if known.
    pub source_ip: Option<&'a str>,
    /// Trace id that the broker gave to the message; `None` if it was not sent over MQTT.
    pub trace_id: Option<&'a str>,
    /// Time at which the broker received the message, in milliseconds since the Unix epoch.
    pub received_ms: i64,
}

/// Event that a rule passes to its actions. Its JSON has the fields in the order of the statement.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleEvent {
    /// The unchanged payload.
    Payload(Value),
    /// Named values.
    Fields(Vec<(String, Value)>),
}

impl Serialize for RuleEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Payload(value) => value.serialize(serializer),
            Self::Fields(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl Statement {
    /// Makes the event for a message. Returns `None` if the condition is not true, or if the statement is `SELECT *`
    /// and the payload is not JSON.
    #[must_use]
    pub fn apply(&self, message: &PublishedMessage<'_>) -> Option<RuleEvent> {
        let scope = Scope { message, payload: serde_json::from_slice(message.payload).ok() };
        if let Some(condition) = &self.condition
            && scope.truth(condition) != Some(true)
        {
            return None;
        }
        match &self.select {
            Select::Payload => scope.payload.map(RuleEvent::Payload),
            Select::Fields(fields) => Some(RuleEvent::Fields(
                fields
                    .iter()
                    .filter_map(|(name, expression)| Some((name.clone(), scope.value(expression)?)))
                    .collect(),
            )),
        }
    }
}

struct Scope<'a> {
    message: &'a PublishedMessage<'a>,
    payload: Option<Value>,
}

impl Scope<'_> {
    fn value(&self, expression: &Expression) -> Option<Value> {
        let message = self.message;
        match expression {
            Expression::Literal(value) => Some(value.clone()),
            Expression::Payload => self.payload.clone(),
            Expression::Attribute(path) => {
                let mut value = self.payload.as_ref()?;
                for name in path {
                    value = value.as_object()?.get(name)?;
                }
                Some(value.clone())
            }
            Expression::EncodedPayload => Some(Value::from(BASE64.encode(message.payload))),
            Expression::ClientId => Some(Value::from(message.client_id.unwrap_or("n/a"))),
            Expression::Topic => Some(Value::from(message.topic)),
            Expression::TopicLevel(level) => message.topic.split('/').nth(level - 1).map(Value::from),
            Expression::Timestamp => Some(Value::from(message.received_ms)),
            Expression::TraceId => message.trace_id.map(Value::from),
            Expression::SourceIp => message.source_ip.map(Value::from),
            Expression::Principal => message.principal.map(Value::from),
            Expression::StartsWith(text, prefix) => {
                let (text, prefix) = (self.value(text)?, self.value(prefix)?);
                Some(Value::Bool(text.as_str()?.starts_with(prefix.as_str()?)))
            }
            Expression::Matches(text, pattern) => {
                Some(Value::Bool(pattern.0.is_match(self.value(text)?.as_str()?)))
            }
            Expression::Equal { left, right, negated } => {
                let equal = self.value(left)? == self.value(right)?;
                Some(Value::Bool(equal != *negated))
            }
            Expression::And(left, right) => match (self.truth(left), self.truth(right)) {
                (Some(false), _) | (_, Some(false)) => Some(Value::Bool(false)),
                (Some(true), Some(true)) => Some(Value::Bool(true)),
                _ => None,
            },
            Expression::Or(left, right) => match (self.truth(left), self.truth(right)) {
                (Some(true), _) | (_, Some(true)) => Some(Value::Bool(true)),
                (Some(false), Some(false)) => Some(Value::Bool(false)),
                _ => None,
            },
            Expression::Not(inner) => self.truth(inner).map(|truth| Value::Bool(!truth)),
        }
    }

    fn truth(&self, expression: &Expression) -> Option<bool> {
        self.value(expression)?.as_bool()
    }
}
