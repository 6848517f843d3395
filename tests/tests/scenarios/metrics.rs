//! Metrics: each one that the service can write is written when its event happens, and the laptop stack adds them up.

use crate::calls::{group, rings};
use crate::controls::until;
use crate::raw::Raw;
use crate::rtc_service::{Fault, RtcService};
use crate::stack::{Stack, client};
use crate::user::{User, now_seconds};
use serde_json::json;
use switchboard_service::metrics::Metric;
use terminal::{Terminal, development_jwt};

impl Stack {
    /// The text of `/metrics`.
    async fn metrics(&self) -> String {
        let response =
            client().get(format!("{}/metrics", self.http)).send().await.expect("the stack answers");
        response.text().await.expect("text")
    }
}

/// The sum of a metric over all functions; of a time, the number of its values.
fn total(text: &str, metric: Metric) -> f64 {
    let name = metric.name().chars().fold(String::from("switchboard"), |name, letter| {
        let separator = if letter.is_ascii_uppercase() { "_" } else { "" };
        format!("{name}{separator}{}", letter.to_ascii_lowercase())
    });
    let name =
        if metric.is_time() { format!("{name}_milliseconds_count{{") } else { format!("{name}_total{{") };
    let values = text.lines().filter(|line| line.starts_with(&name));
    values.map(|line| line.rsplit(' ').next().expect("a value").parse::<f64>().expect("a number")).sum()
}

#[tokio::test]
async fn every_metric_is_written_when_its_event_happens() {
    let rtc = RtcService::start();
    let stack = rtc.stack();
    let user = |name| User::at(&stack, name);
    let (alice, bob, carol, dave) = (user("Alice"), user("Bob"), user("Carol"), user("Dave"));

    // Carol's device has a queue, and Dave's has none.
    carol.online("phone").await.disconnects().await;
    drop(
        Raw::connect(&dave, dave.client_id("phone").as_str()).await.expect("the broker accepts a known user"),
    );
    stack.until_presence_event("disconnected", dave.client_id("phone").as_str(), 0).await;
    let stranger = development_jwt("another secret", dave.id.as_str(), None, now_seconds() + 3600);
    Terminal::connect(dave.config_with("tablet", stranger)).await.expect_err("the token is not valid");

    let (mut caller, mut phone) = (alice.on("phone").await, bob.on("phone").await);
    // A direct call rings with a confirmation. Its first commit comes second, and no channel can be closed at its end.
    stack.inject_fault(json!({"function": "answer", "kind": "conflict_table"})).await;
    let call = rings(&mut caller, &bob, &mut phone).await;
    phone.requests("answer", call.about_invitation("accept")).await;
    rtc.fails("DeleteRoom", Fault::Status(500), 10);
    stack.inject_fault(json!({"function": "destroy", "kind": "fail_publish", "times": 20})).await;
    caller.sends_once("destroy", call.request("destroy_meeting")).await;
    until("the meeting has ended", async || total(&stack.metrics().await, Metric::MeetingsEnded) > 0.0).await;
    stack.remove_faults().await;
    // A group rings without a confirmation.
    caller.requests("create-meeting", group(&[&bob, &carol, &dave])).await;
    caller.is_refused("create-meeting", json!({"type": "create_meeting"})).await;
    stack.inject_fault(json!({"function": "attend", "kind": "fail_table", "times": 20})).await;
    let refused = phone.is_refused("attend", call.request("leave")).await;
    assert_eq!(refused.code, "unavailable");

    let missing = async || {
        let text = stack.metrics().await;
        Metric::ALL.iter().filter(|metric| total(&text, **metric) == 0.0).collect::<Vec<_>>()
    };
    until("every metric is above zero", async || {
        let missing = missing().await;
        if !missing.is_empty() {
            eprintln!("not written yet: {missing:?}");
        }
        missing.is_empty()
    })
    .await;
}
