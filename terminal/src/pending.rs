//! The requests that wait for an answer, shared between those who ask and the connection that hears.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

use crate::received::Received;

/// Requests by id, each with who waits for its answer.
#[derive(Debug, Default)]
pub(crate) struct Pending(Mutex<HashMap<String, oneshot::Sender<Received>>>);

impl Pending {
    /// Starts to wait for the answer to `id`; `None` if somebody does already.
    pub fn wait_for(&self, id: &str) -> Option<Waiting<'_>> {
        let (tell, answer) = oneshot::channel();
        let mut pending = self.lock();
        if pending.contains_key(id) {
            return None;
        }
        pending.insert(id.to_owned(), tell);
        Some(Waiting { pending: self, id: id.to_owned(), answer })
    }

    /// Whether somebody waits for the answer to `id`.
    pub fn is_waiting(&self, id: &str) -> bool {
        self.lock().contains_key(id)
    }

    /// Hands over the answer to `id`; gives it back if nobody waits (any more).
    pub fn answer(&self, id: &str, answer: Received) -> Result<(), Box<Received>> {
        match self.lock().remove(id) {
            Some(waiting) => waiting.send(answer).map_err(Box::new),
            None => Err(Box::new(answer)),
        }
    }

    /// Lets everybody who waits know that no answer will come.
    pub fn give_up(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<Received>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for one answer; stops waiting when it is dropped.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    pending: &'a Pending,
    id: String,
    /// Gets the answer; closed without one when the terminal disconnects.
    pub answer: oneshot::Receiver<Received>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.pending.lock().remove(&self.id);
    }
}
