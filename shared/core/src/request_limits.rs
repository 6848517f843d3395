//! Limits of the rate of requests, which an operator sets, and the request rate of one device.

/// Limits of the rate of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// Invitations that a user may make within a minute.
    pub invitations_per_minute: u32,
    /// Invitations that a user may make within an hour.
    pub invitations_per_hour: u32,
    /// Rings of one caller within an hour that the same callee did not answer.
    pub unanswered_rings_per_hour: u32,
    /// Live meetings that a user may have created.
    pub live_meetings_per_user: u32,
    /// Average number of requests of a device in a second.
    pub requests_per_second: u32,
    /// Number of requests that a device may send at once after a pause.
    pub request_burst: u32,
    /// Requests of a user within a minute to be admitted from the lobby of a meeting.
    pub knocks_per_minute: u32,
}

impl RequestLimits {
    /// Values that limit nothing.
    pub const NONE: Self = Self {
        invitations_per_minute: u32::MAX,
        invitations_per_hour: u32::MAX,
        unanswered_rings_per_hour: u32::MAX,
        live_meetings_per_user: u32::MAX,
        requests_per_second: u32::MAX,
        request_burst: u32::MAX,
        knocks_per_minute: u32::MAX,
    };
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            invitations_per_minute: 30,
            invitations_per_hour: 300,
            unanswered_rings_per_hour: 6,
            live_meetings_per_user: 50,
            requests_per_second: 10,
            request_burst: 30,
            knocks_per_minute: 3,
        }
    }
}

/// The request rate of one device: a bucket that has room for a burst and is emptied at a constant rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// Time at which the bucket is empty, in microseconds since the epoch.
    empty_at_us: i64,
}

impl Pace {
    /// Counts a request.
    ///
    /// # Errors
    /// The milliseconds to wait, if the bucket is full. The request is then not counted.
    pub fn count(&mut self, limits: &RequestLimits, now_ms: i64) -> Result<(), i64> {
        let now_us = now_ms.saturating_mul(1_000);
        let each_us = 1_000_000 / i64::from(limits.requests_per_second.max(1));
        let room_us = each_us.saturating_mul(i64::from(limits.request_burst.max(1)) - 1);
        let wait_us = self.empty_at_us.saturating_sub(now_us).saturating_sub(room_us);
        if wait_us > 0 {
            // Rounded up, so that a request after the wait is not refused again.
            return Err((wait_us - 1) / 1_000 + 1);
        }
        self.empty_at_us = self.empty_at_us.max(now_us) + each_us;
        Ok(())
    }

    /// Returns whether the bucket is empty, so that it need not be stored.
    #[must_use]
    pub const fn is_empty(&self, now_ms: i64) -> bool {
        self.empty_at_us <= now_ms.saturating_mul(1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_a_burst_and_then_an_even_rate() {
        let (limits, mut pace) = (RequestLimits::default(), Pace::default());
        let served = (0..40).filter(|_| pace.count(&limits, 5_000).is_ok()).count();
        assert_eq!((served, pace.count(&limits, 5_000)), (30, Err(100)));
        assert_eq!((pace.count(&limits, 5_099), pace.count(&limits, 5_100)), (Err(1), Ok(())));
        let served = (0..40).filter(|_| pace.count(&limits, 6_100).is_ok()).count();
        assert_eq!(served, 10, "ten requests in a second");
        assert!(!pace.is_empty(6_100) && pace.is_empty(60_000));
    }

    #[test]
    fn without_limits_every_request_is_served() {
        let mut pace = Pace::default();
        assert!((0..1_000).all(|_| pace.count(&RequestLimits::NONE, 1).is_ok()));
    }
}
