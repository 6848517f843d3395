//! JSON Web Tokens: the app's own login, and what lets somebody into a room of `LiveKit`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use switchboard::address::UserId;
use switchboard::rtc::jwt::{JwtError, unverified_claims, verify_hs256};
use switchboard::rtc::livekit::{Source, VideoGrant};

use super::{Explained, Signature};

/// Explains a JWT; `None` for anything else.
pub fn explain(token: &str, secret: Option<&SecretString>) -> Option<Explained> {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    let header: Value = serde_json::from_slice(&header).ok()?;
    let claims: Value = unverified_claims(token).ok().filter(Value::is_object)?;
    let algorithm = header["alg"].as_str().unwrap_or("none");
    let mut faults = Vec::new();
    let signature = match (algorithm, secret) {
        ("HS256", Some(secret)) => match verify_hs256::<Value>(token, secret.expose_secret().as_bytes()) {
            Ok(_) => Signature::Right,
            Err(JwtError::Signature) => Signature::Wrong,
            Err(error) => {
                faults.push(error.to_string());
                Signature::Wrong
            }
        },
        ("HS256", None) => Signature::NotChecked,
        ("RS256" | "ES256", _) => Signature::OtherAlgorithm,
        (other, _) => {
            faults.push(format!("the algorithm `{other}` is not accepted"));
            Signature::NotChecked
        }
    };
    let seconds = |name: &str| claims[name].as_f64().map(floor);
    let text = |name: &str| claims[name].as_str().map(str::to_owned);
    let who = match (text("sub"), text("name")) {
        (Some(account), Some(name)) => Some(format!("{account}, shown as {name}")),
        (account, _) => account,
    };
    let mut explained = Explained {
        kind: "a login: the app's own JWT, the MQTT password of a terminal",
        who,
        place: None,
        rights: Vec::new(),
        begins: seconds("nbf"),
        ends: seconds("exp"),
        issuer: text("iss"),
        signature,
        faults,
    };
    match claims.get("video") {
        Some(video) => {
            explained.kind = "a LiveKit token";
            match serde_json::from_value::<VideoGrant>(video.clone()) {
                Ok(grant) => describe(&mut explained, &grant),
                Err(error) => explained.faults.push(format!("its grant cannot be read: {error}")),
            }
        }
        None => match text("sub") {
            Some(account) if account.parse::<UserId>().is_ok() => {
                explained.place =
                    Some(format!("the broker, as GROUP@@@{account} or GROUP@@@{account}.INSTANCE"));
            }
            Some(_) => {
                explained.faults.push("`sub` is no account: only A-Z a-z 0-9 _ - are allowed".to_owned());
            }
            None => explained.faults.push("`sub` is missing, so it is nobody's".to_owned()),
        },
    }
    Some(explained)
}

fn describe(explained: &mut Explained, grant: &VideoGrant) {
    let room = grant.room.as_deref();
    explained.place = room.map(|room| format!("room {room}"));
    let rights = &mut explained.rights;
    let management = [
        (grant.room_create, "create and delete rooms"),
        (grant.room_list, "list rooms"),
        (grant.room_admin, "moderate the room"),
    ];
    rights.extend(management.into_iter().filter(|(granted, _)| *granted).map(|(_, right)| right.to_owned()));
    if !grant.room_join {
        if rights.is_empty() {
            explained.faults.push("it grants nothing".to_owned());
        }
        return;
    }
    if room.is_none() {
        explained.faults.push("it names no room".to_owned());
    }
    rights.push("enter the room".to_owned());
    // What is absent is granted: that is how the server reads it.
    if grant.can_publish.unwrap_or(true) {
        let sources: Vec<_> = grant.can_publish_sources.iter().map(|source| source_words(*source)).collect();
        let what = if sources.is_empty() { "everything".to_owned() } else { sources.join(", ") };
        rights.push(format!("send {what}"));
    }
    if grant.can_subscribe.unwrap_or(true) {
        rights.push("receive".to_owned());
    }
    if grant.can_publish_data.unwrap_or(true) {
        rights.push("send data messages".to_owned());
    }
    if grant.can_update_own_metadata.unwrap_or(false) {
        rights.push("change the own name".to_owned());
    }
    if grant.hidden {
        rights.push("stay unseen".to_owned());
    }
}

const fn source_words(source: Source) -> &'static str {
    match source {
        Source::Camera => "camera",
        Source::Microphone => "microphone",
        Source::ScreenShare => "screen",
        Source::ScreenShareAudio => "sound of the screen",
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, and a time past the end of time is fine"
)]
fn floor(seconds: f64) -> i64 {
    seconds.floor() as i64
}
