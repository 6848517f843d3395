use super::*;
use crate::ReceivedToken;
use crate::fixture::{APP_ID, NOW, NOW_MS, SECRET, minter, request};

fn received(request: &MintRequest<'_>) -> ReceivedToken<AgoraToken> {
    let join = minter(Provider::Agora, "").join(request).expect("mints");
    AgoraToken::read(&join.token).expect("an Agora token")
}

#[test]
fn a_token_is_bound_to_channel_number_and_time() {
    let join = minter(Provider::Agora, "").join(&request()).expect("mints");
    let received = AgoraToken::read(&join.token).expect("an Agora token");
    let all: AgoraPrivileges = [(1, 600), (2, 600), (3, 600), (4, 600)].into();
    let service = AgoraService::Rtc { channel: "sb-m1".into(), uid: "1".into(), privileges: all };
    let expected = AgoraToken {
        app_id: APP_ID.into(),
        issued: u32::try_from(NOW).expect("before 2106"),
        life_seconds: 600,
        salt: 8,
        services: vec![service],
    };
    assert_eq!(received.token, expected);
    assert!(received.is_signed_with(&SECRET.into()));
    assert!(!received.is_signed_with(&APP_ID.into()));
    assert_eq!(Value::Object(join.params), serde_json::json!({"app_id": APP_ID, "uid": 1}));
    assert_eq!(NOW_MS + join.token_expires_in_ms, (NOW + 600) * 1000);
}

#[test]
fn the_media_id_equals_the_uid_in_the_token() {
    let request = MintRequest { number: 4711, ..request() };
    let media_id = minter(Provider::Agora, "").media_id(request.channel_id, request.user_id, request.number);
    let token = received(&request).token;
    assert!(matches!(&token.services[..], [AgoraService::Rtc { uid, .. }] if *uid == media_id), "{token:?}");
}

#[test]
fn each_right_maps_to_its_privilege() {
    let granted = |rights| {
        let token = received(&MintRequest { rights, ..request() }).token;
        let [AgoraService::Rtc { privileges, .. }] = &token.services[..] else { panic!("{token:?}") };
        privileges.keys().copied().collect::<Vec<_>>()
    };
    let nothing = Rights::default();
    assert_eq!(granted(nothing), [1]);
    assert_eq!(granted(Rights { microphone: true, ..nothing }), [1, 2]);
    assert_eq!(granted(Rights { camera: true, ..nothing }), [1, 3]);
    assert_eq!(granted(Rights { screen: true, ..nothing }), [1, 3]);
    assert_eq!(granted(Rights { data: true, ..nothing }), [1, 4]);
    assert_eq!(granted(Rights::ALL.without_microphone()), [1, 3, 4]);
}

#[test]
fn salts_stay_within_the_limits_of_the_official_packages() {
    let salt = |salt| received(&MintRequest { salt, ..request() }).token.salt;
    assert_eq!((salt(0), salt(MAX_SALT - 1), salt(MAX_SALT)), (1, MAX_SALT, 1));
    assert!((1..=MAX_SALT).contains(&salt(u32::MAX)));
}

#[test]
fn a_cut_token_and_another_version_are_rejected() {
    let token = minter(Provider::Agora, "").join(&request()).expect("mints").token;
    for length in 0..token.len() {
        assert!(AgoraToken::read(&token[..length]).is_none(), "{length}");
    }
    assert!(AgoraToken::read(&token.replacen("007", "006", 1)).is_none());
}

#[test]
fn debug_output_shows_no_certificate() {
    let minter = AgoraMinter::new(crate::fixture::account(Provider::Agora, "")).expect("complete");
    let shown = format!("{minter:?}");
    assert!(shown.contains(APP_ID) && !shown.contains(SECRET), "{shown}");
}

// Case: other-agora-tokens
#[test]
fn services_that_are_not_read_may_stand_before_and_behind_the_channel() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    let user = [&6_u16.to_le_bytes()[..], b"user-1"].concat();
    let head = |number: u16| {
        [&number.to_le_bytes()[..], &1_u16.to_le_bytes(), &1_u16.to_le_bytes(), &60_u32.to_le_bytes()]
            .concat()
    };
    let rtc = [head(1), [&6_u16.to_le_bytes()[..], b"room-1", &2_u16.to_le_bytes(), b"42"].concat()].concat();
    let chat = [head(5), user.clone()].concat();
    let classroom = [head(7), user.clone(), user.clone(), vec![1, 0]].concat();
    let unknown = [head(99), user].concat();
    let read = |services: &[&[u8]]| {
        let count = u16::try_from(services.len()).expect("few");
        let message =
            [&32_u16.to_le_bytes()[..], &[0; 32], &1_u16.to_le_bytes(), b"a", &[0; 12], &count.to_le_bytes()];
        let content = [message.concat(), services.concat()].concat();
        let token = format!("007{}", STANDARD.encode(crate::zlib::deflate(&content).expect("in memory")));
        let services = AgoraToken::read(&token).expect("an Agora token").token.services;
        services
            .iter()
            .map(|service| match service {
                AgoraService::Rtc { channel, uid, .. } => format!("{channel} {uid}"),
                AgoraService::Rtm { user_id, .. } => user_id.clone(),
                AgoraService::Unread { number } => number.to_string(),
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(read(&[&rtc, &chat]), ["room-1 42", "5"]);
    assert_eq!(read(&[&chat, &classroom, &head(4), &rtc]), ["5", "7", "4", "room-1 42"]);
    assert_eq!(
        read(&[&rtc, &unknown, &chat]),
        ["room-1 42", "99"],
        "the fields of an unknown service are unknown"
    );
    let unread =
        AgoraToken { services: vec![AgoraService::Unread { number: 5 }], ..received(&request()).token };
    assert!(matches!(unread.sign(&SECRET.into()), Err(crate::MintError::Encoding(_))));
}
