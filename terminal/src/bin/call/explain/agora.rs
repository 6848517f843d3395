//! Explanation of Agora's tokens.

use secrecy::SecretString;

use super::explanation::{Explanation, Signature, granted};
use switchboard_rtc::agora::{AgoraPrivileges, AgoraService, AgoraToken, AgoraToken006, privilege};

/// Explains a token of either form; `None` if the text has another format.
pub fn explain(token: &str, certificate: Option<&SecretString>) -> Option<Explanation> {
    explain_007(token, certificate).or_else(|| explain_006(token))
}

/// Explains an `AccessToken`, the older form.
fn explain_006(token: &str) -> Option<Explanation> {
    let token = AgoraToken006::read(token)?;
    let join = token.privileges.get(&privilege::JOIN);
    let mut explanation = Explanation {
        kind: "an Agora token of the older form (006)",
        place: Some(format!("a channel of project {}", token.app_id)),
        rights: rights(&token.privileges),
        ends: join.filter(|seconds| **seconds != 0).map(|seconds| i64::from(*seconds)),
        notes: vec!["the form contains no names: channel and user are hashed, and the signature covers them"],
        ..Explanation::default()
    };
    if join.is_none() {
        explanation.faults.push("the token does not grant entering the channel".to_owned());
    }
    Some(explanation)
}

/// Explains an `AccessToken2`.
fn explain_007(token: &str, certificate: Option<&SecretString>) -> Option<Explanation> {
    let received = AgoraToken::read(token)?;
    let token = &received.token;
    let issued = i64::from(token.issued);
    let mut explanation = Explanation {
        kind: "an Agora token (007)",
        begins: Some(issued),
        ends: Some(issued + i64::from(token.life_seconds)),
        signature: Signature::of(certificate, |certificate| received.is_signed_with(certificate)),
        ..Explanation::default()
    };
    let mut places = Vec::new();
    for service in &token.services {
        match service {
            AgoraService::Rtc { channel, uid, privileges } => {
                places.push(format!("channel {channel} of project {}", token.app_id));
                explanation.user = Some(match uid.as_str() {
                    "" => "any user".to_owned(),
                    uid => format!("user {uid}"),
                });
                explanation.rights.extend(rights(privileges));
                explanation.notes.push(
                    "the rights to send are enforced only if co-host authentication is on for the project",
                );
                if !privileges.contains_key(&privilege::JOIN) {
                    explanation.faults.push("the token does not grant entering the channel".to_owned());
                }
                explanation.ends = privileges
                    .get(&privilege::JOIN)
                    .filter(|seconds| **seconds != 0)
                    .map(|seconds| issued + i64::from(*seconds))
                    .into_iter()
                    .chain(explanation.ends)
                    .min();
            }
            AgoraService::Unread { number } => {
                let name = AgoraService::name_of(*number).unwrap_or("unknown");
                places.push(format!(
                    "a service of project {} that is not read ({number}, {name})",
                    token.app_id
                ));
                if name == "unknown" {
                    explanation.notes.push("services behind an unknown one cannot be read");
                }
            }
            AgoraService::Rtm { user_id, .. } => {
                places.push("signalling (RTM)".to_owned());
                explanation.user.get_or_insert_with(|| format!("user {user_id}"));
                explanation.rights.push("send and receive messages (RTM)".to_owned());
            }
        }
    }
    if places.is_empty() {
        explanation.faults.push("the token opens no service".to_owned());
    } else {
        explanation.place = Some(places.join(", "));
    }
    Some(explanation)
}

fn rights(privileges: &AgoraPrivileges) -> Vec<String> {
    let has = |privilege| privileges.contains_key(&privilege);
    granted([
        (has(privilege::JOIN), "enter the channel"),
        (has(privilege::PUBLISH_AUDIO), "send audio"),
        (has(privilege::PUBLISH_VIDEO), "send video"),
        (has(privilege::PUBLISH_DATA), "send data messages"),
        (has(privilege::JOIN), "receive"),
    ])
}
