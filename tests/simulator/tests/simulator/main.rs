//! The real functions, change loop and core, and the real sessions and ringers of terminals, in virtual time and under
//! random faults. A seed determines one whole run: users call each other while parts fail; then the faults end, time
//! passes, and all promises must hold. `docs/reliability.md` describes the faults and the promises.

mod broker;
mod executor;
mod faults;
mod invocation;
mod lambda;
mod phone;
mod ports;
mod properties;
mod rtc;
mod run;
mod shrink;
mod stage;
mod summary;
mod watch;
mod world;

use faults::FaultPlan;
use run::{Keep, Plan, run};
use simulator::dice;
use simulator::script::{Act, Script};
use std::pin::Pin;
use std::time::Duration;
use summary::Summary;
use tokio::time::Instant;

/// Seeds of one `make test`.
const SEEDS: u64 = 200;
/// Threads that share the seeds.
const THREADS: u64 = 2;
/// Failing seeds that are shown with their shortest script.
const SHOWN: usize = 3;

/// Returns a setting of the test run.
fn setting(name: &str) -> Option<u64> {
    let set = std::env::var(name).ok()?;
    Some(set.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

/// Runs on a thread on which the service's waits take virtual time.
fn in_virtual_time<T>(action: impl FnOnce() -> T) -> T {
    switchboard_service::fake::replace_waits(|time| -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(executor::sleep(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)))
    });
    // Time limits of the service require a runtime. The runtime's timers never fire, since a run takes less than a
    // second of real time.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let _guard = runtime.enter();
    action()
}

/// Prints the shortest script that fails like this seed, with its trace.
fn show(seed: u64) {
    let plan = Plan::of_seed(seed);
    let violations = run(&plan, Keep::Counts).watch.violations;
    println!("\nseed {seed}: replay it with `make chaos SEED={seed}`");
    for violation in &violations {
        println!("  {violation}");
    }
    if violations.is_empty() {
        return;
    }
    let (small, faults) = shrink::shrink(&plan);
    println!(
        "shortest: {} devices, {} steps of {}, {faults} faults; RTC service: {}",
        small.script.devices.len() - small.script.off.len(),
        small.script.steps.len(),
        plan.script.steps.len(),
        if small.script.has_rtc { "managed" } else { "none" },
    );
    let outcome = run(&small, Keep::Trace);
    outcome.lines.iter().for_each(|line| println!("{line}"));
    outcome.watch.violations.iter().for_each(|violation| println!("  {violation}"));
}

#[test]
fn every_seed_comes_to_order() {
    if let Some(seed) = setting("SWITCHBOARD_SEED") {
        let is_ok = in_virtual_time(|| {
            show(seed);
            run(&Plan::of_seed(seed), Keep::Counts).watch.violations.is_empty()
        });
        assert!(is_ok, "seed {seed} violates a promise");
        return;
    }
    let seeds = setting("SWITCHBOARD_SEEDS").unwrap_or(SEEDS);
    let first = setting("SWITCHBOARD_FIRST_SEED").unwrap_or(0);
    let threads = setting("SWITCHBOARD_THREADS").unwrap_or(THREADS).max(1);
    let began = Instant::now();
    let workers: Vec<_> = (0..threads)
        .map(|worker| {
            std::thread::spawn(move || {
                in_virtual_time(|| {
                    let mut summary = Summary::default();
                    for seed in (first..first + seeds).filter(|seed| seed % threads == worker) {
                        let plan = Plan::of_seed(seed);
                        summary.add(seed, plan.faults.is_empty(), run(&plan, Keep::Counts));
                    }
                    summary
                })
            })
        })
        .collect();
    let mut summary = Summary::default();
    for worker in workers {
        summary.merge(worker.join().expect("a worker does not panic"));
    }
    summary.print(Instant::now().duration_since(began).max(Duration::from_millis(1)));
    in_virtual_time(|| summary.failed.iter().take(SHOWN).for_each(|(seed, _)| show(*seed)));
    let failed: Vec<u64> = summary.failed.iter().map(|(seed, _)| *seed).collect();
    assert!(failed.is_empty(), "seeds that violate a promise: {failed:?}");
}

/// Short calls, whose functions are killed at each of their awaits, one after the other.
const SHORT: [(u64, Act, &[Act]); 4] = [
    (2, Act::CallOne, &[Act::HangUp]),
    (3, Act::CallOne, &[Act::HangUp]),
    (4, Act::CallGroup, &[Act::Moderate, Act::HangUp]),
    (5, Act::CallGroup, &[Act::Invite, Act::Destroy]),
];

// Proves: crash-retry, crash-wake
#[test]
fn a_function_may_die_at_any_of_its_awaits() {
    let workers = SHORT.map(|(seed, call, then)| {
        std::thread::spawn(move || {
            in_virtual_time(|| {
                let script = Script::short(seed, call, then);
                let faults = FaultPlan { seed, until_ms: script.busy_ms, ..FaultPlan::default() };
                let plan = Plan { script, faults };
                let quiet = run(&plan, Keep::Awaits);
                assert_eq!(quiet.watch.violations, Vec::<String>::new(), "short call {seed}");
                let mut killed = 0;
                for (place, awaits, name) in &quiet.points {
                    for at in 1..=*awaits {
                        let mut plan = plan.clone();
                        plan.faults.kill = Some((*place, at));
                        let outcome = run(&plan, Keep::Counts);
                        killed += u64::from(!outcome.log.places.is_empty());
                        let found = outcome.watch.violations;
                        assert!(
                            found.is_empty(),
                            "short call {seed}, {name} killed at await {at}: {found:?}"
                        );
                    }
                }
                killed
            })
        })
    });
    let killed: u64 = workers.into_iter().map(|worker| worker.join().expect("no violation")).sum();
    println!("{killed} functions were killed, one in each run");
    assert!(killed > 500, "functions were killed");
}

#[test]
fn a_seed_replays_exactly() {
    in_virtual_time(|| {
        for seed in 1..6 {
            let plan = Plan::of_seed(seed);
            let traces = [run(&plan, Keep::Trace).lines, run(&plan, Keep::Trace).lines];
            assert!(traces[0].len() > 20, "seed {seed} does something");
            assert_eq!(traces[0], traces[1], "seed {seed}");
        }
    });
}
