//! Two users who call each other end in one call (T16); a user who calls again returns to the call (T17); and second
//! calls that wait.

use crate::calls::{Call, direct, rings, talks};
use crate::device::{Device, json_of, refusal, request};
use crate::inviting::receives_state;
use crate::media::talk;
use crate::rtc_service::RtcService;
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};
use std::time::Duration;
use terminal::{ReceivedDownlink, Uplink};

const ROUNDS: usize = 20;

/// The meetings of this device's user, with the states of all participants.
async fn meeting_states(device: &Device) -> Value {
    let state = device.syncs().await;
    assert_eq!(state["invitations"], json!([]), "nothing rings any more");
    let meetings = state["meetings"].as_array().expect("a list").iter();
    let states = |meeting: &Value| {
        let people = meeting["participants"].as_array().expect("a list").iter();
        people.map(|person| person["state"].clone()).collect::<Vec<_>>()
    };
    meetings.map(|meeting| json!([meeting["meeting_id"], states(meeting)])).collect()
}

fn has_a_way_in(message: &ReceivedDownlink, user: &User) {
    let join = &message.body["join"];
    assert!(join["token"].is_string() && join["user_id"] == json!(user.id), "{message:?}");
}

#[tokio::test]
async fn t16_who_calls_back_while_being_rung_is_in_that_call() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone, mut tablet) =
        (alice.on("phone").await, bob.on("phone").await, bob.on("tablet").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    tablet.receives("invitation").await;
    let merged = phone.requests("create-meeting", direct(&alice)).await;
    assert_eq!(
        (merged.kind.as_str(), merged.meeting_id.as_deref()),
        ("meeting_merged", Some(call.meeting_id.as_str()))
    );
    has_a_way_in(&merged, &bob);
    let news = caller.receives("meeting_merged").await;
    assert_eq!(news.meeting_id, merged.meeting_id);
    has_a_way_in(&news, &alice);
    assert_eq!(tablet.receives("invitation_closed").await.body["reason"], "answered_elsewhere");
    assert_eq!(meeting_states(&caller).await, json!([[call.meeting_id, ["accepted", "accepted"]]]));
    let causes = [phone.client_id().to_owned()];
    let also = caller.remaining_notices(&[&causes[0]]).await;
    assert_eq!(also, Vec::<String>::new(), "no second call rings, and no notice is repeated");
}

#[tokio::test]
async fn t16_the_same_create_again_is_answered_by_the_call_that_it_met() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    let create = request("create-meeting", direct(&alice));
    let first = phone.sends(&create).await;
    let again = phone.sends(&create).await;
    assert_eq!((first.kind.as_str(), &first.id), ("meeting_merged", &again.id));
    assert_eq!(again.meeting_id.as_deref(), Some(call.meeting_id.as_str()));
    caller.requests("attend", call.request("leave")).await;
    let refused = refusal(phone.terminal.request_uplink(&create).await);
    assert_eq!((refused.code.as_str(), refused.reason.as_deref()), ("meeting_ended", Some("completed")));
    assert_eq!(
        caller.remaining_notices(&[]).await.iter().filter(|kind| *kind == "invitation").count(),
        0,
        "it never rings"
    );
}

#[tokio::test]
async fn t16_a_create_that_met_a_call_is_taken_back_by_leaving_it() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    rings(&mut caller, &bob, &mut phone).await;
    let create = with_id("b1", direct(&alice));
    assert_eq!(phone.sends(&create).await.kind, "meeting_merged");
    let take_back = || json!({"type": "destroy_meeting", "create_id": "b1"});
    for _ in 0..2 {
        let ended = phone.requests("destroy", take_back()).await;
        assert_eq!((ended.kind.as_str(), &ended.body["reason"]), ("meeting_ended", &json!("cancelled")));
        assert_eq!(ended.body["sip"], 487);
    }
    assert_eq!(caller.receives("meeting_ended").await.body["reason"], "completed");
    assert_eq!(meeting_states(&phone).await, json!([]));
}

fn with_id(id: &str, mut fields: Value) -> Uplink {
    fields["id"] = json!(id);
    request("create-meeting", fields)
}

#[tokio::test]
async fn t16_two_who_call_each_other_at_once_are_in_one_call() {
    let stack = Stack::shared();
    let (alice, bob) = (User::at(stack, "Alice"), User::at(stack, "Bob"));
    let (mut alices, mut bobs) = (alice.on("phone").await, bob.on("phone").await);
    let mut alice_won = 0;
    for round in 0..ROUNDS {
        let (first, second) =
            (request("create-meeting", direct(&bob)), request("create-meeting", direct(&alice)));
        let (a, b) = if round % 2 == 0 {
            tokio::join!(alices.terminal.request_uplink(&first), bobs.terminal.request_uplink(&second))
        } else {
            let (b, a) =
                tokio::join!(bobs.terminal.request_uplink(&second), alices.terminal.request_uplink(&first));
            (a, b)
        };
        let (a, b) = (a.expect("the create is answered"), b.expect("the create is answered"));
        assert_eq!(a.meeting_id, b.meeting_id, "round {round}: one call");
        let mut kinds = [a.kind.as_str(), b.kind.as_str()];
        kinds.sort_unstable();
        assert_eq!(kinds, ["meeting_created", "meeting_merged"], "round {round}");
        has_a_way_in(&a, &alice);
        has_a_way_in(&b, &bob);
        let meeting_id = a.meeting_id.clone().expect("a meeting");
        let (winner, loser) =
            if a.kind == "meeting_created" { (&mut alices, &mut bobs) } else { (&mut bobs, &mut alices) };
        alice_won += usize::from(a.kind == "meeting_created");
        let merged =
            winner.receives_that("meeting_merged", |news| news.meeting_id.as_deref() == Some(&meeting_id));
        assert!(merged.await.body["join"]["token"].is_string(), "round {round}");
        let expected = json!([[meeting_id, ["accepted", "accepted"]]]);
        let mut pictures = [meeting_states(winner).await, meeting_states(loser).await];
        for picture in &mut pictures {
            assert_eq!(*picture, expected, "round {round}");
        }
        winner.requests("destroy", json!({"type": "destroy_meeting", "meeting_id": meeting_id})).await;
        loser.receives_that("meeting_ended", |news| news.meeting_id.as_deref() == Some(&meeting_id)).await;
        let causes = [alices.client_id().to_owned(), bobs.client_id().to_owned()];
        let causes = causes.each_ref().map(String::as_str);
        alices.remaining_notices(&causes).await;
        bobs.remaining_notices(&causes).await;
    }
    println!("alice's create won {alice_won} of {ROUNDS} rounds");
}

#[tokio::test]
async fn t17_who_dropped_out_and_calls_again_is_back_in_the_call() {
    let stack = Stack::own();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.online("phone").await, bob.online("phone").await);
    let call = talks(&mut caller, &bob, &mut phone).await;
    phone.disconnects().await;
    stack.advance_clock_when_idle(Duration::from_secs(12)).await;
    let gone = |news: &ReceivedDownlink| news.body["participant"]["state"] == "reconnecting";
    caller.receives_that("participant_updated", gone).await;
    // From another device: a reconnect of the same one would be enough by itself.
    let mut tablet = bob.on("tablet").await;
    let merged = tablet.requests("create-meeting", direct(&alice)).await;
    assert_eq!(
        (merged.kind.as_str(), merged.meeting_id.as_deref()),
        ("meeting_merged", Some(call.meeting_id.as_str()))
    );
    has_a_way_in(&merged, &bob);
    let back = |news: &ReceivedDownlink| news.body["participant"]["state"] == "joined";
    let news = caller.receives_that("participant_updated", back).await;
    assert_eq!(news.body["participant"]["user_id"], json!(bob.id));
    stack.advance_clock_when_idle(Duration::from_mins(1)).await;
    assert_eq!(
        tablet.requests("attend", call.request("refresh_token")).await.kind,
        "token",
        "the call goes on"
    );
    assert_eq!(tablet.remaining_notices(&[]).await.iter().filter(|kind| *kind == "meeting_ended").count(), 0);
}

#[tokio::test]
async fn t17_a_call_is_met_also_where_the_rtc_service_says_who_is_in() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let (alice, bob) = (User::at(&stack, "Alice"), User::at(&stack, "Bob"));
    let (mut caller, mut phone) = (alice.online("phone").await, bob.online("phone").await);
    let (call, room) = talk(&rtc, (&alice, &mut caller), (&bob, &mut phone)).await;
    rtc.remove_room(&room);
    stack.sweep().await;
    receives_state(&mut caller, &bob, "reconnecting").await;
    let merged = phone.requests("create-meeting", direct(&alice)).await;
    assert_eq!(
        (merged.kind.as_str(), merged.meeting_id.as_deref()),
        ("meeting_merged", Some(call.meeting_id.as_str())),
        "{merged:?}"
    );
    has_a_way_in(&merged, &bob);
    rtc.enters(&room, bob.id.as_str());
    phone.sends_once("attend", call.joined()).await;
    receives_state(&mut caller, &bob, "joined").await;
}

#[tokio::test]
async fn t2_a_call_that_may_wait_rings_somebody_busy_and_the_accept_takes_the_slot() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, mut phone, mut carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    let first = talks(&mut caller, &bob, &mut phone).await;
    let mut waiting = direct(&bob);
    waiting["policy"] = json!({"busy": "ring"});
    let second = Call::of(&carols.requests("create-meeting", waiting).await);
    let offer = phone.receives("invitation").await;
    assert_eq!(offer.meeting_id.as_deref(), Some(second.meeting_id.as_str()));
    let state = phone.syncs().await;
    assert_eq!(state["invitations"][0]["meeting_id"], json!(second.meeting_id), "a sync finds it as well");
    assert_eq!(state["meetings"].as_array().map(Vec::len), Some(2), "beside the call that goes on");
    assert_eq!(phone.requests("answer", second.about_invitation("accept")).await.kind, "invitation_accepted");
    carols.receives("participant_updated").await;
    for device in [&mut caller, &mut phone] {
        let ended = device.receives("meeting_ended").await;
        assert_eq!(
            (ended.meeting_id.as_deref(), &ended.body["reason"]),
            (Some(first.meeting_id.as_str()), &json!("completed")),
            "the first call is left"
        );
    }
    let dave = User::new("Dave").on("phone").await;
    let busy = json_of(&dave.requests("create-meeting", direct(&bob)).await);
    assert_eq!(
        busy["invitations"][0]["state"], "user_busy",
        "the end of the first call does not free the second"
    );
}

#[tokio::test]
async fn t16_calls_that_may_wait_do_not_meet() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    rings(&mut caller, &bob, &mut phone).await;
    let mut waiting = direct(&alice);
    waiting["policy"] = json!({"busy": "ring"});
    let created = phone.requests("create-meeting", waiting).await;
    assert_eq!(created.kind, "meeting_created");
    assert_eq!(caller.receives("invitation").await.meeting_id, created.meeting_id);
}
