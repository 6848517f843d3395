//! A downlink as it came: the envelope is read, the rest is kept so that unknown types can be passed on.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::time::{Duration, Instant};
use switchboard_protocol::VERSION;
use switchboard_protocol::downlink::{Downlink, Re};

/// A message exactly as the broker delivered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMessage {
    /// The topic it came on.
    pub topic: String,
    /// Its bytes.
    pub payload: Vec<u8>,
    /// When it was read from the connection.
    pub received_at: Instant,
}

/// Why a message is no downlink of this protocol.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableDownlink {
    /// No JSON object with the fields of the envelope.
    #[error("no downlink: {0}")]
    Envelope(#[from] serde_json::Error),
    /// Another version of the protocol.
    #[error("version {0} is not spoken here")]
    Version(u64),
}

/// A downlink whose envelope was read.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedDownlink {
    /// The type.
    pub kind: String,
    /// The same for every copy.
    pub id: String,
    /// The request that it answers.
    pub re: Re,
    /// The meeting that it is about.
    pub meeting_id: Option<String>,
    /// The meeting's revision.
    pub rev: Option<u64>,
    /// The last revision that members were told before this one.
    pub prev_rev: Option<u64>,
    /// When it was read from the connection.
    pub received_at: Instant,
    /// When it stops meaning anything.
    pub expires_at: Option<Instant>,
    /// The whole message.
    pub body: Map<String, Value>,
}

#[derive(Deserialize)]
struct Envelope {
    v: u64,
    #[serde(rename = "type")]
    kind: String,
    id: String,
    #[serde(default)]
    re: Re,
    meeting_id: Option<String>,
    rev: Option<u64>,
    prev_rev: Option<u64>,
    expires_in_ms: Option<i64>,
}

impl ReceivedDownlink {
    /// Reads the envelope.
    pub fn read(raw: &RawMessage) -> Result<Self, UnreadableDownlink> {
        let body: Value = serde_json::from_slice(&raw.payload)?;
        let envelope = Envelope::deserialize(&body)?;
        if envelope.v != VERSION {
            return Err(UnreadableDownlink::Version(envelope.v));
        }
        let Value::Object(body) = body else { unreachable!("an envelope was read from it") };
        Ok(Self {
            kind: envelope.kind,
            id: envelope.id,
            re: envelope.re,
            meeting_id: envelope.meeting_id,
            rev: envelope.rev,
            prev_rev: envelope.prev_rev,
            received_at: raw.received_at,
            // What has no time left is past its time at once.
            expires_at: envelope.expires_in_ms.and_then(|left| {
                raw.received_at.checked_add(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
            }),
            body,
        })
    }

    /// The typed message; `None` for a type or a value that this version does not know.
    #[must_use]
    pub fn downlink(&self) -> Option<Downlink> {
        Downlink::deserialize(Value::Object(self.body.clone())).ok()
    }

    /// One field; `None` if it is absent, `null`, or of another shape.
    #[must_use]
    pub fn field<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.body
            .get(name)
            .filter(|value| !value.is_null())
            .and_then(|value| serde_json::from_value(value.clone()).ok())
    }

    /// The id of the request that it answers, if it answers one.
    #[must_use]
    pub fn answers(&self) -> Option<&str> {
        match &self.re {
            Re::Request(id) => Some(id.as_str()),
            Re::Unreadable(()) | Re::Nothing => None,
        }
    }

    /// Whether it means nothing any more.
    #[must_use]
    pub fn is_past_its_time(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}
