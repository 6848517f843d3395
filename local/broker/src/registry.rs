//! Who is connected, who was, and whose session is kept: what `GetConnection` tells.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rmqtt::types::Id;
use tokio::sync::watch;

use crate::connection::{Connection, DisconnectReason};

/// How long the end of a connection is remembered.
pub(crate) const REMEMBERED_MS: i64 = 30 * 60 * 1000;
/// After this time offline without a session, version numbers start anew.
const VERSIONS_KEPT_MS: i64 = 60 * 60 * 1000;
/// A handshake that took the authorizer's consent and then never connected.
const ABANDONED: Duration = Duration::from_mins(1);

/// The clients of the broker.
#[derive(Debug)]
pub(crate) struct Registry {
    inner: Mutex<Inner>,
    live: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Inner {
    clients: HashMap<String, Client>,
    /// Connections from the authorizer's consent to their end, also those that another one has replaced already.
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
    ended: Option<Ended>,
}

/// How a client's last connection ended.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) connection: Arc<Connection>,
    pub(crate) at_ms: i64,
    pub(crate) reason: DisconnectReason,
    /// Until when the session is kept; `None` if it is not.
    pub(crate) session_until_ms: Option<i64>,
}

impl Ended {
    pub(crate) fn has_session(&self, now_ms: i64) -> bool {
        self.session_until_ms.is_some_and(|until| now_ms < until)
    }
}

/// What is known of a client.
#[derive(Debug, Clone)]
pub(crate) enum Status {
    Connected(Arc<Connection>),
    /// Not connected; either has a session or left less than [`REMEMBERED_MS`] ago.
    Offline(Ended),
    Unknown,
}

/// What a look at the clock found.
#[derive(Debug, Default)]
pub(crate) struct Due {
    /// Connections whose consent is over.
    pub(crate) connections: Vec<Arc<Connection>>,
    /// Clients whose session is over.
    pub(crate) sessions: Vec<String>,
}

impl Registry {
    pub(crate) fn new() -> Self {
        Self { inner: Mutex::default(), live: watch::Sender::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change is complete before anything can panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The version number of a client's next connection.
    pub(crate) fn next_version(&self, client_id: &str) -> u64 {
        let mut inner = self.lock();
        let client = inner.clients.entry(client_id.to_owned()).or_default();
        let version = client.next_version;
        client.next_version += 1;
        version
    }

    /// Notes a connection that the authorizer consented to.
    pub(crate) fn admit(&self, connection: Arc<Connection>) {
        let admitted = Admitted { since: Instant::now(), connected: false, connection };
        self.lock().connections.insert(admitted.connection.id.clone(), admitted);
    }

    /// Notes that the handshake is over; the client's former connection is replaced.
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

    /// Notes the end of a connection. A client that has connected anew meanwhile stays connected.
    pub(crate) fn ended(&self, ended: Ended) {
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

    /// Notes that a client's session was deleted.
    pub(crate) fn session_deleted(&self, client_id: &str) {
        if let Some(client) = self.lock().clients.get_mut(client_id)
            && let Some(ended) = &mut client.ended
        {
            ended.session_until_ms = None;
        }
    }

    pub(crate) fn status(&self, client_id: &str, now_ms: i64) -> Status {
        let inner = self.lock();
        let Some(client) = inner.clients.get(client_id) else {
            return Status::Unknown;
        };
        match (&client.connected, &client.ended) {
            (Some(connection), _) => Status::Connected(Arc::clone(connection)),
            (None, Some(ended)) if ended.has_session(now_ms) || now_ms - ended.at_ms < REMEMBERED_MS => {
                Status::Offline(ended.clone())
            }
            _ => Status::Unknown,
        }
    }

    /// Everybody who is connected.
    pub(crate) fn live(&self) -> Vec<Arc<Connection>> {
        self.lock().clients.values().filter_map(|client| client.connected.clone()).collect()
    }

    /// Waits until no connection is left.
    pub(crate) async fn empty(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.live.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Waits until this connection has ended.
    pub(crate) async fn gone(&self, connection: &Connection) {
        // The sender lives as long as `self`, so waiting cannot fail. It tells of each end after it was noted.
        let _ = self.live.subscribe().wait_for(|_| self.connection(&connection.id).is_none()).await;
    }

    /// Finds what is over by the clock, and forgets what need not be known any more.
    pub(crate) fn due(&self, now_ms: i64) -> Due {
        let mut due = Due::default();
        let mut inner = self.lock();
        inner.connections.retain(|_, admitted| admitted.connected || admitted.since.elapsed() < ABANDONED);
        for (client_id, client) in &mut inner.clients {
            if let Some(connection) = &client.connected
                && connection.ends_ms <= now_ms
            {
                due.connections.push(Arc::clone(connection));
            }
            if let Some(ended) = &mut client.ended
                && ended.session_until_ms.is_some_and(|until| until <= now_ms)
            {
                ended.session_until_ms = None;
                due.sessions.push(client_id.clone());
            }
        }
        inner.clients.retain(|_, client| {
            client.ended.as_ref().is_none_or(|ended| {
                ended.session_until_ms.is_some() || now_ms - ended.at_ms < VERSIONS_KEPT_MS
            })
        });
        due
    }
}

#[cfg(test)]
mod tests;
