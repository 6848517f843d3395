//! The client of the RTC service's management API.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use switchboard_core::Now;
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::IdKey;
use switchboard_rtc::management::{RequestContext, RtcManagement};

/// Time limit of the calls for which downlinks wait. It is shorter than the time limit of a function.
const TIME_LIMIT: Duration = Duration::from_secs(4);

/// Milliseconds within which reports of one user are confirmed at most [`MAX_ASKED`] times.
const ASKED_WITHIN_MS: i64 = 2_000;
/// Largest number of times that the RTC service is asked to confirm reports of one user within
/// [`ASKED_WITHIN_MS`].
const MAX_ASKED: usize = 3;

/// The management API of the RTC service, with a source of nonces.
pub struct RtcClient {
    pub(crate) control: Box<dyn RtcManagement>,
    key: IdKey,
    process_id: String,
    calls: AtomicU64,
    /// Times of the latest confirmations of each user's reports by this process.
    asked: Mutex<BTreeMap<UserId, Vec<i64>>>,
    /// Time limit of the calls for which downlinks wait.
    pub(crate) time_limit: Duration,
}

impl RtcClient {
    /// Makes a client. `process_id` must differ between processes that run at the same time, so that no nonce
    /// is used twice.
    #[must_use]
    pub fn new(control: Box<dyn RtcManagement>, key: IdKey, process_id: String) -> Self {
        let (calls, asked) = (AtomicU64::new(0), Mutex::default());
        Self { control, key, process_id, calls, asked, time_limit: TIME_LIMIT }
    }

    /// Returns whether this process may ask the RTC service once more to confirm a report of `user`, and
    /// counts the question, since all users share the quota of the RTC service. If it may not, a callback or
    /// `wake` corrects the state later.
    pub(crate) fn may_ask(&self, user: &UserId, now: Now) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.retain(|_, times| {
            times.retain(|at_ms| at_ms + ASKED_WITHIN_MS > now.ms);
            !times.is_empty()
        });
        let times = asked.entry(user.clone()).or_default();
        let may_ask = times.len() < MAX_ASKED;
        if may_ask {
            times.push(now.ms);
        }
        may_ask
    }

    /// Returns the time and the nonce of the next call.
    pub(crate) fn nonce(&self, now: Now) -> RequestContext {
        let call = self.calls.fetch_add(1, Ordering::Relaxed).to_string();
        let fields = ["rtc", &self.process_id, &now.ms.to_string(), &call];
        RequestContext { now_ms: now.ms, nonce: self.key.unforeseen(&fields) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{FakeRtc, id_key};

    #[test]
    fn reports_of_one_user_ask_the_rtc_service_three_times_in_two_seconds_at_most() {
        let client = RtcClient::new(Box::new(FakeRtc::capable()), id_key(), "test".to_owned());
        let (mallory, bob) = ("mallory".parse().expect("an account"), "bob".parse().expect("an account"));
        let asked =
            |from_ms: i64| (0..100).filter(|at| client.may_ask(&mallory, Now { ms: from_ms + at })).count();
        assert_eq!(asked(0), MAX_ASKED);
        assert!(client.may_ask(&bob, Now { ms: 100 }), "others are not concerned");
        assert_eq!(asked(1_000), 0);
        assert_eq!(asked(2_200), MAX_ASKED);
        assert_eq!(client.asked.lock().expect("not poisoned").len(), 1, "nothing is kept for long");
    }
}
