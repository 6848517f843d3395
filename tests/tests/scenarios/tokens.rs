//! Join tokens: for this channel and this user, accepted by the RTC service, and only for users with a seat.

use crate::calls::{Call, group, rings};
use crate::inviting::invite;
use crate::rtc_webhook::services::Agora;
use crate::stack::Stack;
use crate::user::{User, now_ms};
use base64::prelude::{BASE64_STANDARD, Engine};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use switchboard_rtc::agora::{AgoraService, AgoraToken};
use switchboard_rtc::livekit::{self, ApiKey};

/// The laptop stack's development key at the RTC service.
fn development_key() -> ApiKey {
    ApiKey { id: "devkey".to_owned(), secret: "local-development-only-rtc-secret".to_owned().into() }
}

#[tokio::test]
async fn each_side_gets_a_token_for_this_room_and_itself_that_the_rtc_service_accepts() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut phone, mut bobs_phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut phone, &bob, &mut bobs_phone).await;
    let accepted = bobs_phone.requests("answer", call.about_invitation("accept")).await;
    let renewed = phone.requests("attend", call.request("refresh_token")).await;
    assert_eq!(renewed.kind, "token");

    let joins =
        [(&call.created["join"], &alice), (&accepted.body["join"], &bob), (&renewed.body["join"], &alice)];
    for (join, user) in joins {
        let token = join["token"].as_str().expect("a token");
        let claims = livekit::verify(token, &development_key(), now_ms()).expect("the service accepts it");
        let room = claims.video.as_ref().and_then(|video| video.room.as_deref());
        assert_eq!(room, join["channel_id"].as_str());
        assert!(room.is_some_and(|room| room.ends_with(&call.meeting_id)), "{room:?}");
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
        let other = ApiKey { secret: "another-secret".to_owned().into(), ..development_key() };
        assert!(livekit::verify(token, &other, now_ms()).is_err(), "signed under the deployment's own key");
    }
}

// Proves: token-entitlement
#[tokio::test]
async fn only_who_has_a_seat_gets_a_fresh_token() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut phone, mut bobs_phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut phone, &bob, &mut bobs_phone).await;
    let refused = bobs_phone.is_refused("attend", call.request("refresh_token")).await;
    assert_eq!((refused.code.as_str(), refused.sip), ("not_admitted", 403));
}

// Proves: enforced-rights
#[tokio::test]
async fn with_alibaba_as_rtc_service_the_token_is_the_documented_hash_of_what_stands_beside_it() {
    let stack = Stack::own_with(&["RtcProvider=alibaba", "RtcUrl=", "RtcKeyId=abc", "RtcKeySecret=abckey"]);
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut phone, mut bobs_phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut phone, &bob, &mut bobs_phone).await;
    let join = &call.created["join"];
    assert_eq!((&join["provider"], &join["rights_enforced"]), (&json!("alibaba"), &json!(false)));
    let (params, text) = (&join["params"], |value: &Value| value.as_str().expect("text").to_owned());
    let timestamp = params["timestamp"].as_i64().expect("seconds");
    let hashed = format!(
        "abcabckey{}{}{}{timestamp}",
        text(&join["channel_id"]),
        text(&join["user_id"]),
        text(&params["nonce"])
    );
    assert_eq!(text(&join["token"]), HEXLOWER.encode(&Sha256::digest(hashed)));
    assert_eq!(params["app_id"], "abc");
    let single = BASE64_STANDARD.decode(text(&params["single_token"])).expect("base64");
    let single: Value = serde_json::from_slice(&single).expect("JSON");
    assert_eq!((&single["token"], &single["timestamp"]), (&join["token"], &json!(timestamp)));
}

/// The user's number at Agora, which is in the `join` object and in the token.
fn number(answer: &terminal::ReceivedDownlink) -> u64 {
    let join = &answer.body["join"];
    let uid = join["params"]["uid"].as_u64().expect("a number");
    let token = AgoraToken::read(join["token"].as_str().expect("text")).expect("an Agora token").token;
    let [AgoraService::Rtc { channel, uid: signed, .. }] = &token.services[..] else { panic!("{token:?}") };
    assert_eq!((channel.as_str(), signed), (join["channel_id"].as_str().expect("text"), &uid.to_string()));
    uid
}

#[tokio::test]
async fn with_agora_everybody_has_a_number_and_keeps_it_whoever_comes_and_goes() {
    let stack = Stack::own_with(&Agora::PARAMETERS);
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (carol, dave) = (User::at(&stack, "Carol"), User::at(&stack, "Dave"));
    let (host, mut bobs) = (alice.on("phone").await, bob.on("phone").await);
    let (mut carols, mut daves) = (carol.on("phone").await, dave.on("phone").await);
    let created = host.requests("create-meeting", group(&[&bob, &carol])).await;
    let call = Call::to(&created, &bob);
    // Carol accepts before Bob, whose invitation was made first.
    carols.receives("invitation").await;
    let carols_accept = Call::to(&created, &carol).about_invitation("accept");
    let carol_in = carols.requests("answer", carols_accept).await;
    bobs.receives("invitation").await;
    let bob_in = bobs.requests("answer", call.about_invitation("accept")).await;
    assert_eq!([&created, &bob_in, &carol_in].map(number), [1, 2, 3]);

    bobs.requests("attend", call.request("leave")).await;
    let invited = host.requests("invite", invite(&call, &[&dave])).await;
    daves.receives("invitation").await;
    let dave_in = daves.requests("answer", Call::to(&invited, &dave).about_invitation("accept")).await;
    assert_eq!(number(&dave_in), 4, "no number is used for two users");
    let invited = host.requests("invite", invite(&call, &[&bob])).await;
    bobs.receives("invitation").await;
    let bob_back = bobs.requests("answer", Call::to(&invited, &bob).about_invitation("accept")).await;
    assert_eq!(number(&bob_back), 2);
    assert_eq!(number(&host.requests("attend", call.request("refresh_token")).await), 1);
}
