//! The last so many ids, oldest forgotten first.

use std::collections::{HashSet, VecDeque};

/// Remembers the last so many ids.
#[derive(Debug)]
pub(crate) struct RecentIds {
    ids: HashSet<String>,
    order: VecDeque<String>,
    limit: usize,
}

impl RecentIds {
    pub fn new(limit: usize) -> Self {
        Self { ids: HashSet::new(), order: VecDeque::new(), limit }
    }

    /// Whether it is known.
    pub fn contains(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// Remembers `id`; whether it was not known before.
    pub fn insert(&mut self, id: &str) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return false;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }
}
