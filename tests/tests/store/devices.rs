//! The registry of devices, from which the service selects the devices to ring.

use crate::fixture::{SESSION_LIFE_MS, START_MS, device, direct, user};
use crate::server::Server;
use futures::future::join_all;
use std::collections::BTreeMap;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_service::dynamodb::Table;
use switchboard_service::ports::{DeviceSession, DeviceWrite, UserRecord};

/// End of the connection in the tests of queues.
const END_MS: i64 = START_MS + 10_000;
/// A queue that began counts as ended this much earlier, since the broker ends it by its own clock.
const CLOCK_LEEWAY_MS: i64 = 120_000;

/// Reads the record of a user.
pub async fn record(table: &Table, user: &UserId, now_ms: i64) -> UserRecord {
    let view =
        table.opening(&direct().id, std::slice::from_ref(user), None, now_ms).await.expect("an answer");
    view.users[user].clone()
}

/// Times at which the user's devices were last seen.
pub async fn seen_times(table: &Table, user: &UserId, now_ms: i64) -> BTreeMap<ClientId, i64> {
    let devices = record(table, user, now_ms).await.devices;
    devices.into_iter().map(|device| (device.client_id, device.seen_ms)).collect()
}

/// A first connection of a device.
pub fn first(device: &ClientId, at_ms: i64) -> DeviceSession {
    DeviceSession { client_id: device.clone(), session: "s".to_owned(), version: 0, at_ms }
}

/// Stores that a device connected. Returns `true` if this changed the record.
pub async fn connects(table: &Table, seen: &DeviceSession) -> bool {
    table.device_connected(seen, None).await.expect("an answer") == DeviceWrite::Done
}

#[tokio::test]
async fn a_registered_device_is_stored_with_the_name_of_its_user() {
    let Server { table, .. } = Server::shared().await;
    let alice = user("alice");
    let (phone, tablet) = (device(&alice, "phone"), device(&alice, "tablet"));
    assert_eq!(record(&table, &alice, START_MS).await, UserRecord::default());
    table.register_device(&phone, Some("Alice"), START_MS).await.expect("an answer");
    table.register_device(&tablet, Some("Alice B."), START_MS + 1).await.expect("an answer");
    assert_eq!(record(&table, &alice, START_MS).await.name.as_deref(), Some("Alice B."));
    table.register_device(&phone, None, START_MS + 2).await.expect("an answer");
    assert_eq!(
        record(&table, &alice, START_MS).await.name.as_deref(),
        Some("Alice B."),
        "a registration without a name keeps the name"
    );
    assert_eq!(
        seen_times(&table, &alice, START_MS).await,
        [(phone, START_MS + 2), (tablet, START_MS + 1)].into()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_that_register_at_once_are_all_stored() {
    let Server { table, .. } = Server::shared().await;
    let alice = user("alice");
    let devices: Vec<ClientId> = (0..8).map(|at| device(&alice, &format!("d{at}"))).collect();
    let arrivals = devices.iter().map(|device| async {
        table.register_device(device, Some("Alice"), START_MS).await.expect("an answer");
        assert!(connects(&table, &first(device, START_MS)).await);
    });
    join_all(arrivals).await;
    assert_eq!(seen_times(&table, &alice, START_MS).await.into_keys().collect::<Vec<_>>(), devices);
}

#[tokio::test]
async fn a_device_unseen_for_the_life_of_a_session_is_not_rung() {
    let Server { table, .. } = Server::shared().await;
    let alice = user("alice");
    let phone = device(&alice, "phone");
    table.register_device(&phone, None, START_MS).await.expect("an answer");
    assert_eq!(seen_times(&table, &alice, START_MS + SESSION_LIFE_MS - 1).await.len(), 1);
    assert_eq!(seen_times(&table, &alice, START_MS + SESSION_LIFE_MS).await.len(), 0);
}

#[tokio::test]
async fn the_ten_devices_seen_last_are_kept() {
    let Server { table, .. } = Server::shared().await;
    let alice = user("alice");
    let devices: Vec<ClientId> = (0..12).map(|at| device(&alice, &format!("d{at}"))).collect();
    for (at, device) in (0..).zip(&devices) {
        assert!(connects(&table, &first(device, START_MS + at)).await);
    }
    let known = seen_times(&table, &alice, START_MS).await;
    assert_eq!(known.len(), 10, "{known:?}");
    assert!(devices[2..].iter().all(|device| known.contains_key(device)), "{known:?}");
}

#[tokio::test]
async fn a_connect_removes_devices_with_an_expired_session() {
    let server = Server::shared().await;
    let (table, alice) = (&server.table, user("alice"));
    let (old, new) = (device(&alice, "old"), device(&alice, "new"));
    table.register_device(&old, Some("Alice"), START_MS).await.expect("an answer");
    let later = START_MS + SESSION_LIFE_MS;
    assert!(connects(table, &first(&new, later)).await);
    // A query as of that earlier time would still show the old device if it were stored.
    assert_eq!(seen_times(table, &alice, START_MS).await.into_keys().collect::<Vec<_>>(), [new]);
    assert_eq!(record(table, &alice, START_MS).await.name.as_deref(), Some("Alice"), "the name is kept");
}

/// The time until which the queue of the user's only device keeps messages.
async fn queue_until_ms(table: &Table, device: &ClientId, now_ms: i64) -> Option<i64> {
    let devices = record(table, &device.user(), now_ms).await.devices;
    assert_eq!(devices.len(), 1, "{devices:?}");
    devices[0].queue_until_ms
}

// Proves: reach
#[tokio::test]
async fn the_end_of_a_devices_queue_is_known_from_connect_and_disconnect() {
    let Server { table, .. } = Server::shared().await;
    let phone = device(&user("alice"), "phone");
    let hour_ms = 3_600_000;
    let connection = first(&phone, START_MS);
    table.device_connected(&connection, Some(hour_ms)).await.expect("an answer");
    let now_ms = START_MS + 7_000;
    assert_eq!(queue_until_ms(&table, &phone, now_ms).await, Some(now_ms + hour_ms), "not begun");
    let end = DeviceSession { at_ms: END_MS, ..connection };
    table.device_disconnected(&end).await.expect("an answer");
    let until_ms = queue_until_ms(&table, &phone, START_MS + 20_000).await;
    assert_eq!(until_ms, Some(END_MS + hour_ms - CLOCK_LEEWAY_MS), "counted from the end");
    table.register_device(&phone, None, START_MS + 30_000).await.expect("an answer");
    assert_eq!(queue_until_ms(&table, &phone, START_MS + 30_000).await, None, "the next session may differ");
}

// Proves: reach
#[tokio::test]
async fn a_device_without_a_queue_and_one_that_is_unknown_differ() {
    let Server { table, .. } = Server::shared().await;
    let phone = device(&user("alice"), "phone");
    for (version, queue_ms, expected) in [(1, Some(0), Some(0)), (2, None, None), (3, Some(0), Some(0))] {
        let connection = DeviceSession { version, ..first(&phone, START_MS) };
        table.device_connected(&connection, queue_ms).await.expect("an answer");
        assert_eq!(queue_until_ms(&table, &phone, START_MS).await, expected);
    }
}

#[tokio::test]
async fn a_forgotten_device_leaves_no_queue_behind() {
    let server = Server::shared().await;
    let (table, alice) = (&server.table, user("alice"));
    let (old, new) = (device(&alice, "old"), device(&alice, "new"));
    table.device_connected(&first(&old, START_MS), Some(1)).await.expect("an answer");
    let later = START_MS + SESSION_LIFE_MS;
    table.device_connected(&first(&new, later), Some(1)).await.expect("an answer");
    let item = server.item(&format!("user#{alice}"), "devices").await.expect("the devices are stored");
    let mut names: Vec<&String> = item.keys().filter(|name| name.contains(':')).collect();
    names.sort();
    assert_eq!(names, [&format!("device:{new}"), &format!("queue:{new}")]);
}

#[tokio::test]
async fn any_number_of_registered_devices_is_pruned_at_the_next_connection() {
    let Server { table, .. } = Server::shared().await;
    let mallory = user("m");
    let old = |at: usize| device(&mallory, &format!("d{at}"));
    let registered = (0..230).map(|at| {
        let (table, device) = (&table, old(at));
        async move { table.register_device(&device, None, START_MS).await.expect("an answer") }
    });
    join_all(registered).await;
    assert!(connects(&table, &first(&old(300), START_MS + 1)).await);
    assert_eq!(seen_times(&table, &mallory, START_MS).await.len(), 10);
}
