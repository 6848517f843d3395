//! Values with the revision of the commit that set them.
//!
//! Notices are read from the state: the notices of a commit concern the values that carry its revision. So a
//! repeat finds the same values, as long as they still apply (decision 0001).

use std::ops::Deref;

/// A value with the latest revision that set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stamped<T> {
    value: T,
    rev: u64,
}

impl<T> Stamped<T> {
    /// Creates a value that the revision `rev` set; 0 for a value without a notice.
    #[must_use]
    pub const fn new(value: T, rev: u64) -> Self {
        Self { value, rev }
    }

    /// Returns the revision that set the value.
    #[must_use]
    pub const fn rev(&self) -> u64 {
        self.rev
    }

    /// Returns whether the revision `rev` set the value.
    #[must_use]
    pub const fn is_from(&self, rev: u64) -> bool {
        self.rev == rev
    }

    /// Sets the value in the revision `rev`.
    pub(crate) fn set(&mut self, value: T, rev: u64) {
        *self = Self { value, rev };
    }

    /// Changes the value and keeps its revision: the change needs no notice, or another notice shows it.
    pub(crate) const fn amend(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T> Deref for Stamped<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
