//! Alibaba vectors: compares hashes as text, single-parameter tokens as JSON, and inflated `AppToken`s.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{each, seconds, text, u32_of};
use crate::alibaba::ArtcTokenFields;
use crate::alibaba::dingrtc::AppToken;
use crate::zlib;

fn artc(inputs: &Value) -> (ArtcTokenFields<'_>, SecretString) {
    let fields = ArtcTokenFields {
        app_id: text(inputs, "appId"),
        channel_id: text(inputs, "channelId"),
        user_id: text(inputs, "userId"),
        nonce: text(inputs, "nonce"),
        timestamp: seconds(inputs, "timestamp"),
    };
    (fields, text(inputs, "appKey").into())
}

#[test]
fn alibaba_multi_parameter_tokens() {
    each("alibaba", "artc-multi-parameter-sha256", 3, |vector| {
        let (fields, app_key) = artc(&vector["inputs"]);
        let token = fields.multi_parameter_token(&app_key);
        assert_eq!(token.expose_secret(), text(&vector["expected"], "token"), "{}", vector["id"]);
    });
}

#[test]
fn alibaba_single_parameter_tokens() {
    each("alibaba", "artc-single-parameter-base64-json", 3, |vector| {
        let (fields, app_key) = artc(&vector["inputs"]);
        let token = fields.single_parameter_token(&app_key);
        let json = STANDARD.decode(token.expose_secret()).expect("padded standard base64");
        let json: Value = serde_json::from_slice(&json).expect("a JSON object");
        assert_eq!(json, vector["expected"]["json"], "{}", vector["id"]);
    });
}

#[test]
fn dingrtc_app_tokens() {
    each("alibaba", "dingrtc-apptoken-000", 4, |vector| {
        let (inputs, expected) = (&vector["inputs"], &vector["expected"]);
        let app_key: SecretString = text(inputs, "appKey").into();
        let token = AppToken {
            app_id: text(inputs, "appId").into(),
            channel_id: text(inputs, "channelId").into(),
            user_id: text(inputs, "userId").into(),
            issued: u32_of(inputs, "issueTimestamp"),
            expires: u32_of(inputs, "timestamp"),
            salt: u32_of(inputs, "salt"),
            privileges: inputs["privilegeBits"].is_number().then(|| u32_of(inputs, "privilegeBits")),
            options: serde_json::from_value(inputs["options"].clone()).expect("texts"),
        };
        let ours = token.sign(&app_key).expect("signs");
        let ours = STANDARD.decode(&ours.expose_secret()[3..]).expect("padded standard base64");
        let ours = zlib::inflate(&ours).expect("a zlib stream");
        let length = expected["inflatedLen"].as_u64().and_then(|length| usize::try_from(length).ok());
        let mut theirs =
            data_encoding::HEXLOWER.decode(text(expected, "inflatedHex").as_bytes()).expect("hex");
        theirs.resize(length.expect("a length"), 0);
        assert_eq!(ours, theirs, "{}", vector["id"]);

        let received = AppToken::read(text(expected, "token")).expect("an AppToken");
        assert_eq!(received.token, token, "{}", vector["id"]);
        assert!(received.is_signed_with(&app_key), "{}", vector["id"]);
    });
}
