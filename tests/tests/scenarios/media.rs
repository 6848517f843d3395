//! The RTC service in a call: its channel is opened and closed with the meeting, its list of members counts, and its
//! failures do not end a call.

use crate::calls::{Call, direct, group, rings};
use crate::controls::until;
use crate::device::{Device, none, refusal, request};
use crate::inviting::receives_state;
use crate::rooms::participant_states;
use crate::rtc_service::{Fault, RtcService};
use crate::rtc_webhook::services::{Livekit, Service as _};
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};
use std::time::Duration;

/// Past the 5 s after which effects are repeated, and the timer's delay of 1 s.
const EFFECTS_REPEATED: Duration = Duration::from_secs(8);
/// Past the 20 s in which an accepted seat must reach the media.
const NEVER_JOINED: Duration = Duration::from_secs(22);
/// Past the 10 s after which the user of a lost device is looked up in the channel.
const DEVICE_CHECKED: Duration = Duration::from_secs(12);
/// Past the 30 s for which a seat in a direct call is kept.
const SEAT_IS_LOST: Duration = Duration::from_secs(32);

/// The channel named in the answer to a create or an accept.
pub fn channel(answer: &Value) -> String {
    answer["join"]["channel_id"].as_str().expect("a way in").to_owned()
}

/// Bob accepts Alice's call; neither is in the media yet.
async fn accepted(caller: &mut Device, bob: &User, phone: &mut Device) -> (Call, String) {
    let call = rings(caller, bob, phone).await;
    phone.requests("answer", call.about_invitation("accept")).await;
    receives_state(caller, bob, "accepted").await;
    let room = channel(&call.created);
    (call, room)
}

/// Both have entered the media and reported it.
pub async fn talk(
    rtc: &RtcService,
    (alice, caller): (&User, &mut Device),
    (bob, phone): (&User, &mut Device),
) -> (Call, String) {
    let (call, room) = accepted(caller, bob, phone).await;
    for (user, device) in [(alice, &*caller), (bob, &*phone)] {
        rtc.enters(&room, user.id.as_str());
        device.sends_once("attend", call.joined()).await;
    }
    for device in [caller, phone] {
        receives_state(device, bob, "joined").await;
    }
    (call, room)
}

async fn two(stack: &Stack) -> (User, User, Device, Device) {
    let (alice, bob) = (User::at(stack, "Alice"), User::at(stack, "Bob"));
    let (caller, phone) = (alice.online("phone").await, bob.online("phone").await);
    (alice, bob, caller, phone)
}

// Proves: channel-closed
#[tokio::test]
async fn t1_t47_the_channel_is_made_before_anybody_is_told_and_closed_at_the_end() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let (alice, bob, mut caller, mut phone) = two(&stack).await;
    let call = rings(&mut caller, &bob, &mut phone).await;
    let room = channel(&call.created);
    assert_eq!(rtc.calls("CreateRoom").len(), 1);
    assert_eq!(rtc.calls("CreateRoom")[0]["name"], json!(room));
    assert!(rtc.room(&room).is_some());
    phone.requests("answer", call.about_invitation("reject")).await;
    caller.receives("meeting_ended").await;
    stack.until_idle().await;
    assert!(rtc.room(&room).is_none(), "a call that was declined");

    let (call, room) = talk(&rtc, (&alice, &mut caller), (&bob, &mut phone)).await;
    caller.requests("attend", call.request("leave")).await;
    phone.receives("meeting_ended").await;
    stack.until_idle().await;
    assert!(rtc.room(&room).is_none(), "a natural end");

    let (call, room) = talk(&rtc, (&alice, &mut caller), (&bob, &mut phone)).await;
    caller.requests("destroy", call.request("destroy_meeting")).await;
    phone.receives("meeting_ended").await;
    stack.until_idle().await;
    assert!(rtc.room(&room).is_none(), "an end by the host");
}

// Proves: channel-opened
#[tokio::test]
async fn a_create_whose_channel_cannot_be_made_leaves_nothing_behind() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let (_, bob, caller, mut phone) = two(&stack).await;
    let faults = [401, 403, 404, 429, 500, 503].map(Fault::Status).into_iter();
    for fault in faults.chain([Fault::Garbage, Fault::Held]) {
        // A call that is safe to repeat is tried twice.
        rtc.fails("CreateRoom", fault, 2);
        let create = request("create-meeting", direct(&bob));
        let refused = refusal(caller.terminal.request_uplink(&create).await);
        assert_eq!((refused.code.as_str(), refused.retryable), ("rtc_unavailable", true), "{fault:?}");
        assert_eq!(caller.syncs().await["meetings"], json!([]), "{fault:?}");
        let cause = caller.client_id().to_owned();
        assert_eq!(phone.remaining_notices(&[&cause]).await, none(), "{fault:?}");
        rtc.remove_faults();
    }
    let create = request("create-meeting", direct(&bob));
    rtc.fails("CreateRoom", Fault::Status(500), 2);
    refusal(caller.terminal.request_uplink(&create).await);
    let created = caller.sends(&create).await;
    assert_eq!(created.kind, "meeting_created", "the very same request, later");
    phone.receives("invitation").await;
    caller.requests("destroy", Call::of(&created).request("destroy_meeting")).await;
}

// Proves: channel-opened
#[tokio::test]
async fn a_create_is_refused_where_the_rtc_service_is_not_there() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("RtcApiUrl=http://{}", closed.local_addr().expect("the listener is bound"));
    drop(closed);
    let stack = Stack::own_with(&[&url]);
    let (_, bob, caller, _phone) = two(&stack).await;
    let refused = caller.is_refused("create-meeting", direct(&bob)).await;
    assert_eq!(refused.code, "rtc_unavailable");
    assert_eq!(caller.syncs().await["meetings"], json!([]));
}

// Proves: channel-kept
#[tokio::test]
async fn a_channel_that_the_service_closed_in_the_grace_is_made_again_by_rejoin() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let (alice, bob, mut caller, mut phone) = two(&stack).await;
    let (call, room) = talk(&rtc, (&alice, &mut caller), (&bob, &mut phone)).await;
    let created = rtc.calls("CreateRoom")[0].clone();
    assert_eq!((&created["emptyTimeout"], &created["departureTimeout"]), (&json!(300), &json!(90)));
    // Both devices lose the network, and this RTC service closes the room earlier than the create request asked for.
    rtc.remove_room(&room);
    let livekit = Livekit::laptop();
    let closed = livekit.closed(&room, stack.now_ms().await);
    assert_eq!(livekit.sends(&stack, &closed).await.status(), 200);
    receives_state(&mut phone, &alice, "reconnecting").await;
    receives_state(&mut caller, &bob, "reconnecting").await;
    stack.advance_clock_when_idle(Duration::from_secs(25)).await;
    for (user, device) in [(&alice, &caller), (&bob, &phone)] {
        assert_eq!(device.requests("attend", call.request("rejoin")).await.kind, "joined");
        assert!(rtc.room(&room).is_some(), "the room exists before the token is sent");
        rtc.enters(&room, user.id.as_str());
        device.sends_once("attend", call.joined()).await;
    }
    receives_state(&mut caller, &bob, "joined").await;
    assert_eq!(rtc.calls("CreateRoom").len(), 2, "the second side finds the room in use");
}

// Proves: channel-closed
#[tokio::test]
async fn t47_a_close_that_fails_keeps_nobody_waiting_and_is_done_again_until_it_is_done() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let (alice, bob, mut caller, mut phone) = two(&stack).await;
    let (call, room) = talk(&rtc, (&alice, &mut caller), (&bob, &mut phone)).await;
    rtc.fails("DeleteRoom", Fault::Held, 1);
    // The repetitions of the close fail too, when no client waits for an answer any more.
    rtc.fails("DeleteRoom", Fault::Status(500), 4);
    let leave = caller
        .terminal
        .request_uplink(&request("attend", call.request("leave")))
        .await
        .expect("the leave is answered");
    phone.receives("meeting_ended").await;
    assert_eq!(leave.kind, "ok");
    until("all devices are notified while the close still waits", async || rtc.waiting_callers() == 1).await;
    stack.until_idle().await;
    assert!(rtc.room(&room).is_some());

    stack.advance_clock_when_idle(EFFECTS_REPEATED).await;
    until("the first time fails", async || rtc.calls("DeleteRoom").len() >= 3).await;
    stack.until_idle().await;
    assert!(rtc.room(&room).is_some());
    for _ in 0..6 {
        if rtc.room(&room).is_none() {
            break;
        }
        stack.advance_clock_when_idle(Duration::from_mins(1)).await;
        stack.sweep().await;
    }
    assert!(rtc.room(&room).is_none(), "{:?}", rtc.calls("DeleteRoom"));
    let calls = rtc.calls("DeleteRoom").len();
    stack.advance_clock_when_idle(Duration::from_mins(20)).await;
    stack.sweep().await;
    assert_eq!(rtc.calls("DeleteRoom").len(), calls, "no further call follows");
    let refused = phone.is_refused("attend", call.request("rejoin")).await;
    assert_eq!(refused.code, "meeting_ended");
}

// Proves: media-truth
#[tokio::test]
async fn t18_a_report_is_believed_when_the_rtc_service_confirms_it() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let (_, bob, mut caller, mut phone) = two(&stack).await;
    let (call, room) = accepted(&mut caller, &bob, &mut phone).await;
    phone.sends_once("attend", call.joined()).await;
    assert_eq!(
        participant_states(&caller).await,
        ["accepted", "accepted"],
        "the channel does not have the user"
    );
    rtc.fails("ListParticipants", Fault::Status(500), 2);
    rtc.enters(&room, bob.id.as_str());
    phone.sends_once("attend", call.joined()).await;
    assert_eq!(participant_states(&caller).await, ["accepted", "accepted"], "the RTC service did not answer");
    let mut report = call.joined();
    report["audio"] = json!(true);
    phone.sends_once("attend", report).await;
    let joined = receives_state(&mut caller, &bob, "joined").await;
    assert_eq!(joined.body["participant"]["media"]["audio"], json!(true));

    // The service asks about a user three times in two seconds at most.
    stack.advance_clock_when_idle(Duration::from_secs(2)).await;
    let mut left = call.joined();
    left["state"] = json!("left");
    phone.sends_once("attend", left.clone()).await;
    assert_eq!(participant_states(&caller).await, ["accepted", "joined"], "the channel still has the user");
    rtc.leaves(&room, bob.id.as_str());
    phone.sends_once("attend", left).await;
    assert_eq!(caller.receives("meeting_ended").await.body["reason"], "completed");
}

#[tokio::test]
async fn t19_who_does_not_reach_the_media_in_time_has_failed() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let (alice, bob, mut caller, mut phone) = two(&stack).await;
    let (_, room) = accepted(&mut caller, &bob, &mut phone).await;
    rtc.enters(&room, alice.id.as_str());
    stack.advance_clock_when_idle(NEVER_JOINED).await;
    let updated = caller.receives_that("invitation_updated", |news| news.body["state"] == "failed").await;
    assert_eq!(updated.body["code"], "failed");
    assert_eq!(caller.receives("meeting_ended").await.body["reason"], "rtc_failed");
}

// Proves: media-asked
#[tokio::test]
async fn t19_whoever_is_in_the_media_at_the_last_moment_has_joined_though_nobody_said_so() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let (alice, bob, mut caller, mut phone) = two(&stack).await;
    let (_, room) = accepted(&mut caller, &bob, &mut phone).await;
    for user in [&alice, &bob] {
        rtc.enters(&room, user.id.as_str());
    }
    stack.advance_clock_when_idle(NEVER_JOINED).await;
    receives_state(&mut caller, &bob, "joined").await;
    assert_eq!(participant_states(&caller).await, ["joined", "joined"]);
}

// Proves: media-truth
#[tokio::test]
async fn t24_t26_losing_the_broker_is_nothing_while_the_rtc_service_sees_the_participant() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let (alice, bob, mut caller, mut phone) = two(&stack).await;
    let (call, room) = talk(&rtc, (&alice, &mut caller), (&bob, &mut phone)).await;
    phone.disconnects().await;
    stack.advance_clock_when_idle(DEVICE_CHECKED).await;
    stack.wake_meeting(&call.meeting_id).await;
    assert_eq!(participant_states(&caller).await, ["joined", "joined"]);

    let phone = bob.online("phone").await;
    rtc.leaves(&room, bob.id.as_str());
    phone.disconnects().await;
    stack.advance_clock_when_idle(DEVICE_CHECKED).await;
    receives_state(&mut caller, &bob, "reconnecting").await;
    let phone = bob.online("phone").await;
    assert_eq!(
        participant_states(&caller).await,
        ["joined", "reconnecting"],
        "a connection to the broker does not keep the seat"
    );
    assert_eq!(phone.requests("attend", call.request("rejoin")).await.kind, "joined");
    rtc.enters(&room, bob.id.as_str());
    phone.sends_once("attend", call.joined()).await;
    receives_state(&mut caller, &bob, "joined").await;

    rtc.leaves(&room, bob.id.as_str());
    phone.disconnects().await;
    stack.advance_clock_when_idle(DEVICE_CHECKED).await;
    receives_state(&mut caller, &bob, "reconnecting").await;
    stack.advance_clock_when_idle(SEAT_IS_LOST).await;
    assert_eq!(caller.receives("meeting_ended").await.body["reason"], "lost");
}

// Proves: media-asked
#[tokio::test]
async fn t26_an_rtc_service_that_cannot_be_asked_ends_no_call_of_somebody_at_the_broker() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let (alice, bob, mut caller, mut phone) = two(&stack).await;
    let (call, room) = talk(&rtc, (&alice, &mut caller), (&bob, &mut phone)).await;
    rtc.leaves(&room, bob.id.as_str());
    phone.disconnects().await;
    stack.advance_clock_when_idle(DEVICE_CHECKED).await;
    receives_state(&mut caller, &bob, "reconnecting").await;
    let phone = bob.online("phone").await;
    rtc.fails("ListParticipants", Fault::Status(503), 100);
    stack.advance_clock_when_idle(SEAT_IS_LOST).await;
    stack.wake_meeting(&call.meeting_id).await;
    assert_eq!(participant_states(&phone).await, ["joined", "joined"]);
}

// Proves: stray-channels
#[tokio::test]
async fn t49_t39_t42_a_channel_that_is_gone_empties_its_meeting() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let (alice, bob, caller, phone) = two(&stack).await;
    let created = caller.requests("create-meeting", group(&[&bob])).await;
    let call = Call::of(&created);
    phone.requests("answer", call.about_invitation("accept")).await;
    let room = channel(&call.created);
    for (user, device) in [(&alice, &caller), (&bob, &phone)] {
        rtc.enters(&room, user.id.as_str());
        device.sends_once("attend", call.joined()).await;
    }
    stack.sweep().await;
    assert_eq!(participant_states(&caller).await, ["joined", "joined"]);
    rtc.remove_room(&room);
    let swept = stack.invoke("wake", &crate::controls::sweep_event()).await;
    assert_eq!(swept["meetings_without_channel"], json!(1), "{swept}");
    assert_eq!(participant_states(&caller).await, ["reconnecting", "reconnecting"]);
    stack.advance_clock_when_idle(Duration::from_secs(62)).await;
    stack.advance_clock_when_idle(Duration::from_secs(32)).await;
    stack.wake_meeting(&call.meeting_id).await;
    let refused = phone.is_refused("attend", call.request("rejoin")).await;
    assert_eq!((refused.code.as_str(), refused.reason.as_deref()), ("meeting_ended", Some("empty")));
}

// Proves: stray-channels
#[tokio::test]
async fn t50_a_channel_without_a_meeting_is_closed_and_counted_and_no_other_is_touched() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let (alice, bob, mut caller, mut phone) = two(&stack).await;
    let (call, room) = talk(&rtc, (&alice, &mut caller), (&bob, &mut phone)).await;
    let prefix = room.strip_suffix(&call.meeting_id).expect("prefix and meeting").to_owned();
    let now_s = stack.now_ms().await / 1_000;
    let named = |name: &str| format!("{prefix}{name}");
    rtc.add_room(&named("leaked"), now_s - 301);
    rtc.add_room(&named("young"), now_s - 200);
    rtc.add_room("another-owners", now_s - 3_000);
    // A live meeting keeps its channel, however old the channel is.
    rtc.add_room(&room, now_s - 3_000);
    for user in [&alice, &bob] {
        rtc.enters(&room, user.id.as_str());
    }
    let swept = stack.invoke("wake", &crate::controls::sweep_event()).await;
    assert_eq!(swept["channels_without_meeting"], json!(1), "{swept}");
    assert_eq!(swept["meetings_without_channel"], json!(0), "{swept}");
    let there = |name: &str| rtc.room(name).is_some();
    assert!(!there(&named("leaked")));
    assert!(there(&named("young")) && there("another-owners") && there(&room));
    assert_eq!(participant_states(&caller).await, ["joined", "joined"]);
}

#[tokio::test]
async fn users_whom_the_rtc_service_could_not_take_are_refused_by_name() {
    // TRTC takes at most 32 bytes.
    let stack =
        Stack::own_with(&["RtcProvider=tencent", "RtcKeyId=1400000001", "RtcKeySecret=a-secret-of-tests"]);
    let alice = User::at(&stack, "Alice");
    let caller = alice.on("phone").await;
    let fields = json!({
        "type": "create_meeting", "mode": "group", "media": "audio",
        "invitees": ["bob", "an-account-of-more-than-32-characters"],
    });
    let refused = caller.is_refused("create-meeting", fields).await;
    assert_eq!((refused.code.as_str(), refused.path.as_deref()), ("bad_request", Some("invitees[1]")));
}
