//! Tencent's `UserSig`, and the `PrivateMapKey`, which is one with a map of rights inside.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;

use super::{Explained, Signature, granted};
use switchboard_rtc::tencent::{PrivateMap, TencentRoom, UserSig, privilege};

/// Explains either; `None` for anything else.
pub fn explain(token: &str, key: Option<&SecretString>) -> Option<Explained> {
    let user_sig = UserSig::read(token)?;
    let application = user_sig.sdk_app_id;
    let mut explained = Explained {
        kind: "a Tencent UserSig",
        who: Some(user_sig.user_id.clone()),
        place: Some(format!("every room of application {application}")),
        rights: vec!["use the service".to_owned()],
        begins: Some(user_sig.issued),
        ends: Some(user_sig.issued.saturating_add(i64::from(user_sig.life_seconds))),
        signature: Signature::of(key, |key| user_sig.is_signed_with(key)),
        ..Explained::default()
    };
    match &user_sig.user_buffer {
        None => explained
            .notes
            .push("where advanced permission control is on, no room opens without a PrivateMapKey too"),
        Some(buffer) => {
            explained.kind = "a Tencent PrivateMapKey";
            explained.notes.push("counts only if advanced permission control is on for the application");
            let buffer = STANDARD.decode(buffer).unwrap_or_default();
            match PrivateMap::read(&buffer) {
                Some(map) => describe(&mut explained, &map, &user_sig),
                None => {
                    (explained.place, explained.rights) = (None, Vec::new());
                    explained.faults.push("its map of rights cannot be read".to_owned());
                }
            }
        }
    }
    Some(explained)
}

fn describe(explained: &mut Explained, map: &PrivateMap<'_>, user_sig: &UserSig) {
    let room = match map.room {
        TencentRoom::Number(number) => format!("the room with the number {number}"),
        TencentRoom::Name(name) => format!("room {name}"),
    };
    explained.place = Some(format!("{room} of application {}", map.sdk_app_id));
    let has = |bits: u32| map.privileges & bits != 0;
    explained.rights = granted([
        (has(privilege::CREATE), "create the room"),
        (has(privilege::ENTER), "enter the room"),
        (has(privilege::SEND_AUDIO), "send sound"),
        (has(privilege::SEND_VIDEO), "send pictures"),
        (has(privilege::SEND_SCREEN), "send a screen"),
        (has(privilege::RECEIVE_AUDIO), "receive sound"),
        (has(privilege::RECEIVE_VIDEO), "receive pictures"),
        (has(privilege::RECEIVE_SCREEN), "receive screens"),
    ]);
    if map.user_id != user_sig.user_id {
        explained.faults.push(format!("its map is for another user, {}", map.user_id));
    }
    if map.sdk_app_id != user_sig.sdk_app_id {
        explained.faults.push(format!("its map is for another application, {}", map.sdk_app_id));
    }
    if !has(privilege::ENTER) {
        explained.faults.push("it lets nobody enter the room".to_owned());
    }
    explained.ends = explained.ends.into_iter().chain([i64::from(map.expires)]).min();
}
