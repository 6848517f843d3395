//! Tencent vectors: compares inflated keys as JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{each, seconds, text, u32_of};
use crate::tencent::{PrivateMap, TencentRoom, UserSig};

fn user_sig(inputs: &Value) -> UserSig {
    let (now, life_seconds) = (seconds(inputs, "now"), u32_of(inputs, "expire"));
    UserSig::new(u32_of(inputs, "sdkAppId"), text(inputs, "userId"), now, life_seconds)
}

fn assert_key(vector: &Value, ours: UserSig) -> UserSig {
    let expected = &vector["expected"];
    let secret: SecretString = text(&vector["inputs"], "key").into();
    let ours = ours.sign(&secret).expect("signs");
    let ours = UserSig::read(ours.expose_secret()).expect("reads its own");
    assert_eq!(serde_json::to_value(ours).expect("JSON"), expected["json"], "{}", vector["id"]);

    let theirs = UserSig::read(text(expected, "token")).expect("a key");
    assert!(theirs.is_signed_with(&secret), "{}", vector["id"]);
    theirs
}

fn assert_map_key(vector: &Value, room: TencentRoom<'_>) {
    let inputs = &vector["inputs"];
    let map = PrivateMap {
        sdk_app_id: u32_of(inputs, "sdkAppId"),
        user_id: text(inputs, "userId"),
        room,
        expires: u32_of(inputs, "now") + u32_of(inputs, "expire"),
        privileges: u32_of(inputs, "priv"),
    };
    let theirs = assert_key(vector, user_sig(inputs).with_map(&map).expect("short"));
    let theirs = STANDARD.decode(theirs.user_buffer.expect("a map")).expect("base64");
    assert_eq!(PrivateMap::read(&theirs), Some(map), "{}", vector["id"]);
}

#[test]
fn user_sigs() {
    each("tencent", "UserSig-v2", 3, |vector| drop(assert_key(vector, user_sig(&vector["inputs"]))));
}

#[test]
fn private_map_keys_of_numbered_rooms() {
    each("tencent", "PrivateMapKey-numeric-room", 2, |vector| {
        assert_map_key(vector, TencentRoom::Number(u32_of(&vector["inputs"], "room")));
    });
}

#[test]
fn private_map_keys_of_named_rooms() {
    each("tencent", "PrivateMapKey-string-room", 1, |vector| {
        assert_map_key(vector, TencentRoom::Name(text(&vector["inputs"], "roomstr")));
    });
}
