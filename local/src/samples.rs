//! The sample events under `events/`: where they come from, in plain JSON, and what they are for. The files are what the
//! template's own rules make of these messages, so they are never written by hand; `make events` writes them.

mod files;
mod mistakes;
mod others;
mod requests;
#[cfg(test)]
mod tests;

use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};
use switchboard_protocol::id::IdKey;

use crate::parameters;
use crate::sql::PublishedMessage;
use crate::template::{Deployment, StackIdentity};

pub use files::{differences, write};

/// When the samples were received: in the year 2100. A fixed time of today would be past the requests' life tomorrow.
pub const RECEIVED_MS: i64 = 4_102_444_800_000;
/// When the sample that came too late was received.
const LONG_AGO_MS: i64 = 1_700_000_000_000;
/// The broker's id of every sample's message.
const TRACE_ID: &str = "2f3c8e1a-5b7d-4c90-8e21-6a4f0d9b3c75";
/// An address that is nobody's (RFC 5737).
const SOURCE_IP: &str = "203.0.113.7";
/// The device that calls.
const ALICE: &str = "GID_ios@@@alice.phone";
/// The device that is called.
const BOB: &str = "GID_android@@@bob.phone";
/// A device of somebody whom nobody invited.
const DAVE: &str = "GID_web@@@dave.laptop";
/// Id of the request that creates the samples' meeting.
const CREATE_ID: &str = "sample-create";

/// What the sender of a sample hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing.
    Nothing,
    /// A downlink of this type.
    Downlink(&'static str),
    /// An error of this code, about the field at this path.
    Refusal(&'static str, Option<&'static str>),
}

/// What a sample's event is made of.
enum Origin {
    /// A message of a device, or of the broker itself, that a rule hands over.
    Message { sender: Option<&'static str>, topic: Option<&'static str>, payload: String, received_ms: i64 },
    /// An event that comes to its function without a rule.
    Event(fn(&Making<'_>) -> Value),
}

/// One sample event.
pub struct Sample {
    /// Its file is `events/<name>.json`. Up to the first point it is the function; after that, the type as on the wire or,
    /// with hyphens, what is wrong.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// The sample that must have been played before for this one to have its answer.
    pub after: Option<&'static str>,
    /// What its sender hears.
    pub answer: Answer,
    origin: Origin,
}

impl Sample {
    /// A message of a device.
    fn message(name: &'static str, sender: &'static str, payload: impl Into<String>) -> Self {
        let (payload, received_ms) = (payload.into(), RECEIVED_MS);
        let origin = Origin::Message { sender: Some(sender), topic: None, payload, received_ms };
        Self { name, about: "", after: None, answer: Answer::Nothing, origin }
    }

    fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    fn after(self, sample: &'static str) -> Self {
        Self { after: Some(sample), ..self }
    }

    fn answered(self, kind: &'static str) -> Self {
        Self { answer: Answer::Downlink(kind), ..self }
    }

    fn refused(self, code: &'static str) -> Self {
        Self { answer: Answer::Refusal(code, None), ..self }
    }

    fn refused_at(self, path: &'static str, code: &'static str) -> Self {
        Self { answer: Answer::Refusal(code, Some(path)), ..self }
    }

    /// The function that gets it.
    #[must_use]
    pub fn function(&self) -> &'static str {
        function_of(self.name)
    }
}

/// The function that a sample is for, by the sample's name.
#[must_use]
pub fn function_of(name: &str) -> &str {
    name.split_once('.').map_or(name, |(function, _)| function)
}

/// All samples, in the order in which they are explained.
#[must_use]
pub fn all() -> Vec<Sample> {
    requests::samples().into_iter().chain(others::samples()).chain(mistakes::samples()).collect()
}

/// The samples that must be played before this one, first things first.
#[must_use]
pub fn before(name: &str) -> Vec<&'static str> {
    let samples = all();
    let after =
        |name: &str| samples.iter().find(|sample| sample.name == name).and_then(|sample| sample.after);
    let mut chain: Vec<_> = std::iter::successors(after(name), |name| after(name)).collect();
    chain.reverse();
    chain
}

/// What events are made with: the template's rules, and the ids that the laptop's own development key gives.
struct Making<'a> {
    deployment: &'a Deployment,
    surroundings: &'a StackIdentity,
    jwt_secret: &'a str,
    /// What stands in for `$MEETING`, `$INVITE` and the like in a payload.
    names: Vec<(&'static str, String)>,
}

/// The contents of all files, by sample.
///
/// # Errors
/// In words, what the template does not have: a rule for a function, or a field of the event.
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

/// The ids of the samples' meeting: derived, so that they are known before it is there.
fn names(key: &IdKey) -> Result<Vec<(&'static str, String)>, Box<dyn std::error::Error>> {
    let (alice, create) = (ALICE.parse()?, CREATE_ID.parse()?);
    let meeting = key.meeting(&alice, &create);
    let invite = key.invite(&meeting, &alice, &create, &"bob".to_owned().try_into()?);
    Ok(vec![("$MEETING", meeting.to_string()), ("$INVITE", invite.to_string())])
}

impl Making<'_> {
    /// The file of a sample.
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
