//! Scenes in a call and at its end: moderating, leaving, ending.

use super::starting::talking;
use super::{Killing, at_each_call, is_told_once};
use crate::calls::rings;
use crate::controls::until;
use crate::device::request;
use crate::media::channel;
use serde_json::json;

// Proves: crash-retry, crash-wake
#[tokio::test]
async fn moderate_is_killed_at_each_call() {
    at_each_call("moderate", 4, async |killing: &Killing| {
        let ((_, caller), (bob, mut phone), call, room) = talking(killing).await;
        let mut mute = call.request("mute");
        mute["user_id"] = json!(bob.id);
        mute["mode"] = json!("hard");
        let answer = killing.sends(&caller, &request("moderate", mute)).await;
        assert_eq!((&answer["type"], &answer["mode"]), (&json!("speech_changed"), &json!("hard")));
        phone.receives_that("speech_changed", |news| news.body["enforced"] == true).await;
        let may_speak = || {
            let room = killing.rtc.room(&room).expect("the room is there");
            room.people[bob.id.as_str()].contains("MICROPHONE")
        };
        until("the right is taken", async || !may_speak()).await;
        caller.requests("attend", call.request("leave")).await;
        killing.is_over(&[&caller, &phone], &room).await;
    })
    .await;
}

// Proves: crash-retry, crash-wake, channel-closed
#[tokio::test]
async fn attend_is_killed_at_each_call_of_a_leave() {
    at_each_call("attend", 6, async |killing: &Killing| {
        let ((_, caller), (_, mut phone), call, room) = talking(killing).await;
        let answer = killing.sends(&caller, &request("attend", call.request("leave"))).await;
        assert_eq!(answer["type"], "ok");
        assert_eq!(phone.receives("meeting_ended").await.body["reason"], "completed");
        killing.is_over(&[&caller, &phone], &room).await;
        is_told_once(&mut phone, "meeting_ended", &killing.words()).await;
    })
    .await;
}

// Proves: crash-retry, crash-wake, channel-closed
#[tokio::test]
async fn destroy_is_killed_at_each_call() {
    at_each_call("destroy", 6, async |killing: &Killing| {
        let ((_, mut caller), (bob, mut phone)) =
            (killing.device("Alice").await, killing.device("Bob").await);
        let call = rings(&mut caller, &bob, &mut phone).await;
        let answer = killing.sends(&caller, &request("destroy", call.request("destroy_meeting"))).await;
        assert_eq!(answer["type"], "meeting_ended", "{answer}");
        assert_eq!(phone.receives("invitation_closed").await.body["reason"], "meeting_ended");
        phone.receives("missed_call").await;
        killing.is_over(&[&caller, &phone], &channel(&call.created)).await;
        is_told_once(&mut phone, "missed_call", &killing.words()).await;
    })
    .await;
}
