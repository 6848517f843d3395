//! The client of the RTC service's management API.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use switchboard_core::Now;
use switchboard_protocol::id::IdKey;
use switchboard_rtc::management::{RequestContext, RtcManagement};

/// Time limit of the calls that downlinks wait for: less than the time limit of a function.
const TIME_LIMIT: Duration = Duration::from_secs(4);

/// The management API of the RTC service, with a source of nonces.
pub struct RtcClient {
    pub(crate) control: Box<dyn RtcManagement>,
    key: IdKey,
    process_id: String,
    calls: AtomicU64,
    /// Time limit of the calls that downlinks wait for.
    pub(crate) time_limit: Duration,
}

impl RtcClient {
    /// Makes a client. `process_id` must differ between processes that run at the same time, so that no nonce is used twice.
    #[must_use]
    pub fn new(control: Box<dyn RtcManagement>, key: IdKey, process_id: String) -> Self {
        Self { control, key, process_id, calls: AtomicU64::new(0), time_limit: TIME_LIMIT }
    }

    /// Returns the time and the nonce of the next call.
    pub(crate) fn nonce(&self, now: Now) -> RequestContext {
        let call = self.calls.fetch_add(1, Ordering::Relaxed).to_string();
        let fields = ["rtc", &self.process_id, &now.ms.to_string(), &call];
        RequestContext { now_ms: now.ms, nonce: self.key.unforeseen(&fields) }
    }
}
