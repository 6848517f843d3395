//! Errors of a terminal, its broker and the service.

use rumqttc::ConnectReturnCode;
use serde::Deserialize;
use std::fmt;
use std::time::Duration;
use switchboard_protocol::address::AddressError;
use switchboard_protocol::code::Code;
use switchboard_protocol::id::MeetingId;

use crate::uplink::UplinkError;

/// A refusal, with the fields of the service's `error` answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Refused {
    /// The stable code as text. A newer service may have codes that this version does not know.
    pub code: String,
    /// Text for people that says what to do. The text is not stable.
    #[serde(default)]
    pub message: String,
    /// Path of the wrong field in the request.
    pub path: Option<String>,
    /// True if the same request may succeed later.
    #[serde(default)]
    pub retryable: bool,
    /// Time to wait before sending the same request again, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// The SIP status that a gateway would send; 0 if the answer has none.
    #[serde(default)]
    pub sip: u16,
    /// Reason of the meeting's end, with the code `meeting_ended`.
    pub reason: Option<String>,
    /// The meeting of the request; with the code `user_busy`, the call that the user is in.
    pub meeting_id: Option<String>,
}

impl Refused {
    /// Returns the call that the user is in, after a create request was refused with `user_busy`. Leave it,
    /// or return to it with [`Terminal::move_here`](crate::Terminal::move_here). Accept or reject a call that still rings
    /// (`state` contains its invitation): `move_here` would answer it.
    #[must_use]
    pub fn held_by(&self) -> Option<MeetingId> {
        let held_by = self.meeting_id.as_deref().filter(|_| self.code == "user_busy");
        held_by.and_then(|id| id.parse().ok())
    }

    /// Returns the code; `None` if this version does not know it.
    #[must_use]
    pub fn known_code(&self) -> Option<Code> {
        serde_json::from_value(self.code.as_str().into()).ok()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        if let Some(path) = &self.path {
            write!(f, " at `{path}`")?;
        }
        if let Some(reason) = &self.reason {
            write!(f, " ({reason})")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// The error of a request that was refused, not answered or not sent.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The service refused the request.
    #[error("refused with {0}")]
    Refused(Box<Refused>),
    /// No copy of the request was answered within this time. The service may have applied the request
    /// nevertheless.
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// Another request with this id waits for its answer.
    #[error("a request with this id is still waiting for its answer")]
    DuplicateId,
    /// The service never answers requests of this type. Send them with
    /// [`Terminal::send_uplink`](crate::Terminal::send_uplink).
    #[error("requests of type `{0}` are never answered; send them without waiting")]
    NeverAnswered(String),
    /// The request cannot be serialised.
    #[error(transparent)]
    Uplink(#[from] UplinkError),
    /// The message exceeds the size of a packet.
    #[error("the message is too large for an MQTT packet; send a smaller one")]
    TooLarge,
    /// The terminal has permanently disconnected.
    #[error("the terminal has disconnected")]
    Disconnected,
}

/// The error of the first connect.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A topic of this client ID would be too long, so that no downlink could reach the device.
    #[error("no downlink can be addressed to the client ID: {0}")]
    Address(#[from] AddressError),
    /// The broker refused the connection: the token is wrong, has expired or belongs to another user, or the
    /// client ID is not allowed.
    #[error("the broker refused the connection: {0:?}")]
    Refused(ConnectReturnCode),
    /// The broker accepted the connection, but refused the subscription to the device's topics.
    #[error("the broker refused the subscription to the device's topics")]
    NotSubscribed,
    /// The broker is unreachable, or closed the connection without an answer.
    #[error("the broker cannot be reached: {0}")]
    Unreachable(String),
}
