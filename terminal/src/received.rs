//! A received downlink. Its envelope is parsed, and all its fields are kept, so that unknown types can be
//! passed on.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::time::{Duration, Instant};
use switchboard_protocol::VERSION;
use switchboard_protocol::downlink::{Downlink, Re};

/// A message exactly as the broker delivered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMessage {
    /// The topic on which the message arrived.
    pub topic: String,
    /// The payload.
    pub payload: Vec<u8>,
    /// The time at which the message was read from the connection.
    pub received_at: Instant,
}

/// The error of a message that is not a downlink of this protocol.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableDownlink {
    /// The message is not a JSON object with the fields of the envelope.
    #[error("not a downlink: {0}")]
    Envelope(#[from] serde_json::Error),
    /// The field `v` is another version of the protocol.
    #[error("unsupported protocol version {0}")]
    Version(u64),
}

/// A downlink with its parsed envelope.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedDownlink {
    /// The wire's `type`.
    pub kind: String,
    /// The id. All copies of a downlink have the same id.
    pub id: String,
    /// The wire's `re`: the request that the downlink answers.
    pub re: Re,
    /// The meeting, if the downlink concerns one.
    pub meeting_id: Option<String>,
    /// The meeting's revision.
    pub rev: Option<u64>,
    /// The revision of the previous notice to the members of the meeting.
    pub prev_rev: Option<u64>,
    /// The time at which the downlink was read from the connection.
    pub received_at: Instant,
    /// The time at which the downlink expires, from `expires_in_ms`.
    pub expires_at: Option<Instant>,
    /// All fields, including those of the envelope.
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
    /// Returns `true` if the downlink informs `user` that their device was lost. The seat has ended, and
    /// [`Terminal::rejoin`](crate::Terminal::rejoin) takes it again if the meeting admits the user.
    #[must_use]
    pub fn is_loss_of_seat(&self, user: &str) -> bool {
        let participant = self.body.get("participant");
        let text = |name: &str| participant.and_then(|participant| participant.get(name)?.as_str());
        self.kind == "participant_updated" && text("user_id") == Some(user) && text("state") == Some("lost")
    }

    /// Parses the envelope.
    ///
    /// # Errors
    /// The message is not a downlink, or has another version.
    pub fn read(raw: &RawMessage) -> Result<Self, UnreadableDownlink> {
        let body: Value = serde_json::from_slice(&raw.payload)?;
        let envelope = Envelope::deserialize(&body)?;
        if envelope.v != VERSION {
            return Err(UnreadableDownlink::Version(envelope.v));
        }
        let Value::Object(body) = body else { unreachable!("an envelope was parsed from it") };
        Ok(Self {
            kind: envelope.kind,
            id: envelope.id,
            re: envelope.re,
            meeting_id: envelope.meeting_id,
            rev: envelope.rev,
            prev_rev: envelope.prev_rev,
            received_at: raw.received_at,
            // Zero or less means that the downlink has expired.
            expires_at: envelope.expires_in_ms.and_then(|left| {
                raw.received_at.checked_add(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
            }),
            body,
        })
    }

    /// Returns the typed downlink; `None` if this version does not know its type or one of its values.
    #[must_use]
    pub fn downlink(&self) -> Option<Downlink> {
        Downlink::deserialize(Value::Object(self.body.clone())).ok()
    }

    /// Returns one field; `None` if the field is absent, `null`, or not a `T`.
    #[must_use]
    pub fn field<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.body
            .get(name)
            .filter(|value| !value.is_null())
            .and_then(|value| serde_json::from_value(value.clone()).ok())
    }

    /// Returns the meeting whose snapshot in the downlink is truncated, because the whole meeting would be too
    /// large for a downlink. The answer to `sync` has the whole meeting.
    #[must_use]
    pub fn truncated_meeting(&self) -> Option<String> {
        let is_truncated = *self.body.get("meeting")?.get("truncated")? == Value::Bool(true);
        self.meeting_id.clone().filter(|_| is_truncated)
    }

    /// Returns the id of the request that the downlink answers; `None` for a notice.
    #[must_use]
    pub fn answers(&self) -> Option<&str> {
        match &self.re {
            Re::Request(id) => Some(id.as_str()),
            Re::Unreadable(()) | Re::Nothing => None,
        }
    }

    /// Returns `true` if the downlink has expired at `now`.
    #[must_use]
    pub fn is_expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}
