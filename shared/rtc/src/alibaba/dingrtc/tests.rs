use super::*;
use crate::ReceivedToken;
use crate::fixture::{APP_ID, NOW, NOW_MS, SECRET, account, minter, request};

fn received(request: &MintRequest<'_>) -> ReceivedToken<AppToken> {
    let join = minter(Provider::Alibaba, "dingrtc").join(request).expect("mints");
    AppToken::read(&join.token).expect("an AppToken")
}

#[test]
fn a_token_is_bound_to_channel_user_and_time() {
    let received = received(&request());
    let issued = u32::try_from(NOW).expect("before 2106");
    let expected = AppToken {
        app_id: APP_ID.into(),
        channel_id: "sb-m1".into(),
        user_id: "alice".into(),
        issued,
        expires: issued + 600,
        salt: 8,
        privileges: Some(15),
        options: [].into(),
    };
    assert_eq!(received.token, expected);
    assert!(received.is_signed_with(&SECRET.into()) && !received.is_signed_with(&"other".into()));
    let join = minter(Provider::Alibaba, "dingrtc").join(&request()).expect("mints");
    assert_eq!(join.params["single_token"], join.token.as_str());
    assert_eq!((&join.params["timestamp"], &join.params["mode"]), (&(NOW + 600).into(), &"dingrtc".into()));
    assert_eq!(NOW_MS + join.token_expires_in_ms, (NOW + 600) * 1000);
}

#[test]
fn each_right_maps_to_its_bit_and_enable_is_always_set() {
    let bits = |rights| received(&MintRequest { rights, ..request() }).token.privileges;
    let nothing = Rights::default();
    assert_eq!(bits(nothing), Some(1));
    assert_eq!(bits(Rights { microphone: true, ..nothing }), Some(3));
    assert_eq!(bits(Rights { camera: true, ..nothing }), Some(5));
    assert_eq!(bits(Rights { screen: true, ..nothing }), Some(9));
    assert_eq!(bits(Rights::ALL.without_microphone()), Some(13));
}

#[test]
fn salts_are_positive_signed_integers() {
    let salt = |salt| received(&MintRequest { salt, ..request() }).token.salt;
    assert_eq!((salt(0), salt(MAX_SALT - 1), salt(MAX_SALT)), (1, MAX_SALT, 1));
    assert!((1..=MAX_SALT).contains(&salt(u32::MAX)));
}

#[test]
fn a_body_of_more_than_one_block_is_padded_to_the_next() {
    let options = [("note".to_owned(), "x".repeat(300))].into();
    let token = AppToken { options, ..received(&request()).token };
    let signed = token.sign(&SECRET.into()).expect("signs");
    let read = AppToken::read(signed.expose_secret()).expect("an AppToken");
    assert_eq!(read.token, token);
    assert!(read.is_signed_with(&SECRET.into()));
}

#[test]
fn a_cut_token_is_rejected() {
    let token = minter(Provider::Alibaba, "dingrtc").join(&request()).expect("mints").token;
    for length in 0..token.len() {
        assert!(AppToken::read(&token[..length]).is_none(), "{length}");
    }
}

#[test]
fn debug_output_shows_no_key() {
    let minter = DingRtcMinter::new(account(Provider::Alibaba, "dingrtc")).expect("complete");
    assert!(!format!("{minter:?}").contains(SECRET));
}
