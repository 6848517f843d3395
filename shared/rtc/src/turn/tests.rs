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
        let username = format!("{}:alice", NOW + 3_600);
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
fn a_credential_of_the_relay_is_valid_for_an_hour() {
    let servers = servers(URLS).expect("right").expect("two");
    let join = WithTurn::new(minter(Provider::Livekit, ""), servers).join(&request()).expect("mints");
    let username = join.params["iceServers"][0]["username"].as_str().expect("a user name");
    let (expires, _) = username.split_once(':').expect("the end and the user");
    assert_eq!(expires.parse(), Ok(NOW + 3_600));
}

#[test]
fn an_empty_list_has_no_servers_and_turn_servers_need_a_secret() {
    for urls in ["", " ", ",", " , "] {
        assert!(servers(urls).expect("no error").is_none(), "{urls:?}");
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

/// Returns the defect of an address; `None` for a correct address.
fn complaint(url: &str) -> Option<String> {
    match servers(url).map(|servers| servers.is_some()) {
        Ok(is_taken) => {
            assert!(is_taken, "{url}");
            None
        }
        Err(AccountError::Malformed { name: "TURN_URLS", why }) => Some(why),
        Err(other) => panic!("{url}: {other}"),
    }
}

// Case: turn-addresses
#[test]
fn turn_addresses_are_those_that_a_browser_takes() {
    for right in [
        "turn:turn.example.com:3478",
        "turns:turn.example.com:443?transport=tcp",
        "turn:[2001:db8::1]:3478",
        "turn:[2001:db8::1]",
        "TURN:turn.example.com:3478",
        "turn:192.0.2.1",
        "turn:turn.example.com?transport=udp",
        "stun:stun.example.org:3478",
        "stuns:stun.example.org",
        "Stun:127.0.0.1:65535",
    ] {
        assert_eq!(complaint(right), None, "{right}");
    }
    for (wrong, why) in [
        ("turn.example.org", "an address begins with"),
        ("https:turn.example.org", "an address begins with"),
        ("xyzzy", "an address begins with"),
        ("turn://turn.example.com:3478", "without //"),
        ("turn:turn.example.com:3478?transport=sctp", "the only query"),
        ("turn:turn.example.com?transport=TCP", "the only query"),
        ("turn:turn.example.com?", "the only query"),
        ("turn:user@turn.example.com", "the host is"),
        ("turn:?transport=udp", "the host is"),
        ("turn:", "the host is"),
        ("turn::3478", "the host is"),
        ("turn:turn example.com", "the host is"),
        ("turn:[turn.example.com]", "the host is"),
        ("turn:[2001:db8::1", "an IPv6 address stands"),
        ("turn:2001:db8::1", "an IPv6 address stands"),
        ("turn:[2001:db8::1]3478", "only a port"),
        ("turn:turn.example.com:99999", "the port is"),
        ("turn:turn.example.com:0", "the port is"),
        ("turn:turn.example.com:+80", "the port is"),
        ("turn:turn.example.com:", "the port is"),
        ("turn:turn.example.com:3478/", "the port is"),
        ("turn:turn.example.com/", "the host is"),
        ("stun:stun.example.org:3478?transport=udp", "a STUN address has no query"),
    ] {
        let complaint = complaint(wrong).unwrap_or_else(|| panic!("{wrong} is taken"));
        assert!(complaint.contains(why), "{wrong}: {complaint}");
    }
    assert!(servers("turn:turn.example.com,turn:b,c").is_err(), "each address of a list counts");
}

// Case: stun-alone
#[test]
fn stun_alone_needs_no_secret_and_gets_no_credential() {
    let ice_servers = |urls: &str, secret: &str| {
        let servers = TurnServers::new(urls, secret.into()).expect("right").expect("servers");
        let join = WithTurn::new(minter(Provider::Livekit, ""), servers).join(&request()).expect("mints");
        join.params["iceServers"].clone()
    };
    let stun = json!({"urls": ["stun:stun.example.org:3478"]});
    assert_eq!(ice_servers("stun:stun.example.org:3478", ""), json!([stun]));
    let both = "stun:stun.example.org:3478,turn:turn.example.com:3478";
    let refusal = TurnServers::new(both, "".into()).map(drop);
    assert_eq!(refusal, Err(AccountError::Missing("TURN_SECRET")));
    let servers = ice_servers(both, SECRET);
    assert_eq!((&servers[0], &servers[1]["urls"]), (&stun, &json!(["turn:turn.example.com:3478"])));
    assert!(servers[1]["credential"].is_string());
}
