//! A real Janus: Debian's gateway on loopback, managed by [`RtcManagement`] and entered with the service's tokens.

mod gateway;
mod phone;

use crate::user::now_ms;
use gateway::{ADMIN_KEY, Gateway, SECRET};
use phone::Phone;
use serde_json::json;
use std::collections::BTreeSet;
use switchboard_rtc::callback::MediaEventKind;
use switchboard_rtc::janus::{JanusMinter, JanusToken, VIDEOROOM};
use switchboard_rtc::management::{
    ChannelSpec, HttpTimeouts, OpenChannel, RequestContext, RtcError, RtcManagement,
};
use switchboard_rtc::{Account, Join, ManagementApi, MintRequest, Provider, Rights};
use switchboard_service::aws::Https;
use switchboard_service::config::environment;

const ROOM: &str = "sb-meeting-1";

const MUTED: Rights = Rights::ALL.without_microphone();

/// The present time, each with a nonce of its own.
fn moment() -> RequestContext {
    use std::sync::atomic::{AtomicU8, Ordering};
    static DRAWN: AtomicU8 = AtomicU8::new(0);
    RequestContext { now_ms: now_ms(), nonce: [DRAWN.fetch_add(1, Ordering::Relaxed); 16] }
}

/// The account at this gateway.
fn account(gateway: &Gateway) -> Account {
    Account {
        url: gateway.url().to_owned(),
        key_secret: SECRET.into(),
        api: Some(ManagementApi {
            url: gateway.url().to_owned(),
            key_id: String::new(),
            key_secret: ADMIN_KEY.into(),
        }),
        ..Account::default()
    }
}

fn control(account: &Account) -> Box<dyn RtcManagement> {
    let http = Https::read(&environment).expect("authorities").rtc_client(HttpTimeouts::default());
    switchboard_rtc::management(Provider::Janus, account, http)
        .expect("an account")
        .expect("with a management API")
}

/// The `join` that the service would send this user.
fn join(account: &Account, user_id: &str, number: u32) -> Join {
    let minter = switchboard_rtc::minter(Provider::Janus, account.clone()).expect("an account");
    let request = MintRequest {
        channel_id: ROOM,
        user_id,
        number,
        salt: 1,
        name: None,
        rights: Rights::ALL,
        now_ms: now_ms(),
        ttl_seconds: 600,
    };
    minter.join(&request).expect("mints")
}

fn participant_id(join: &Join) -> String {
    join.params["participant_id"].as_str().expect("text").to_owned()
}

async fn registered(control: &dyn RtcManagement) {
    let channel = ChannelSpec { id: ROOM, max_participants: 4, empty_seconds: 60, departure_seconds: 90 };
    control.register(channel, moment()).await.expect("the room is made");
}

#[tokio::test]
async fn a_room_is_made_entered_moderated_and_closed() {
    let gateway = Gateway::start().await;
    let account = account(&gateway);
    let control = control(&account);
    registered(&*control).await;
    registered(&*control).await;
    let ours = vec![OpenChannel { id: ROOM.into(), created_ms: None }];
    assert_eq!(control.channels("sb-", moment()).await, Ok(ours));
    assert_eq!(control.channels("other-", moment()).await, Ok(Vec::new()));
    assert_eq!(control.members(ROOM, moment()).await, Ok(Vec::new()));

    let (alice, bob) = (join(&account, "alice", 1), join(&account, "bob", 2));
    let mut speaker = Phone::attach(&gateway, &alice).await;
    assert_eq!(speaker.enters(&alice).await["videoroom"], "joined");
    let mut listener = Phone::attach(&gateway, &bob).await;
    assert_eq!(listener.enters(&bob).await["videoroom"], "joined");
    let members = control.members(ROOM, moment()).await.expect("listed");
    let expected = BTreeSet::from([participant_id(&alice), participant_id(&bob)]);
    assert_eq!(BTreeSet::from_iter(members), expected);

    // A microphone that is not published yet cannot be blocked, and the result says so.
    let nothing_there = control.restrict(ROOM, &participant_id(&bob), MUTED, moment()).await;
    assert_eq!(nothing_there, Err(RtcError::Unsupported));
    assert_eq!(control.restrict(ROOM, &participant_id(&bob), Rights::ALL, moment()).await, Ok(()));
    speaker.publishes_sound().await;
    assert_eq!(control.restrict(ROOM, &participant_id(&alice), MUTED, moment()).await, Ok(()));
    assert_eq!(speaker.receives("moderation").await, json!("muted"));
    assert_eq!(control.restrict(ROOM, &participant_id(&alice), Rights::ALL, moment()).await, Ok(()));
    assert_eq!(speaker.receives("moderation").await, json!("unmuted"));

    for _ in 0..2 {
        assert_eq!(control.remove(ROOM, &participant_id(&alice), moment()).await, Ok(()));
    }
    assert_eq!(speaker.receives("reason").await, json!("kicked"));
    assert_eq!(control.members(ROOM, moment()).await, Ok(vec![participant_id(&bob)]));

    for _ in 0..2 {
        assert_eq!(control.close(ROOM, moment()).await, Ok(()));
    }
    assert_eq!(listener.receives("room").await, json!(ROOM), "the client is notified of the end");
    assert_eq!(control.channels("sb-", moment()).await, Ok(Vec::new()));
    assert_eq!(control.members(ROOM, moment()).await, Ok(Vec::new()));
    assert_eq!(control.remove(ROOM, &participant_id(&bob), moment()).await, Ok(()));

    let came = |join: &Join| MediaEventKind::Joined { media_id: participant_id(join), stay: None };
    let went = |join: &Join| MediaEventKind::Left { media_id: participant_id(join), stay: None, clean: true };
    let told = gateway.events_until(&MediaEventKind::ChannelClosed).await;
    let at = |kind: &MediaEventKind| {
        let found = told.iter().position(|event| event.kind == *kind);
        found.unwrap_or_else(|| panic!("{kind:?} is not in {told:#?}"))
    };
    assert!(at(&came(&alice)) < at(&came(&bob)) && at(&came(&bob)) < at(&went(&alice)), "{told:#?}");
    assert!(told.iter().all(|event| event.channel_id == ROOM), "{told:#?}");
}

#[tokio::test]
async fn nobody_enters_without_both_tokens() {
    let gateway = Gateway::start().await;
    let account = account(&gateway);
    let control = control(&account);
    registered(&*control).await;
    let alice = join(&account, "alice", 1);
    let core_token = alice.params["core_token"].as_str().expect("text").to_owned();
    let signed = |room: &str, expires: i64, secret: &'static str| {
        let descriptor = format!("room={room}");
        let token = JanusToken { expires, realm: VIDEOROOM, descriptors: vec![&descriptor] };
        secrecy::ExposeSecret::expose_secret(&token.sign(&secret.into()).expect("signs")).to_owned()
    };
    let now = now_ms() / 1000;
    let refused = [
        String::new(),
        core_token.clone(),
        signed("sb-meeting-2", now + 600, SECRET),
        signed(ROOM, now - 600, SECRET),
        signed(ROOM, now + 600, "another secret"),
    ];
    let mut phone = Phone::attach(&gateway, &alice).await;
    for token in refused {
        let answer = phone.enters(&Join { token, ..alice.clone() }).await;
        assert_eq!(answer["error_code"], 433, "{answer}");
    }
    assert_eq!(phone.enters(&alice).await["videoroom"], "joined");

    let expired = JanusMinter::core_token(&SECRET.into(), now - 600).expect("signs");
    let expired = secrecy::ExposeSecret::expose_secret(&expired).to_owned();
    let altered = core_token.replace("videoroom", "audiobridge");
    for token in [String::new(), alice.token.clone(), expired, altered] {
        let answer = gateway.post("", json!({ "janus": "create", "token": token })).await;
        assert_eq!(answer["error"]["code"], 403, "{answer}");
    }
}

#[tokio::test]
async fn strangers_cannot_make_or_moderate_rooms() {
    let gateway = Gateway::start().await;
    let account = account(&gateway);
    let control = self::control(&account);
    registered(&*control).await;
    let alice = join(&account, "alice", 1);
    let mut phone = Phone::attach(&gateway, &alice).await;
    assert_eq!(phone.enters(&alice).await["videoroom"], "joined");
    let requests = [
        json!({ "request": "create", "room": "mine" }),
        json!({ "request": "destroy", "room": ROOM, "secret": "guessed" }),
        json!({ "request": "kick", "room": ROOM, "id": participant_id(&alice), "secret": "guessed" }),
    ];
    for request in requests {
        let answer = phone.requests(request).await;
        assert!(answer["error_code"] == 433 || answer["error_code"] == 429, "{answer}");
    }
    assert_eq!(phone.requests(json!({ "request": "list" })).await["list"], json!([]), "rooms are private");

    let with = |alter: fn(&mut Account)| {
        let mut account = account.clone();
        alter(&mut account);
        self::control(&account)
    };
    let channel =
        ChannelSpec { id: "sb-meeting-3", max_participants: 2, empty_seconds: 60, departure_seconds: 90 };
    let wrong_admin_key = with(|account| {
        if let Some(api) = account.api.as_mut() {
            api.key_secret = "guessed".into();
        }
    });
    let refused = wrong_admin_key.register(channel, moment()).await;
    assert_eq!(refused, Err(RtcError::Unauthorized("videoroom error 433".into())));
    let wrong_secret = with(|account| account.key_secret = "guessed".into());
    let refused = wrong_secret.close(ROOM, moment()).await;
    assert_eq!(refused, Err(RtcError::Unauthorized("Janus error 403".into())));
    assert_eq!(control.members(ROOM, moment()).await, Ok(vec![participant_id(&alice)]));
}
