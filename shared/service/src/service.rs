//! Everything that a function works with.

use crate::effects::downlinks::Publisher;
use crate::ports::Ports;
use crate::rtc_client::RtcClient;
use switchboard_protocol::id::IdKey;

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
    /// The event bus, for functions whose results Lambda does not forward itself.
    pub outcomes: Option<P::Outcomes>,
    /// Secret from which ids are derived.
    pub key: IdKey,
}
