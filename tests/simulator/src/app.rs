//! The memory of the app on a device.

use crate::view::View;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::join::Join;
use terminal::Uplink;

/// The app on a device.
#[derive(Debug)]
pub struct App {
    /// Number of the device in its run.
    pub index: usize,
    /// The device.
    pub id: ClientId,
    /// Its user.
    pub user: UserId,
    /// True while the app runs.
    pub is_on: bool,
    /// True while it is connected to the broker, since `linked_ms`.
    pub is_linked: bool,
    /// Time of the last connection to the broker, in milliseconds since the start of the run.
    pub linked_ms: i64,
    /// Number of starts of the app.
    pub epoch: u64,
    /// The call that the user is in.
    pub call: Option<Call>,
    /// Meeting whose lobby the user waits in.
    pub lobby: Option<String>,
    /// Meetings that the user has left.
    pub left: BTreeSet<String>,
    /// True until a restarted app has seen the state.
    pub has_forgotten: bool,
    /// Id of the latest create request.
    pub last_create: Option<String>,
    /// Create requests without an answer that are being taken back, by the requests that do so.
    pub taken_back: BTreeMap<String, String>,
    /// Invitations that ring, with their meetings.
    pub rings: BTreeMap<String, String>,
    /// Number of rings so far.
    pub rung: u64,
    /// Number of requests so far.
    pub requests: u64,
}

/// A request that waits for its answer.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The request.
    pub uplink: Uplink,
    /// The meeting that it names.
    pub meeting: Option<String>,
    /// Refusals after which the same request was sent again.
    pub refusals: u32,
    /// Time of the request, in milliseconds since the start of the run.
    pub since_ms: i64,
}

/// The call that a device is in.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The meeting.
    pub meeting_id: String,
    /// The meeting as shown.
    pub view: View,
    /// The way into the media.
    pub join: Option<Join>,
    /// The device's place on that way.
    pub media: Media,
    /// Begin of the call, in milliseconds since the start of the run.
    pub since_ms: i64,
    /// Attempts to get back into the media since the last success.
    pub attempts: u32,
}

/// The way of a device into the media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Media {
    /// Not in the media.
    #[default]
    Out,
    /// On the way.
    Entering,
    /// In the media.
    In,
}

impl App {
    /// An app that was never started.
    #[must_use]
    pub fn new(index: usize, id: ClientId) -> Self {
        Self {
            index,
            user: id.user(),
            id,
            is_on: false,
            is_linked: false,
            linked_ms: 0,
            epoch: 0,
            call: None,
            lobby: None,
            left: BTreeSet::new(),
            has_forgotten: false,
            last_create: None,
            taken_back: BTreeMap::new(),
            rings: BTreeMap::new(),
            rung: 0,
            requests: 0,
        }
    }

    /// Starts the app, with nothing of its earlier life in its memory.
    pub fn start(&mut self) {
        self.is_on = true;
        self.epoch += 1;
        self.rings.clear();
        self.taken_back.clear();
        self.has_forgotten = self.epoch > 1;
    }

    /// Ends the app, which forgets its call.
    pub fn stop(&mut self) {
        self.is_on = false;
        self.call = None;
        self.lobby = None;
    }

    /// Returns the id of the next request.
    pub fn next_request_id(&mut self) -> String {
        self.requests += 1;
        format!("r{}-{}-{}", self.index, self.epoch, self.requests)
    }
}

impl Waiting {
    /// A request that is sent now.
    #[must_use]
    pub fn new(uplink: &Uplink, refusals: u32, now_ms: i64) -> Self {
        Self { uplink: uplink.clone(), meeting: field(uplink, "meeting_id"), refusals, since_ms: now_ms }
    }
}

/// Returns a text field of a request.
fn field(uplink: &Uplink, name: &str) -> Option<String> {
    let body: Value = serde_json::from_slice(&uplink.payload()).ok()?;
    body[name].as_str().map(str::to_owned)
}

/// Returns the device's part of a client ID.
#[must_use]
pub fn short(device: &ClientId) -> &str {
    device.as_str().rsplit("@@@").next().unwrap_or_default()
}
