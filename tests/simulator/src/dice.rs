//! Random numbers that depend on the seed and on the place of their use, not on the order of uses. Without one step of
//! a script, all other steps get the same numbers as before.

/// Mixes numbers into one number, each bit of which depends on all bits of the inputs.
#[must_use]
pub fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0x243f_6a88_85a3_08d3, |state, part| {
        let mut mixed = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}

/// Turns a text into a number for [`mix`].
#[must_use]
pub fn number(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// A source of numbers for one place.
#[derive(Debug, Clone)]
pub struct Dice {
    place: u64,
    thrown: u64,
}

impl Dice {
    #[must_use]
    pub fn new(parts: &[u64]) -> Self {
        Self { place: mix(parts), thrown: 0 }
    }

    pub fn throw(&mut self) -> u64 {
        self.thrown += 1;
        mix(&[self.place, self.thrown])
    }

    /// Returns a number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low + 1).unwrap_or(1);
        low + i64::try_from(self.throw() % span).unwrap_or_default()
    }

    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.throw()).unwrap_or_default() % length.max(1)
    }

    /// Returns `true` in `percent` of 100 cases.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.throw() % 100 < percent
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = self.index(of.len());
        of.get(at)
    }
}
