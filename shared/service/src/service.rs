//! The adapters and settings with which a function works.

use crate::effects::downlinks::Publisher;
use crate::ports::Ports;
use crate::request_rate::Paces;
use crate::rtc_client::RtcClient;
use switchboard_core::RequestLimits;
use switchboard_protocol::id::IdKey;

/// Number of times that a create request from a device in a call waits for the device's hang-up, for 0.2 s to
/// 0.5 s in all. Only a request that would be refused, or would return to the call, waits.
pub const HANG_UP_WAITS: u32 = 4;

/// The adapters and settings of a function, made once per process.
pub struct Service<P: Ports> {
    /// The table of meetings and users.
    pub table: P::Table,
    /// The publisher of downlinks.
    pub publisher: Publisher<P::Downlinks>,
    /// The delay queue that feeds `wake`.
    pub wakes: P::Wakes,
    /// The management of the RTC service, if it is configured.
    pub rtc: Option<RtcClient>,
    /// The event bus, for reports that Lambda does not forward itself.
    pub outcomes: Option<P::Outcomes>,
    /// True if Lambda forwards the report that the function returns. Then the function puts only reports about
    /// other calls on the bus.
    pub is_forwarded: bool,
    /// Secret from which ids are derived.
    pub key: IdKey,
    /// Number of times that a create request waits for a hang-up that its device may have sent before:
    /// [`HANG_UP_WAITS`], or 0 in tests in which nothing else runs.
    pub hang_up_waits: u32,
    /// Limits of the rate of requests.
    pub limits: RequestLimits,
    /// The request rates of the devices that this process has served.
    pub paces: Paces,
}
