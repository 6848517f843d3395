//! Round trips of requests to the table, counted where the functions' HTTP calls arrive.

use crate::calls::{direct, rings, talks};
use crate::device::Device;
use crate::journal;
use crate::user::User;

/// Limit of sequential round trips to the table before the answer to a request.
pub const MOST: usize = 2;

/// The cost of a lost commit: the meeting is read again, and another commit is tried.
const ANOTHER_ROUND: usize = 2;

/// Checks that each request of the device to this function costs at most [`MOST`] round trips. Reports of other devices
/// are handled at the same time, so that a request may need another round.
pub async fn was_cheap(device: &Device, function: &str) {
    cost_at_most(MOST, device, function).await;
}

/// Checks that each request of the device to this function costs at most `most` round trips.
pub async fn cost_at_most(most: usize, device: &Device, function: &str) {
    let of_function = |done: &[journal::Invocation]| done.iter().any(|one| one.function == function);
    let invocations = journal::until(device.client_id(), of_function).await;
    for invocation in invocations.iter().filter(|one| one.function == function) {
        let round_trips = invocation.round_trips_before_the_answer_to(device.client_id());
        let lost = invocation.commits_lost_before_the_answer_to(device.client_id());
        assert!((1..=most + ANOTHER_ROUND * lost).contains(&round_trips), "{function}: {invocation:#?}");
    }
}

// Proves: round-trips
#[tokio::test]
async fn create_ringing_accept_report_token_and_leave_cost_two_round_trips_at_most() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let _tablet = bob.on("tablet").await;
    let call = rings(&mut caller, &bob, &mut phone).await;
    was_cheap(&caller, "create-meeting").await;
    phone.sends_once("answer", call.about_invitation("ringing")).await;
    was_cheap(&phone, "answer").await;
    phone.requests("answer", call.about_invitation("accept")).await;
    was_cheap(&phone, "answer").await;
    phone.sends_once("attend", call.joined()).await;
    phone.requests("attend", call.request("refresh_token")).await;
    phone.requests("attend", call.request("leave")).await;
    was_cheap(&phone, "attend").await;
}

// Proves: round-trips
#[tokio::test]
async fn reject_and_destroy_cost_two_round_trips_at_most() {
    let (alice, bob) = (User::new("Alice"), User::new("Bob"));
    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    let call = rings(&mut caller, &bob, &mut phone).await;
    phone.requests("answer", call.about_invitation("reject")).await;
    was_cheap(&phone, "answer").await;
    caller.receives("meeting_ended").await;
    let call = talks(&mut caller, &bob, &mut phone).await;
    caller.requests("destroy", call.request("destroy_meeting")).await;
    was_cheap(&caller, "destroy").await;
}

// Proves: round-trips
#[tokio::test]
async fn looking_at_the_meeting_that_keeps_somebody_busy_costs_one_more() {
    let (alice, bob, carol) = (User::new("Alice"), User::new("Bob"), User::new("Carol"));
    let (mut caller, mut phone, carols) =
        (alice.on("phone").await, bob.on("phone").await, carol.on("phone").await);
    talks(&mut caller, &bob, &mut phone).await;
    carols.requests("create-meeting", direct(&bob)).await;
    let invocations = journal::until(carols.client_id(), |done| !done.is_empty()).await;
    let round_trips = invocations[0].round_trips_before_the_answer_to(carols.client_id());
    assert!((1..=MOST + 1).contains(&round_trips), "{invocations:#?}");
}
