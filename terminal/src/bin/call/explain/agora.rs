//! Agora's tokens.

use secrecy::SecretString;

use super::{Explained, Signature, granted};
use switchboard_rtc::agora::{AgoraPrivileges, AgoraService, AgoraToken, privilege};

/// Explains a `007`; `None` for anything else.
pub fn explain(token: &str, certificate: Option<&SecretString>) -> Option<Explained> {
    let received = AgoraToken::read(token)?;
    let token = &received.token;
    let issued = i64::from(token.issued);
    let mut explained = Explained {
        kind: "an Agora token (007)",
        begins: Some(issued),
        ends: Some(issued + i64::from(token.life_seconds)),
        signature: Signature::of(certificate, |certificate| received.is_signed_with(certificate)),
        ..Explained::default()
    };
    let mut places = Vec::new();
    for service in &token.services {
        match service {
            AgoraService::Rtc { channel, uid, privileges } => {
                places.push(format!("channel {channel} of project {}", token.app_id));
                explained.who = Some(match uid.as_str() {
                    "" => "anybody".to_owned(),
                    uid => format!("user {uid}"),
                });
                explained.rights.extend(rights(privileges));
                explained
                    .notes
                    .push("the rights to send count only if co-host authentication is on for the project");
                if !privileges.contains_key(&privilege::JOIN) {
                    explained.faults.push("it lets nobody enter the channel".to_owned());
                }
                explained.ends = privileges
                    .get(&privilege::JOIN)
                    .filter(|seconds| **seconds != 0)
                    .map(|seconds| issued + i64::from(*seconds))
                    .into_iter()
                    .chain(explained.ends)
                    .min();
            }
            AgoraService::Rtm { user_id, .. } => {
                places.push("signalling (RTM)".to_owned());
                explained.who.get_or_insert_with(|| format!("user {user_id}"));
                explained.rights.push("send and receive messages (RTM)".to_owned());
            }
        }
    }
    if places.is_empty() {
        explained.faults.push("it opens nothing".to_owned());
    } else {
        explained.place = Some(places.join(", "));
    }
    Some(explained)
}

fn rights(privileges: &AgoraPrivileges) -> Vec<String> {
    let has = |privilege| privileges.contains_key(&privilege);
    granted([
        (has(privilege::JOIN), "enter the channel"),
        (has(privilege::PUBLISH_AUDIO), "send sound"),
        (has(privilege::PUBLISH_VIDEO), "send pictures"),
        (has(privilege::PUBLISH_DATA), "send data messages"),
        (has(privilege::JOIN), "receive"),
    ])
}
