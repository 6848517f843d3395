//! What a create request sets for its meeting, over the wire.

use crate::calls::{Call, group};
use crate::user::User;
use serde_json::json;

#[tokio::test]
async fn t58_t59_t60_a_create_request_sets_times_roles_and_succession() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (host, mut bobs, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let mut create = group(&[&bob, &carol]);
    create["empty_seconds"] = json!(0);
    create["unused_seconds"] = json!(60);
    create["roles"] = json!({ bob.id.as_str(): "cohost" });
    create["succession"] = json!([carol.id]);
    let created = host.requests("create-meeting", create).await;
    assert_eq!(created.body["meeting"]["participants"][1]["role"], "cohost");
    for (device, user) in [(&bobs, &bob), (&carols, &carol)] {
        device.requests("answer", Call::to(&created, user).about_invitation("accept")).await;
    }
    let call = Call::to(&created, &bob);
    for device in [&host, &bobs, &carols] {
        device.sends_once("attend", call.joined()).await;
    }
    for (device, user) in [(&mut carols, &carol), (&mut bobs, &bob)] {
        let joined = |news: &terminal::ReceivedDownlink| {
            let participant = &news.body["participant"];
            participant["user_id"] == json!(user.id) && participant["state"] == "joined"
        };
        device.receives_that("participant_updated", joined).await;
    }
    host.requests("attend", call.request("leave")).await;
    assert_eq!(bobs.receives("host_changed").await.body["host"], json!(carol.id), "before the cohost");
    carols.requests("attend", call.request("leave")).await;
    bobs.requests("attend", call.request("leave")).await;
    let again = bobs.is_refused("attend", call.request("rejoin")).await;
    assert_eq!((again.code.as_str(), again.reason.as_deref()), ("meeting_ended", Some("empty")));
}

#[tokio::test]
async fn times_and_roles_that_make_no_sense_are_named() {
    let alice = User::new("Alice");
    let phone = alice.on("phone").await;
    for (field, value, path) in [
        ("unused_seconds", json!(29), "unused_seconds"),
        ("unused_seconds", json!(3_601), "unused_seconds"),
        ("empty_seconds", json!(3_601), "empty_seconds"),
        ("roles", json!({"bob": "host"}), "roles.bob"),
        ("succession", json!(["bob", "bob"]), "succession[1]"),
    ] {
        let mut create = group(&[]);
        create[field] = value;
        let refused = phone.is_refused("create-meeting", create).await;
        assert_eq!((refused.code.as_str(), refused.path.as_deref()), ("bad_request", Some(path)));
    }
}
