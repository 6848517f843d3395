//! Clients with a wrong identity: refused at connect, and unable to publish or subscribe for other users.

use crate::calls::direct;
use crate::device::{DEADLINE, json_of};
use crate::makes::AnyTerminal;
use crate::raw::patient;
use crate::user::{JWT_SECRET, User, now_seconds};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rumqttc::{AsyncClient, ConnectReturnCode, Event, Incoming, MqttOptions, QoS, SubscribeReasonCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use switchboard_rtc::jwt;
use terminal::{ConnectError, development_jwt};

/// Checks that the broker refuses a connection of the user with this token.
async fn is_refused(user: &User, token: SecretString) {
    let outcome = AnyTerminal::connect(user.config_with("phone", token), &user.stack).await;
    let refusals = [ConnectReturnCode::NotAuthorized, ConnectReturnCode::BadUserNamePassword];
    assert!(matches!(&outcome, Err(ConnectError::Refused(code)) if refusals.contains(code)), "{outcome:?}");
}

// Proves: login
#[tokio::test]
async fn a_token_under_another_secret_is_refused() {
    let alice = User::new("Alice");
    is_refused(&alice, development_jwt("another secret", alice.id.as_str(), None, now_seconds() + 3600))
        .await;
}

// Proves: login
#[tokio::test]
async fn an_expired_token_is_refused() {
    let alice = User::new("Alice");
    is_refused(&alice, development_jwt(JWT_SECRET, alice.id.as_str(), None, now_seconds() - 3600)).await;
}

// Proves: clocks
#[tokio::test]
async fn a_token_of_a_server_whose_clock_is_two_minutes_off_is_accepted() {
    let alice = User::new("Alice");
    let token = |begins: i64| {
        let claims = json!({"sub": alice.id, "iat": begins, "nbf": begins, "exp": begins + 600});
        SecretString::from(jwt::sign_hs256(&claims, JWT_SECRET.as_bytes()).expect("claims are serialised"))
    };
    for ahead_seconds in [-120, 120] {
        let config = alice.config_with("phone", token(now_seconds() + ahead_seconds));
        let connected = AnyTerminal::connect(config, &alice.stack).await;
        assert!(connected.is_ok(), "{ahead_seconds}: {:?}", connected.err());
    }
    is_refused(&alice, token(now_seconds() + 180)).await;
    is_refused(&alice, token(now_seconds() - 720)).await;
}

// Proves: login
#[tokio::test]
async fn a_token_that_says_it_needs_no_signature_is_refused() {
    let alice = User::new("Alice");
    let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = part(json!({"sub": alice.id, "exp": now_seconds() + 3600}));
    for algorithm in ["none", "None", "HS512"] {
        let header = part(json!({"alg": algorithm, "typ": "JWT"}));
        is_refused(&alice, format!("{header}.{claims}.").into()).await;
    }
    let signature = alice.token().expose_secret().rsplit('.').next().expect("three parts").to_owned();
    let header = part(json!({"alg": "none", "typ": "JWT"}));
    is_refused(&alice, format!("{header}.{claims}.{signature}").into()).await;
}

// Proves: login
#[tokio::test]
async fn a_token_for_another_account_is_refused() {
    let (alice, mallory) = (User::new("Alice"), User::new("Mallory"));
    is_refused(&alice, mallory.token()).await;
}

#[tokio::test]
async fn no_token_at_all_is_refused() {
    let alice = User::new("Alice");
    is_refused(&alice, String::new().into()).await;
    is_refused(&alice, "not a token".to_owned().into()).await;
}

#[tokio::test]
async fn a_client_id_that_is_no_address_of_the_user_is_refused() {
    let alice = User::new("Alice");
    for client_id in
        [alice.id.to_string(), format!("GID_test@@@{}.a.b", alice.id), format!("@@@{}", alice.id)]
    {
        let (_client, mut mqtt) = plain_client(&alice, &client_id);
        let outcome = tokio::time::timeout(DEADLINE, mqtt.poll()).await.expect("the broker answers");
        assert!(outcome.is_err(), "{client_id}: {outcome:?}");
    }
}

// Proves: subscriptions
#[tokio::test]
async fn nobody_listens_to_the_messages_of_another() {
    let (alice, mallory) = (User::new("Alice"), User::new("Mallory"));
    let own = mallory.client_id("phone");
    for topic in
        [format!("call-dn/p2p/{}", alice.client_id("phone")), "call-dn/p2p/+".to_owned(), "#".to_owned()]
    {
        let (client, mut mqtt) = plain_client(&mallory, own.as_str());
        client.subscribe(&topic, QoS::AtLeastOnce).await.expect("the request is queued");
        let granted = loop {
            match tokio::time::timeout(DEADLINE, mqtt.poll()).await.expect("the broker answers") {
                Ok(Event::Incoming(Incoming::SubAck(ack))) => {
                    break ack.return_codes.iter().any(|code| *code != SubscribeReasonCode::Failure);
                }
                Ok(_) => {}
                Err(_) => break false,
            }
        };
        assert!(!granted, "{topic}");
    }
}

// Proves: separate-topics
#[tokio::test]
async fn nobody_speaks_as_the_service_or_in_the_name_of_another() {
    let (alice, mallory) = (User::new("Alice"), User::new("Mallory"));
    let mut phone = alice.on("phone").await;
    let (stranger, mut events) =
        AnyTerminal::connect(mallory.config("phone"), &mallory.stack).await.expect("a known user");
    let forged = json!({"v": 1, "type": "meeting_ended", "id": "forged", "server_ms": 0, "reason": "admin"});
    let topic = format!("call-dn/p2p/{}", phone.client_id());
    stranger.publish(&topic, forged.to_string().into_bytes()).await.expect("connected");
    let event = tokio::time::timeout(DEADLINE, events.next()).await.expect("the broker reacts");
    assert!(
        matches!(event, Some(terminal::TerminalEvent::Disconnected { .. })),
        "it closes the connection: {event:?}"
    );
    assert_eq!(phone.remaining_notices(&[]).await, Vec::<String>::new());
}

// Proves: sender
#[tokio::test]
async fn a_body_that_names_another_sender_is_a_request_of_who_sent_it() {
    let (alice, bob, victim) = (User::new("Alice"), User::new("Bob"), User::new("Victim"));
    let (caller, mut phone, mut victims) =
        (alice.on("phone").await, bob.on("phone").await, victim.on("phone").await);
    let mut fields = direct(&bob);
    fields["client_id"] = json!(victim.client_id("phone"));
    fields["from"] = json!({"user_id": victim.id, "name": "Victim"});
    fields["user_id"] = json!(victim.id);
    fields["received_ms"] = json!(0);
    let created = caller.requests("create-meeting", fields).await;
    assert_eq!(created.body["meeting"]["host"], alice.id.as_str());
    let invitation = phone.receives("invitation").await;
    assert_eq!(invitation.body["from"], json!({"user_id": alice.id, "name": "Alice"}));
    let told = json_of(&created).to_string() + &json_of(&invitation).to_string();
    assert!(!told.contains(victim.id.as_str()), "{told}");
    assert_eq!(victims.remaining_notices(&[caller.client_id()]).await, Vec::<String>::new());
}

/// A client that ignores the protocol of terminals, with the user's valid token.
fn plain_client(user: &User, client_id: &str) -> (AsyncClient, rumqttc::EventLoop) {
    let config = user.config("phone");
    let mut options = MqttOptions::new(client_id, config.host, config.port);
    options.set_credentials("switchboard", user.token().expose_secret());
    let (client, mut mqtt) = AsyncClient::new(options, 8);
    mqtt.set_network_options(patient());
    (client, mqtt)
}
