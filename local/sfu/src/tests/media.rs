//! Packets: who gets whose, and that a mute stops them.

use serde_json::json;
use str0m::media::MediaKind::{Audio, Video};
use switchboard_rtc::livekit::{LivekitTrackSource, VideoGrant};

use super::stand::{Stand, join_grant, until};

#[tokio::test]
async fn two_hear_and_see_each_other_and_a_newcomer_begins_with_a_whole_picture() {
    let stand = Stand::start().await;
    let alice = stand.join("r", "alice").await;
    let bob = stand.join("r", "bob").await;
    for (one, other) in [(&alice, "bob"), (&bob, "alice")] {
        one.gets(Audio, other, 20).await;
        one.gets(Video, other, 20).await;
        one.is_told(&[(other, false, false)]).await;
    }
    let carol = stand.join("r", "carol").await;
    for other in ["alice", "bob"] {
        carol.gets(Audio, other, 20).await;
        carol.gets(Video, other, 20).await;
    }
    alice.gets(Video, "carol", 5).await;
    bob.gets(Audio, "carol", 5).await;
    assert!(alice.seen().keyframe_requests > 0, "alice was asked for a key frame");

    let seen = carol.seen();
    for other in ["alice", "bob"] {
        let mut frames = seen.frames.iter().filter(|frame| frame.from == other && frame.kind == Video);
        assert!(frames.next().expect("a frame").key, "{other}'s first frame");
    }
    // Each on the lines that were told for them.
    let slots = seen.notices.last().expect("told")["slots"].clone();
    for slot in slots.as_array().expect("a list") {
        let user = slot["user_id"].as_str().expect("a name");
        for frame in seen.frames.iter().filter(|frame| frame.from == user) {
            let told = if frame.kind == Audio { &slot["audio_mid"] } else { &slot["video_mid"] };
            assert_eq!(told, frame.mid.as_str(), "{user}");
        }
    }
    let senders: std::collections::BTreeSet<_> =
        seen.frames.iter().map(|frame| frame.from.as_str()).collect();
    assert_eq!(senders.into_iter().collect::<Vec<_>>(), ["alice", "bob"], "nobody sees himself");
}

#[tokio::test]
async fn all_of_a_full_room_hear_and_see_all_others() {
    let stand = Stand::start().await;
    let mut all = Vec::new();
    for number in 0..8 {
        let name = format!("user-{number}");
        let client = stand.join("r", &name).await;
        client.send(false, false);
        all.push((name, client));
    }
    // One after the other: all at once would be a test of the machine.
    for (from, speaker) in &all {
        speaker.send(true, true);
        for (_, listener) in all.iter().filter(|(name, _)| name != from) {
            listener.gets(Audio, from, 1).await;
            listener.gets(Video, from, 1).await;
            assert_eq!(listener.places().len(), 7);
        }
        speaker.send(false, false);
        assert_eq!(speaker.count(Audio, from) + speaker.count(Video, from), 0, "nobody sees himself");
    }
}

#[tokio::test]
async fn rooms_are_apart() {
    let stand = Stand::start().await;
    let alice = stand.join("r", "alice").await;
    let bob = stand.join("r", "bob").await;
    let eve = stand.join("other", "eve").await;
    alice.gets(Audio, "bob", 50).await;
    bob.gets(Audio, "alice", 50).await;
    assert!(eve.seen().connected && eve.seen().frames.is_empty());
    assert_eq!(alice.count(Audio, "eve"), 0);
}

#[tokio::test]
async fn a_mute_stops_the_packets_until_it_ends() {
    let stand = Stand::start().await;
    let alice = stand.join("r", "alice").await;
    let bob = stand.join("r", "bob").await;
    bob.gets(Audio, "alice", 5).await;
    bob.gets(Video, "alice", 5).await;

    for (source, kind, other, muted) in
        [("MICROPHONE", Audio, Video, (true, false)), ("CAMERA", Video, Audio, (false, true))]
    {
        stand.mute("r", "alice", source, true).await;
        bob.is_told(&[("alice", muted.0, muted.1)]).await;
        until(|| {
            alice.last("muted").is_some_and(|told| told["audio"] == muted.0 && told["video"] == muted.1)
        })
        .await;
        let before = bob.count(kind, "alice");
        let asked = alice.seen().keyframe_requests;
        // She still sends both at the same pace, so the one is the clock of the other.
        bob.gets(other, "alice", 50).await;
        assert_eq!(bob.count(kind, "alice"), before, "{source} is muted");
        assert_eq!(alice.seen().keyframe_requests, asked, "nobody misses a picture meanwhile");
        assert!(bob.count(Audio, "alice") > 0 && alice.count(Audio, "bob") > 0, "nobody else is");

        let frames = bob.seen().frames.len();
        stand.mute("r", "alice", source, false).await;
        bob.gets(kind, "alice", 20).await;
        bob.is_told(&[("alice", false, false)]).await;
        until(|| alice.last("muted").is_some_and(|told| told["audio"] == false && told["video"] == false))
            .await;
        let seen = bob.seen();
        let mut after = seen.frames[frames..].iter().filter(|frame| frame.kind == kind);
        assert_eq!(after.next().expect("a frame").key, kind == Video, "a picture begins with a whole one");
    }
}

#[tokio::test]
async fn what_the_token_does_not_allow_is_not_forwarded_until_it_is_allowed() {
    let stand = Stand::start().await;
    let bob = stand.join("r", "bob").await;
    // A guest that may only look on.
    let grant = VideoGrant { can_publish: Some(false), ..join_grant("r") };
    let guest = stand.join_as(&stand.token_for(grant, Some("guest")), "guest").await;
    let grant = VideoGrant { can_publish_sources: vec![LivekitTrackSource::Camera], ..join_grant("r") };
    let alice = stand.join_as(&stand.token_for(grant, Some("alice")), "alice").await;
    bob.gets(Video, "alice", 50).await;
    guest.gets(Video, "alice", 20).await;
    bob.is_told(&[("guest", true, true), ("alice", true, false)]).await;
    assert_eq!(bob.count(Audio, "guest") + bob.count(Video, "guest"), 0);
    guest.close();
    bob.is_told(&[("alice", true, false)]).await;
    assert_eq!(bob.count(Audio, "alice"), 0);
    assert_eq!(alice.last("muted"), None, "she knows her token");

    let update = async |permission| {
        let body = json!({"room": "r", "identity": "alice", "permission": permission});
        let answer = stand.call("UpdateParticipant", body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    };
    let shown =
        update(json!({"canSubscribe": true, "canPublish": true, "canPublishSources": ["MICROPHONE"]})).await;
    assert_eq!(shown["permission"]["canPublishSources"], json!(["MICROPHONE"]));
    bob.is_told(&[("alice", false, true)]).await;
    let before = bob.count(Video, "alice");
    bob.gets(Audio, "alice", 50).await;
    assert_eq!(bob.count(Video, "alice"), before);
    until(|| alice.last("muted").is_some()).await;
    assert_eq!(alice.last("muted"), Some(json!({"type": "muted", "audio": false, "video": true})));

    update(json!({"can_subscribe": true, "can_publish": true, "can_publish_sources": []})).await;
    bob.gets(Video, "alice", 20).await;
    // In the API what is not said is not allowed.
    update(json!({"canSubscribe": true})).await;
    bob.is_told(&[("alice", true, true)]).await;
    let nothing = (bob.count(Audio, "alice"), bob.count(Video, "alice"));
    alice.gets(Audio, "bob", 50).await;
    assert_eq!((bob.count(Audio, "alice"), bob.count(Video, "alice")), nothing);
}

#[tokio::test]
async fn who_may_not_subscribe_gets_nothing() {
    let stand = Stand::start().await;
    let alice = stand.join("r", "alice").await;
    let grant = VideoGrant { can_subscribe: Some(false), ..join_grant("r") };
    let bob = stand.join_as(&stand.token_for(grant, Some("bob")), "bob").await;
    alice.gets(Audio, "bob", 50).await;
    assert!(bob.seen().frames.is_empty());
    assert_eq!(bob.places(), []);
    let permission = json!({"canSubscribe": true, "canPublish": true});
    stand.call("UpdateParticipant", json!({"room": "r", "identity": "bob", "permission": permission})).await;
    bob.gets(Video, "alice", 20).await;
    bob.is_told(&[("alice", false, false)]).await;
}

#[tokio::test]
async fn others_are_told_what_somebody_sends() {
    let stand = Stand::start().await;
    let alice = stand.join("r", "alice").await;
    let bob = stand.join("r", "bob").await;
    bob.is_told(&[("alice", false, false)]).await;
    until(|| alice.last("slots").is_some()).await;
    alice.say(r#"{"type":"media","audio":true,"video":false}"#);
    bob.is_told(&[("alice", false, true)]).await;
    alice.say(r#"{"type":"something new"}"#);
    alice.say("garbage");
    alice.say(r#"{"type":"media","audio":false,"video":true}"#);
    bob.is_told(&[("alice", true, false)]).await;
    alice.say(r#"{"type":"media","audio":true,"video":true}"#);
    bob.is_told(&[("alice", false, false)]).await;
    // Also who says nothing of it, and just stops.
    alice.send(true, false);
    bob.is_told(&[("alice", false, true)]).await;
    alice.send(true, true);
    bob.is_told(&[("alice", false, false)]).await;
}

#[tokio::test]
async fn a_place_is_taken_over_and_its_time_runs_on() {
    let stand = Stand::start().await;
    let (draft, offer) = super::client::Client::draft(1).await;
    let answer = stand.post_offer(Some(&stand.token("r", "bob")), &offer).await;
    let bob = draft.start("bob", &answer);
    let alice_token = stand.token("r", "alice");
    let alice = stand.join_as(&alice_token, "alice").await;
    bob.gets(Video, "alice", 20).await;
    let carol = stand.join("r", "carol").await;
    carol.gets(Video, "bob", 20).await;
    assert_eq!(bob.count(Audio, "carol"), 0, "there is one place only");
    assert_eq!(stand.leave(&alice.location, &alice_token).await.status, 200);
    bob.is_told(&[("carol", false, false)]).await;
    bob.gets(Video, "carol", 20).await;
    bob.gets(Audio, "carol", 20).await;
    let seen = bob.seen();
    for kind in [Audio, Video] {
        let frames: Vec<_> = seen.frames.iter().filter(|frame| frame.kind == kind).collect();
        assert!(frames.windows(2).all(|pair| pair[0].time < pair[1].time), "{kind:?} goes back in time");
        let last = |name: &str| frames.iter().rposition(|frame| frame.from == name).expect("a frame");
        let first = |name: &str| frames.iter().position(|frame| frame.from == name).expect("a frame");
        assert!(last("alice") < first("carol"));
        assert!(kind == Audio || frames[first("carol")].key);
    }
}
