//! Tests of the decoders of join tokens: no text makes a decoder panic.

use bolero::check;
use switchboard_rtc::agora::{AgoraToken, AgoraToken006};
use switchboard_rtc::alibaba::dingrtc::AppToken;
use switchboard_rtc::janus::JanusToken;
use switchboard_rtc::tencent::{PrivateMap, UserSig};

use super::mutation::{Edit, ITERATIONS, edited};

fn decode(text: &str) {
    let _ = AgoraToken::read(text);
    let _ = AgoraToken006::read(text);
    let _ = AppToken::read(text);
    let _ = JanusToken::read(text);
    let _ = UserSig::read(text);
    let _ = PrivateMap::read(text.as_bytes());
}

#[test]
fn random_text_is_decoded_or_refused() {
    check!().with_iterations(ITERATIONS).for_each(|bytes: &[u8]| decode(&String::from_utf8_lossy(bytes)));
}

/// Tokens as the vendors' own packages made them.
const VECTORS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/rtc-tokens.json"));

#[test]
fn an_edited_token_is_decoded_or_refused() {
    let vectors: serde_json::Value = serde_json::from_str(VECTORS).expect("the vectors are JSON");
    let mut tokens = Vec::new();
    collect_tokens(&vectors, &mut tokens);
    assert!(tokens.len() > 10, "found {} tokens", tokens.len());
    check!().with_iterations(ITERATIONS).with_type::<(u16, Vec<Edit>)>().for_each(|(which, edits)| {
        let valid = tokens[usize::from(*which) % tokens.len()];
        decode(&String::from_utf8_lossy(&edited(valid.as_bytes(), edits)));
    });
}

/// Collects the texts that are as long as a token.
fn collect_tokens<'a>(value: &'a serde_json::Value, tokens: &mut Vec<&'a str>) {
    match value {
        serde_json::Value::String(text) if text.len() > 80 => tokens.push(text),
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect_tokens(value, tokens)),
        serde_json::Value::Object(fields) => fields.values().for_each(|value| collect_tokens(value, tokens)),
        _ => {}
    }
}
