//! In-memory adapters of the [`ports`](crate::ports) for tests. Their futures are ready at once.

mod broker;
pub mod largest;
mod log;
mod process;
pub mod promises;
mod rtc;
mod table;
mod table_state;
pub(crate) mod waits;

pub use broker::{FakeBroker, Route, SESSION_MS, Sent};
pub use log::FakeLog;
pub use rtc::{FakeMinter, FakeRtc, RtcCall};
pub use table::FakeTable;
pub use table_state::{StoredDevice, StoredMeeting, StoredUser, TableState};
pub use waits::replace_waits;

use crate::effects::downlinks::Publisher;
use crate::ports::{Nudge, OutcomeBus, Ports, SweepRest, Wakes};
use crate::request_rate::Paces;
use crate::rtc_client::RtcClient;
use crate::service::Service;
use process::Process;
use serde_json::Value;
use std::cell::RefCell;
use std::convert::Infallible;
use switchboard_core::RequestLimits;
use switchboard_protocol::id::IdKey;

/// The adapters in memory.
#[derive(Debug, Clone, Copy)]
pub struct FakePorts;

impl Ports for FakePorts {
    type Table = FakeTable;
    type Downlinks = FakeBroker;
    type Wakes = FakeWakes;
    type Outcomes = FakeBus;
}

/// Returns the id key that [`service`] uses.
#[must_use]
pub fn id_key() -> IdKey {
    IdKey::new("an id key for tests only".to_owned().into())
}

/// Makes a service with empty adapters and without an RTC management API.
#[must_use]
pub fn service() -> Service<FakePorts> {
    service_on(TableState::default())
}

/// Makes a service with the table contents `state` and without an RTC management API.
#[must_use]
pub fn service_on(state: TableState) -> Service<FakePorts> {
    let process = Process::default();
    Service {
        table: FakeTable::new(state, process.clone()),
        publisher: Publisher {
            broker: FakeBroker::new(process),
            key: id_key(),
            minter: Box::new(FakeMinter),
            channel_prefix: "sb".to_owned(),
        },
        wakes: FakeWakes::default(),
        rtc: None,
        outcomes: Some(FakeBus::default()),
        is_forwarded: false,
        key: id_key(),
        hang_up_waits: 0,
        limits: RequestLimits::NONE,
        paces: Paces::default(),
    }
}

/// Makes a service that manages its RTC service through `rtc`.
#[must_use]
pub fn service_with_rtc(rtc: FakeRtc) -> Service<FakePorts> {
    Service { rtc: Some(RtcClient::new(Box::new(rtc), id_key(), "test".to_owned())), ..service() }
}

/// A delay queue that records scheduled messages with their delay in seconds.
#[derive(Debug, Default)]
pub struct FakeWakes {
    /// The scheduled wakes, oldest first.
    pub scheduled: RefCell<Vec<(Nudge, i32)>>,
    /// The sweeps that are to be continued, oldest first.
    pub sweeps: RefCell<Vec<SweepRest>>,
}

impl Wakes for FakeWakes {
    type Error = Infallible;

    async fn schedule(&self, nudge: &Nudge, delay_seconds: i32) -> Result<(), Infallible> {
        self.scheduled.borrow_mut().push((nudge.clone(), delay_seconds));
        Ok(())
    }

    async fn continue_sweep(&self, rest: &SweepRest) -> Result<(), Infallible> {
        self.sweeps.borrow_mut().push(rest.clone());
        Ok(())
    }
}

/// An event bus that records reports.
#[derive(Debug, Default)]
pub struct FakeBus {
    /// The reports, oldest first.
    pub reports: RefCell<Vec<Value>>,
}

impl OutcomeBus for FakeBus {
    async fn put(&self, report: &Value, _: i64) {
        self.reports.borrow_mut().push(report.clone());
    }
}
