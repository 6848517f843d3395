//! A set of ids with a limit. A new id replaces the oldest one.

use std::collections::{HashSet, VecDeque};

/// The latest ids, at most `limit`.
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

    pub fn contains(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// Adds `id`. Returns whether the id is new.
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
