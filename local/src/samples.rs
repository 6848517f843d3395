//! The sample events in `events/`: one for each request type, for each other trigger of a function, and for each kind of
//! malformed input.
//!
//! The template's own rules make the files from the messages in this module and in the table of requests. `make generate`
//! writes the files, and a test compares them.

mod files;
mod mistakes;
mod others;
mod requests;
mod sample;
#[cfg(test)]
mod tests;

use serde_json::ser::{PrettyFormatter, Serializer};
use switchboard_protocol::id::IdKey;
use switchboard_protocol::requests::sample::ALICE;

use crate::parameters;
use crate::sql::PublishedMessage;
use crate::template::{Deployment, StackIdentity};

pub use files::{differences, write};
pub use sample::{Answer, RECEIVED_MS, Sample, function_of};

use sample::{CREATE_ID, Making, Origin, SOURCE_IP, TRACE_ID};

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
                pretty(
                    &rule
                        .statement
                        .apply(&message)
                        .ok_or("the rule selects nothing from the sample's message")?,
                )
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
