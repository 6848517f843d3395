//! One connection of one client, from the authorizer's consent to its end.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rmqtt::types::{Disconnect, Id, Reason};
use serde::Serialize;

use crate::policy::Policy;

/// A connection. What is known at CONNECT is fixed; its end is noted as it comes.
#[derive(Debug)]
pub(crate) struct Connection {
    /// The name of this connection inside rmqtt.
    pub(crate) id: Id,
    pub(crate) client_id: String,
    /// `sessionIdentifier` of the lifecycle events, unique to the connection.
    pub(crate) session_identifier: String,
    /// `versionNumber` of the lifecycle events, growing from connection to connection of the client.
    pub(crate) version: u64,
    pub(crate) principal: String,
    pub(crate) policy: Policy,
    pub(crate) keep_alive_seconds: u16,
    /// How long the session outlives the connection; 0 if it does not.
    pub(crate) session_expiry_ms: i64,
    pub(crate) connected_ms: i64,
    /// When the authorizer's consent ends.
    pub(crate) ends_ms: i64,
    /// Why the broker itself ended the connection, if it did.
    pub(crate) cause: OnceLock<DisconnectReason>,
    /// Whether the last will has been published, or must not be.
    pub(crate) will_settled: AtomicBool,
}

impl Connection {
    pub(crate) fn source(&self) -> Option<SocketAddr> {
        self.id.remote_addr
    }

    pub(crate) fn source_ip(&self) -> Option<String> {
        self.source().map(|address| address.ip().to_string())
    }

    /// Takes the right to publish the last will; only the first caller gets it.
    pub(crate) fn settle_will(&self) -> bool {
        !self.will_settled.swap(true, Ordering::AcqRel)
    }
}

/// Why a connection ended, as lifecycle events and `GetConnection` name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum DisconnectReason {
    /// The client published what its policy does not allow.
    AuthError,
    /// The client sent DISCONNECT.
    ClientInitiatedDisconnect,
    /// The client broke the protocol or a limit.
    ClientError,
    ConnectionLost,
    /// Another connection took over the client id.
    DuplicateClientid,
    MqttKeepAliveTimeout,
    /// The broker is shutting down.
    ServerInitiatedDisconnect,
    /// `DeleteConnection`.
    ApiInitiatedDisconnect,
    /// The authorizer's `disconnectAfterInSeconds` is over.
    CustomauthTtlExpiration,
    ServerError,
}

impl DisconnectReason {
    /// Reads it from what rmqtt noted; several notes on one connection come as a list, the first one first.
    pub(crate) fn of(reason: &Reason) -> Self {
        match reason {
            Reason::Reasons(reasons) => reasons.first().map_or(Self::ConnectionLost, Self::of),
            Reason::ConnectDisconnect(None | Some(Disconnect::V3 | Disconnect::V5(_))) => {
                Self::ClientInitiatedDisconnect
            }
            Reason::ConnectKicked(false) => Self::DuplicateClientid,
            Reason::ConnectKicked(true) => Self::ServerInitiatedDisconnect,
            Reason::ConnectKeepaliveTimeout => Self::MqttKeepAliveTimeout,
            Reason::PublishResult(_) => Self::AuthError,
            Reason::ProtocolError(_)
            | Reason::SubscribeFailed(_)
            | Reason::UnsubscribeFailed(_)
            | Reason::InflightWindowFull => Self::ClientError,
            Reason::MqttError(error) => Self::of_error(error),
            Reason::ConnectRemoteClose
            | Reason::ConnectReadWriteError
            | Reason::ConnectReadWriteTimeout
            | Reason::Error(_) => Self::ConnectionLost,
            _ => Self::ServerError,
        }
    }

    fn of_error(error: &rmqtt::net::MqttError) -> Self {
        use rmqtt::net::MqttError;
        match error {
            MqttError::PublishAckReason(..) => Self::AuthError,
            MqttError::Protocol(_) | MqttError::Decode(_) | MqttError::InvalidProtocol => Self::ClientError,
            _ => Self::ConnectionLost,
        }
    }
}

#[cfg(test)]
mod tests {
    use rmqtt::types::{Disconnect, Reason};
    use serde_json::json;

    use super::DisconnectReason;

    #[test]
    fn the_first_note_decides() {
        let reasons = vec![Reason::ConnectDisconnect(Some(Disconnect::V3)), Reason::ConnectRemoteClose];
        assert_eq!(
            DisconnectReason::of(&Reason::Reasons(reasons)),
            DisconnectReason::ClientInitiatedDisconnect
        );
    }

    #[test]
    fn reasons_are_written_as_the_service_writes_them() {
        for (reason, text) in [
            (DisconnectReason::ClientInitiatedDisconnect, "CLIENT_INITIATED_DISCONNECT"),
            (DisconnectReason::DuplicateClientid, "DUPLICATE_CLIENTID"),
            (DisconnectReason::MqttKeepAliveTimeout, "MQTT_KEEP_ALIVE_TIMEOUT"),
            (DisconnectReason::CustomauthTtlExpiration, "CUSTOMAUTH_TTL_EXPIRATION"),
        ] {
            assert_eq!(json!(reason), json!(text));
        }
    }
}
