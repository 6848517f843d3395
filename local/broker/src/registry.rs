//! Registry of clients: connections, recently ended connections and kept sessions. Source of `GetConnection`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rmqtt::types::Id;
use tokio::sync::watch;

use crate::connection::{Connection, DisconnectReason};

/// Time for which the end of a connection is reported.
pub(crate) const REMEMBERED_MS: i64 = 30 * 60 * 1000;
/// Offline time without a session after which version numbers restart at 0.
const VERSIONS_KEPT_MS: i64 = 60 * 60 * 1000;
/// Longest time between the authorizer's approval and the end of the handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(crate) struct Registry {
    inner: Mutex<Inner>,
    live: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Inner {
    clients: HashMap<String, Client>,
    /// Connections from the authorizer's approval to their end, including connections that are already replaced.
    connections: HashMap<Id, Admitted>,
}

#[derive(Debug)]
struct Admitted {
    connection: Arc<Connection>,
    since: Instant,
    connected: bool,
}

#[derive(Debug, Default)]
struct Client {
    next_version: u64,
    connected: Option<Arc<Connection>>,
    ended: Option<EndedConnection>,
}

/// The end of a client's last connection.
#[derive(Debug, Clone)]
pub(crate) struct EndedConnection {
    pub(crate) connection: Arc<Connection>,
    pub(crate) at_ms: i64,
    pub(crate) reason: DisconnectReason,
    /// Time until which the session is kept; `None` if the session is not kept.
    pub(crate) session_until_ms: Option<i64>,
}

impl EndedConnection {
    pub(crate) fn has_session(&self, now_ms: i64) -> bool {
        self.session_until_ms.is_some_and(|until| now_ms < until)
    }
}

#[derive(Debug, Clone)]
pub(crate) enum ClientStatus {
    Connected(Arc<Connection>),
    /// Not connected, but the client has a session or disconnected less than [`REMEMBERED_MS`] ago.
    Offline(EndedConnection),
    Unknown,
}

/// Connections and sessions past their end.
#[derive(Debug, Default)]
pub(crate) struct Overdue {
    /// Connections whose authorization has ended.
    pub(crate) connections: Vec<Arc<Connection>>,
    /// Client IDs of the expired sessions.
    pub(crate) sessions: Vec<String>,
}

impl Registry {
    pub(crate) fn new() -> Self {
        Self { inner: Mutex::default(), live: watch::Sender::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A poisoned lock is usable: every change is complete before anything can panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the version number of a client's next connection.
    pub(crate) fn next_version(&self, client_id: &str) -> u64 {
        let mut inner = self.lock();
        let client = inner.clients.entry(client_id.to_owned()).or_default();
        let version = client.next_version;
        client.next_version += 1;
        version
    }

    /// Records a connection that the authorizer approved.
    pub(crate) fn admit(&self, connection: Arc<Connection>) {
        let admitted = Admitted { since: Instant::now(), connected: false, connection };
        self.lock().connections.insert(admitted.connection.id.clone(), admitted);
    }

    /// Records the end of the handshake. The connection replaces the client's former connection. Returns `None` if
    /// the connection was not admitted.
    pub(crate) fn connected(&self, id: &Id) -> Option<Arc<Connection>> {
        let mut inner = self.lock();
        let admitted = inner.connections.get_mut(id)?;
        admitted.connected = true;
        let connection = Arc::clone(&admitted.connection);
        let client = inner.clients.entry(connection.client_id.clone()).or_default();
        client.connected = Some(Arc::clone(&connection));
        client.ended = None;
        drop(inner);
        self.live.send_modify(|count| *count += 1);
        Some(connection)
    }

    pub(crate) fn connection(&self, id: &Id) -> Option<Arc<Connection>> {
        self.lock().connections.get(id).map(|admitted| Arc::clone(&admitted.connection))
    }

    /// Records the end of a connection. A client that has reconnected meanwhile stays connected.
    pub(crate) fn ended(&self, ended: EndedConnection) {
        let mut inner = self.lock();
        let was_live =
            inner.connections.remove(&ended.connection.id).is_some_and(|admitted| admitted.connected);
        if let Some(client) = inner.clients.get_mut(&ended.connection.client_id)
            && client.connected.as_ref().is_some_and(|current| Arc::ptr_eq(current, &ended.connection))
        {
            client.connected = None;
            client.ended = Some(ended);
        }
        drop(inner);
        if was_live {
            self.live.send_modify(|count| *count -= 1);
        }
    }

    /// Records that a client's session was deleted.
    pub(crate) fn session_deleted(&self, client_id: &str) {
        if let Some(client) = self.lock().clients.get_mut(client_id)
            && let Some(ended) = &mut client.ended
        {
            ended.session_until_ms = None;
        }
    }

    pub(crate) fn status(&self, client_id: &str, now_ms: i64) -> ClientStatus {
        let inner = self.lock();
        let Some(client) = inner.clients.get(client_id) else {
            return ClientStatus::Unknown;
        };
        match (&client.connected, &client.ended) {
            (Some(connection), _) => ClientStatus::Connected(Arc::clone(connection)),
            (None, Some(ended)) if ended.has_session(now_ms) || now_ms - ended.at_ms < REMEMBERED_MS => {
                ClientStatus::Offline(ended.clone())
            }
            _ => ClientStatus::Unknown,
        }
    }

    /// Returns the current connection of each connected client.
    pub(crate) fn live_connections(&self) -> Vec<Arc<Connection>> {
        self.lock().clients.values().filter_map(|client| client.connected.clone()).collect()
    }

    /// Returns the numbers of connections and of clients.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let inner = self.lock();
        (inner.connections.len(), inner.clients.len())
    }

    /// Waits until no connection is left.
    pub(crate) async fn wait_until_empty(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.live.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Waits until this connection has ended.
    pub(crate) async fn wait_until_ended(&self, connection: &Connection) {
        // The sender lives as long as `self`, so waiting cannot fail. It sends after each end is recorded.
        let _ = self.live.subscribe().wait_for(|_| self.connection(&connection.id).is_none()).await;
    }

    /// Returns the connections whose authorization has ended and the expired sessions; each session is returned once.
    /// Removes abandoned handshakes and clients whose version numbers need not be kept.
    pub(crate) fn take_overdue(&self, now_ms: i64) -> Overdue {
        let mut overdue = Overdue::default();
        let mut inner = self.lock();
        inner
            .connections
            .retain(|_, admitted| admitted.connected || admitted.since.elapsed() < HANDSHAKE_TIMEOUT);
        for (client_id, client) in &mut inner.clients {
            if let Some(connection) = &client.connected
                && connection.ends_ms <= now_ms
            {
                overdue.connections.push(Arc::clone(connection));
            }
            if let Some(ended) = &mut client.ended
                && ended.session_until_ms.is_some_and(|until| until <= now_ms)
            {
                ended.session_until_ms = None;
                overdue.sessions.push(client_id.clone());
            }
        }
        let Inner { clients, connections } = &mut *inner;
        clients.retain(|client_id, client| match &client.ended {
            Some(ended) => ended.session_until_ms.is_some() || now_ms - ended.at_ms < VERSIONS_KEPT_MS,
            // A client that never connected is kept as long as its handshake.
            None => {
                client.connected.is_some()
                    || connections.values().any(|admitted| admitted.connection.client_id == *client_id)
            }
        });
        overdue
    }
}

#[cfg(test)]
mod tests;
