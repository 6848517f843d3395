//! Makes a failing plan smaller, as long as it fails with a violation of the same kind.

use crate::run::{Keep, Plan, run};

/// Maximum number of runs of one shrink.
const MOST_RUNS: usize = 400;

struct Shrinker {
    plan: Plan,
    kind: String,
    left: usize,
}

/// Returns the kind of a violation: its words without times, names and ids.
fn kind(violation: &str) -> String {
    let words = violation.split_once("s: ").map_or(violation, |(_, words)| words);
    let is_word = |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase() || c == ':');
    words.split_whitespace().filter(is_word).take(12).collect::<Vec<_>>().join(" ")
}

/// Returns a smaller plan that fails in the same way, and the number of its faults.
pub fn shrink(plan: &Plan) -> (Plan, usize) {
    let first = run(plan, Keep::Counts);
    let Some(violation) = first.watch.violations.first() else { return (plan.clone(), 0) };
    let mut shrinker = Shrinker { plan: plan.clone(), kind: kind(violation), left: MOST_RUNS };
    shrinker.drop_steps();
    shrinker.drop_faults();
    shrinker.drop_devices();
    shrinker.drop_steps();
    shrinker.drop_faults();
    let faults = run(&shrinker.plan, Keep::Counts).log.places.len();
    (shrinker.plan, faults)
}

impl Shrinker {
    /// Keeps the plan if it fails in the same way.
    fn try_plan(&mut self, plan: Plan) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let fails = run(&plan, Keep::Counts).watch.violations.iter().any(|found| kind(found) == self.kind);
        if fails {
            self.plan = plan;
        }
        fails
    }

    /// Leaves out steps: halves first, then smaller parts, then single ones.
    fn drop_steps(&mut self) {
        let mut size = self.plan.script.steps.len().div_ceil(2);
        while size > 0 && self.left > 0 {
            let mut at = 0;
            while at < self.plan.script.steps.len() {
                let mut plan = self.plan.clone();
                let end = (at + size).min(plan.script.steps.len());
                plan.script.steps.drain(at..end);
                if !self.try_plan(plan) {
                    at += size;
                }
            }
            size /= 2;
        }
    }

    /// Leaves out faults, in the same way.
    fn drop_faults(&mut self) {
        let mut places = run(&self.plan, Keep::Counts).log.places;
        let mut size = places.len();
        while size > 0 && self.left > 0 {
            let mut at = 0;
            while at < places.len() && self.left > 0 {
                let end = (at + size).min(places.len());
                let mut plan = self.plan.clone();
                plan.faults.suppressed.extend(&places[at..end]);
                if self.try_plan(plan) {
                    // Without these faults, others may have happened.
                    places = run(&self.plan, Keep::Counts).log.places;
                } else {
                    at += size;
                }
            }
            size /= 2;
        }
    }

    /// Leaves devices off.
    fn drop_devices(&mut self) {
        for device in 0..self.plan.script.devices.len() {
            let mut plan = self.plan.clone();
            plan.script.off.insert(device);
            self.try_plan(plan);
        }
    }
}
