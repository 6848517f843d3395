//! JSON Web Tokens: the app's own login, and what lets somebody into a room of `LiveKit`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{Explained, Secrets, Signature, granted};
use switchboard_protocol::address::UserId;
use switchboard_rtc::jwt::{JwtError, unverified_claims, verify_hs256};
use switchboard_rtc::livekit::{LivekitTrackSource, VideoGrant};

/// Explains a JWT; `None` for anything else.
pub fn explain(token: &str, secrets: Secrets<'_>) -> Option<Explained> {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    let header: Value = serde_json::from_slice(&header).ok()?;
    let claims: Value = unverified_claims(token).ok().filter(Value::is_object)?;
    let is_livekit = claims.get("video").is_some() || claims.get("sha256").is_some();
    let secret = if is_livekit { secrets.for_rtc() } else { secrets.any };
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
        begins: seconds("nbf"),
        ends: seconds("exp"),
        issuer: text("iss"),
        signature,
        faults,
        ..Explained::default()
    };
    match claims.get("video") {
        None if is_livekit => {
            explained.kind = "the signature of a LiveKit callback";
            explained.notes.push("bound to the body by its hash");
        }
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
    explained.rights = granted([
        (grant.room_create, "create and delete rooms"),
        (grant.room_list, "list rooms"),
        (grant.room_admin, "moderate the room"),
    ]);
    if !grant.room_join {
        if explained.rights.is_empty() {
            explained.faults.push("it grants nothing".to_owned());
        }
        return;
    }
    if explained.who.as_deref().is_none_or(str::is_empty) {
        explained.faults.push("it names nobody".to_owned());
    }
    if room.is_none() {
        explained.faults.push("it names no room".to_owned());
    }
    // What is absent is granted: that is how the server reads it.
    let sources: Vec<_> = grant.can_publish_sources.iter().map(|source| source_words(*source)).collect();
    let sources = if sources.is_empty() { "everything".to_owned() } else { sources.join(", ") };
    explained.rights.extend(granted([
        (true, "enter the room"),
        (grant.can_publish.unwrap_or(true), &format!("send {sources}")),
        (grant.can_subscribe.unwrap_or(true), "receive"),
        (grant.can_publish_data.unwrap_or(true), "send data messages"),
        (grant.can_update_own_metadata.unwrap_or(false), "change the own name"),
        (grant.hidden, "stay unseen"),
    ]));
}

const fn source_words(source: LivekitTrackSource) -> &'static str {
    match source {
        LivekitTrackSource::Camera => "camera",
        LivekitTrackSource::Microphone => "microphone",
        LivekitTrackSource::ScreenShare => "screen",
        LivekitTrackSource::ScreenShareAudio => "sound of the screen",
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, and a time past the end of time is fine"
)]
fn floor(seconds: f64) -> i64 {
    seconds.floor() as i64
}
