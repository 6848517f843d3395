//! Moderation with an RTC service that supports every management call: its calls, its failures, and the notices about them.

use super::{Party, allow, mute, remove, speech, speech_of};
use crate::calls::Call;
use crate::controls::until;
use crate::device::Device;
use crate::inviting::{invite, receives_state};
use crate::media::{channel, talk};
use crate::rtc_service::{Fault, RtcService};
use crate::rtc_webhook::services::{Livekit, Service};
use crate::stack::Stack;
use crate::user::{User, now_ms};
use serde_json::{Value, json};
use std::time::Duration;

/// Alice is host of Bob and Carol, with an RTC service that supports every management call; all three are in its room.
async fn managed(rtc: &RtcService, stack: &Stack) -> (Party, String) {
    let (alice, bob, carol) = (User::at(stack, "Alice"), User::at(stack, "Bob"), User::at(stack, "Carol"));
    let (mut host, mut bobs, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let (direct, room) = talk(rtc, (&alice, &mut host), (&bob, &mut bobs)).await;
    let invited = host.requests("invite", invite(&direct, &[&carol])).await;
    carols.receives("invitation").await;
    let accepted = carols.requests("answer", Call::to(&invited, &carol).about_invitation("accept")).await;
    assert_eq!(channel(&Value::Object(accepted.body.clone())), room, "one channel for all");
    rtc.enters(&room, carol.id.as_str());
    carols.sends_once("attend", direct.joined()).await;
    for device in [&mut host, &mut bobs, &mut carols] {
        receives_state(device, &carol, "joined").await;
    }
    (Party { bob, carol, host, bobs, carols, call: direct }, room)
}

fn may_speak(rtc: &RtcService, room: &str, user: &User) -> bool {
    let room = rtc.room(room).expect("the room is there");
    room.people[user.id.as_str()].contains("MICROPHONE")
}

// Proves: blocks
#[tokio::test]
async fn t35_t38_the_rtc_service_takes_the_right_before_anybody_is_told_that_it_is_enforced() {
    let rtc = RtcService::start();
    let (Party { bob, carol, host, mut bobs, mut carols, call }, room) = managed(&rtc, &rtc.stack()).await;
    let answer = host.requests("moderate", mute(&call, bob.id.as_str(), "hard")).await;
    assert_eq!(speech_of(&answer), speech(&bob, "hard", true));
    assert!(!may_speak(&rtc, &room, &bob) && may_speak(&rtc, &room, &carol));
    for device in [&mut bobs, &mut carols] {
        assert_eq!(speech_of(&device.receives("speech_changed").await), speech(&bob, "hard", true));
    }
    let update = rtc.calls("UpdateParticipant").remove(0);
    assert_eq!(update["permission"]["canSubscribe"], json!(true), "the right to listen stays: {update}");

    let answer = host.requests("moderate", allow(&call, bob.id.as_str())).await;
    assert_eq!(speech_of(&answer), speech(&bob, "free", true));
    assert!(may_speak(&rtc, &room, &bob));

    let mut block = mute(&call, bob.id.as_str(), "hard");
    block["for_seconds"] = json!(60);
    host.requests("moderate", block).await;
    assert!(!may_speak(&rtc, &room, &bob));
    host.stack.advance_clock_when_idle(Duration::from_secs(62)).await;
    until("the block is lifted", async || may_speak(&rtc, &room, &bob)).await;
}

// Proves: enforced-rights
#[tokio::test]
async fn a_block_that_the_rtc_service_did_not_take_is_said_to_be_none_and_is_tried_again() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let (Party { bob, mut host, mut bobs, call, .. }, room) = managed(&rtc, &stack).await;
    rtc.fails("UpdateParticipant", Fault::Status(500), 2);
    let answer = host.requests("moderate", mute(&call, bob.id.as_str(), "hard")).await;
    assert_eq!(speech_of(&answer), speech(&bob, "hard", false), "the RTC service does not enforce it yet");
    assert_eq!(speech_of(&bobs.receives("speech_changed").await), speech(&bob, "hard", false));
    assert!(may_speak(&rtc, &room, &bob));
    stack.advance_clock_when_idle(Duration::from_secs(8)).await;
    until("a second notice with a new id", async || !may_speak(&rtc, &room, &bob)).await;
    // The RTC service enforces the block now, and all members are notified. Terminals would drop a notice with the
    // first id.
    assert_eq!(speech_of(&bobs.receives("speech_changed").await), speech(&bob, "hard", true));
    assert_eq!(speech_of(&host.receives("speech_changed").await), speech(&bob, "hard", true));
}

// Proves: blocks
#[tokio::test]
async fn who_comes_back_with_an_older_token_is_blocked_again() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let (Party { bob, mut host, bobs, call, .. }, room) = managed(&rtc, &stack).await;
    rtc.leaves(&room, bob.id.as_str());
    bobs.disconnects().await;
    stack.advance_clock_when_idle(Duration::from_secs(12)).await;
    receives_state(&mut host, &bob, "reconnecting").await;
    host.requests("moderate", mute(&call, bob.id.as_str(), "hard")).await;
    rtc.enters(&room, bob.id.as_str());
    assert!(may_speak(&rtc, &room, &bob), "as the older token allows");
    let bobs = bob.online("phone").await;
    bobs.sends_once("attend", call.joined()).await;
    assert!(!may_speak(&rtc, &room, &bob));
}

// Proves: removal
#[tokio::test]
async fn t32_who_is_removed_is_put_out_of_the_media_and_a_removal_that_failed_is_done_again() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let (Party { bob, carol, host, mut bobs, mut carols, call }, room) = managed(&rtc, &stack).await;
    let is_in = |user: &User| rtc.room(&room).expect("there").people.contains_key(user.id.as_str());
    host.requests("moderate", remove(&call, &bob, false)).await;
    bobs.receives("participant_removed").await;
    assert!(!is_in(&bob) && is_in(&carol));
    assert_eq!(bobs.is_refused("attend", call.request("refresh_token")).await.code, "not_admitted");

    rtc.fails("RemoveParticipant", Fault::Status(500), 2);
    host.requests("moderate", remove(&call, &carol, true)).await;
    carols.receives("participant_removed").await;
    assert!(is_in(&carol), "notified, and without a new token");
    stack.advance_clock_when_idle(Duration::from_secs(8)).await;
    until("the call is repeated", async || !is_in(&carol)).await;
}

// Proves: removal
#[tokio::test]
async fn t32_whoever_was_removed_and_enters_the_media_again_is_put_out_again_even_if_that_fails_at_first() {
    let (rtc, livekit) = (RtcService::start(), Livekit::laptop());
    let stack = rtc.stack();
    let (Party { bob, host, mut bobs, call, .. }, room) = managed(&rtc, &stack).await;
    let is_in = || rtc.room(&room).expect("there").people.contains_key(bob.id.as_str());
    host.requests("moderate", remove(&call, &bob, false)).await;
    bobs.receives("participant_removed").await;
    // With an older token, which no RTC service can revoke.
    rtc.enters(&room, bob.id.as_str());
    let came = livekit.joined(&room, bob.id.as_str(), now_ms());
    rtc.fails("RemoveParticipant", Fault::Status(500), 2);
    assert_eq!(livekit.sends(&stack, &came).await.status(), 200);
    assert!(is_in());
    stack.advance_clock_when_idle(Duration::from_secs(8)).await;
    until("the call is repeated", async || !is_in()).await;
}

/// The next notice about `user` whose proof of removal has this number of re-entries, confirmed or not. Returns the
/// participant.
async fn receives_proof(device: &mut Device, user: &User, is_gone: bool, reentries: Option<u32>) -> Value {
    loop {
        let participant = receives_state(device, user, "removed").await.body["participant"].clone();
        let is_confirmed = participant.get("confirmed_gone_ms").is_some();
        if is_confirmed == is_gone
            && participant.get("reentries_stopped") == reentries.map(Value::from).as_ref()
        {
            return participant;
        }
    }
}

// Proves: removal-proof
#[tokio::test]
async fn t62_t63_the_host_hears_that_a_removed_user_is_out_and_that_a_re_entry_was_stopped() {
    let (rtc, livekit) = (RtcService::start(), Livekit::laptop());
    let stack = rtc.stack();
    let (Party { bob, mut host, mut bobs, mut carols, call, .. }, room) = managed(&rtc, &stack).await;
    let is_in = || rtc.room(&room).expect("there").people.contains_key(bob.id.as_str());
    let id = bob.id.as_str();
    let start = now_ms();
    assert_eq!(livekit.sends(&stack, &livekit.joined(&room, id, start)).await.status(), 200);
    let answer = host.requests("moderate", remove(&call, &bob, false)).await;
    let removed_ms = answer.body["participant"]["removed_ms"].as_i64().expect("a time");
    assert_eq!(answer.body["participant"].get("confirmed_gone_ms"), None);
    bobs.receives("participant_removed").await;
    let left = livekit.left(&room, id, start, start + 2_000, true);
    assert_eq!(livekit.sends(&stack, &left).await.status(), 200);
    let gone = receives_proof(&mut host, &bob, true, None).await;
    assert!(gone["confirmed_gone_ms"].as_i64().expect("a time") >= removed_ms);

    // With an older token, which no RTC service can revoke.
    rtc.enters(&room, id);
    let again = livekit.joined(&room, id, start + 5_000);
    assert_eq!(livekit.sends(&stack, &again).await.status(), 200);
    assert!(!is_in());
    receives_proof(&mut host, &bob, false, None).await;
    let left = livekit.left(&room, id, start + 5_000, start + 6_000, true);
    assert_eq!(livekit.sends(&stack, &left).await.status(), 200);
    receives_proof(&mut host, &bob, true, Some(1)).await;

    // Without a callback, a check finds the user.
    rtc.enters(&room, id);
    stack.advance_clock_when_idle(Duration::from_secs(62)).await;
    receives_proof(&mut host, &bob, false, Some(1)).await;
    assert!(!is_in());
    stack.advance_clock_when_idle(Duration::from_secs(3)).await;
    receives_proof(&mut host, &bob, true, Some(2)).await;
    let proofs = carols.remaining_notices(&[]).await;
    let told = proofs.iter().filter(|notice| notice.as_str() == "participant_updated").count();
    assert_eq!(told, 1, "the other members are notified of the removal only: {proofs:?}");
}
