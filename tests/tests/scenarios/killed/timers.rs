//! Scenes without a request: deadlines, lost connections, callbacks of the RTC service.

use super::starting::talking;
use super::{Killing, at_each_call, is_told_once};
use crate::calls::rings;
use crate::controls::until;
use crate::inviting::receives_state;
use crate::journal;
use crate::media::channel;
use crate::rtc_webhook::services::{Livekit, Service as _};
use std::time::Duration;

/// Past the deadline of a ring (45 s), with its grace of 2 s and the timer's delay of 1 s.
const RING_IS_OVER: Duration = Duration::from_secs(49);

/// Calls of `presence` before the first one with an effect: it reads the meetings of the user.
const READS: usize = 2;

/// Number of invocations of `function` that have ended.
async fn ended(killing: &Killing) -> usize {
    let has_ended = |one: &&journal::Invocation| one.function == killing.function && one.status().is_some();
    journal::inspect(&killing.stack, |all| all.iter().filter(has_ended).count()).await
}

// Proves: crash-wake
#[tokio::test]
async fn wake_is_killed_at_each_call() {
    at_each_call("wake", 6, async |killing: &Killing| {
        let ((_, mut caller), (bob, mut phone)) =
            (killing.device("Alice").await, killing.device("Bob").await);
        let call = rings(&mut caller, &bob, &mut phone).await;
        killing.stack.until_idle().await;
        let before = ended(killing).await;
        killing
            .during(async || {
                killing.stack.advance_clock(RING_IS_OVER).await;
                until("`wake` has run", async || ended(killing).await > before).await;
                killing.stack.until_idle().await;
            })
            .await;
        killing.is_over(&[&caller, &phone], &channel(&call.created)).await;
        assert_eq!(caller.receives("meeting_ended").await.body["reason"], "no_answer", "{}", killing.words());
        assert_eq!(phone.receives("missed_call").await.body["reason"], "no_answer");
        is_told_once(&mut caller, "meeting_ended", &killing.words()).await;
        is_told_once(&mut phone, "missed_call", &killing.words()).await;
    })
    .await;
}

// Proves: crash-wake, lost-connection
#[tokio::test]
async fn presence_is_killed_at_each_call() {
    at_each_call("presence", 3, async |killing: &Killing| {
        let ((_, mut caller), (bob, phone), _, room) = talking(killing).await;
        killing.stack.until_idle().await;
        killing.rtc.leaves(&room, bob.id.as_str());
        killing
            .during(async || {
                phone.disconnects().await;
                killing.stack.until_idle().await;
            })
            .await;
        if killing.passing.get() <= READS {
            // It wrote and scheduled nothing, so the event is lost. The RTC service tells the same.
            let now_ms = killing.stack.now_ms().await;
            let livekit = Livekit::laptop().with_clock(killing.stack.clock_offset_ms().await / 1_000);
            let left = livekit.left(&room, bob.id.as_str(), now_ms - 1_000, now_ms, false);
            assert_eq!(livekit.sends(&killing.stack, &left).await.status(), 200);
        }
        for seconds in [12, 61, 61] {
            killing.stack.advance_clock_when_idle(Duration::from_secs(seconds)).await;
        }
        assert_eq!(caller.receives("meeting_ended").await.body["reason"], "lost", "{}", killing.words());
        killing.is_over(&[&caller], &room).await;
    })
    .await;
}

// Proves: callback-notices
#[tokio::test]
async fn rtc_webhook_is_killed_at_each_call() {
    at_each_call("rtc-webhook", 3, async |killing: &Killing| {
        let ((_, mut caller), (bob, mut phone)) =
            (killing.device("Alice").await, killing.device("Bob").await);
        let call = rings(&mut caller, &bob, &mut phone).await;
        phone.requests("answer", call.about_invitation("accept")).await;
        let room = channel(&call.created);
        killing.rtc.enters(&room, bob.id.as_str());
        let now_ms = killing.stack.now_ms().await;
        let ahead_seconds = killing.stack.clock_offset_ms().await / 1_000;
        let livekit = Livekit::laptop().with_clock(ahead_seconds);
        let joined = livekit.joined(&room, bob.id.as_str(), now_ms);
        killing.during(async || drop(livekit.sends(&killing.stack, &joined).await)).await;
        // The service sends a callback again that was not answered.
        assert_eq!(livekit.sends(&killing.stack, &joined).await.status(), 200);
        receives_state(&mut caller, &bob, "joined").await;
        caller.requests("attend", call.request("leave")).await;
        killing.is_over(&[&caller, &phone], &room).await;
    })
    .await;
}
