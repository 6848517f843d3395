use super::*;
use crate::fixture::{NOW, NOW_MS, SECRET, account, minter, request};

#[test]
fn one_token_is_for_the_gateway_and_one_for_the_room() {
    let join = minter(Provider::Janus, "").join(&request()).expect("mints");
    let core = join.params["core_token"].as_str().expect("text");
    let read = |token| JanusToken::read(token).expect("a token of Janus");
    let expires = NOW + 600;
    assert_eq!(read(core), JanusToken { expires, realm: CORE, descriptors: vec![VIDEOROOM] });
    let room = JanusToken { expires, realm: VIDEOROOM, descriptors: vec!["room=sb-m1"] };
    assert_eq!(read(&join.token), room);
    for token in [core, &join.token] {
        assert!(JanusToken::is_signed(token, &SECRET.into()));
        assert!(!JanusToken::is_signed(token, &"other".into()));
        assert!(!JanusToken::is_signed(&token.replacen("17", "18", 1), &SECRET.into()));
    }
    assert_eq!(join.params["room"], "sb-m1");
    assert_eq!(NOW_MS + join.token_expires_in_ms, expires * 1000);
}

#[test]
fn the_media_id_is_derived_from_secret_channel_and_user() {
    let ours = minter(Provider::Janus, "");
    let id = ours.media_id("sb-m1", "alice", 1);
    assert_eq!(ours.join(&request()).expect("mints").params["participant_id"], id.as_str());
    assert_eq!((id.len(), ours.media_id("sb-m1", "alice", 2)), (32, id.clone()));
    let other = Account { key_secret: "other".into(), ..account(Provider::Janus, "") };
    let others = JanusMinter::new(other).expect("complete");
    let different = [
        ours.media_id("sb-m2", "alice", 1),
        ours.media_id("sb-m1", "bob", 1),
        others.media_id("sb-m1", "alice", 1),
    ];
    assert!(!different.contains(&id), "{different:?}");
    // The boundary between channel and user changes the id.
    assert_ne!(ours.media_id("sb-m1a", "lice", 1), id);
}

#[test]
fn a_part_with_a_separator_is_not_signed() {
    for part in ["room=1,janus", "room=1:", ","] {
        let token = JanusToken { expires: NOW, realm: VIDEOROOM, descriptors: vec![part] };
        assert!(token.sign(&SECRET.into()).is_err(), "{part}");
    }
    let token = JanusToken { expires: NOW, realm: "a:b", descriptors: vec!["room=1"] };
    assert!(token.sign(&SECRET.into()).is_err());
}

#[test]
fn other_text_is_rejected() {
    for text in ["", ":", "1:x", "1,janus:x", "x,janus,a:x", "1,,a:x", "1,janus,a"] {
        assert_eq!(JanusToken::read(text), None, "{text}");
        assert!(!JanusToken::is_signed(text, &SECRET.into()), "{text}");
    }
}

#[test]
fn debug_output_shows_no_secret() {
    let minter = JanusMinter::new(account(Provider::Janus, "")).expect("complete");
    assert!(!format!("{minter:?}").contains(SECRET));
}
