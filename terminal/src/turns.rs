//! One request per meeting at a time: the next one waits until the one before is answered or given up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// The meetings in which a request is waiting.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Waits for the turn in this meeting and keeps it as long as the guard lives.
    pub async fn take(&self, meeting_id: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Meetings that nobody waits in any more are forgotten.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(meeting_id.to_owned()).or_default())
        };
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_second_request_of_a_meeting_waits_for_the_first_and_others_do_not() {
        let turns = Arc::new(Turns::default());
        let first = turns.take("m1").await;
        let other = turns.take("m2").await;
        let second = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { drop(turns.take("m1").await) }
        });
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        drop((first, other));
        second.await.expect("gets its turn");
        drop(turns.take("m3").await);
        assert_eq!(turns.0.lock().expect("nobody panicked").len(), 1, "ended turns are forgotten");
    }
}
