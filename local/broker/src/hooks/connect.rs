//! The decisions about connections: who may connect, and what follows from connecting and leaving.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use rmqtt::session::{Session, SessionState};
use rmqtt::types::{AuthResult, ConnectInfo, From, Publish, Reason};
use uuid::Uuid;

use super::message;
use crate::authorizer;
use crate::connection::{Connection, DisconnectReason};
use crate::core::Core;
use crate::policy;
use crate::presence;
use crate::registry::{Ended, Status};

/// Asks the authorizer, and admits the client if its policy allows it to connect under its client id.
pub(super) async fn authenticate(core: &Core, connect: &ConnectInfo) -> AuthResult {
    let client_id = connect.client_id();
    let event = authorizer::event(
        client_id,
        connect.username().map(AsRef::as_ref),
        connect.password().map(AsRef::as_ref),
    );
    let limit = core.config.limits.authorize_timeout;
    let answer = match tokio::time::timeout(limit, core.cloud.authorize(event)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            tracing::warn!(%client_id, error, "the authorizer failed");
            return AuthResult::NotAuthorized;
        }
        Err(_) => {
            tracing::warn!(%client_id, "the authorizer took too long");
            return AuthResult::NotAuthorized;
        }
    };
    let grant = match authorizer::grant(answer) {
        Ok(grant) => grant,
        Err(reason) => {
            tracing::info!(%client_id, %reason, "connection refused");
            return AuthResult::NotAuthorized;
        }
    };
    if !grant.policy.allows(policy::CONNECT, &core.arns.client(client_id)) {
        tracing::info!(%client_id, "connection refused: the policy does not allow iot:Connect");
        return AuthResult::NotAuthorized;
    }
    forget_expired(core, client_id).await;
    let now_ms = core.now_ms();
    core.registry.admit(Arc::new(Connection {
        id: connect.id().clone(),
        client_id: client_id.to_string(),
        session_identifier: Uuid::new_v4().to_string(),
        version: core.registry.next_version(client_id),
        principal: grant.principal,
        policy: grant.policy,
        keep_alive_seconds: connect.keep_alive(),
        session_expiry_ms: session_expiry_ms(core, connect),
        connected_ms: now_ms,
        ends_ms: now_ms.saturating_add(grant.disconnect_after_ms),
        cause: OnceLock::new(),
        will_settled: AtomicBool::new(false),
    }));
    AuthResult::Allow(false, None)
}

/// Deletes the client's session if it is over by the broker's clock, so that it is not resumed.
async fn forget_expired(core: &Core, client_id: &str) {
    let connected = matches!(core.registry.status(client_id, core.now_ms()), Status::Connected(_));
    let kept = matches!(
        core.registry.status(client_id, core.now_ms()),
        Status::Offline(ended) if ended.has_session(core.now_ms())
    );
    if !connected && !kept {
        core.delete_session(client_id).await;
    }
}

fn session_expiry_ms(core: &Core, connect: &ConnectInfo) -> i64 {
    let most = i64::try_from(core.config.limits.session_expiry.as_millis()).unwrap_or(i64::MAX);
    match connect {
        ConnectInfo::V3(_, connect) if connect.clean_session => 0,
        ConnectInfo::V3(..) => most,
        ConnectInfo::V5(_, connect) => (i64::from(connect.session_expiry_interval_secs) * 1000).min(most),
    }
}

/// Announces a client that has connected.
pub(super) async fn connected(core: &Core, session: &Session) {
    let Some(connection) = core.registry.connected(&session.id) else {
        tracing::warn!(client_id = %session.id.client_id, "connected without consent");
        return;
    };
    if let Some(event) = presence::connected(&connection) {
        core.announce(event).await;
    }
}

/// Announces a client that has left, and publishes its last will where rmqtt would not.
pub(super) async fn disconnected(core: &Core, session: &Session, reason: &Reason) {
    let Some(connection) = core.registry.connection(&session.id) else {
        return;
    };
    let reason = connection.cause.get().copied().unwrap_or_else(|| DisconnectReason::of(reason));
    let at_ms = core.now_ms();
    let session_until_ms = match expiry_at_end_ms(&connection, session).await {
        0 => None,
        expiry_ms => Some(at_ms.saturating_add(expiry_ms)),
    };
    if reason == DisconnectReason::DuplicateClientid {
        publish_will(core, session).await;
    }
    core.registry.ended(Ended { connection: Arc::clone(&connection), at_ms, reason, session_until_ms });
    if let Some(event) = presence::disconnected(&connection, reason, at_ms) {
        core.announce(event).await;
    }
}

/// How long the session is kept: as agreed at CONNECT, unless a DISCONNECT of MQTT 5 changed it.
async fn expiry_at_end_ms(connection: &Connection, session: &Session) -> i64 {
    if connection.session_expiry_ms == 0 {
        return 0;
    }
    let disconnect = session.disconnect().await.ok().flatten();
    let interval = session.fitter.session_expiry_interval(disconnect.as_ref());
    i64::try_from(interval.as_millis()).unwrap_or(i64::MAX)
}

/// The service publishes the last will also when another connection takes over the session; rmqtt does not.
async fn publish_will(core: &Core, session: &Session) {
    let Ok(connect) = session.connect_info().await else {
        return;
    };
    let Some(will) = connect.last_will() else { return };
    if will.will_delay_interval().is_some_and(|delay| !delay.is_zero()) {
        // The session goes on within the delay.
        return;
    }
    let Ok(will) = Publish::try_from(will) else { return };
    let from = From::from_lastwill(session.id.clone());
    let will = message::accept(core, session, &from, &will);
    if let Err(error) = SessionState::forwards(&core.engine, from, will, false, None).await {
        tracing::warn!(client_id = %session.id.client_id, %error, "last will not published");
    }
}
