//! What can go wrong between a terminal and the service.

use rumqttc::ConnectReturnCode;
use serde::Deserialize;
use std::fmt;
use std::time::Duration;
use switchboard_protocol::address::AddressError;
use switchboard_protocol::code::Code;

use crate::uplink::UplinkError;

/// The service's `error` downlink: the request is refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Refused {
    /// The stable code, as it came: a newer service may have codes that this version does not know.
    pub code: String,
    /// What to do, for people.
    #[serde(default)]
    pub message: String,
    /// The field at fault.
    pub path: Option<String>,
    /// Whether the same request may succeed later.
    #[serde(default)]
    pub retryable: bool,
    /// Milliseconds to wait before that.
    pub retry_after_ms: Option<u64>,
    /// The SIP status a gateway would send.
    #[serde(default)]
    pub sip: u16,
    /// Why the meeting ended, with code `meeting_ended`.
    pub reason: Option<String>,
    /// The meeting it is about.
    pub meeting_id: Option<String>,
}

impl Refused {
    /// The code, if this version knows it.
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

/// Why a request got no answer that helps.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The service said no.
    #[error("refused with {0}")]
    Refused(Box<Refused>),
    /// No answer came to any copy of the request. What it asked for may have happened all the same.
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// A request with this id is waiting for its answer already.
    #[error("a request with this id is still waiting for its answer")]
    DuplicateId,
    /// Requests of this type are sent once and never answered; see [`Terminal::tell`](crate::Terminal::send_uplink).
    #[error("`{0}` is never answered")]
    NeverAnswered(String),
    /// The request cannot be written.
    #[error(transparent)]
    Uplink(#[from] UplinkError),
    /// More bytes than a packet can have.
    #[error("more bytes than a packet can have")]
    TooLarge,
    /// The terminal has disconnected.
    #[error("the terminal has disconnected")]
    Disconnected,
}

/// Why a terminal could not connect.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The client ID could connect but never be spoken to.
    #[error("the client ID cannot be addressed: {0}")]
    Address(#[from] AddressError),
    /// The broker refused: wrong, expired or foreign token, or a client ID that is not allowed.
    #[error("the broker refused: {0:?}")]
    Refused(ConnectReturnCode),
    /// The broker let the terminal in, but not listen on its own topics.
    #[error("the broker refused the terminal's own topics")]
    NotSubscribed,
    /// The broker cannot be reached, or closed the connection without a word.
    #[error("the broker cannot be reached: {0}")]
    Unreachable(String),
}
