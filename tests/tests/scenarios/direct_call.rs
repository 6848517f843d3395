//! A direct call, whole: the flow at the end of the protocol page, message by message.

use crate::calls::{direct, rings, talks};
use crate::device::{json_of, request};
use crate::user::{User, now_ms};
use insta::assert_json_snapshot;
use serde_json::Value;
use switchboard::rtc::livekit::{self, ApiKey};

/// The laptop's development key at the RTC service.
fn development_key() -> ApiKey {
    ApiKey {
        id: "devkey".to_owned(),
        secret: "local-development-only-livekit-secret".to_owned().into(),
    }
}

/// The message with accounts by their names and this call's ids by what they are.
fn plain(message: &Value, users: &[&User], ids: &[(&str, &str)]) -> Value {
    let mut text = message.to_string();
    for user in users {
        text = text.replace(user.id.as_str(), &user.name.to_ascii_lowercase());
    }
    for (id, what) in ids {
        text = text.replace(id, what);
    }
    serde_json::from_str(&text).expect("names and ids need no escapes")
}

#[tokio::test]
async fn a_calls_b_who_has_two_devices_and_each_message_is_as_the_protocol_has_it() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut phone, mut bobs_phone, mut tablet) = (
        alice.on("phone").await,
        bob.on("phone").await,
        bob.on("tablet").await,
    );

    let call = rings(&mut phone, &bob, &mut bobs_phone).await;
    let ids = [(call.meeting_id.as_str(), "m"), (call.invite_id.as_str(), "i")];
    let plain = |message: &Value| plain(message, &[&alice, &bob], &ids);
    assert_json_snapshot!(plain(&call.created), {
        ".id" => "[id]", ".re" => "[re]", ".server_ms" => "[ms]", ".expires_in_ms" => "[ms]",
        ".meeting.created_ms" => "[ms]", ".join.token" => "[token]", ".join.token_expires_in_ms" => "[ms]",
        ".join.url" => "[url]",
    }, @"");
    let invitation = tablet.hears("invitation").await;
    assert_json_snapshot!(plain(&json_of(&invitation)), {
        ".id" => "[id]", ".server_ms" => "[ms]", ".expires_in_ms" => "[ms]", ".deadline_in_ms" => "[ms]",
    }, @"");

    bobs_phone.tells("answer", call.about_invitation("ringing")).await;
    let rings = phone.hears("invitation_updated").await;
    assert_json_snapshot!(plain(&json_of(&rings)), { ".id" => "[id]", ".server_ms" => "[ms]", ".expires_in_ms" => "[ms]" }, @"");

    let accepted = bobs_phone.asks("answer", call.about_invitation("accept")).await;
    assert_json_snapshot!(plain(&json_of(&accepted)), {
        ".id" => "[id]", ".re" => "[re]", ".server_ms" => "[ms]", ".expires_in_ms" => "[ms]",
        ".meeting.created_ms" => "[ms]", ".meeting.ends_in_ms" => "[ms]", ".join.token" => "[token]",
        ".join.token_expires_in_ms" => "[ms]", ".join.url" => "[url]",
    }, @"");
    let closed = tablet.hears("invitation_closed").await;
    assert_json_snapshot!(plain(&json_of(&closed)), { ".id" => "[id]", ".server_ms" => "[ms]", ".expires_in_ms" => "[ms]" }, @"");
    let updated = phone.hears("participant_updated").await;
    assert_json_snapshot!(plain(&json_of(&updated)), { ".id" => "[id]", ".server_ms" => "[ms]", ".expires_in_ms" => "[ms]" }, @"");

    for speaker in [&phone, &bobs_phone] {
        speaker.tells("attend", call.joined()).await;
    }
    for listener in [&mut phone, &mut bobs_phone] {
        for user in [&alice, &bob] {
            listener
                .hears_that("participant_updated", |news| {
                    let participant = &news.body["participant"];
                    participant["user_id"] == user.id.as_str() && participant["state"] == "joined"
                })
                .await;
        }
    }

    let left = phone.asks("attend", call.request("leave")).await;
    assert_eq!(left.kind, "ok");
    let ended = bobs_phone.hears("meeting_ended").await;
    assert_json_snapshot!(plain(&json_of(&ended)), {
        ".id" => "[id]", ".server_ms" => "[ms]", ".expires_in_ms" => "[ms]", ".duration_ms" => "[ms]",
    }, @"");

    let everybody = [phone.client_id().to_owned(), bobs_phone.client_id().to_owned()];
    let causes = everybody.each_ref().map(String::as_str);
    assert_eq!(
        phone.also_hears(&causes).await,
        Vec::<String>::new(),
        "the caller left and hears nothing of it"
    );
    assert_eq!(bobs_phone.also_hears(&causes).await, Vec::<String>::new());
    assert_eq!(
        tablet.also_hears(&causes).await,
        Vec::<String>::new(),
        "the call is none of the tablet's business"
    );
}

#[tokio::test]
async fn each_side_gets_a_token_for_this_room_and_itself_that_the_rtc_service_accepts() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut phone, mut bobs_phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut phone, &bob, &mut bobs_phone).await;
    let accepted = bobs_phone.asks("answer", call.about_invitation("accept")).await;
    let renewed = phone.asks("attend", call.request("refresh_token")).await;
    assert_eq!(renewed.kind, "token");

    let joins = [
        (&call.created["join"], &alice),
        (&accepted.body["join"], &bob),
        (&renewed.body["join"], &alice),
    ];
    for (join, user) in joins {
        let token = join["token"].as_str().expect("a token");
        let claims = livekit::verify(token, &development_key(), now_ms()).expect("the service accepts it");
        let room = claims.video.as_ref().and_then(|video| video.room.as_deref());
        assert_eq!(room, join["channel_id"].as_str());
        assert!(
            room.is_some_and(|room| room.ends_with(&call.meeting_id)),
            "{room:?}"
        );
        assert_eq!(
            (claims.sub.as_deref(), claims.name.as_deref()),
            (Some(user.id.as_str()), Some(user.name.as_str()))
        );
        assert_eq!(
            (join["provider"].as_str(), join["user_id"].as_str()),
            (Some("livekit"), Some(user.id.as_str()))
        );
        let left_ms = join["token_expires_in_ms"].as_i64().expect("milliseconds");
        assert!((1..=600_000).contains(&left_ms), "{left_ms}");
        let other = ApiKey {
            secret: "another-secret".to_owned().into(),
            ..development_key()
        };
        assert!(
            livekit::verify(token, &other, now_ms()).is_err(),
            "signed under the deployment's own key"
        );
    }
}

#[tokio::test]
async fn only_who_has_a_seat_gets_a_fresh_token() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut phone, mut bobs_phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut phone, &bob, &mut bobs_phone).await;
    let refused = bobs_phone
        .is_refused("attend", call.request("refresh_token"))
        .await;
    assert_eq!((refused.code.as_str(), refused.sip), ("not_admitted", 403));
}

#[tokio::test]
async fn when_the_callee_hangs_up_the_caller_hears_that_it_is_completed() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut phone, mut bobs_phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = talks(&mut phone, &bob, &mut bobs_phone).await;
    assert_eq!(bobs_phone.asks("attend", call.request("leave")).await.kind, "ok");
    let ended = phone.hears("meeting_ended").await;
    assert_eq!(
        (&ended.body["reason"], &ended.body["sip"]),
        (&"completed".into(), &200.into())
    );
}

#[tokio::test]
async fn who_is_not_connected_is_rung_when_he_comes_back() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let away = bob.on("phone").await;
    away.terminal.disconnect().await;
    let phone = alice.on("phone").await;
    let created = phone.sends(&request("create-meeting", direct(&bob))).await;
    let mut back = bob.on("phone").await;
    let invitation = back.hears("invitation").await;
    assert_eq!(invitation.meeting_id, created.meeting_id);
    assert_eq!(
        invitation.body["delivery"], "queued",
        "so that the terminal asks before it rings"
    );
}
