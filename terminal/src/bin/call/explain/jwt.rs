//! Explanation of JSON Web Tokens: the app's login, `LiveKit`'s tokens, and the signatures of its callbacks.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::explanation::{Explanation, Secrets, Signature, granted};
use switchboard_protocol::address::UserId;
use switchboard_rtc::jwt::{JwtError, unverified_claims, verify_hs256};
use switchboard_rtc::livekit::{LivekitTrackSource, VideoGrant};

/// Explains a JWT; `None` if the text has another format.
pub fn explain(token: &str, secrets: Secrets<'_>) -> Option<Explanation> {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    let header: Value = serde_json::from_slice(&header).ok()?;
    let claims: Value = unverified_claims(token).ok().filter(Value::is_object)?;
    let is_livekit = claims.get("video").is_some() || claims.get("sha256").is_some();
    let secret = if is_livekit { secrets.for_rtc() } else { secrets.any };
    let algorithm = header["alg"].as_str().unwrap_or("none");
    let mut faults = Vec::new();
    let signature = match (algorithm, secret) {
        ("HS256", Some(secret)) => match verify_hs256::<Value>(token, secret.expose_secret().as_bytes()) {
            Ok(_) => Signature::Valid,
            Err(JwtError::Signature) => Signature::Invalid,
            Err(error) => {
                faults.push(error.to_string());
                Signature::Invalid
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
    let user = match (text("sub"), text("name")) {
        (Some(user), Some(name)) => Some(format!("{user}, shown as {name}")),
        (user, _) => user,
    };
    let mut explanation = Explanation {
        kind: "a login: the app's own JWT, the MQTT password of a terminal",
        user,
        begins: seconds("nbf"),
        ends: seconds("exp"),
        issuer: text("iss"),
        signature,
        faults,
        ..Explanation::default()
    };
    match claims.get("video") {
        None if is_livekit => {
            explanation.kind = "the signature of a LiveKit callback";
            explanation.notes.push("bound to the body by a hash");
        }
        Some(video) => {
            explanation.kind = "a LiveKit token";
            match serde_json::from_value::<VideoGrant>(video.clone()) {
                Ok(grant) => describe(&mut explanation, &grant),
                Err(error) => explanation.faults.push(format!("the grant is malformed: {error}")),
            }
        }
        None => match text("sub") {
            Some(user) if user.parse::<UserId>().is_ok() => {
                explanation.place = Some(format!("the broker, as GROUP@@@{user} or GROUP@@@{user}.INSTANCE"));
            }
            Some(_) => {
                explanation
                    .faults
                    .push("`sub` is not a user id: only A-Z a-z 0-9 _ - are allowed".to_owned());
            }
            None => explanation.faults.push("`sub` is missing, so the token names no user".to_owned()),
        },
    }
    Some(explanation)
}

fn describe(explanation: &mut Explanation, grant: &VideoGrant) {
    let room = grant.room.as_deref();
    explanation.place = room.map(|room| format!("room {room}"));
    explanation.rights = granted([
        (grant.room_create, "create and delete rooms"),
        (grant.room_list, "list rooms"),
        (grant.room_admin, "moderate the room"),
    ]);
    if !grant.room_join {
        if explanation.rights.is_empty() {
            explanation.faults.push("the token grants no rights".to_owned());
        }
        return;
    }
    if explanation.user.as_deref().is_none_or(str::is_empty) {
        explanation.faults.push("the token names no user".to_owned());
    }
    if room.is_none() {
        explanation.faults.push("the token names no room".to_owned());
    }
    // Absent permissions count as granted, as the server reads them.
    let sources: Vec<_> = grant.can_publish_sources.iter().map(|source| source_words(*source)).collect();
    let sources = if sources.is_empty() { "everything".to_owned() } else { sources.join(", ") };
    explanation.rights.extend(granted([
        (true, "enter the room"),
        (grant.can_publish.unwrap_or(true), &format!("send {sources}")),
        (grant.can_subscribe.unwrap_or(true), "receive"),
        (grant.can_publish_data.unwrap_or(true), "send data messages"),
        (grant.can_update_own_metadata.unwrap_or(false), "change the own name"),
        (grant.hidden, "stay invisible"),
    ]));
}

const fn source_words(source: LivekitTrackSource) -> &'static str {
    match source {
        LivekitTrackSource::Camera => "camera",
        LivekitTrackSource::Microphone => "microphone",
        LivekitTrackSource::ScreenShare => "screen",
        LivekitTrackSource::ScreenShareAudio => "screen audio",
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, which is acceptable for an extreme time"
)]
fn floor(seconds: f64) -> i64 {
    seconds.floor() as i64
}
