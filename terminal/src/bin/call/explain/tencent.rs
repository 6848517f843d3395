//! Explanation of Tencent's `UserSig`, and of the `PrivateMapKey`, which is a `UserSig` that contains a map
//! of rights.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;

use super::explanation::{Explanation, Signature, granted};
use switchboard_rtc::tencent::{PrivateMap, TencentRoom, UserSig, privilege};

/// Explains either key; `None` if the text has another format.
pub fn explain(token: &str, key: Option<&SecretString>) -> Option<Explanation> {
    let user_sig = UserSig::read(token)?;
    let application = user_sig.sdk_app_id;
    let mut explanation = Explanation {
        kind: "a Tencent UserSig",
        user: Some(user_sig.user_id.clone()),
        place: Some(format!("every room of application {application}")),
        rights: vec!["use the service".to_owned()],
        begins: Some(user_sig.issued),
        ends: Some(user_sig.issued.saturating_add(i64::from(user_sig.life_seconds))),
        signature: Signature::of(key, |key| user_sig.is_signed_with(key)),
        ..Explanation::default()
    };
    match &user_sig.user_buffer {
        None => explanation
            .notes
            .push("if advanced permission control is on, entering a room also needs a PrivateMapKey"),
        Some(buffer) => {
            explanation.kind = "a Tencent PrivateMapKey";
            explanation.notes.push("enforced only if advanced permission control is on for the application");
            let buffer = STANDARD.decode(buffer).unwrap_or_default();
            match PrivateMap::read(&buffer) {
                Some(map) => describe(&mut explanation, &map, &user_sig),
                None => {
                    (explanation.place, explanation.rights) = (None, Vec::new());
                    explanation.faults.push("the map of rights is malformed".to_owned());
                }
            }
        }
    }
    Some(explanation)
}

fn describe(explanation: &mut Explanation, map: &PrivateMap<'_>, user_sig: &UserSig) {
    let room = match map.room {
        TencentRoom::Number(number) => format!("the room with the number {number}"),
        TencentRoom::Name(name) => format!("room {name}"),
    };
    explanation.place = Some(format!("{room} of application {}", map.sdk_app_id));
    let has = |bits: u32| map.privileges & bits != 0;
    explanation.rights = granted([
        (has(privilege::CREATE), "create the room"),
        (has(privilege::ENTER), "enter the room"),
        (has(privilege::SEND_AUDIO), "send audio"),
        (has(privilege::SEND_VIDEO), "send video"),
        (has(privilege::SEND_SCREEN), "send a screen"),
        (has(privilege::RECEIVE_AUDIO), "receive audio"),
        (has(privilege::RECEIVE_VIDEO), "receive video"),
        (has(privilege::RECEIVE_SCREEN), "receive screens"),
    ]);
    if map.user_id != user_sig.user_id {
        explanation.faults.push(format!("the map is for another user, {}", map.user_id));
    }
    if map.sdk_app_id != user_sig.sdk_app_id {
        explanation.faults.push(format!("the map is for another application, {}", map.sdk_app_id));
    }
    if !has(privilege::ENTER) {
        explanation.faults.push("the token does not grant entering the room".to_owned());
    }
    explanation.ends = explanation.ends.into_iter().chain([i64::from(map.expires)]).min();
}
