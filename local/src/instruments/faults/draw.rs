//! The random numbers of a fault with a rate.

use std::collections::BTreeMap;

use super::kind::FaultKind;
use crate::instruments::journal::Caller;

/// Number that a rate is a part of.
pub(super) const RATE_OF: u32 = 10_000;

/// The draws of one random fault: its kind, its seed, and its rate in cases of [`RATE_OF`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Odds {
    pub(super) kind: FaultKind,
    pub(super) seed: u64,
    pub(super) rate: u32,
}

/// The occasions that a random fault has seen: how often each one came.
#[derive(Default)]
pub(super) struct Draws(BTreeMap<u64, u64>);

impl Draws {
    /// Returns a number if the fault strikes on this occasion. It depends on the occasion, on how often it came before, and
    /// on nothing else: so a seed strikes the same calls in whatever order processes run.
    pub(super) fn draw(&mut self, odds: Odds, caller: &Caller, occasion: &str) -> Option<u64> {
        let of = [caller.name(), caller.event.as_str(), occasion].map(number);
        let place = mix(&[odds.seed, odds.kind as u64, of[0], of[1], of[2]]);
        let count = self.0.entry(place).or_default();
        *count += 1;
        let number = mix(&[place, *count]);
        (number % u64::from(RATE_OF) < u64::from(odds.rate)).then(|| number / u64::from(RATE_OF))
    }
}

/// Mixes numbers into one, in which each bit depends on all of theirs (the finalizer of `SplitMix64`).
fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0x243f_6a88_85a3_08d3, |state, part| {
        let mut mixed = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}

/// Turns a text into a number (FNV-1a).
fn number(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
