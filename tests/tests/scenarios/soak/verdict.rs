//! The verdict on a series of samples: does it grow?

use serde_json::{Value, json};
use std::fmt;

/// Part of the samples at the beginning that do not count: caches, pools and the journal fill up, and no call is so old
/// yet that its record expires.
const WARM_UP: f64 = 0.4;

/// A series of samples with its verdict.
#[derive(Debug)]
pub struct Series {
    name: String,
    values: Vec<f64>,
    /// Number of samples that do not count.
    warm_up: usize,
    /// Median of the first and of the second half of the samples that count.
    medians: [f64; 2],
    /// Growth by the slope of Theil and Sen, from the first sample that counts to the last.
    growth: f64,
    /// Growth that is allowed.
    tolerance: f64,
    flat: bool,
}

impl Series {
    /// Judges a series. It may grow by `part` of its median or by `amount`, whichever is more: both from one half to the
    /// other, and by its slope over the whole time. A single outlier changes neither.
    pub fn judge(name: &str, values: Vec<f64>, part: f64, amount: f64) -> Self {
        let warm_up = values.len() - kept(values.len());
        let counted = &values[warm_up..];
        let half = counted.len().div_ceil(2);
        let halves = [&counted[..half], &counted[counted.len() - half..]];
        let medians = halves.map(|half| median(half.to_vec()));
        let growth = slope(counted) * steps(counted.len());
        let tolerance = (medians[0] * part).max(amount);
        let flat = growth <= tolerance && medians[1] - medians[0] <= tolerance;
        Self { name: name.to_owned(), values, warm_up, medians, growth, tolerance, flat }
    }

    pub fn is_flat(&self) -> bool {
        self.flat
    }

    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name, "values": self.values, "warm_up": self.warm_up, "medians": self.medians,
            "growth": self.growth, "tolerance": self.tolerance, "flat": self.flat,
        })
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, medians: [first, second], growth, tolerance, flat, .. } = self;
        let word = if *flat { "flat" } else { "GROWS" };
        write!(f, "{word}: {name}: {first:.1}, then {second:.1}; growth {growth:.2}, allowed {tolerance:.2}")
    }
}

/// Number of samples that count.
fn kept(samples: usize) -> usize {
    (1..=samples)
        .rev()
        .find(|kept| steps(kept + 1) <= (1.0 - WARM_UP) * steps(samples + 1))
        .unwrap_or(samples)
}

/// Number of steps between so many samples.
fn steps(samples: usize) -> f64 {
    f64::from(u32::try_from(samples.saturating_sub(1)).unwrap_or(u32::MAX))
}

/// The median of the slopes between all pairs of samples, for each step.
fn slope(values: &[f64]) -> f64 {
    let mut slopes = Vec::new();
    for (at, early) in values.iter().enumerate() {
        for (distance, late) in values[at + 1..].iter().enumerate() {
            slopes.push((late - early) / steps(distance + 2));
        }
    }
    median(slopes)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.len(), values.len() / 2) {
        (0, _) => 0.0,
        (len, middle) if len % 2 == 1 => values[middle],
        (_, middle) => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 samples with a noise of at most 3.
    fn samples(of: impl Fn(f64) -> f64) -> Vec<f64> {
        let noise = |at: u32| f64::from(at * 7_919 % 7) - 3.0;
        (0..100).map(|at| of(f64::from(at)) + noise(at)).collect()
    }

    fn is_flat(of: impl Fn(f64) -> f64) -> bool {
        Series::judge("memory", samples(of), 0.05, 2.0).is_flat()
    }

    #[test]
    fn noise_a_warm_up_an_outlier_and_a_fall_are_flat() {
        assert!(is_flat(|_| 100.0));
        assert!(is_flat(|at| if at < 35.0 { at * 3.0 } else { 105.0 }), "a cache that is full after a third");
        assert!(is_flat(|at| if (at - 70.0).abs() < 0.5 { 900.0 } else { 100.0 }));
        assert!(is_flat(|at| 200.0 - at));
        assert!(is_flat(|at| 100.0 + 20.0 * (at % 5.0)), "what comes and goes");
    }

    #[test]
    fn steady_growth_and_a_late_step_are_found() {
        assert!(!is_flat(|at| 100.0 + at / 4.0));
        assert!(!is_flat(|at| if at < 72.0 { 100.0 } else { 115.0 }), "more than before, and it stays so");
        let one_each = Series::judge("dead letters", (0..100).map(f64::from).collect(), 0.0, 0.5);
        assert!(!one_each.is_flat() && one_each.to_string().starts_with("GROWS: dead letters"), "{one_each}");
    }

    #[test]
    fn a_run_that_is_too_short_to_judge_counts_what_it_has() {
        assert!(Series::judge("memory", vec![1.0], 0.0, 0.5).is_flat());
        assert!(!Series::judge("memory", vec![1.0, 1.0, 5.0, 9.0, 13.0], 0.0, 0.5).is_flat());
    }
}
