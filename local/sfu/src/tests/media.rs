//! Tests of forwarding: audio and video between participants, mutes and permissions.

use serde_json::json;
use str0m::media::MediaKind::{Audio, Video};
use switchboard_rtc::livekit::{LivekitTrackSource, VideoGrant};

use super::test_sfu::{TestSfu, join_grant, until};

#[tokio::test]
async fn participants_receive_each_other_and_a_new_one_starts_with_a_key_frame() {
    let sfu = TestSfu::start().await;
    let alice = sfu.join("r", "alice").await;
    let bob = sfu.join("r", "bob").await;
    for (one, other) in [(&alice, "bob"), (&bob, "alice")] {
        one.receives(Audio, other, 20).await;
        one.receives(Video, other, 20).await;
        one.expect_slots(&[(other, false, false)]).await;
    }
    let carol = sfu.join("r", "carol").await;
    for other in ["alice", "bob"] {
        carol.receives(Audio, other, 20).await;
        carol.receives(Video, other, 20).await;
    }
    alice.receives(Video, "carol", 5).await;
    bob.receives(Audio, "carol", 5).await;
    assert!(alice.log().keyframe_requests > 0, "alice was asked for a key frame");

    let log = carol.log();
    for other in ["alice", "bob"] {
        let mut frames = log.frames.iter().filter(|frame| frame.from == other && frame.kind == Video);
        assert!(frames.next().expect("a frame").key, "{other}'s first frame");
    }
    // Each participant's frames arrive on the media lines of its slot.
    let slots = log.messages.last().expect("a message")["slots"].clone();
    for slot in slots.as_array().expect("a list") {
        let user = slot["user_id"].as_str().expect("a name");
        for frame in log.frames.iter().filter(|frame| frame.from == user) {
            let line = if frame.kind == Audio { &slot["audio_mid"] } else { &slot["video_mid"] };
            assert_eq!(line, frame.mid.as_str(), "{user}");
        }
    }
    let senders: std::collections::BTreeSet<_> = log.frames.iter().map(|frame| frame.from.as_str()).collect();
    assert_eq!(senders.into_iter().collect::<Vec<_>>(), ["alice", "bob"], "carol does not receive herself");
}

#[tokio::test]
async fn all_participants_of_a_full_channel_receive_each_other() {
    let sfu = TestSfu::start().await;
    let mut all = Vec::new();
    for number in 0..8 {
        let name = format!("user-{number}");
        let client = sfu.join("r", &name).await;
        client.send(false, false);
        all.push((name, client));
    }
    // One sender at a time: with all at once, the result would depend on the speed of the machine.
    for (from, speaker) in &all {
        speaker.send(true, true);
        for (_, listener) in all.iter().filter(|(name, _)| name != from) {
            listener.receives(Audio, from, 1).await;
            listener.receives(Video, from, 1).await;
            until(|| listener.slots().len() == 7).await;
        }
        speaker.send(false, false);
        assert_eq!(
            speaker.frame_count(Audio, from) + speaker.frame_count(Video, from),
            0,
            "participants do not receive themselves"
        );
    }
}

#[tokio::test]
async fn channels_are_separate() {
    let sfu = TestSfu::start().await;
    let alice = sfu.join("r", "alice").await;
    let bob = sfu.join("r", "bob").await;
    let eve = sfu.join("other", "eve").await;
    alice.receives(Audio, "bob", 50).await;
    bob.receives(Audio, "alice", 50).await;
    assert!(eve.log().connected && eve.log().frames.is_empty());
    assert_eq!(alice.frame_count(Audio, "eve"), 0);
}

#[tokio::test]
async fn a_mute_stops_forwarding_until_the_unmute() {
    let sfu = TestSfu::start().await;
    let alice = sfu.join("r", "alice").await;
    let bob = sfu.join("r", "bob").await;
    bob.receives(Audio, "alice", 5).await;
    bob.receives(Video, "alice", 5).await;

    for (source, kind, other, muted) in
        [("MICROPHONE", Audio, Video, (true, false)), ("CAMERA", Video, Audio, (false, true))]
    {
        sfu.mute("r", "alice", source, true).await;
        bob.expect_slots(&[("alice", muted.0, muted.1)]).await;
        until(|| {
            alice
                .last_message("muted")
                .is_some_and(|message| message["audio"] == muted.0 && message["video"] == muted.1)
        })
        .await;
        let before = bob.frame_count(kind, "alice");
        let asked = alice.log().keyframe_requests;
        // Alice still sends both kinds at the same rate, so 50 frames of the other kind measure the time.
        bob.receives(other, "alice", 50).await;
        assert_eq!(bob.frame_count(kind, "alice"), before, "{source} is muted");
        assert_eq!(alice.log().keyframe_requests, asked, "a muted track causes no key-frame requests");
        assert!(
            bob.frame_count(Audio, "alice") > 0 && alice.frame_count(Audio, "bob") > 0,
            "other tracks are still forwarded"
        );

        let frames = bob.log().frames.len();
        sfu.mute("r", "alice", source, false).await;
        bob.receives(kind, "alice", 20).await;
        bob.expect_slots(&[("alice", false, false)]).await;
        until(|| {
            alice
                .last_message("muted")
                .is_some_and(|message| message["audio"] == false && message["video"] == false)
        })
        .await;
        let log = bob.log();
        let mut after = log.frames[frames..].iter().filter(|frame| frame.kind == kind);
        assert_eq!(after.next().expect("a frame").key, kind == Video, "video resumes with a key frame");
    }
}

#[tokio::test]
async fn media_without_permission_is_not_forwarded_until_it_is_permitted() {
    let sfu = TestSfu::start().await;
    let bob = sfu.join("r", "bob").await;
    // A guest that may receive but not send.
    let grant = VideoGrant { can_publish: Some(false), ..join_grant("r") };
    let guest = sfu.join_as(&sfu.token_for(grant, Some("guest")), "guest").await;
    let grant = VideoGrant { can_publish_sources: vec![LivekitTrackSource::Camera], ..join_grant("r") };
    let alice = sfu.join_as(&sfu.token_for(grant, Some("alice")), "alice").await;
    bob.receives(Video, "alice", 50).await;
    guest.receives(Video, "alice", 20).await;
    bob.expect_slots(&[("guest", true, true), ("alice", true, false)]).await;
    assert_eq!(bob.frame_count(Audio, "guest") + bob.frame_count(Video, "guest"), 0);
    guest.close();
    bob.expect_slots(&[("alice", true, false)]).await;
    assert_eq!(bob.frame_count(Audio, "alice"), 0);
    assert_eq!(alice.last_message("muted"), None, "restrictions of the token cause no message");

    let update = async |permission| {
        let body = json!({"room": "r", "identity": "alice", "permission": permission});
        let answer = sfu.call("UpdateParticipant", body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    };
    let shown =
        update(json!({"canSubscribe": true, "canPublish": true, "canPublishSources": ["MICROPHONE"]})).await;
    assert_eq!(shown["permission"]["canPublishSources"], json!(["MICROPHONE"]));
    bob.expect_slots(&[("alice", false, true)]).await;
    let before = bob.frame_count(Video, "alice");
    bob.receives(Audio, "alice", 50).await;
    assert_eq!(bob.frame_count(Video, "alice"), before);
    until(|| alice.last_message("muted").is_some()).await;
    assert_eq!(alice.last_message("muted"), Some(json!({"type": "muted", "audio": false, "video": true})));

    update(json!({"can_subscribe": true, "can_publish": true, "can_publish_sources": []})).await;
    bob.receives(Video, "alice", 20).await;
    // In the API a missing permission means `false`.
    update(json!({"canSubscribe": true})).await;
    bob.expect_slots(&[("alice", true, true)]).await;
    let nothing = (bob.frame_count(Audio, "alice"), bob.frame_count(Video, "alice"));
    alice.receives(Audio, "bob", 50).await;
    assert_eq!((bob.frame_count(Audio, "alice"), bob.frame_count(Video, "alice")), nothing);
}

#[tokio::test]
async fn a_participant_without_subscribe_permission_receives_nothing() {
    let sfu = TestSfu::start().await;
    let alice = sfu.join("r", "alice").await;
    let grant = VideoGrant { can_subscribe: Some(false), ..join_grant("r") };
    let bob = sfu.join_as(&sfu.token_for(grant, Some("bob")), "bob").await;
    alice.receives(Audio, "bob", 50).await;
    assert!(bob.log().frames.is_empty());
    assert_eq!(bob.slots(), []);
    let permission = json!({"canSubscribe": true, "canPublish": true});
    sfu.call("UpdateParticipant", json!({"room": "r", "identity": "bob", "permission": permission})).await;
    bob.receives(Video, "alice", 20).await;
    bob.expect_slots(&[("alice", false, false)]).await;
}

#[tokio::test]
async fn slots_show_the_kinds_that_a_participant_sends() {
    let sfu = TestSfu::start().await;
    let alice = sfu.join("r", "alice").await;
    let bob = sfu.join("r", "bob").await;
    bob.expect_slots(&[("alice", false, false)]).await;
    until(|| alice.last_message("slots").is_some()).await;
    alice.send_text(r#"{"type":"media","audio":true,"video":false}"#);
    bob.expect_slots(&[("alice", false, true)]).await;
    alice.send_text(r#"{"type":"something new"}"#);
    alice.send_text("garbage");
    alice.send_text(r#"{"type":"media","audio":false,"video":true}"#);
    bob.expect_slots(&[("alice", true, false)]).await;
    alice.send_text(r#"{"type":"media","audio":true,"video":true}"#);
    bob.expect_slots(&[("alice", false, false)]).await;
    // A client that stops sending without a `media` message counts as muted, too.
    alice.send(true, false);
    bob.expect_slots(&[("alice", false, true)]).await;
    alice.send(true, true);
    bob.expect_slots(&[("alice", false, false)]).await;
}

#[tokio::test]
async fn a_slot_is_reassigned_with_continuous_media_time() {
    let sfu = TestSfu::start().await;
    let (draft, offer) = super::client::Client::draft(1).await;
    let answer = sfu.post_offer(Some(&sfu.token("r", "bob")), &offer).await;
    let bob = draft.start("bob", &answer);
    let alice_token = sfu.token("r", "alice");
    let alice = sfu.join_as(&alice_token, "alice").await;
    bob.receives(Video, "alice", 20).await;
    let carol = sfu.join("r", "carol").await;
    carol.receives(Video, "bob", 20).await;
    assert_eq!(bob.frame_count(Audio, "carol"), 0, "bob has one slot, which shows alice");
    assert_eq!(sfu.leave(&alice.location, &alice_token).await.status, 200);
    bob.expect_slots(&[("carol", false, false)]).await;
    bob.receives(Video, "carol", 20).await;
    bob.receives(Audio, "carol", 20).await;
    let log = bob.log();
    for kind in [Audio, Video] {
        let frames: Vec<_> = log.frames.iter().filter(|frame| frame.kind == kind).collect();
        assert!(frames.windows(2).all(|pair| pair[0].time < pair[1].time), "{kind:?} goes back in time");
        let last = |name: &str| frames.iter().rposition(|frame| frame.from == name).expect("a frame");
        let first = |name: &str| frames.iter().position(|frame| frame.from == name).expect("a frame");
        assert!(last("alice") < first("carol"));
        assert!(kind == Audio || frames[first("carol")].key);
    }
}
