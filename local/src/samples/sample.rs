//! One sample event, and the inputs from which its file is made.

use std::borrow::Cow;

use serde_json::Value;

use crate::template::{Deployment, StackIdentity};

/// Time of receipt of the samples: in the year 2100, so that the requests do not expire.
pub const RECEIVED_MS: i64 = 4_102_444_800_000;
/// Time of receipt of the sample that is too late.
pub(super) const LONG_AGO_MS: i64 = 1_700_000_000_000;
/// Id that the broker gave to every sample's message.
pub(super) const TRACE_ID: &str = "2f3c8e1a-5b7d-4c90-8e21-6a4f0d9b3c75";
/// An address for documentation (RFC 5737).
pub(super) const SOURCE_IP: &str = "203.0.113.7";
/// Id of the request that creates the samples' meeting.
pub(super) const CREATE_ID: &str = "sample-create";

/// Id that the broker gave to a connection and its session.
pub(super) const CONNECTION_ID: &str = "7c1d2f90-3a4b-4f6e-9d0c-5e8b7a61f342";

/// Answer to the sender of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// No answer.
    Nothing,
    /// A downlink of this type.
    Downlink(&'static str),
    /// An error with this code and, for a wrong field, its path.
    Refusal(&'static str, Option<&'static str>),
}

/// Source of a sample's event.
pub(super) enum Origin {
    /// A message of a device or of the broker, which a rule passes to the function.
    Message { sender: Option<&'static str>, topic: Option<&'static str>, payload: String, received_ms: i64 },
    /// An event that reaches its function without a rule.
    Event(fn(&Making<'_>) -> Value),
}

/// One sample event.
pub struct Sample {
    /// Name: the file is `events/<name>.json`. The part before the first point is the function; the part after it is the
    /// type on the wire or, with hyphens, the mistake.
    pub name: Cow<'static, str>,
    /// Description in a few words.
    pub about: &'static str,
    /// Sample that is played before this one, as this one's answer depends on it.
    pub after: Option<&'static str>,
    /// Answer to the sender.
    pub answer: Answer,
    pub(super) origin: Origin,
}

impl Sample {
    /// Makes a sample of a message of a device, without an answer.
    pub(super) fn message(
        name: impl Into<Cow<'static, str>>,
        sender: &'static str,
        payload: impl Into<String>,
    ) -> Self {
        let (payload, received_ms) = (payload.into(), RECEIVED_MS);
        let origin = Origin::Message { sender: Some(sender), topic: None, payload, received_ms };
        Self { name: name.into(), about: "", after: None, answer: Answer::Nothing, origin }
    }

    pub(super) fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    pub(super) fn after(self, sample: &'static str) -> Self {
        Self { after: Some(sample), ..self }
    }

    pub(super) fn refused(self, code: &'static str) -> Self {
        Self { answer: Answer::Refusal(code, None), ..self }
    }

    pub(super) fn refused_at(self, path: &'static str, code: &'static str) -> Self {
        Self { answer: Answer::Refusal(code, Some(path)), ..self }
    }

    /// Returns the function that gets the event.
    #[must_use]
    pub fn function(&self) -> &str {
        function_of(&self.name)
    }
}

/// Returns the function of a sample, by the sample's name.
#[must_use]
pub fn function_of(name: &str) -> &str {
    name.split_once('.').map_or(name, |(function, _)| function)
}

/// Inputs of the events: the template's rules, and the ids under the laptop's development key.
pub(super) struct Making<'a> {
    pub(super) deployment: &'a Deployment,
    pub(super) surroundings: &'a StackIdentity,
    pub(super) jwt_secret: &'a str,
    /// Values of `$MEETING` and `$INVITE` in a payload.
    pub(super) names: Vec<(&'static str, String)>,
}

pub(super) fn event(name: &'static str, make: fn(&Making<'_>) -> Value) -> Sample {
    Sample { name: name.into(), about: "", after: None, answer: Answer::Nothing, origin: Origin::Event(make) }
}
