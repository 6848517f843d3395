//! Calls of 2 to 30 terminals over the processes of a laptop stack, under random faults. A seed is one run: its users and their
//! terminals do what the script of the seed says while the stack's switches inject faults; then the faults end, the clock is
//! moved, and everything must be in order. The script and the faults depend on the seed alone; the order in which processes
//! and threads run does not. `docs/reliability.md` describes the promises.

mod checks;
#[path = "../scenarios/controls.rs"]
#[expect(dead_code, reason = "the scenarios use more of it")]
mod controls;
#[path = "../scenarios/device.rs"]
#[expect(dead_code, reason = "the scenarios use more of it")]
mod device;
mod faults;
#[path = "../scenarios/journal.rs"]
#[expect(dead_code, reason = "the scenarios use more of it")]
mod journal;
mod link;
#[path = "../scenarios/makes.rs"]
#[expect(dead_code, reason = "the scenarios use more of it")]
mod makes;
mod phone;
mod rtc;
#[path = "../scenarios/rtc_service.rs"]
#[expect(dead_code, reason = "the scenarios use more of it")]
mod rtc_service;
mod rtc_webhook;
mod run;
#[path = "../scenarios/stack.rs"]
#[expect(dead_code, reason = "the scenarios use more of it")]
mod stack;
mod summary;
mod table;
mod timeline;
#[path = "../scenarios/user.rs"]
#[expect(dead_code, reason = "the scenarios use more of it")]
mod user;
mod watch;
mod world;

use run::{Place, Plan, run};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use summary::Summary;
use tokio::task::LocalSet;

/// Seeds of one `make test`.
const SEEDS: u64 = 12;
/// Stacks that share the seeds.
const STACKS: u64 = 3;

/// Returns a setting of the test run.
fn setting(name: &str) -> Option<u64> {
    let set = std::env::var(name).ok()?;
    Some(set.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Plays seeds until there are no more, each one at the stack of its kind. A stack that saw a violation is not used again.
fn work(seeds: &Mutex<VecDeque<u64>>, summary: &Mutex<Summary>, shows: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut places: [Option<Place>; 2] = [None, None];
    loop {
        let Some(seed) = seeds.lock().expect("not poisoned").pop_front() else { return };
        let plan = Plan::of_seed(seed);
        let place = &mut places[usize::from(plan.script.has_rtc)];
        let used = place.take().unwrap_or_else(|| {
            let _guard = runtime.enter();
            Place::start(plan.script.has_rtc)
        });
        let outcome = LocalSet::new().block_on(&runtime, run(&plan, &used, shows));
        if shows {
            println!("{}", plan.faults);
            outcome.lines.iter().for_each(|line| println!("{line}"));
        }
        for violation in &outcome.watch.violations {
            println!("seed {seed}: {violation}");
        }
        if outcome.watch.violations.is_empty() {
            *place = Some(used);
        }
        let terminals = plan.script.devices.len();
        summary.lock().expect("not poisoned").add(seed, terminals, outcome.watch);
    }
}

#[test]
fn every_seed_comes_to_order_over_processes() {
    let one = setting("SWITCHBOARD_SEED");
    let first = one.or_else(|| setting("SWITCHBOARD_FIRST_SEED")).unwrap_or(0);
    let count = one.map_or_else(|| setting("SWITCHBOARD_SEEDS").unwrap_or(SEEDS), |_| 1);
    let stacks = setting("SWITCHBOARD_STACKS").unwrap_or(STACKS).clamp(1, count.max(1));
    let seeds = Arc::new(Mutex::new((first..first + count).collect::<VecDeque<u64>>()));
    let summary = Arc::new(Mutex::new(Summary::default()));
    let began = Instant::now();
    let workers: Vec<_> = (0..stacks)
        .map(|worker| {
            let (seeds, summary) = (Arc::clone(&seeds), Arc::clone(&summary));
            let named = std::thread::Builder::new().name(format!("chaos-{worker}"));
            named.spawn(move || work(&seeds, &summary, one.is_some())).expect("a thread")
        })
        .collect();
    for worker in workers {
        worker.join().expect("a worker does not panic");
    }
    let summary = summary.lock().expect("not poisoned");
    summary.print(began.elapsed());
    for seed in summary.failed.keys() {
        println!("seed {seed}: replay it with `make chaos-stack SEED={seed}`");
    }
    let failed: Vec<u64> = summary.failed.keys().copied().collect();
    assert!(failed.is_empty(), "seeds that violate a promise: {failed:?}");
}
