//! The faults of a run, by the switches of the laptop stack: kinds, rates and outages, all from the seed.

use serde_json::{Value, json};
use simulator::dice::{Dice, mix};

/// A fault that a run may have: the switch, without its rate.
#[derive(Debug, Clone)]
pub struct Switch {
    /// The fault in plain words.
    pub words: &'static str,
    /// Highest rate, in cases of 10 000.
    most: u64,
    fault: fn() -> Value,
}

/// Every fault with its highest rate.
pub const SWITCHES: &[Switch] = &[
    switch("request lost before its function", 800, || json!({"kind": "drop_invoke", "only": "-up/"})),
    switch("request delivered again", 800, || json!({"kind": "duplicate_invoke", "only": "-up/"})),
    switch("request delivered twice at once", 800, || json!({"kind": "race_invoke", "only": "-up/"})),
    switch("request late", 800, || json!({"kind": "delay_invoke", "only": "-up/", "delay_ms": 20_000})),
    switch("request overtaken", 800, || json!({"kind": "reorder_invoke", "only": "-up/", "delay_ms": 8_000})),
    switch("function killed before a call", 60, || json!({"kind": "kill_before_call"})),
    switch("function killed after a call", 60, || json!({"kind": "kill_after_call"})),
    switch("table throttles", 400, || json!({"kind": "throttle_table"})),
    switch("table fails", 400, || json!({"kind": "fail_table"})),
    switch("table slow", 200, || json!({"kind": "slow_table", "delay_ms": 600})),
    switch("table writes, and its answer is lost", 600, || json!({"kind": "lose_table_answer"})),
    switch("another transaction works on the item", 600, || json!({"kind": "conflict_table"})),
    switch("data plane fails", 600, || json!({"kind": "fail_publish", "status": 500})),
    switch("data plane throttles", 600, || json!({"kind": "fail_publish", "status": 429})),
    switch("data plane publishes, and its answer is lost", 600, || json!({"kind": "lose_publish_answer"})),
    switch("downlink lost", 600, || json!({"kind": "drop_publish", "only": "-dn/"})),
    switch("downlink delivered twice", 600, || json!({"kind": "duplicate_publish", "only": "-dn/"})),
    switch("downlink late", 600, || json!({"kind": "delay_publish", "only": "-dn/", "delay_ms": 5_000})),
    switch("direct message refused", 800, || json!({"kind": "fail_direct", "status": 404})),
    switch("direct message confirmed too late", 800, || json!({"kind": "lose_direct_answer"})),
    switch("look-up of a connection throttled", 800, || json!({"kind": "fail_connection", "status": 429})),
    switch("queue fails", 800, || json!({"kind": "fail_queue"})),
    switch("nudge lost", 1_200, || json!({"kind": "drop_message"})),
    switch("nudge delivered twice", 800, || json!({"kind": "duplicate_message"})),
    switch("nudge late", 800, || json!({"kind": "delay_message", "delay_ms": 90_000})),
    switch("sweep left out", 2_000, || json!({"kind": "drop_invoke", "only": "schedule "})),
    switch("RTC service down", 1_200, || json!({"kind": "fail_rtc"})),
    switch("RTC service answers wrongly", 800, || json!({"kind": "garble_rtc"})),
    switch("RTC service acts, and its answer is lost", 600, || json!({"kind": "lose_rtc_answer"})),
    switch("RTC service slow", 300, || json!({"kind": "slow_rtc", "delay_ms": 600})),
    switch("callback lost", 1_200, || json!({"kind": "drop_callback"})),
    switch("callback delivered twice", 800, || json!({"kind": "duplicate_callback"})),
    switch("callback late", 800, || json!({"kind": "delay_callback", "delay_ms": 30_000})),
    switch("lifecycle event lost", 800, || json!({"kind": "drop_invoke", "only": "$aws/"})),
    switch("lifecycle event delivered again", 800, || json!({"kind": "duplicate_invoke", "only": "$aws/"})),
    switch(
        "lifecycle event late",
        800,
        || json!({"kind": "delay_invoke", "only": "$aws/", "delay_ms": 30_000}),
    ),
];

const fn switch(words: &'static str, most: u64, fault: fn() -> Value) -> Switch {
    Switch { words, most, fault }
}

/// The faults of one run.
#[derive(Debug, Clone, Default)]
pub struct FaultPlan {
    pub seed: u64,
    /// Switches with their rates.
    pub rates: Vec<(&'static Switch, u64)>,
    /// Switches for which every case is a fault, with the begin and the end of that in milliseconds since the start.
    pub outages: Vec<(&'static Switch, i64, i64)>,
    /// Times at which the broker restarts, and whether it keeps the sessions.
    pub restarts: Vec<(i64, bool)>,
    /// Milliseconds by which the clocks of broker and RTC service are ahead.
    pub skew_ms: (i64, i64),
    /// End of the faults, in milliseconds since the start.
    pub until_ms: i64,
}

impl std::fmt::Display for FaultPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (switch, rate) in &self.rates {
            writeln!(f, "{}: {rate} of 10000 cases", switch.words)?;
        }
        for (switch, from, to) in &self.outages {
            writeln!(f, "{}: each case from {from} ms to {to} ms", switch.words)?;
        }
        for (at_ms, keeps) in &self.restarts {
            writeln!(f, "broker restarts at {at_ms} ms, sessions kept: {keeps}")?;
        }
        write!(f, "clocks of broker and RTC service ahead by {:?} ms", self.skew_ms)
    }
}

impl FaultPlan {
    /// Chooses faults. One seed of eight has none.
    pub fn of_seed(seed: u64, until_ms: i64) -> Self {
        let mut plan = Self { seed, until_ms, ..Self::default() };
        if seed.is_multiple_of(8) {
            return plan;
        }
        let mut dice = Dice::new(&[seed, 21]);
        for switch in SWITCHES {
            // A third of the kinds, each at a part of its highest rate.
            if dice.percent(33) {
                let part = [10, 30, 100][dice.index(3)];
                plan.rates.push((switch, (switch.most * part / 100).max(1)));
            }
        }
        for _ in 0..dice.index(3) {
            let from = dice.between(0, until_ms);
            let longest = if dice.percent(50) { 60_000 } else { 8_000 };
            let to = (from + dice.between(500, longest)).min(until_ms);
            plan.outages.push((&SWITCHES[dice.index(SWITCHES.len())], from, to));
        }
        if dice.percent(12) {
            plan.restarts.push((dice.between(0, until_ms), dice.percent(50)));
        }
        if dice.percent(20) {
            let mut skew = || dice.between(-110_000, 110_000);
            plan.skew_ms = (skew(), skew());
        }
        plan
    }

    /// Returns whether this run has no faults.
    pub fn is_empty(&self) -> bool {
        self.rates.is_empty() && self.outages.is_empty() && self.restarts.is_empty() && self.skew_ms == (0, 0)
    }

    /// Returns the times at which the outages change.
    pub fn changes(&self) -> Vec<i64> {
        self.outages.iter().flat_map(|(_, from, to)| [*from, *to]).collect()
    }

    /// Returns the faults to arm at this time, for the stack's switches.
    pub fn at(&self, now_ms: i64) -> Vec<Value> {
        if now_ms >= self.until_ms {
            return Vec::new();
        }
        let out = self.outages.iter().filter(|(_, from, to)| *from <= now_ms && now_ms < *to);
        let out = out.map(|(switch, ..)| (*switch, 10_000));
        let rated = self.rates.iter().copied();
        // The occasions are counted anew from each change on.
        let seed = mix(&[self.seed, now_ms.cast_unsigned()]);
        let armed = |(switch, rate): (&Switch, u64)| {
            let mut fault = (switch.fault)();
            fault["rate"] = json!(rate);
            fault["seed"] = json!(seed);
            fault
        };
        out.chain(rated).map(armed).collect()
    }
}
