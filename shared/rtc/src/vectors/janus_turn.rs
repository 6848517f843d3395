//! Janus and TURN vectors: compares texts.

use secrecy::{ExposeSecret, SecretString};

use super::{each, seconds, text};
use crate::janus::JanusToken;
use crate::turn::TurnCredential;

#[test]
fn janus_signed_tokens() {
    each("janus", "signed-token-hmac-sha1", 4, |vector| {
        let (inputs, expected) = (&vector["inputs"], text(&vector["expected"], "token"));
        let secret: SecretString = text(inputs, "secret").into();
        let descriptors = inputs["descriptors"].as_array().expect("a list").iter();
        let token = JanusToken {
            expires: seconds(inputs, "expiry"),
            realm: text(inputs, "realm"),
            descriptors: descriptors.map(|text| text.as_str().expect("text")).collect(),
        };
        assert_eq!(token.sign(&secret).expect("signs").expose_secret(), expected, "{}", vector["id"]);
        assert_eq!(JanusToken::read(expected), Some(token), "{}", vector["id"]);
        assert!(JanusToken::is_signed(expected, &secret), "{}", vector["id"]);
    });
}

#[test]
fn turn_credentials() {
    each("turn", "turn-rest-hmac-sha1", 4, |vector| {
        let (inputs, expected) = (&vector["inputs"], &vector["expected"]);
        let secret: SecretString = text(inputs, "secret").into();
        let ours = TurnCredential::new(text(inputs, "user"), seconds(inputs, "expiry"), &secret);
        assert_eq!(ours.username, text(expected, "username"), "{}", vector["id"]);
        assert_eq!(ours.password.expose_secret(), text(expected, "password"), "{}", vector["id"]);
    });
}
