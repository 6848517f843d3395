//! Adds up the outcomes of many runs and prints them.

use crate::faults::Fault;
use crate::run::Outcome;
use std::collections::BTreeMap;
use std::time::Duration;

/// Sums over all runs.
#[derive(Debug, Default)]
pub struct Summary {
    pub seeds: u64,
    faults: BTreeMap<Fault, u64>,
    /// Number of seeds in which a kind of fault happened.
    seeds_with: BTreeMap<Fault, u64>,
    sums: BTreeMap<&'static str, u64>,
    longest: BTreeMap<&'static str, i64>,
    /// Seeds with a violation, with their violations.
    pub failed: Vec<(u64, Vec<String>)>,
}

impl Summary {
    pub fn add(&mut self, seed: u64, is_quiet: bool, outcome: Outcome) {
        self.seeds += 1;
        for (kind, count) in outcome.log.count {
            *self.faults.entry(kind).or_default() += count;
            *self.seeds_with.entry(kind).or_default() += 1;
        }
        let watch = outcome.watch;
        let sums = [
            ("meetings", outcome.meetings),
            ("calls with users in the media", outcome.calls),
            ("calls that ended as lost or failed", outcome.lost),
            ("requests", watch.requests),
            ("requests answered", watch.answered),
            ("requests refused", watch.refused),
            ("requests given up after three copies", watch.given_up),
            ("invocations", watch.invocations),
            ("commits", watch.commits),
            ("gaps that terminals noticed", watch.gaps),
            ("dead letters", watch.dead_letters),
            ("meetings kept by an app whose restart went unnoticed", watch.forgotten),
        ];
        for (name, count) in sums {
            *self.sums.entry(name).or_default() += count;
        }
        let of = if is_quiet {
            [
                ("channel open after its meeting, without faults", watch.longest_open_ms),
                ("device in such a channel, without faults", watch.longest_billed_ms),
            ]
        } else {
            [
                (
                    "channel open after its meeting, from the last fault on",
                    watch.longest_open_after_faults_ms,
                ),
                ("device in such a channel, from the last fault on", watch.longest_billed_after_faults_ms),
            ]
        };
        for (name, ms) in of {
            let longest = self.longest.entry(name).or_default();
            *longest = (*longest).max(ms);
        }
        if !watch.violations.is_empty() {
            self.failed.push((seed, watch.violations));
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.seeds += other.seeds;
        for (kind, count) in other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
        for (kind, count) in other.seeds_with {
            *self.seeds_with.entry(kind).or_default() += count;
        }
        for (name, count) in other.sums {
            *self.sums.entry(name).or_default() += count;
        }
        for (name, ms) in other.longest {
            let longest = self.longest.entry(name).or_default();
            *longest = (*longest).max(ms);
        }
        self.failed.extend(other.failed);
        self.failed.sort();
    }

    pub fn print(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let seeds = u32::try_from(self.seeds).map_or(0.0, f64::from);
        println!("{} seeds in {seconds:.1} s: {:.0} a minute", self.seeds, seeds * 60.0 / seconds);
        println!("\n| fault | injected | in seeds |\n|---|---|---|");
        for kind in Fault::ALL {
            let count = |counts: &BTreeMap<Fault, u64>| counts.get(kind).copied().unwrap_or_default();
            println!("| {} | {} | {} |", kind.words(), count(&self.faults), count(&self.seeds_with));
        }
        println!("\n| result | count |\n|---|---|");
        for (name, count) in &self.sums {
            println!("| {name} | {count} |");
        }
        println!("\n| longest time | seconds |\n|---|---|");
        for (name, ms) in &self.longest {
            println!("| {name} | {}.{} |", ms / 1_000, ms % 1_000 / 100);
        }
        println!("\n{} seeds with a violation", self.failed.len());
        for (seed, violations) in &self.failed {
            println!("seed {seed}: {}", violations.first().map_or("", String::as_str));
        }
    }
}
