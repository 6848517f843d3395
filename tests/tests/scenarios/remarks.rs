//! Words and media of one user reach the others: with a decline, a removal, an end, and in every report of a device.

use crate::calls::{Call, direct, group, rings, talks};
use crate::user::User;
use serde_json::{Value, json};

fn with(mut request: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().expect("an object") {
        request[name] = value.clone();
    }
    request
}

#[tokio::test]
async fn t52_the_caller_gets_the_reason_and_the_text_of_a_decline() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    for (reason, state, code, end) in [
        ("do_not_disturb", "declined", "do_not_disturb", "all_declined"),
        ("busy", "user_busy", "user_busy", "busy"),
    ] {
        let call = rings(&mut caller, &bob, &mut phone).await;
        let words = json!({"reason": reason, "text": "In a meeting"});
        phone.requests("answer", with(call.about_invitation("reject"), &words)).await;
        let updated = caller.receives("invitation_updated").await.body;
        assert_eq!(
            json!([updated["state"], updated["code"], updated["reason"], updated["text"]]),
            json!([state, code, reason, "In a meeting"])
        );
        assert_eq!(caller.receives("meeting_ended").await.body["reason"], end);
    }
}

#[tokio::test]
async fn t53_t54_a_removed_user_and_everybody_at_the_end_get_the_hosts_reason() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let host = alice.on("phone").await;
    let (mut bobs, mut carols) = (bob.on("phone").await, carol.on("phone").await);
    let created = host.requests("create-meeting", group(&[&bob, &carol])).await;
    for (device, user) in [(&mut bobs, &bob), (&mut carols, &carol)] {
        device.requests("answer", Call::to(&created, user).about_invitation("accept")).await;
    }
    let call = Call::to(&created, &bob);
    let remove = json!({"user_id": bob.id, "reason": "Not invited to this part"});
    let updated = host.requests("moderate", with(call.request("remove"), &remove)).await;
    assert_eq!(updated.body["participant"].get("text"), None, "the reason is for the removed user");
    assert_eq!(bobs.receives("participant_removed").await.body["text"], "Not invited to this part");
    let answer = host
        .requests("destroy", with(call.request("destroy_meeting"), &json!({"reason": "Wrong number"})))
        .await;
    assert_eq!(answer.body["text"], "Wrong number");
    assert_eq!(carols.receives("meeting_ended").await.body["text"], "Wrong number");
}

#[tokio::test]
async fn t55_t56_the_others_see_what_a_device_announces_and_then_every_report() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let create = with(direct(&bob), &json!({"media": "video"}));
    let call = Call::of(&caller.requests("create-meeting", create).await);
    phone.receives("invitation").await;
    let accept = with(call.about_invitation("accept"), &json!({"media": "video"}));
    let accepted = phone.requests("answer", accept).await.body;
    let media = |participant: &Value| participant["media"].clone();
    let announced = json!({"audio": true, "video": true, "screen": false});
    let shown = accepted["meeting"]["participants"].as_array().expect("a list").iter().map(media);
    assert_eq!(shown.collect::<Vec<_>>(), [announced.clone(), announced.clone()], "the caller as well");
    let told =
        caller.receives_that("participant_updated", |news| news.body["participant"]["state"] == "accepted");
    assert_eq!(media(&told.await.body["participant"]), announced);

    phone.sends_once("attend", call.joined()).await;
    let report = with(call.joined(), &json!({"audio": true, "video": false, "screen": true}));
    phone.sends_once("attend", report).await;
    let shares = |news: &terminal::ReceivedDownlink| news.body["participant"]["media"]["screen"] == true;
    let told = caller.receives_that("participant_updated", shares).await;
    assert_eq!(media(&told.body["participant"]), json!({"audio": true, "video": false, "screen": true}));
    let state = caller.syncs().await;
    assert_eq!(media(&state["meetings"][0]["participants"][1]), media(&told.body["participant"]));
}

#[tokio::test]
async fn t54_a_create_request_that_is_taken_back_says_why() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    talks(&mut caller, &bob, &mut phone).await;
    let unknown = json!({"type": "destroy_meeting", "create_id": "never-sent", "reason": "Wrong button"});
    let answer = caller.requests("destroy", unknown).await.body;
    assert_eq!((&answer["reason"], &answer["text"]), (&json!("cancelled"), &json!("Wrong button")));
    let second = caller.is_refused("create-meeting", direct(&carol)).await;
    assert_eq!(second.code, "user_busy", "the call goes on");
}
