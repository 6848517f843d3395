//! Settings of a create request for its meeting, over the wire.

use crate::calls::{Call, direct, group};
use crate::history::calls;
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

#[tokio::test]
async fn t61_the_object_of_the_app_is_in_offer_snapshot_and_history() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let ext = json!({"ticket": "A-17", "tags": [1, 2.5, null, {}], "none": []});
    let mut create = direct(&bob);
    create["ext"] = ext.clone();
    let call = Call::of(&caller.requests("create-meeting", create).await);
    assert_eq!(call.created["meeting"]["ext"], ext);
    assert_eq!(phone.receives("invitation").await.body["ext"], ext);
    let state = phone.syncs().await;
    assert_eq!((&state["invitations"][0]["ext"], &state["meetings"][0]["ext"]), (&ext, &ext));
    phone.requests("answer", call.about_invitation("reject")).await;
    for device in [&caller, &phone] {
        assert_eq!(calls(device, 1).await[0]["ext"], ext);
    }
}

#[tokio::test]
async fn an_object_that_the_table_cannot_store_is_refused_with_its_path() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (phone, _bobs) = (alice.on("phone").await, bob.on("phone").await);
    let deep = (0..30).fold(json!(1), |inner, _| json!([inner]));
    for (ext, path) in [
        (json!({"a": {"b": 1e300}}), "ext.a.b".to_owned()),
        (json!({"a": deep}), format!("ext.a{}", "[0]".repeat(23))),
        (json!({"": 1}), "ext".to_owned()),
    ] {
        let mut create = group(&[&bob]);
        create["ext"] = ext;
        let refused = phone.is_refused("create-meeting", create).await;
        assert_eq!((refused.code.as_str(), refused.path), ("bad_request", Some(path)));
    }
}
