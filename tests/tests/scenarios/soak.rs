//! A steady load of calls of every kind, and a look at what the stack keeps: memory, handles, connections, sessions, items
//! and messages. Between two rounds, the clock moves by days, so that all that has a time of its own comes to its end.
//!
//! `make soak` runs this for minutes and states for each series of samples that it is flat; without `SWITCHBOARD_SOAK_MINUTES`,
//! the test plays a few rounds, so that its end is what counts: nothing may be left of calls that are long over.

mod crew;
mod sample;
mod verdict;

use crate::controls::until;
use crate::stack::Stack;
use crew::{Crew, Round};
use futures::future::join_all;
use sample::{Samples, Taker};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use verdict::Series;

/// Time by which the clock moves between two rounds: longer than a session, an ended meeting or a device is kept.
const BETWEEN_ROUNDS: Duration = Duration::from_hours(8 * 24);
/// Longer than anything is kept.
const LONG_AFTERWARDS: Duration = Duration::from_hours(100 * 24);
/// Rounds and crews of the short test.
const SHORT: (u64, usize) = (2, 1);
/// Crews of a soak.
const CREWS: usize = 2;
/// Time limit until the stack is quiet.
const QUIET_WITHIN: Duration = Duration::from_mins(5);

/// The length of a soak, and the file for its result.
struct Soak {
    minutes: f64,
    file: PathBuf,
}

impl Soak {
    /// The soak that the environment asks for.
    fn wanted() -> Option<Self> {
        let minutes = std::env::var("SWITCHBOARD_SOAK_MINUTES").ok().filter(|minutes| !minutes.is_empty())?;
        let minutes =
            minutes.parse().unwrap_or_else(|_| panic!("SWITCHBOARD_SOAK_MINUTES={minutes}: no number"));
        let file = std::env::var_os("SWITCHBOARD_SOAK_RESULT").expect("SWITCHBOARD_SOAK_RESULT names a file");
        Some(Self { minutes, file: file.into() })
    }

    fn length(&self) -> Duration {
        Duration::from_secs_f64(self.minutes * 60.0)
    }
}

#[tokio::test]
async fn a_steady_load_lets_nothing_grow_and_leaves_nothing_behind() {
    let soak = Soak::wanted();
    let stack = Stack::own();
    let crews: Vec<Crew> =
        (0..if soak.is_some() { CREWS } else { SHORT.1 }).map(|_| Crew::new(&stack)).collect();
    let taker = Taker::of(&stack);
    let mut samples = Samples::default();
    let begun = Instant::now();
    let (mut rounds, mut calls) = (0, 0);
    while soak.as_ref().map_or(rounds < SHORT.0, |soak| begun.elapsed() < soak.length()) {
        let round = play_round(&stack, &crews).await;
        calls += round.iter().map(|crew| crew.calls).sum::<u64>();
        samples.add(begun.elapsed(), taker.take(&stack).await);
        join_all(round.into_iter().map(Round::goes_home)).await;
        until_quiet(&stack).await;
        stack.advance_clock(BETWEEN_ROUNDS).await;
        rounds += 1;
        if let Some(soak) = &soak {
            let passed = begun.elapsed().as_secs();
            eprintln!(
                "{passed} of {} s, {rounds} rounds, {calls} calls: {}",
                soak.length().as_secs(),
                samples.last()
            );
        }
    }
    if let Some(soak) = &soak {
        let judged = samples.judged();
        let result = json!({
            "minutes": soak.minutes, "rounds": rounds, "calls": calls, "crews": crews.len(),
            "days_of_the_clock": rounds * BETWEEN_ROUNDS.as_secs() / (24 * 3600),
            "times_s": samples.times_s(), "series": judged.iter().map(Series::to_json).collect::<Vec<_>>(),
        });
        std::fs::write(&soak.file, format!("{result:#}\n")).expect("the result can be written");
        for series in &judged {
            eprintln!("{series}");
        }
        let growing: Vec<String> =
            judged.iter().filter(|series| !series.is_flat()).map(ToString::to_string).collect();
        assert!(growing.is_empty(), "these grow:\n{}", growing.join("\n"));
    }
    is_empty_long_afterwards(&stack).await;
}

/// All crews at once make their calls. In the end they are still connected, and all is quiet.
async fn play_round<'a>(stack: &Stack, crews: &'a [Crew]) -> Vec<Round<'a>> {
    let mut round = join_all(crews.iter().map(Crew::connects)).await;
    until_quiet(stack).await;
    join_all(round.iter_mut().map(Round::talks)).await;
    until_quiet(stack).await;
    join_all(round.iter_mut().map(Round::is_back)).await;
    until_quiet(stack).await;
    join_all(round.iter_mut().map(Round::ends)).await;
    join_all(round.iter_mut().map(Round::returns)).await;
    until_quiet(stack).await;
    join_all(round.iter_mut().map(Round::meets)).await;
    until_quiet(stack).await;
    round
}

/// Waits until nothing runs and no message waits for its delivery. On a busy machine a function may fail, and its message
/// comes again after a minute.
async fn until_quiet(stack: &Stack) {
    let deadline = Instant::now() + QUIET_WITHIN;
    loop {
        let gauges = stack.get("/local/gauges").await;
        let mut queues = gauges["queues"].as_object().expect("queues").values();
        let in_flight = queues.any(|queue| queue["in_flight"] != 0);
        if gauges["waiting_events"] == 0 && gauges["broker"]["direct_messages"] == 0 && !in_flight {
            return;
        }
        assert!(Instant::now() < deadline, "never quiet: {gauges}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Without any device, and when all times are over, the stack keeps nothing.
async fn is_empty_long_afterwards(stack: &Stack) {
    stack.advance_clock(LONG_AFTERWARDS).await;
    let nothing =
        json!({"connections": 0, "clients": 0, "sessions": 0, "subscriptions": 0, "direct_messages": 0});
    until(&format!("the broker keeps nothing: {nothing}"), async || {
        stack.get("/local/gauges").await["broker"] == nothing
    })
    .await;
    until("every item has expired but the settings, which have no end", async || {
        // Late deadlines write items with an expiry of their own. A message in flight would count as received
        // once more for each move of the clock.
        until_quiet(stack).await;
        stack.advance_clock(LONG_AFTERWARDS).await;
        let mut items = stack.items().await;
        items.retain(|(_, kind)| kind != "settings");
        if !items.is_empty() {
            eprintln!("{} items are left: {:?}", items.len(), &items[..items.len().min(5)]);
        }
        items.is_empty()
    })
    .await;
    until_quiet(stack).await;
    let gauges = stack.get("/local/gauges").await;
    let left = |queue: &Value| queue["visible"] != 0 || queue["delayed"] != 0;
    let queues: Vec<_> =
        gauges["queues"].as_object().expect("queues").iter().filter(|(_, queue)| left(queue)).collect();
    assert!(queues.is_empty(), "messages are left: {queues:?}");
}
