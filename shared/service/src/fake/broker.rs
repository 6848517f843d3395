//! An MQTT broker that records downlinks.

use super::process::Process;
use crate::ports::{BrokerError, DirectDelivery, Downlinks, Qos};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use switchboard_protocol::MAX_DOWNLINK_BYTES;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::downlink::Downlink;

/// Milliseconds for which a session outlives its connection.
pub const SESSION_MS: i64 = 3_600_000;

/// The route of a downlink to its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Sent directly to a connected device.
    Direct,
    /// Published to the topic of the device.
    Published(Qos),
}

/// A downlink that the broker accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// The device.
    pub to: ClientId,
    /// The route to the device.
    pub route: Route,
    /// The message.
    pub downlink: Downlink,
}

/// An MQTT broker in memory. No device is connected at first.
#[derive(Debug, Default)]
pub struct FakeBroker {
    /// The accepted downlinks, oldest first.
    pub sent: RefCell<Vec<Sent>>,
    /// Devices that are connected.
    pub connected: RefCell<BTreeSet<ClientId>>,
    /// Devices without a session. All others have a session of [`SESSION_MS`].
    pub sessionless: RefCell<BTreeSet<ClientId>>,
    /// If set, every call fails.
    pub is_down: Cell<bool>,
    /// If set, the broker does not report whether a device is connected.
    pub is_throttled: Cell<bool>,
    process: Process,
}

impl FakeBroker {
    pub(super) fn new(process: Process) -> Self {
        Self { process, ..Self::default() }
    }

    /// Removes and returns the accepted downlinks, oldest first.
    pub fn take(&self) -> Vec<Sent> {
        self.sent.take()
    }

    fn check(&self, operation: &'static str) -> Result<(), BrokerError> {
        if self.is_down.get() || self.process.is_crashed() {
            return Err(BrokerError::Unavailable { operation, source: "fault of the test".into() });
        }
        Ok(())
    }

    /// Records a downlink. Every test checks that its downlinks are as small as the protocol promises.
    fn accept(&self, to: &ClientId, downlink: &Downlink, route: Route) {
        let bytes = serde_json::to_vec(downlink).map_or(0, |json| json.len());
        assert!(bytes <= MAX_DOWNLINK_BYTES, "a downlink of {bytes} bytes: {}", downlink.body.kind());
        self.sent.borrow_mut().push(Sent { to: to.clone(), route, downlink: downlink.clone() });
    }
}

impl Downlinks for FakeBroker {
    async fn publish(&self, to: &ClientId, downlink: &Downlink, qos: Qos, _: i64) -> Result<(), BrokerError> {
        self.check("Publish")?;
        self.accept(to, downlink, Route::Published(qos));
        Ok(())
    }

    async fn send_direct(
        &self,
        to: &ClientId,
        downlink: &Downlink,
        _: bool,
    ) -> Result<DirectDelivery, BrokerError> {
        self.check("SendDirectMessage")?;
        if self.connected.borrow().contains(to) {
            self.accept(to, downlink, Route::Direct);
            return Ok(DirectDelivery::Delivered);
        }
        Ok(DirectDelivery::NotConnected { has_session: !self.sessionless.borrow().contains(to) })
    }

    async fn is_connected(&self, device: &ClientId) -> Result<bool, BrokerError> {
        self.check("GetConnection")?;
        if self.is_throttled.get() {
            return Err(BrokerError::Throttled { operation: "GetConnection" });
        }
        Ok(self.connected.borrow().contains(device))
    }

    async fn queue_ms(&self, device: &ClientId) -> Result<Option<i64>, BrokerError> {
        self.check("GetConnection")?;
        if self.is_throttled.get() {
            return Err(BrokerError::Throttled { operation: "GetConnection" });
        }
        Ok(Some(if self.sessionless.borrow().contains(device) { 0 } else { SESSION_MS }))
    }
}
