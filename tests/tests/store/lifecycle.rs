//! Lifecycle events that arrive late, twice and out of order: each is stored once, and only if it is newer.

use crate::devices::{connects, first, seen_times};
use crate::fixture::{START_MS, device, user};
use crate::server::Server;
use switchboard_protocol::address::ClientId;
use switchboard_service::dynamodb::Table;
use switchboard_service::ports::{DeviceSession, DeviceWrite};

/// Time offline after which the broker restarts the connection counter of a device.
const RESET_MS: i64 = 55 * 60 * 1_000;

/// Connection number `version` of a device, in a session of its own.
fn connection(device: &ClientId, version: i64, at_ms: i64) -> DeviceSession {
    DeviceSession { session: format!("session-{version}"), version, ..first(device, at_ms) }
}

/// Stores that a connection ended. Returns `true` if this changed the record.
async fn disconnects(table: &Table, seen: &DeviceSession) -> bool {
    table.device_disconnected(seen).await.expect("an answer") == DeviceWrite::Done
}

#[tokio::test]
async fn each_lifecycle_event_counts_once() {
    let Server { table, .. } = Server::shared().await;
    let phone = device(&user("alice"), "phone");
    for version in [1, 2, 5] {
        let connection = connection(&phone, version, START_MS + version);
        assert!(connects(&table, &connection).await);
        assert!(!connects(&table, &connection).await, "twice");
        assert!(disconnects(&table, &connection).await);
        assert!(!disconnects(&table, &connection).await, "twice");
        assert!(!connects(&table, &connection).await, "late");
    }
    assert_eq!(seen_times(&table, &phone.user(), START_MS).await, [(phone, START_MS + 5)].into());
}

#[tokio::test]
async fn the_end_of_a_session_after_a_takeover_is_not_a_disconnect() {
    let Server { table, .. } = Server::shared().await;
    let phone = device(&user("alice"), "phone");
    let (old, new) = (connection(&phone, 1, START_MS), connection(&phone, 2, START_MS + 1));
    assert!(connects(&table, &old).await);
    assert!(connects(&table, &new).await);
    assert!(!disconnects(&table, &old).await);
    assert!(!connects(&table, &old).await, "nor does an old connect count");
    assert!(disconnects(&table, &new).await);
}

#[tokio::test]
async fn a_connect_after_its_own_disconnect_is_ignored() {
    let Server { table, .. } = Server::shared().await;
    for registered in [false, true] {
        let phone = device(&user("alice"), "phone");
        if registered {
            table.register_device(&phone, None, START_MS).await.expect("an answer");
        }
        for version in [3, 4] {
            let connection = connection(&phone, version, START_MS);
            assert!(disconnects(&table, &connection).await, "the first event of the connection");
            assert!(!connects(&table, &connection).await);
            assert!(!disconnects(&table, &connection).await, "twice");
        }
        assert!(connects(&table, &connection(&phone, 5, START_MS)).await, "the next connection is newer");
        assert!(
            !disconnects(&table, &connection(&phone, 4, START_MS)).await,
            "an older disconnect does not end it"
        );
    }
}

#[tokio::test]
async fn a_registration_lets_the_next_connect_count_whatever_its_number() {
    let Server { table, .. } = Server::shared().await;
    let phone = device(&user("alice"), "phone");
    assert!(connects(&table, &connection(&phone, 9, START_MS)).await);
    // `authorize` ran for the next connection, whose number only the broker knows.
    table.register_device(&phone, None, START_MS + 1).await.expect("an answer");
    assert!(connects(&table, &connection(&phone, 0, START_MS + 2)).await);
}

#[tokio::test]
async fn a_restarted_counter_counts_after_an_hour_away_but_not_while_connected() {
    let Server { table, .. } = Server::shared().await;
    let phone = device(&user("alice"), "phone");
    let away = connection(&phone, 7, START_MS);
    assert!(connects(&table, &away).await);
    assert!(!connects(&table, &connection(&phone, 0, START_MS + 2 * RESET_MS)).await, "connected");
    assert!(disconnects(&table, &away).await);
    assert!(!connects(&table, &connection(&phone, 0, START_MS + RESET_MS)).await, "too soon");
    assert!(connects(&table, &connection(&phone, 0, START_MS + RESET_MS + 1)).await);
    assert!(disconnects(&table, &connection(&phone, 0, START_MS + RESET_MS + 2)).await);
}

#[tokio::test]
async fn only_the_stored_event_of_a_device_is_a_repeated_one() {
    let Server { table, .. } = Server::shared().await;
    let phone = device(&user("alice"), "phone");
    let (first, second) = (connection(&phone, 1, START_MS), connection(&phone, 2, START_MS + 1));
    let connect = async |session| table.device_connected(session, None).await.expect("an answer");
    let disconnect = async |session| table.device_disconnected(session).await.expect("an answer");
    assert_eq!(connect(&first).await, DeviceWrite::Done);
    assert_eq!(connect(&first).await, DeviceWrite::Repeated);
    assert_eq!(disconnect(&first).await, DeviceWrite::Done);
    assert_eq!(disconnect(&first).await, DeviceWrite::Repeated);
    assert_eq!(connect(&first).await, DeviceWrite::Outdated, "the device is away");
    assert_eq!(connect(&second).await, DeviceWrite::Done);
    assert_eq!(disconnect(&first).await, DeviceWrite::Outdated, "the device is back");
    assert_eq!(connect(&first).await, DeviceWrite::Outdated);
}
