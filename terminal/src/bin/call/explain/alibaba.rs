//! Explanation of Alibaba's readable tokens: ARTC's single-parameter token (base64 of a JSON object with the
//! fields and their hash) and the `AppToken` of `DingRTC`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::explanation::{Explanation, Signature, granted};
use switchboard_rtc::alibaba::ArtcTokenFields;
use switchboard_rtc::alibaba::dingrtc::{AppToken, privilege};

/// Explains either token; `None` if the text has another format.
pub fn explain(token: &str, app_key: Option<&SecretString>) -> Option<Explanation> {
    app_token(token, app_key).or_else(|| single_parameter(token, app_key))
}

#[derive(Deserialize)]
struct SingleParameterToken {
    appid: String,
    channelid: String,
    userid: String,
    #[serde(default)]
    nonce: String,
    timestamp: i64,
    token: String,
}

fn single_parameter(token: &str, app_key: Option<&SecretString>) -> Option<Explanation> {
    let single: SingleParameterToken = serde_json::from_slice(&STANDARD.decode(token).ok()?).ok()?;
    let fields = ArtcTokenFields {
        app_id: &single.appid,
        channel_id: &single.channelid,
        user_id: &single.userid,
        nonce: &single.nonce,
        timestamp: single.timestamp,
    };
    let signature = Signature::of(app_key, |app_key| {
        fields.multi_parameter_token(app_key).expose_secret() == single.token
    });
    Some(Explanation {
        kind: "an Alibaba ARTC token",
        place: Some(format!("channel {} of application {}", single.channelid, single.appid)),
        user: Some(single.userid),
        rights: vec!["everything: an ARTC token carries no rights".to_owned()],
        ends: Some(single.timestamp),
        signature,
        ..Explanation::default()
    })
}

fn app_token(token: &str, app_key: Option<&SecretString>) -> Option<Explanation> {
    let received = AppToken::read(token)?;
    let token = &received.token;
    let channel = match token.channel_id.as_str() {
        "*" => "every channel".to_owned(),
        channel => format!("channel {channel}"),
    };
    let user = match token.user_id.as_str() {
        "*" => "any user".to_owned(),
        user => user.to_owned(),
    };
    let rights = match token.privileges {
        Some(bits) if bits & privilege::ENABLE != 0 => granted([
            (true, "enter the channel"),
            (bits & privilege::PUBLISH_AUDIO != 0, "send audio"),
            (bits & privilege::PUBLISH_VIDEO != 0, "send video"),
            (bits & privilege::PUBLISH_SCREEN != 0, "send a screen"),
            (true, "receive"),
        ]),
        _ => vec!["everything: the token has no rights bits".to_owned()],
    };
    Some(Explanation {
        kind: "an Alibaba DingRTC token (AppToken 000)",
        user: Some(user),
        place: Some(format!("{channel} of application {}", token.app_id)),
        rights,
        begins: Some(i64::from(token.issued)),
        ends: Some(i64::from(token.expires)),
        signature: Signature::of(app_key, |app_key| received.is_signed_with(app_key)),
        ..Explanation::default()
    })
}
