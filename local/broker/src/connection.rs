//! One connection of one client, from the authorizer's approval to its end.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rmqtt::types::{Disconnect, Id, Reason};
use serde::Serialize;

use crate::policy::Policy;

/// A connection. All fields are fixed at CONNECT, except the cause of its end and the state of its last will.
#[derive(Debug)]
pub(crate) struct Connection {
    /// `rmqtt`'s ID of this connection.
    pub(crate) id: Id,
    pub(crate) client_id: String,
    /// `sessionIdentifier` of the lifecycle events, unique to the connection.
    pub(crate) session_identifier: String,
    /// `versionNumber` of the lifecycle events; each connection of a client gets a greater one.
    pub(crate) version: u64,
    pub(crate) principal: String,
    pub(crate) policy: Policy,
    pub(crate) keep_alive_seconds: u16,
    /// Time for which the session outlives the connection; 0 for a clean session.
    pub(crate) session_expiry_ms: i64,
    pub(crate) connected_ms: i64,
    /// Time at which the authorizer's approval ends.
    pub(crate) ends_ms: i64,
    /// Set if the broker itself ends the connection.
    pub(crate) cause: OnceLock<DisconnectReason>,
    /// `true` once the last will is published, refused or suppressed.
    pub(crate) will_claimed: AtomicBool,
}

impl Connection {
    pub(crate) fn source(&self) -> Option<SocketAddr> {
        self.id.remote_addr
    }

    pub(crate) fn source_ip(&self) -> Option<String> {
        self.source().map(|address| address.ip().to_string())
    }

    /// Claims the last will. Returns `true` for the first caller only, so that the will is published at most once.
    pub(crate) fn claim_will(&self) -> bool {
        !self.will_claimed.swap(true, Ordering::AcqRel)
    }
}

/// Reason for the end of a connection, with the names of lifecycle events and `GetConnection`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum DisconnectReason {
    /// The client published a message that its policy does not allow.
    AuthError,
    /// The client sent DISCONNECT.
    ClientInitiatedDisconnect,
    /// The client violated the protocol or exceeded a limit.
    ClientError,
    ConnectionLost,
    /// Another connection took over the client ID.
    DuplicateClientid,
    MqttKeepAliveTimeout,
    /// The broker is shutting down.
    ServerInitiatedDisconnect,
    /// `DeleteConnection`.
    ApiInitiatedDisconnect,
    /// The authorizer's `disconnectAfterInSeconds` has passed.
    CustomauthTtlExpiration,
    ServerError,
}

impl DisconnectReason {
    /// Converts `rmqtt`'s reason. If `rmqtt` recorded a list of reasons, the first one counts.
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
    fn the_first_reason_of_a_list_counts() {
        let reasons = vec![Reason::ConnectDisconnect(Some(Disconnect::V3)), Reason::ConnectRemoteClose];
        assert_eq!(
            DisconnectReason::of(&Reason::Reasons(reasons)),
            DisconnectReason::ClientInitiatedDisconnect
        );
    }

    #[test]
    fn reasons_have_the_names_of_aws_iot_core() {
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
