//! Tests of takeovers, ends of connections and removal, without a broker.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use rmqtt::types::{ClientId, Id};

use super::{ClientStatus, EndedConnection, REMEMBERED_MS, Registry};
use crate::connection::{Connection, DisconnectReason};
use crate::policy::Policy;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Builds a connection of client `c` from this port.
fn connection(registry: &Registry, port: u16) -> Arc<Connection> {
    let source = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    Arc::new(Connection {
        id: Id::new(1, 1, None, Some(source), ClientId::from_static("c"), None),
        client_id: "c".to_owned(),
        session_identifier: port.to_string(),
        version: registry.next_version("c"),
        principal: "p".to_owned(),
        policy: Policy::default(),
        keep_alive_seconds: 30,
        session_expiry_ms: HOUR_MS,
        connected_ms: 0,
        ends_ms: 1_000,
        cause: OnceLock::new(),
        will_claimed: AtomicBool::new(false),
    })
}

fn connect(registry: &Registry, port: u16) -> Arc<Connection> {
    let connection = connection(registry, port);
    registry.admit(Arc::clone(&connection));
    registry.connected(&connection.id).expect("was admitted")
}

fn end(registry: &Registry, connection: &Arc<Connection>, at_ms: i64, session_until_ms: Option<i64>) {
    let reason = DisconnectReason::ConnectionLost;
    registry.ended(EndedConnection { connection: Arc::clone(connection), at_ms, reason, session_until_ms });
}

#[test]
fn a_connection_exists_after_approval_and_is_connected_after_the_handshake() {
    let registry = Registry::new();
    let connection = connection(&registry, 1);
    registry.admit(Arc::clone(&connection));
    assert!(registry.connection(&connection.id).is_some());
    assert!(matches!(registry.status("c", 0), ClientStatus::Unknown));
    registry.connected(&connection.id);
    assert!(matches!(registry.status("c", 0), ClientStatus::Connected(_)));
}

#[test]
fn the_end_of_a_replaced_connection_leaves_the_client_connected() {
    let registry = Registry::new();
    let first = connect(&registry, 1);
    let second = connect(&registry, 2);
    assert!(second.version > first.version);
    end(&registry, &first, 5, None);
    let ClientStatus::Connected(current) = registry.status("c", 5) else { panic!("connected") };
    assert_eq!(current.session_identifier, "2");
    assert!(registry.connection(&first.id).is_none());
}

#[test]
fn the_end_of_a_connection_is_reported_for_half_an_hour() {
    let registry = Registry::new();
    let connection = connect(&registry, 1);
    end(&registry, &connection, 0, None);
    assert!(matches!(registry.status("c", REMEMBERED_MS - 1), ClientStatus::Offline(_)));
    assert!(matches!(registry.status("c", REMEMBERED_MS), ClientStatus::Unknown));
}

#[test]
fn an_expired_session_is_returned_once() {
    let registry = Registry::new();
    let connection = connect(&registry, 1);
    end(&registry, &connection, 0, Some(2 * HOUR_MS));
    assert!(registry.take_overdue(2 * HOUR_MS - 1).sessions.is_empty());
    assert!(matches!(registry.status("c", 2 * HOUR_MS - 1), ClientStatus::Offline(_)));
    assert!(matches!(registry.status("c", 2 * HOUR_MS), ClientStatus::Unknown));
    assert_eq!(registry.take_overdue(2 * HOUR_MS).sessions, ["c"]);
    assert!(registry.take_overdue(2 * HOUR_MS).sessions.is_empty());
}

#[test]
fn version_numbers_restart_after_an_hour_offline() {
    let registry = Registry::new();
    let connection = connect(&registry, 1);
    end(&registry, &connection, 0, None);
    registry.take_overdue(HOUR_MS - 1);
    assert_eq!(registry.next_version("c"), 1);
    registry.take_overdue(HOUR_MS);
    assert_eq!(registry.next_version("c"), 0);
}

#[test]
fn a_client_whose_handshake_was_abandoned_is_forgotten() {
    let registry = Registry::new();
    registry.admit(connection(&registry, 1));
    registry.take_overdue(0);
    assert_eq!(registry.counts(), (1, 1), "its handshake may still end");
    registry.lock().connections.clear();
    registry.take_overdue(0);
    assert_eq!(registry.counts(), (0, 0));
}

#[test]
fn a_connection_is_overdue_when_its_authorization_ends() {
    let registry = Registry::new();
    connect(&registry, 1);
    assert!(registry.take_overdue(999).connections.is_empty());
    assert_eq!(registry.take_overdue(1_000).connections.len(), 1);
}
