//! The faults that the world injects, by kind.

use crate::dice::{Dice, mix};
use std::collections::{BTreeMap, BTreeSet};

macro_rules! kinds {
    ($($kind:ident $words:literal,)+) => {
        /// The kinds of faults.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $(#[doc = $words] $kind,)+
        }

        impl Fault {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// Returns the description of the kind.
            pub fn words(self) -> &'static str {
                match self {
                    $(Self::$kind => $words,)+
                }
            }
        }
    };
}

kinds! {
    RequestLost "request lost before its function",
    RequestDoubled "request delivered twice",
    RequestDelayed "request delayed by up to 20 s",
    Crash "function killed at one of its awaits",
    TableFails "table refuses or throttles a call",
    TableAnswerLost "table writes, and the call fails",
    TableConflict "another transaction works on the item",
    TableSlow "table slow by up to 4 s",
    PublishFails "data plane refuses a publish",
    PublishAnswerLost "data plane publishes, and the call fails",
    DownlinkLost "downlink lost after the data plane took it",
    DownlinkDoubled "downlink delivered twice",
    DownlinkDelayed "downlink delayed by up to 5 s, past later ones",
    DirectFails "direct message refused",
    ConfirmLate "direct message delivered, confirmation too late",
    LookupThrottled "look-up of a connection throttled",
    QueueFails "delay queue refuses a message",
    NudgeLost "nudge lost",
    NudgeDoubled "nudge delivered twice",
    NudgeLate "nudge late by up to 90 s",
    SweepMissed "sweep left out",
    RtcFails "RTC management call fails",
    RtcAnswerLost "RTC management call carried out, answer lost",
    RtcSlow "RTC management call slow by up to 3 s",
    CallbackLost "callback of the RTC service lost",
    CallbackDoubled "callback delivered twice",
    CallbackDelayed "callback delayed by up to 30 s, past later ones",
    PresenceLost "lifecycle event of the broker lost",
    PresenceDoubled "lifecycle event delivered twice",
    PresenceDelayed "lifecycle event delayed by up to 30 s, past later ones",
}

/// The faults of one run: rates, outages, and the end of all faults.
#[derive(Debug, Clone, Default)]
pub struct FaultPlan {
    pub seed: u64,
    /// Number of faults in 10,000 cases, for each kind.
    pub rates: BTreeMap<Fault, u64>,
    /// Kind, start and end of periods in which every case of the kind is a fault, in milliseconds since the start.
    pub outages: Vec<(Fault, i64, i64)>,
    /// No fault happens from this time on.
    pub until_ms: i64,
    /// Places at which no fault happens, regardless of the rates.
    pub suppressed: BTreeSet<u64>,
    /// Additional place at which a function is killed: the invocation, and the number of the await in it.
    pub kill: Option<(u64, u32)>,
}

/// The faults that happened.
#[derive(Debug, Clone, Default)]
pub struct FaultLog {
    pub count: BTreeMap<Fault, u64>,
    /// Places of the faults, in the order in which they happened.
    pub places: Vec<u64>,
}

impl FaultPlan {
    /// Chooses kinds, rates and outages. One seed of eight has no faults.
    pub fn of_seed(seed: u64, until_ms: i64) -> Self {
        let mut plan = Self { seed, until_ms, ..Self::default() };
        let mut dice = Dice::new(&[seed, 1]);
        if seed.is_multiple_of(8) {
            return plan;
        }
        for kind in Fault::ALL {
            let rate = [0, 0, 0, 0, 50, 150, 400, 1_200][dice.index(8)];
            // A crash and a lost message are decided once for an invocation or a message, the others at each call.
            plan.rates.insert(*kind, rate);
        }
        for _ in 0..dice.index(3) {
            let kinds = [
                Fault::RtcFails,
                Fault::RtcFails,
                Fault::TableFails,
                Fault::QueueFails,
                Fault::PublishFails,
                Fault::SweepMissed,
                Fault::CallbackLost,
                Fault::PresenceLost,
                Fault::NudgeLost,
            ];
            let kind = kinds[dice.index(kinds.len())];
            let longest =
                if matches!(kind, Fault::TableFails | Fault::PublishFails) { 8_000 } else { 90_000 };
            let from = dice.between(0, until_ms);
            plan.outages.push((kind, from, from + dice.between(500, longest)));
        }
        plan
    }

    /// Returns `true` if this run has no faults.
    pub fn is_empty(&self) -> bool {
        self.kill.is_none() && self.outages.is_empty() && self.rates.values().all(|rate| *rate == 0)
    }

    /// Returns the place of the fault of this kind at a place and time; `None` if no fault happens.
    pub fn draw(&self, kind: Fault, place: u64, now_ms: i64) -> Option<u64> {
        if now_ms >= self.until_ms {
            return None;
        }
        let place = mix(&[self.seed, kind as u64, place]);
        let rate = self.rates.get(&kind).copied().unwrap_or_default();
        let is_out = self.outages.iter().any(|(of, from, to)| *of == kind && *from <= now_ms && now_ms < *to);
        if (!is_out && place % 10_000 >= rate) || self.suppressed.contains(&place) {
            return None;
        }
        Some(place)
    }
}

impl FaultLog {
    pub fn add(&mut self, kind: Fault, place: u64) {
        *self.count.entry(kind).or_default() += 1;
        self.places.push(place);
    }
}
