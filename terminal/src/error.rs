//! Errors between a terminal, its broker and the service.

use rumqttc::ConnectReturnCode;
use serde::Deserialize;
use std::fmt;
use std::time::Duration;
use switchboard_protocol::address::AddressError;
use switchboard_protocol::code::Code;
use switchboard_protocol::id::MeetingId;

use crate::uplink::UplinkError;

/// A refusal: the fields of the service's `error` answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Refused {
    /// The stable code as text, since a newer service may have codes that this version does not know.
    pub code: String,
    /// Text for people that says what to do; not stable.
    #[serde(default)]
    pub message: String,
    /// Path of the request's field that is wrong.
    pub path: Option<String>,
    /// True if the same request may succeed later.
    #[serde(default)]
    pub retryable: bool,
    /// Time to wait before the same request is sent again, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// The SIP status that a gateway would send; 0 if the service names none.
    #[serde(default)]
    pub sip: u16,
    /// Reason of the meeting's end, with code `meeting_ended`.
    pub reason: Option<String>,
    /// The meeting of the request; with code `user_busy` the call that holds the user.
    pub meeting_id: Option<String>,
}

impl Refused {
    /// The call that holds the user who wanted to make another one: leave it, or go back to it with
    /// [`Terminal::move_here`](crate::Terminal::move_here).
    #[must_use]
    pub fn held_by(&self) -> Option<MeetingId> {
        let held_by = self.meeting_id.as_deref().filter(|_| self.code == "user_busy");
        held_by.and_then(|id| id.parse().ok())
    }

    /// The code; `None` if this version does not know it.
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
    /// No copy of the request was answered within this time. The service may have carried it out nevertheless.
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// Another request with this id waits for its answer.
    #[error("a request with this id is still waiting for its answer")]
    DuplicateId,
    /// Requests of this type are never answered; they are sent with [`Terminal::send_uplink`](crate::Terminal::send_uplink).
    #[error("requests of type `{0}` are never answered; send them without waiting")]
    NeverAnswered(String),
    /// The request cannot be serialised.
    #[error(transparent)]
    Uplink(#[from] UplinkError),
    /// The message exceeds the size of a packet.
    #[error("the message is too large for an MQTT packet; send a smaller one")]
    TooLarge,
    /// The terminal has disconnected.
    #[error("the terminal has disconnected")]
    Disconnected,
}

/// The error of a first connect.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The topic of this client ID would be too long, so that no downlink could reach it.
    #[error("no downlink can be addressed to the client ID: {0}")]
    Address(#[from] AddressError),
    /// The broker refused the connection: the token is wrong, expired or that of another user, or the client ID is not
    /// allowed.
    #[error("the broker refused the connection: {0:?}")]
    Refused(ConnectReturnCode),
    /// The broker accepted the connection, but refused the subscription to the device's topics.
    #[error("the broker refused the subscription to the device's topics")]
    NotSubscribed,
    /// The broker cannot be reached, or closed the connection without an answer.
    #[error("the broker cannot be reached: {0}")]
    Unreachable(String),
}
