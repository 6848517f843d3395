//! Real races: two requests at once, or a request and the clock. Exactly one wins, the other is refused with the reason,
//! and in the end both sides see the same state.

use crate::calls::{Call, direct, group};
use crate::device::{Device, refusal, request};
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};
use std::time::Duration;
use terminal::{ReceivedDownlink, RequestError};

const ROUNDS: usize = 20;

/// Alice, who calls, and Bob, the callee with two devices.
struct Pair {
    bob: User,
    caller: Device,
    phone: Device,
    tablet: Device,
}

impl Pair {
    async fn on(stack: &Stack) -> Self {
        let (alice, bob) = (User::at(stack, "Alice"), User::at(stack, "Bob"));
        let caller = alice.on("phone").await;
        let (phone, tablet) = (bob.on("phone").await, bob.on("tablet").await);
        Self { bob, caller, phone, tablet }
    }

    /// Starts a call that rings on both devices.
    async fn rings(&mut self, mut create: Value) -> Call {
        create["ring_seconds"] = json!(30);
        let call = Call::to(&self.caller.requests("create-meeting", create).await, &self.bob);
        for device in [&mut self.phone, &mut self.tablet] {
            let offer = |news: &ReceivedDownlink| news.body["invite_id"] == json!(call.invite_id);
            device.receives_that("invitation", offer).await;
        }
        call
    }

    /// Checks that both sides see the same state, or that Bob sees none if he is not in; returns the caller's meetings.
    async fn assert_same_state(&self) -> Value {
        let pictures: [Value; 3] =
            tokio::join!(self.caller.syncs(), self.phone.syncs(), self.tablet.syncs()).into();
        let [callers, phones, tablets] = pictures.each_ref().map(|state| {
            let meetings = state["meetings"].as_array().expect("a list");
            let picture = |meeting: &Value| json!([meeting["rev"], meeting["participants"]]);
            meetings.iter().map(picture).collect::<Vec<_>>()
        });
        let bob_is_in = callers.iter().any(|picture| picture[1][1]["state"] == "accepted");
        assert_eq!(phones, if bob_is_in { callers } else { Vec::new() });
        assert_eq!(phones, tablets);
        assert_eq!(pictures[1]["invitations"], json!([]), "no invitation is open");
        pictures[0]["meetings"].clone()
    }

    /// The types of all notices so far, oldest first. A repeated closing counts once: it is published again if an offer may
    /// have been queued behind it.
    async fn notices(&mut self) -> [Vec<String>; 3] {
        let causes = [&self.caller, &self.phone, &self.tablet].map(|device| device.client_id().to_owned());
        let causes = causes.each_ref().map(String::as_str);
        let mut news: [Vec<String>; 3] = tokio::join!(
            self.caller.remaining_notices(&causes),
            self.phone.remaining_notices(&causes),
            self.tablet.remaining_notices(&causes),
        )
        .into();
        for news in &mut news {
            let mut closed = false;
            news.retain(|kind| kind != "invitation_closed" || !std::mem::replace(&mut closed, true));
        }
        news
    }

    /// Ends the call, so that all users are free for the next round.
    async fn end(&mut self, call: &Call) {
        self.caller.requests("destroy", call.request("destroy_meeting")).await;
        self.notices().await;
    }
}

fn code(outcome: Result<ReceivedDownlink, RequestError>) -> (String, Option<String>) {
    let refused = refusal(outcome);
    (refused.code, refused.reason)
}

fn count(news: &[String], kind: &str) -> usize {
    news.iter().filter(|one| *one == kind).count()
}

// Proves: races
#[tokio::test]
async fn t6_t7_two_devices_accept_at_once_and_one_of_them_has_the_call() {
    let mut pair = Pair::on(Stack::shared()).await;
    let mut phones = 0;
    for round in 0..ROUNDS {
        let call = pair.rings(direct(&pair.bob)).await;
        let accept = || request("answer", call.about_invitation("accept"));
        let (first, second) = (accept(), accept());
        // The order of the two requests alternates.
        let (phone, tablet) = if round % 2 == 0 {
            tokio::join!(
                pair.phone.terminal.request_uplink(&first),
                pair.tablet.terminal.request_uplink(&second)
            )
        } else {
            let (tablet, phone) = tokio::join!(
                pair.tablet.terminal.request_uplink(&second),
                pair.phone.terminal.request_uplink(&first)
            );
            (phone, tablet)
        };
        let phone_won = phone.is_ok();
        let (won, lost) = if phone_won { (phone, tablet) } else { (tablet, phone) };
        let won = won.expect("one of the requests wins");
        assert!(won.kind == "invitation_accepted" && won.body.contains_key("join"), "{won:?}");
        assert_eq!(code(lost), ("already_answered".to_owned(), None), "round {round}");

        let meetings = pair.assert_same_state().await;
        assert_eq!(meetings[0]["participants"][1]["state"], "accepted");
        let [callers, phones_news, tablets_news] = pair.notices().await;
        let (winners, losers) =
            if phone_won { (phones_news, tablets_news) } else { (tablets_news, phones_news) };
        assert_eq!(callers, ["participant_updated"], "round {round}");
        assert_eq!(winners, Vec::<String>::new(), "round {round}");
        assert_eq!(losers, ["invitation_closed"], "round {round}: it stops ringing");
        let (winner, loser) =
            if phone_won { (&pair.phone, &pair.tablet) } else { (&pair.tablet, &pair.phone) };
        assert_eq!(winner.requests("attend", call.request("refresh_token")).await.kind, "token");
        assert_eq!(loser.is_refused("attend", call.request("refresh_token")).await.code, "not_admitted");
        phones += usize::from(phone_won);
        pair.end(&call).await;
    }
    println!("the phone won {phones} of {ROUNDS} rounds");
}

/// Bob accepts while Alice cancels the invitation, in a call made by `create`. `lost` is the refusal of an accept that comes
/// too late.
async fn accept_against_cancel(create: impl Fn(&User) -> Value, lost: (&str, Option<&str>)) {
    let mut pair = Pair::on(Stack::shared()).await;
    let mut accepts = 0;
    for round in 0..ROUNDS {
        let call = pair.rings(create(&pair.bob)).await;
        let accept = request("answer", call.about_invitation("accept"));
        let cancel = request("invite", call.request("cancel_invite"));
        let (accepted, cancelled) = if round % 2 == 0 {
            tokio::join!(
                pair.phone.terminal.request_uplink(&accept),
                pair.caller.terminal.request_uplink(&cancel)
            )
        } else {
            let (cancelled, accepted) = tokio::join!(
                pair.caller.terminal.request_uplink(&cancel),
                pair.phone.terminal.request_uplink(&accept)
            );
            (accepted, cancelled)
        };
        assert_ne!(accepted.is_ok(), cancelled.is_ok(), "round {round}: {accepted:?} {cancelled:?}");
        let meetings = pair.assert_same_state().await;
        let [callers, _, tablets] = pair.notices().await;
        if accepted.is_ok() {
            assert_eq!(code(cancelled), ("already_answered".to_owned(), None), "round {round}");
            assert_eq!(meetings[0]["participants"][1]["state"], "accepted");
            assert_eq!(callers, ["participant_updated"], "round {round}");
            assert_eq!(tablets, ["invitation_closed"], "round {round}");
            accepts += 1;
        } else {
            let outcome = code(accepted);
            assert_eq!((outcome.0.as_str(), outcome.1.as_deref()), lost, "round {round}");
            let cancelled = cancelled.expect("one of them wins");
            assert_eq!(cancelled.body["invitations"][0]["state"], "cancelled", "round {round}");
            assert_eq!(tablets, ["invitation_closed", "missed_call"], "round {round}");
            // A group stays live, so its members are notified of the end of the invitation. A direct call ends with the
            // invitation.
            let told = usize::from(lost.0 == "invitation_cancelled");
            assert_eq!(count(&callers, "participant_updated"), told, "round {round}: {callers:?}");
        }
        pair.end(&call).await;
    }
    println!("the accept won {accepts} of {ROUNDS} rounds");
}

// Proves: races
#[tokio::test]
async fn t12_accept_and_cancel_of_a_direct_call_at_once_have_one_winner() {
    accept_against_cancel(direct, ("meeting_ended", Some("cancelled"))).await;
}

// Proves: races
#[tokio::test]
async fn t12_accept_and_cancel_in_a_group_at_once_have_one_winner() {
    accept_against_cancel(|bob| group(&[bob]), ("invitation_cancelled", None)).await;
}

/// Bob accepts while the clock passes the end of the ring, in a call made by `create`.
async fn accept_against_time_out(create: impl Fn(&User) -> Value, lost: (&str, Option<&str>)) {
    let stack = Stack::own();
    let mut pair = Pair::on(&stack).await;
    let mut accepts = 0;
    for round in 0..ROUNDS {
        let call = pair.rings(create(&pair.bob)).await;
        // Shortly before the end of the ring, its grace and the timer's delay.
        stack.advance_clock_when_idle(Duration::from_millis(31_500)).await;
        let accept = request("answer", call.about_invitation("accept"));
        let passes = stack.advance_clock(Duration::from_secs(3));
        let accepted = if round % 2 == 0 {
            tokio::join!(pair.phone.terminal.request_uplink(&accept), passes).0
        } else {
            tokio::join!(passes, pair.phone.terminal.request_uplink(&accept)).1
        };
        stack.wake_meeting(&call.meeting_id).await;
        let meetings = pair.assert_same_state().await;
        let [callers, _, tablets] = pair.notices().await;
        if let Ok(accepted) = accepted {
            assert_eq!(accepted.kind, "invitation_accepted");
            assert_eq!(meetings[0]["participants"][1]["state"], "accepted");
            assert_eq!(
                callers,
                ["participant_updated"],
                "round {round}: no device is notified of a time-out"
            );
            assert_eq!(tablets, ["invitation_closed"], "round {round}");
            accepts += 1;
        } else {
            let outcome = code(accepted);
            assert_eq!((outcome.0.as_str(), outcome.1.as_deref()), lost, "round {round}");
            assert_eq!(count(&callers, "participant_updated"), 0, "round {round}: {callers:?}");
            assert_eq!(count(&callers, "invitation_updated"), 1, "round {round}: {callers:?}");
            assert_eq!(tablets, ["invitation_closed", "missed_call"], "round {round}");
        }
        pair.end(&call).await;
    }
    println!("the accept won {accepts} of {ROUNDS} rounds");
}

// Proves: races
#[tokio::test]
async fn t13_accept_and_the_end_of_the_ring_of_a_direct_call_at_once_have_one_winner() {
    accept_against_time_out(direct, ("meeting_ended", Some("no_answer"))).await;
}

// Proves: races
#[tokio::test]
async fn t13_accept_and_the_end_of_the_ring_in_a_group_at_once_have_one_winner() {
    // Devices that report ringing: in a group the broker does not confirm the delivery of an offer.
    accept_against_time_out(|bob| group(&[bob]), ("invitation_expired", None)).await;
}
