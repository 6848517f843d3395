//! The sample events in `events/`: one for each request type, for each other trigger of a function, and for each kind of
//! malformed input.
//!
//! The template's own rules make the files from the messages in this module and in the table of requests. `make generate`
//! writes the files, and a test compares them.

mod files;
mod mistakes;
mod others;
mod requests;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};
use switchboard_protocol::id::IdKey;
use switchboard_protocol::requests::sample::{ALICE, BOB};

use crate::parameters;
use crate::sql::PublishedMessage;
use crate::template::{Deployment, StackIdentity};

pub use files::{differences, write};

/// Time of receipt of the samples: in the year 2100, so that the requests do not expire.
pub const RECEIVED_MS: i64 = 4_102_444_800_000;
/// Time of receipt of the sample that is too late.
const LONG_AGO_MS: i64 = 1_700_000_000_000;
/// Id that the broker gave to every sample's message.
const TRACE_ID: &str = "2f3c8e1a-5b7d-4c90-8e21-6a4f0d9b3c75";
/// An address for documentation (RFC 5737).
const SOURCE_IP: &str = "203.0.113.7";
/// Id of the request that creates the samples' meeting.
const CREATE_ID: &str = "sample-create";

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
enum Origin {
    /// A message of a device or of the broker, which a rule hands to the function.
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
    origin: Origin,
}

impl Sample {
    /// Makes a sample of a message of a device, without an answer.
    fn message(name: impl Into<Cow<'static, str>>, sender: &'static str, payload: impl Into<String>) -> Self {
        let (payload, received_ms) = (payload.into(), RECEIVED_MS);
        let origin = Origin::Message { sender: Some(sender), topic: None, payload, received_ms };
        Self { name: name.into(), about: "", after: None, answer: Answer::Nothing, origin }
    }

    fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    fn after(self, sample: &'static str) -> Self {
        Self { after: Some(sample), ..self }
    }

    fn refused(self, code: &'static str) -> Self {
        Self { answer: Answer::Refusal(code, None), ..self }
    }

    fn refused_at(self, path: &'static str, code: &'static str) -> Self {
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

/// Returns all samples, in the order of the page about them.
#[must_use]
pub fn all() -> Vec<Sample> {
    requests::samples().into_iter().chain(others::samples()).chain(mistakes::samples()).collect()
}

/// Returns the names of the samples that are played before this one, in order.
#[must_use]
pub fn before(name: &str) -> Vec<&'static str> {
    let samples = all();
    let after =
        |name: &str| samples.iter().find(|sample| sample.name == name).and_then(|sample| sample.after);
    let mut chain: Vec<_> = std::iter::successors(after(name), |name| after(name)).collect();
    chain.reverse();
    chain
}

/// Inputs of the events: the template's rules, and the ids under the laptop's development key.
struct Making<'a> {
    deployment: &'a Deployment,
    surroundings: &'a StackIdentity,
    jwt_secret: &'a str,
    /// Values of `$MEETING` and `$INVITE` in a payload.
    names: Vec<(&'static str, String)>,
}

/// Makes the contents of all files.
///
/// # Errors
/// The template has no rule for a function, or its rule does not select the sample's message.
pub fn events(
    deployment: &Deployment,
    surroundings: &StackIdentity,
) -> Result<Vec<(Sample, String)>, String> {
    let parameters = parameters::laptop("livekit", |_| None);
    let key = IdKey::new(parameters["IdKey"].clone().into());
    let names = names(&key).map_err(|error| format!("the samples' ids: {error}"))?;
    let jwt_secret = &parameters["JwtHs256Secret"];
    let making = Making { deployment, surroundings, jwt_secret, names };
    all()
        .into_iter()
        .map(|sample| {
            let event = making.event(&sample).map_err(|problem| format!("{}: {problem}", sample.name))?;
            Ok((sample, event))
        })
        .collect()
}

/// Derives the ids of the samples' meeting.
fn names(key: &IdKey) -> Result<Vec<(&'static str, String)>, Box<dyn std::error::Error>> {
    let (alice, create) = (ALICE.parse()?, CREATE_ID.parse()?);
    let meeting = key.meeting(&alice, &create);
    let invite = key.invite(&meeting, &alice, &create, &"bob".to_owned().try_into()?);
    Ok(vec![("$MEETING", meeting.to_string()), ("$INVITE", invite.to_string())])
}

impl Making<'_> {
    /// Makes the file of a sample.
    fn event(&self, sample: &Sample) -> Result<String, String> {
        match &sample.origin {
            Origin::Event(event) => pretty(&event(self)),
            Origin::Message { sender, topic, payload, received_ms } => {
                let rule = self.deployment.rules.iter().find(|rule| rule.functions == [sample.function()]);
                let rule = rule.ok_or("no rule invokes this function alone")?;
                let payload = self.filled(payload);
                let message = PublishedMessage {
                    topic: topic.unwrap_or(rule.statement.topic_filter().as_str()),
                    payload: payload.as_bytes(),
                    client_id: *sender,
                    principal: None,
                    source_ip: sender.map(|_| SOURCE_IP),
                    trace_id: sender.map(|_| TRACE_ID),
                    received_ms: *received_ms,
                };
                pretty(&rule.statement.apply(&message).ok_or("the rule selects nothing from it")?)
            }
        }
    }

    fn filled(&self, payload: &str) -> String {
        self.names.iter().fold(payload.to_owned(), |text, (name, id)| text.replace(name, id))
    }
}

fn pretty(event: &impl serde::Serialize) -> Result<String, String> {
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"  "));
    event.serialize(&mut serializer).map_err(|error| error.to_string())?;
    text.push(b'\n');
    String::from_utf8(text).map_err(|error| error.to_string())
}
