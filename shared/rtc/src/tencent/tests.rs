use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::fixture::{NOW, NOW_MS, SECRET, account, minter, request};

/// Returns the `UserSig` and the `PrivateMapKey` of a join, and the map inside the latter.
fn keys(request: &MintRequest<'_>) -> (UserSig, UserSig, Vec<u8>) {
    let join = minter(Provider::Tencent, "").join(request).expect("mints");
    let map_key = join.params["private_map_key"].as_str().expect("text");
    let (user_sig, map_key) = (UserSig::read(&join.token), UserSig::read(map_key).expect("a key"));
    let buffer = map_key.user_buffer.clone().expect("a map");
    (user_sig.expect("a key"), map_key, STANDARD.decode(buffer).expect("base64"))
}

#[test]
fn the_user_sig_names_the_user_and_the_private_map_key_the_room() {
    let (user_sig, map_key, map) = keys(&request());
    for key in [&user_sig, &map_key] {
        assert_eq!((key.user_id.as_str(), key.sdk_app_id), ("alice", 1_400_000_000));
        assert_eq!((key.issued, key.life_seconds), (NOW, 600));
        assert!(key.is_signed_with(&SECRET.into()) && !key.is_signed_with(&"other".into()));
    }
    assert_eq!(user_sig.user_buffer, None);
    let expected = PrivateMap {
        sdk_app_id: 1_400_000_000,
        user_id: "alice",
        room: TencentRoom::Name("sb-m1"),
        expires: u32::try_from(NOW + 600).expect("before 2106"),
        privileges: 255,
    };
    assert_eq!(PrivateMap::read(&map), Some(expected));
    let join = minter(Provider::Tencent, "").join(&request()).expect("mints");
    assert_eq!(join.params["sdk_app_id"], 1_400_000_000);
    assert_eq!(NOW_MS + join.token_expires_in_ms, (NOW + 600) * 1000);
}

#[test]
fn each_right_maps_to_its_bits() {
    let bits = |rights| {
        let (_, _, map) = keys(&MintRequest { rights, ..request() });
        PrivateMap::read(&map).expect("a map").privileges
    };
    let nothing = Rights::default();
    assert_eq!(bits(nothing), 3);
    assert_eq!(bits(Rights { microphone: true, ..nothing }), 3 + 4);
    assert_eq!(bits(Rights { camera: true, ..nothing }), 3 + 16);
    assert_eq!(bits(Rights { screen: true, ..nothing }), 3 + 64);
    assert_eq!(bits(Rights { subscribe: true, ..nothing }), 3 + 8 + 32 + 128);
    assert_eq!(bits(Rights { data: true, ..nothing }), 3);
    assert_eq!(bits(Rights::ALL.without_microphone()), 255 - 4);
}

#[test]
fn an_altered_key_fails_verification_and_a_cut_key_is_rejected() {
    let secret = SECRET.into();
    let (_, map_key, map) = keys(&request());
    let altered = [
        UserSig { user_id: "bob".into(), ..map_key.clone() },
        UserSig { sdk_app_id: 1, ..map_key.clone() },
        UserSig { issued: NOW + 1, ..map_key.clone() },
        UserSig { life_seconds: 601, ..map_key.clone() },
        UserSig { user_buffer: None, ..map_key.clone() },
        UserSig { version: "1.0".into(), ..map_key.clone() },
    ];
    for key in altered {
        assert!(!key.is_signed_with(&secret), "{key:?}");
    }
    for length in 0..map.len() {
        assert_eq!(PrivateMap::read(&map[..length]), None, "{length}");
    }
    let token = minter(Provider::Tencent, "").join(&request()).expect("mints").token;
    assert!(token.chars().all(|c| c.is_ascii_alphanumeric() || "*-_".contains(c)), "{token}");
    for length in 0..token.len() {
        assert!(UserSig::read(&token[..length]).is_none(), "{length}");
    }
}

#[test]
fn debug_output_shows_no_key() {
    let minter = TencentMinter::new(account(Provider::Tencent, "")).expect("complete");
    assert!(!format!("{minter:?}").contains(SECRET));
}
