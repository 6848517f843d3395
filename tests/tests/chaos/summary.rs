//! Adds up the outcomes of many runs and prints them.

use crate::watch::Watch;
use std::collections::BTreeMap;
use std::time::Duration;

/// Sums over all runs.
#[derive(Debug, Default)]
pub struct Summary {
    pub seeds: u64,
    faults: BTreeMap<String, [u64; 2]>,
    sums: BTreeMap<&'static str, u64>,
    /// Seeds with a violation, with their violations.
    pub failed: BTreeMap<u64, Vec<String>>,
}

impl Summary {
    pub fn add(&mut self, seed: u64, terminals: usize, watch: Watch) {
        self.seeds += 1;
        for (kind, count) in watch.faults {
            let sum = self.faults.entry(kind).or_default();
            *sum = [sum[0] + count, sum[1] + 1];
        }
        let [meetings, calls, lost] = watch.meetings;
        for (name, count) in [
            ("terminals", terminals as u64),
            ("meetings", meetings),
            ("calls with users in the media", calls),
            ("calls that ended as lost or failed", lost),
            ("requests", watch.requests),
            ("requests answered", watch.answered),
            ("requests refused", watch.refused),
            ("requests given up after three copies", watch.given_up),
            ("invocations", watch.invocations),
            ("callbacks of the RTC service", watch.callbacks),
            ("gaps that terminals noticed", watch.gaps),
            ("failed invocations, each hit by a fault", watch.dead_letters),
            ("failed invocations without a fault, on a slow machine", watch.slow),
            ("meetings kept by an app that restarted unheard", watch.forgotten),
        ] {
            *self.sums.entry(name).or_default() += count;
        }
        if !watch.violations.is_empty() {
            self.failed.insert(seed, watch.violations);
        }
    }

    pub fn print(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        println!("{} seeds in {seconds:.1} s", self.seeds);
        println!("\n| fault | injected | in seeds |\n|---|---|---|");
        for (kind, [count, seeds]) in &self.faults {
            println!("| `{kind}` | {count} | {seeds} |");
        }
        println!("\n| result | count |\n|---|---|");
        for (name, count) in &self.sums {
            println!("| {name} | {count} |");
        }
        println!("\n{} seeds with a violation", self.failed.len());
        for (seed, violations) in &self.failed {
            println!("seed {seed}: {}", violations.join("; "));
        }
    }
}
