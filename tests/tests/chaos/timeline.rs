//! The time of a run: actions of people and apps in the order of their times. It stands still while the stack works, and the
//! run moves it together with the clock of the stack.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Actions by their times and their numbers, the earliest one last.
type Actions = BTreeMap<Reverse<(i64, u64)>, Box<dyn FnOnce()>>;

/// Time and the actions to come.
#[derive(Default)]
pub struct Timeline {
    now_ms: Cell<i64>,
    count: Cell<u64>,
    actions: RefCell<Actions>,
}

impl Timeline {
    /// Time in milliseconds since the start of the run.
    pub fn now_ms(&self) -> i64 {
        self.now_ms.get()
    }

    /// Calls `action` after so many milliseconds.
    pub fn after(&self, ms: i64, action: Box<dyn FnOnce()>) {
        self.count.set(self.count.get() + 1);
        let at = Reverse((self.now_ms.get() + ms.max(0), self.count.get()));
        self.actions.borrow_mut().insert(at, action);
    }

    /// Moves the time on and carries out the actions that are due, in the order of their times.
    pub fn advance(&self, by_ms: i64) {
        self.now_ms.set(self.now_ms.get() + by_ms);
        loop {
            let next = {
                let mut actions = self.actions.borrow_mut();
                let is_due =
                    actions.last_key_value().is_some_and(|(Reverse((at_ms, _)), _)| *at_ms <= self.now_ms());
                is_due.then(|| actions.pop_last()).flatten()
            };
            match next {
                Some((_, action)) => action(),
                None => return,
            }
        }
    }

    /// Drops all actions to come.
    pub fn clear(&self) {
        drop(self.actions.take());
    }
}
