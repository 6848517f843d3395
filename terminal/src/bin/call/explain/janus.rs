//! Explanation of Janus's signed tokens.

use secrecy::SecretString;

use super::explanation::{Explanation, Signature};
use switchboard_rtc::janus::{CORE, JanusToken};

/// Explains a signed token; `None` if the text has another format.
pub fn explain(token: &str, secret: Option<&SecretString>) -> Option<Explanation> {
    let signed = JanusToken::read(token)?;
    let room = signed.descriptors.iter().find_map(|descriptor| descriptor.strip_prefix("room="));
    let (kind, place, rights) = match (signed.realm, room) {
        (CORE, _) => {
            let plugins = signed.descriptors.join(", ");
            ("a Janus core token", "the gateway".to_owned(), format!("use the plugins {plugins}"))
        }
        (plugin, Some(room)) => {
            ("a Janus room token", format!("room {room} of the plugin {plugin}"), "enter the room".to_owned())
        }
        (plugin, None) => ("a Janus token", format!("the plugin {plugin}"), signed.descriptors.join(", ")),
    };
    Some(Explanation {
        kind,
        place: Some(place),
        rights: vec![rights],
        ends: Some(signed.expires),
        signature: Signature::of(secret, |secret| JanusToken::is_signed(token, secret)),
        notes: vec!["the token names no user: any holder can use it, under any free id"],
        ..Explanation::default()
    })
}
