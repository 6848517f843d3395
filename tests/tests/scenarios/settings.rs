//! The settings of a user about calls of others: who is blocked, who may call, do-not-disturb.

use crate::journal;
use crate::user::User;
use serde_json::{Value, json};

fn block(user: &User) -> Value {
    json!({"type": "block_user", "user_id": user.id})
}

#[tokio::test]
async fn what_one_device_sets_another_device_of_the_user_reads() {
    let (bob, mallory) = (User::new("Bob"), User::new("Mallory"));
    let (phone, tablet) = (bob.on("phone").await, bob.on("tablet").await);
    let nothing = phone.requests("settings", json!({"type": "settings"})).await;
    assert_eq!((&nothing.body["blocked"], &nothing.body["who"]), (&json!([]), &json!("everyone")));
    phone.requests("settings", block(&mallory)).await;
    let allowed = json!({"type": "set_availability", "who": "allowed", "allow": ["carol", "alice"]});
    phone.requests("settings", allowed).await;
    phone.requests("settings", json!({"type": "set_availability", "do_not_disturb_seconds": 600})).await;
    let read = tablet.requests("settings", json!({"type": "settings"})).await;
    assert_eq!(read.body["blocked"], json!([mallory.id]));
    assert_eq!((&read.body["who"], &read.body["allow"]), (&json!("allowed"), &json!(["alice", "carol"])));
    let left_ms = read.body["do_not_disturb_in_ms"].as_i64().expect("a number");
    assert!((1..=600_000).contains(&left_ms), "{left_ms}");

    tablet.requests("settings", json!({"type": "unblock_user", "user_id": mallory.id})).await;
    let ended =
        json!({"type": "set_availability", "who": "everyone", "allow": [], "do_not_disturb_seconds": 0});
    tablet.requests("settings", ended).await;
    let read = phone.requests("settings", json!({"type": "settings"})).await;
    assert_eq!((&read.body["blocked"], &read.body["allow"]), (&json!([]), &json!([])));
    assert_eq!((&read.body["who"], read.body.get("do_not_disturb_in_ms")), (&json!("everyone"), None));
}

#[tokio::test]
async fn users_that_two_devices_block_at_once_are_both_blocked() {
    let bob = User::new("Bob");
    let (phone, tablet) = (bob.on("phone").await, bob.on("tablet").await);
    let others: Vec<User> = (0..10).map(|_| User::new("Other")).collect();
    let (first, second) = others.split_at(5);
    let blocks = async |device: &crate::device::Device, users: &[User]| {
        for user in users {
            device.requests("settings", block(user)).await;
        }
    };
    tokio::join!(blocks(&phone, first), blocks(&tablet, second));
    let read = phone.requests("settings", json!({"type": "settings"})).await;
    assert_eq!(read.body["blocked"].as_array().map(Vec::len), Some(10), "{read:?}");
}

#[tokio::test]
async fn a_request_about_settings_costs_one_round_trip() {
    let (bob, mallory) = (User::new("Bob"), User::new("Mallory"));
    let phone = bob.on("phone").await;
    phone.requests("settings", block(&mallory)).await;
    phone.requests("settings", json!({"type": "settings"})).await;
    let both =
        |done: &[journal::Invocation]| done.iter().filter(|one| one.function == "settings").count() == 2;
    let invocations = journal::until(phone.client_id(), both).await;
    for invocation in invocations.iter().filter(|one| one.function == "settings") {
        assert_eq!(invocation.round_trips_before_the_answer_to(phone.client_id()), 1, "{invocation:#?}");
    }
}

#[tokio::test]
async fn oneself_too_long_a_time_and_an_unknown_rule_are_refused_with_their_path() {
    let bob = User::new("Bob");
    let phone = bob.on("phone").await;
    for (fields, path) in [
        (block(&bob), "user_id"),
        (json!({"type": "set_availability", "do_not_disturb_seconds": 604_801}), "do_not_disturb_seconds"),
        (json!({"type": "set_availability", "who": "friends"}), "who"),
        (json!({"type": "set_availability", "allow": ["alice", "alice"]}), "allow[1]"),
    ] {
        let refused = phone.is_refused("settings", fields).await;
        assert_eq!((refused.code.as_str(), refused.path.as_deref()), ("bad_request", Some(path)));
    }
}
