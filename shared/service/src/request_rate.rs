//! The limit of the rate of a device's requests, kept in the memory of this process.

use std::cell::RefCell;
use std::collections::BTreeMap;
use switchboard_core::{Now, Pace, Refusal, RequestLimits};
use switchboard_protocol::address::ClientId;

/// Requests that no limit refuses: they end a call or a ring, or report that a device rings. They are counted
/// nevertheless.
pub const NEVER_LIMITED: [&str; 6] =
    ["leave", "reject", "silence", "cancel_invite", "destroy_meeting", "ringing"];

/// Largest number of devices whose request rate is kept.
const MAX_PACES: usize = 1_000;

/// The request rates of devices. A Lambda process serves one request at a time and keeps its memory for
/// minutes, so a device that floods a function meets the same few processes. A limit that all processes share
/// would need a write for each request.
#[derive(Debug, Default)]
pub struct Paces(RefCell<BTreeMap<ClientId, Pace>>);

impl Paces {
    /// Counts a request of the type `kind` of a device.
    ///
    /// # Errors
    /// `rate_limited` with the time to wait, except for [`NEVER_LIMITED`].
    pub fn count(
        &self,
        device: &ClientId,
        kind: &str,
        limits: &RequestLimits,
        now: Now,
    ) -> Result<(), Refusal> {
        let mut paces = self.0.borrow_mut();
        if paces.len() >= MAX_PACES {
            paces.retain(|_, pace| !pace.is_empty(now.ms));
        }
        if paces.len() >= MAX_PACES {
            paces.clear();
        }
        let counted = paces.entry(device.clone()).or_default().count(limits, now.ms);
        if NEVER_LIMITED.contains(&kind) { Ok(()) } else { counted.map_err(Refusal::rate_limited) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_protocol::code::Code;
    use switchboard_protocol::requests::RequestInfo;

    fn device(name: &str) -> ClientId {
        format!("GID@@@{name}").parse().expect("a device")
    }

    #[test]
    fn a_device_that_floods_is_refused_and_still_hangs_up_and_another_device_is_served() {
        let (paces, limits, now) = (Paces::default(), RequestLimits::default(), Now { ms: 1_000 });
        let asks = |device: &ClientId, kind| paces.count(device, kind, &limits, now);
        let (phone, tablet) = (device("alice.phone"), device("alice.tablet"));
        assert_eq!((0..40).filter(|_| asks(&phone, "sync").is_ok()).count(), 30);
        let refusal = asks(&phone, "create_meeting").expect_err("refused");
        assert_eq!((refusal.code, refusal.retry_after_ms), (Code::RateLimited, Some(100)));
        assert!(NEVER_LIMITED.iter().all(|kind| asks(&phone, kind).is_ok()));
        assert!(asks(&tablet, "sync").is_ok());
    }

    #[test]
    fn the_memory_of_paces_is_bounded() {
        let (paces, limits) = (Paces::default(), RequestLimits::default());
        for at in 0..3_000 {
            let now = Now { ms: 1_000 };
            paces.count(&device(&format!("u{at}")), "sync", &limits, now).expect("the first request");
        }
        assert!(paces.0.borrow().len() <= MAX_PACES);
    }

    #[test]
    fn the_requests_that_are_never_limited_exist() {
        for kind in NEVER_LIMITED {
            assert!(RequestInfo::find(kind).is_some(), "{kind}");
        }
    }
}
