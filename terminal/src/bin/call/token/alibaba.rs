//! Alibaba's single-parameter token: base64 of a JSON object with the fields and their hash.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use switchboard::rtc::alibaba::Fields;

use super::{Explained, Signature};

#[derive(Deserialize)]
struct Single {
    appid: String,
    channelid: String,
    userid: String,
    #[serde(default)]
    nonce: String,
    timestamp: i64,
    token: String,
}

/// Explains a single-parameter token; `None` for anything else.
pub fn explain(token: &str, secret: Option<&SecretString>) -> Option<Explained> {
    let single: Single = serde_json::from_slice(&STANDARD.decode(token).ok()?).ok()?;
    let fields = Fields {
        app_id: &single.appid,
        channel_id: &single.channelid,
        user_id: &single.userid,
        nonce: &single.nonce,
        timestamp: single.timestamp,
    };
    let signature = match secret {
        Some(app_key) if fields.multi_parameter_token(app_key).expose_secret() == single.token => {
            Signature::Right
        }
        Some(_) => Signature::Wrong,
        None => Signature::NotChecked,
    };
    Some(Explained {
        kind: "an Alibaba ARTC token",
        who: Some(single.userid),
        place: Some(format!("channel {} of application {}", single.channelid, single.appid)),
        rights: vec!["everything: an ARTC token says nothing about rights".to_owned()],
        begins: None,
        ends: Some(single.timestamp),
        issuer: None,
        signature,
        faults: Vec::new(),
    })
}
