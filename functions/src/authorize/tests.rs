use std::cell::Cell;
use std::convert::Infallible;

use switchboard_protocol::address::AddressError;
use switchboard_rtc::jwt::sign_hs256;

use super::*;
use crate::authorize::config::tests::{config, environment};

const SECRET: &[u8] = b"local-development-only";
const NOW_MS: i64 = 1_767_225_600_000;
const NOW: i64 = NOW_MS / 1000;
const ALICE: &str = "GID_ios@@@alice.phone";

fn jwt(claims: &Value) -> String {
    sign_hs256(claims, SECRET).expect("signs")
}

fn alices_jwt() -> String {
    jwt(&json!({"sub": "alice", "name": "Alice", "exp": NOW + 3600}))
}

/// Returns the event of a terminal that connects over MQTT, as in the developer guide.
fn event(client_id: &str, token: &str) -> Value {
    json!({
        "signatureVerified": false,
        "protocols": ["tls", "mqtt"],
        "protocolData": {
            "tls": {"serverName": "broker.example.org"},
            "mqtt": {
                "username": "?x-amz-customauthorizer-name=switchboard",
                "password": base64::Engine::encode(&base64::prelude::BASE64_STANDARD, token),
                "clientId": client_id,
            },
        },
        "connectionMetadata": {"id": "a7e3c5f0-0000-4000-8000-000000000000"},
    })
}

fn refusal(event: &Value) -> ConnectionRefusal {
    decide(event, &config(), NOW_MS).expect_err("refused")
}

#[test]
fn a_device_with_its_own_token_gets_a_policy_for_itself_alone() {
    let admission = decide(&event(ALICE, &alices_jwt()), &config(), NOW_MS).expect("admitted");
    assert_eq!((admission.client.as_str(), admission.user.as_str()), (ALICE, "alice"));
    assert_eq!(admission.name.as_deref(), Some("Alice"));
    insta::assert_json_snapshot!(admission.answer, @r#"
    {
      "disconnectAfterInSeconds": 3600,
      "isAuthenticated": true,
      "policyDocuments": [
        {
          "Statement": [
            {
              "Action": "iot:Connect",
              "Effect": "Allow",
              "Resource": [
                "arn:aws:iot:eu-west-1:123456789012:client/GID_ios@@@alice.phone"
              ]
            },
            {
              "Action": "iot:Publish",
              "Effect": "Allow",
              "Resource": [
                "arn:aws:iot:eu-west-1:123456789012:topic/call-up/create-meeting",
                "arn:aws:iot:eu-west-1:123456789012:topic/call-up/invite",
                "arn:aws:iot:eu-west-1:123456789012:topic/call-up/answer",
                "arn:aws:iot:eu-west-1:123456789012:topic/call-up/attend",
                "arn:aws:iot:eu-west-1:123456789012:topic/call-up/moderate",
                "arn:aws:iot:eu-west-1:123456789012:topic/call-up/destroy",
                "arn:aws:iot:eu-west-1:123456789012:topic/call-up/settings",
                "arn:aws:iot:eu-west-1:123456789012:topic/bulk-up/sync"
              ]
            },
            {
              "Action": "iot:Subscribe",
              "Effect": "Allow",
              "Resource": [
                "arn:aws:iot:eu-west-1:123456789012:topicfilter/call-dn/p2p/GID_ios@@@alice.phone",
                "arn:aws:iot:eu-west-1:123456789012:topicfilter/bulk-dn/p2p/GID_ios@@@alice.phone"
              ]
            },
            {
              "Action": "iot:Receive",
              "Effect": "Allow",
              "Resource": [
                "arn:aws:iot:eu-west-1:123456789012:topic/call-dn/p2p/GID_ios@@@alice.phone",
                "arn:aws:iot:eu-west-1:123456789012:topic/bulk-dn/p2p/GID_ios@@@alice.phone"
              ]
            }
          ],
          "Version": "2012-10-17"
        }
      ],
      "principalId": "2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90",
      "refreshAfterInSeconds": 86400
    }
    "#);
}

#[test]
fn the_longest_client_id_that_can_be_addressed_gets_a_policy_that_the_broker_takes() {
    let config = config();
    let longest = config::longest_client_id(&config.topics.downlink).expect("there is one");
    assert_eq!(longest.as_str().len(), 52);
    let token = jwt(&json!({"sub": longest.user().as_str(), "exp": NOW + 3600}));
    let admission = decide(&event(longest.as_str(), &token), &config, NOW_MS).expect("admitted");
    let length = admission.answer["policyDocuments"][0].to_string().len();
    assert!(length <= policy::MAX_CHARACTERS, "{length} characters");
}

#[test]
fn a_client_id_that_could_do_harm_or_never_be_addressed_is_refused() {
    for client_id in [
        "+",
        "#",
        "*",
        "GID@@@+",
        "GID@@@#",
        "GID@@@*",
        "GID@@@alice.*",
        "+@@@alice",
        "GID@@@a/b",
        "GID@@@${iot:ClientId}",
        "alice",
        "GID@@alice",
        "@@@alice",
        "GID@@@",
        "GID@@@.phone",
        "GID@@@alice.",
        "GID@@@alice.a.b",
        "GID@@@alicé",
        "GID@@@alice\u{0}",
        "GID@@@alice ",
    ] {
        assert!(
            matches!(refusal(&event(client_id, &alices_jwt())), ConnectionRefusal::ClientId(_)),
            "{client_id:?}"
        );
    }
    let unaddressable = format!("GID@@@alice.{}", "x".repeat(41));
    assert_eq!(refusal(&event(&unaddressable, &alices_jwt())), AddressError::Unaddressable.into());
    let over_long = format!("GID@@@alice.{}", "x".repeat(53));
    assert_eq!(refusal(&event(&over_long, &alices_jwt())), AddressError::TooLong(64).into());
}

#[test]
fn another_accounts_client_id_is_refused() {
    for client_id in
        ["GID_ios@@@bob", "GID_ios@@@bob.alice", "alice@@@bob", "GID_ios@@@alice2", "GID_ios@@@Alice"]
    {
        assert_eq!(refusal(&event(client_id, &alices_jwt())), ConnectionRefusal::Account, "{client_id}");
    }
}

#[test]
fn only_listed_groups_may_connect_when_there_is_a_list() {
    let read =
        |groups| AuthorizerConfig::read(&environment(&[("ALLOWED_GROUPS", groups)])).expect("complete");
    let decide = |config: &AuthorizerConfig, client_id| {
        decide(&event(client_id, &alices_jwt()), config, NOW_MS).map(drop)
    };
    let listed = read(" GID_ios, GID_web ,");
    assert_eq!(decide(&listed, ALICE), Ok(()));
    assert_eq!(decide(&listed, "GID_web@@@alice"), Ok(()));
    for other in ["GID_old@@@alice", "gid_ios@@@alice", "GID@@@alice"] {
        assert_eq!(decide(&listed, other), Err(ConnectionRefusal::Group), "{other}");
    }
    assert_eq!(decide(&read(""), "GID_old@@@alice"), Ok(()));
}

#[test]
fn a_connection_without_client_id_or_token_is_refused() {
    let without = |pointer: &str| {
        let mut event = event(ALICE, &alices_jwt());
        *event.pointer_mut(pointer).expect("is there") = Value::Null;
        refusal(&event)
    };
    assert_eq!(without("/protocolData/mqtt/clientId"), ConnectionRefusal::NoClientId);
    assert_eq!(without("/protocolData/mqtt/password"), ConnectionRefusal::NoToken);
    assert_eq!(without("/protocolData"), ConnectionRefusal::NoClientId);
    assert_eq!(refusal(&json!({})), ConnectionRefusal::NoClientId);
    assert_eq!(refusal(&json!("no object")), ConnectionRefusal::NoClientId);
    assert_eq!(refusal(&event("", &alices_jwt())), ConnectionRefusal::NoClientId);
}

#[test]
fn a_password_that_cannot_be_read_is_refused() {
    for password in ["!", "/w==", alices_jwt().as_str()] {
        let mut event = event(ALICE, "");
        event["protocolData"]["mqtt"]["password"] = password.into();
        assert_eq!(refusal(&event), ConnectionRefusal::Password, "{password}");
    }
}

#[test]
fn without_a_password_the_brokers_own_token_counts() {
    let mut event = event(ALICE, "");
    event["token"] = alices_jwt().into();
    assert!(decide(&event, &config(), NOW_MS).is_ok());
    event["protocolData"]["mqtt"]["password"] = "d3Jvbmc=".into();
    assert_eq!(refusal(&event), TokenError::Malformed.into(), "a wrong password is not made up for");
}

#[test]
fn the_connection_lives_as_long_as_the_token_within_the_brokers_bounds() {
    let lives = |exp: i64| {
        let token = jwt(&json!({"sub": "alice", "exp": exp}));
        let admission = decide(&event(ALICE, &token), &config(), NOW_MS).expect("admitted");
        admission.answer["disconnectAfterInSeconds"].as_i64()
    };
    assert_eq!(lives(NOW + 1234), Some(1234));
    assert_eq!(lives(NOW + 299), Some(300));
    assert_eq!(lives(NOW - 60), Some(300), "within the leeway");
    assert_eq!(lives(NOW + 86_401), Some(86_400));
    assert_eq!(lives(i64::MAX), Some(86_400));
}

/// Runs a future that is ready at once, with the timer that [`authorize`] needs.
fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(future)
}

#[test]
fn an_admitted_device_is_registered_and_a_refused_one_is_not() {
    let registered = Cell::new(0);
    let register = async |admission: &Admission| {
        assert_eq!((admission.client.as_str(), admission.name.as_deref()), (ALICE, Some("Alice")));
        registered.set(registered.get() + 1);
        Ok::<_, Infallible>(())
    };
    let answer = run(authorize(&event(ALICE, &alices_jwt()), &config(), NOW_MS, register));
    assert_eq!((&answer["isAuthenticated"], registered.get()), (&json!(true), 1));
    let answer = run(authorize(&event(ALICE, "forged"), &config(), NOW_MS, register));
    assert_eq!((answer, registered.get()), (json!({"isAuthenticated": false}), 1));
}

#[test]
fn a_registry_that_fails_refuses_nobody() {
    let failing = async |_: &Admission| Err("throttled");
    let answer = run(authorize(&event(ALICE, &alices_jwt()), &config(), NOW_MS, failing));
    assert_eq!(answer["isAuthenticated"], true);
}

#[test]
fn a_token_that_lives_longer_than_the_configured_time_is_refused() {
    let read = |max: &str| AuthorizerConfig::read(&environment(&[("MAX_TOKEN_SECONDS", max)]));
    let decided = |max: &str, exp: i64| {
        let event = event(ALICE, &jwt(&json!({"sub": "alice", "exp": exp})));
        decide(&event, &read(max).expect("complete"), NOW_MS).map(drop)
    };
    assert_eq!(decided("3600", NOW + 3_600), Ok(()));
    assert_eq!(decided("3600", NOW + 3_720), Ok(()), "the clock of the app's server may be ahead");
    let far = decided("3600", NOW + 3_721).expect_err("refused").to_string();
    assert!(far.contains("MaxTokenSeconds"), "{far}");
    assert!(decided("3600", i64::MAX).is_err());
    assert_eq!(decided("0", i64::MAX), Ok(()), "without a limit");
    for wrong in ["-1", "31536001", "an hour"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}
