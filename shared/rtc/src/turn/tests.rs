use super::*;
use crate::fixture::{NOW, SECRET, minter, request};

const URLS: &str = "turn:turn.example.org:3478, turns:turn.example.org:5349?transport=tcp,";

fn servers(urls: &str) -> Result<Option<TurnServers>, AccountError> {
    TurnServers::new(urls, SECRET.into())
}

#[test]
fn every_join_gains_ice_servers_and_keeps_its_params() {
    for provider in Provider::ALL {
        let plain = minter(provider, "").join(&request()).expect("mints");
        let servers = servers(URLS).expect("right").expect("two");
        let mut join = WithTurn::new(minter(provider, ""), servers).join(&request()).expect("mints");
        let ice_servers = join.params.remove("iceServers").expect("there");
        let username = format!("{}:alice", NOW + 86_400);
        let password = password_of(&username, &SECRET.into());
        assert_eq!(
            ice_servers,
            json!([{
                "urls": ["turn:turn.example.org:3478", "turns:turn.example.org:5349?transport=tcp"],
                "username": username, "credential": password.expose_secret(),
            }])
        );
        assert_eq!(join, plain, "{provider}");
    }
}

#[test]
fn an_empty_list_has_no_servers_and_a_malformed_address_is_refused() {
    for urls in ["", " ", ",", " , "] {
        assert!(servers(urls).expect("no error").is_none(), "{urls:?}");
    }
    for urls in ["turn.example.org", "https://turn.example.org", "turn:", "turn:a,b", "TURN:a"] {
        let refusal = servers(urls).map(drop).expect_err("malformed");
        assert!(matches!(refusal, AccountError::Malformed { name: "TURN_URLS", .. }), "{urls}: {refusal}");
    }
    let without = TurnServers::new(URLS, "".into()).map(drop);
    assert_eq!(without, Err(AccountError::Missing("TURN_SECRET")));
    assert!(TurnServers::new("", "".into()).expect("turned off").is_none());
}

#[test]
fn the_username_of_an_empty_user_is_the_expiry() {
    let credential = TurnCredential::new("", NOW, &SECRET.into());
    assert_eq!(credential.username, NOW.to_string());
}

#[test]
fn debug_output_shows_no_secret_and_no_password() {
    let credential = TurnCredential::new("alice", NOW, &SECRET.into());
    let shown = format!("{:?} {credential:?}", servers(URLS));
    assert!(!shown.contains(SECRET) && !shown.contains(credential.password.expose_secret()), "{shown}");
}
