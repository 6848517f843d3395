//! Hooks of connections: authorization, connect and disconnect.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use rmqtt::session::{Session, SessionState};
use rmqtt::types::{AuthResult, ConnectInfo, From, Publish, Reason};
use uuid::Uuid;

use super::message;
use crate::authorizer;
use crate::connection::{Connection, DisconnectReason};
use crate::name;
use crate::policy;
use crate::presence;
use crate::registry::{ClientStatus, EndedConnection};
use crate::state::BrokerState;

/// Calls the authorizer, and admits the client if its policy allows `iot:Connect` for its client ID.
pub(super) async fn authenticate(state: &BrokerState, connect: &ConnectInfo) -> AuthResult {
    let client_id = connect.client_id();
    if let Err(reason) = name::check_client_id(client_id, &state.config.limits) {
        tracing::info!(%client_id, reason, "connection refused");
        return AuthResult::NotAuthorized;
    }
    let event = authorizer::event(
        client_id,
        connect.username().map(AsRef::as_ref),
        connect.password().map(AsRef::as_ref),
    );
    let limit = state.config.limits.authorize_timeout;
    let result = match tokio::time::timeout(limit, state.cloud.authorize(event)).await {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => {
            tracing::warn!(%client_id, error, "connection refused: the authorizer failed");
            return AuthResult::NotAuthorized;
        }
        Err(_) => {
            tracing::warn!(%client_id, "connection refused: the authorizer timed out");
            return AuthResult::NotAuthorized;
        }
    };
    let grant = match authorizer::grant(result) {
        Ok(grant) => grant,
        Err(reason) => {
            tracing::info!(%client_id, %reason, "connection refused");
            return AuthResult::NotAuthorized;
        }
    };
    if !grant.policy.allows(policy::CONNECT, &state.arns.client(client_id)) {
        tracing::info!(%client_id, "connection refused: the policy does not allow iot:Connect");
        return AuthResult::NotAuthorized;
    }
    if let Some(will) = connect.last_will()
        && let Err(refusal) = message::check_will(state, &grant.policy, will)
    {
        tracing::info!(%client_id, %refusal, "connection refused for its last will");
        return AuthResult::NotAuthorized;
    }
    forget_expired(state, client_id).await;
    let now_ms = state.now_ms();
    state.registry.admit(Arc::new(Connection {
        id: connect.id().clone(),
        client_id: client_id.to_string(),
        session_identifier: Uuid::new_v4().to_string(),
        version: state.registry.next_version(client_id),
        principal: grant.principal,
        policy: grant.policy,
        keep_alive_seconds: connect.keep_alive(),
        session_expiry_ms: session_expiry_ms(state, connect),
        connected_ms: now_ms,
        ends_ms: now_ms.saturating_add(grant.disconnect_after_ms),
        cause: OnceLock::new(),
        will_claimed: AtomicBool::new(false),
    }));
    AuthResult::Allow(false, None)
}

/// Deletes the client's session if it has expired by the broker's clock, so that the client cannot resume it.
async fn forget_expired(state: &BrokerState, client_id: &str) {
    let connected = matches!(state.registry.status(client_id, state.now_ms()), ClientStatus::Connected(_));
    let kept = matches!(
        state.registry.status(client_id, state.now_ms()),
        ClientStatus::Offline(ended) if ended.has_session(state.now_ms())
    );
    if !connected && !kept {
        state.delete_session(client_id).await;
    }
}

fn session_expiry_ms(state: &BrokerState, connect: &ConnectInfo) -> i64 {
    let most = i64::try_from(state.config.limits.session_expiry.as_millis()).unwrap_or(i64::MAX);
    match connect {
        ConnectInfo::V3(_, connect) if connect.clean_session => 0,
        ConnectInfo::V3(..) => most,
        ConnectInfo::V5(_, connect) => (i64::from(connect.session_expiry_interval_secs) * 1000).min(most),
    }
}

/// Publishes the lifecycle event of a client that has connected.
pub(super) async fn connected(state: &BrokerState, session: &Session) {
    let Some(connection) = state.registry.connected(&session.id) else {
        tracing::warn!(
            client_id = %session.id.client_id,
            "client connected without approval; no lifecycle event published"
        );
        return;
    };
    if let Some(message) = presence::connected(&connection) {
        state.publish_lifecycle(message).await;
    }
}

/// Publishes the lifecycle event of a client that has disconnected. After a takeover, also publishes its last will.
pub(super) async fn disconnected(state: &BrokerState, session: &Session, reason: &Reason) {
    let Some(connection) = state.registry.connection(&session.id) else {
        return;
    };
    let reason = connection.cause.get().copied().unwrap_or_else(|| DisconnectReason::of(reason));
    let at_ms = state.now_ms();
    let session_until_ms = match expiry_at_end_ms(&connection, session).await {
        0 => None,
        expiry_ms => Some(at_ms.saturating_add(expiry_ms)),
    };
    if reason == DisconnectReason::DuplicateClientid {
        publish_will(state, session).await;
    }
    state.registry.ended(EndedConnection {
        connection: Arc::clone(&connection),
        at_ms,
        reason,
        session_until_ms,
    });
    if let Some(message) = presence::disconnected(&connection, reason, at_ms) {
        state.publish_lifecycle(message).await;
    }
}

/// Returns the session expiry agreed at CONNECT, or the one that an MQTT 5 DISCONNECT changed it to.
async fn expiry_at_end_ms(connection: &Connection, session: &Session) -> i64 {
    if connection.session_expiry_ms == 0 {
        return 0;
    }
    let disconnect = session.disconnect().await.ok().flatten();
    let interval = session.fitter.session_expiry_interval(disconnect.as_ref());
    i64::try_from(interval.as_millis()).unwrap_or(i64::MAX)
}

/// Publishes the last will of a connection whose session is taken over, as AWS IoT Core does. `rmqtt` does not publish
/// that will.
async fn publish_will(state: &BrokerState, session: &Session) {
    let Ok(connect) = session.connect_info().await else {
        return;
    };
    let Some(will) = connect.last_will() else { return };
    if will.will_delay_interval().is_some_and(|delay| !delay.is_zero()) {
        // The session continues before the delay ends, so the will must not be published.
        return;
    }
    let Ok(will) = Publish::try_from(will) else { return };
    let from = From::from_lastwill(session.id.clone());
    let will = message::accept(state, session, &from, &will);
    if let Err(error) = SessionState::forwards(&state.engine, from, will, false, None).await {
        tracing::warn!(client_id = %session.id.client_id, %error, "last will not published; it is lost");
    }
}
