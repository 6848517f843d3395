//! A strict stand-in for LiveKit's `RoomService`: it checks the token and the form of every call as the server does, keeps
//! rooms with their members, and can be made to fail.

// The tests of chaos use this file, too, from another place.
#[path = "rtc_service/answering.rs"]
mod answering;

use crate::stack::Stack;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::oneshot;

/// The way in which a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Answered with this status and a Twirp error.
    Status(u16),
    /// Answered with a body that is not JSON.
    Garbage,
    /// Never answered.
    Held,
}

/// An accepted call.
#[derive(Debug, Clone)]
pub struct Called {
    /// The method.
    pub method: String,
    /// The body.
    pub body: Value,
}

/// A room.
#[derive(Debug, Clone, Default)]
pub struct Room {
    /// Creation time in seconds since the epoch, by the clock of the creator.
    pub created_s: i64,
    /// The members, with the sources that each may publish.
    pub people: BTreeMap<String, BTreeSet<String>>,
}

/// State of the service.
#[derive(Debug, Default)]
pub struct Inner {
    /// Open rooms by name.
    pub rooms: BTreeMap<String, Room>,
    called: Vec<Called>,
    faults: Vec<(String, Fault, usize)>,
    held: usize,
    violations: Vec<String>,
}

/// A running service. A malformed call fails the test to which the service belongs.
pub struct RtcService {
    inner: Arc<Mutex<Inner>>,
    url: String,
    _stop: oneshot::Sender<()>,
}

impl RtcService {
    /// Starts a service on a free port, on its own thread: the stack calls it while a test waits for the stack.
    pub fn start() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let (stop, stopped) = oneshot::channel();
        let (started, port) = std::sync::mpsc::channel();
        let served = Arc::clone(&inner);
        std::thread::spawn(move || answering::serve(served, stopped, &started));
        let port: u16 = port.recv().expect("the service starts");
        Self { inner, url: format!("http://127.0.0.1:{port}"), _stop: stop }
    }

    /// A stack that manages its channels at this service.
    pub fn stack(&self) -> Stack {
        self.stack_with(&[])
    }

    /// Like [`stack`](Self::stack), with further parameters.
    pub fn stack_with(&self, parameters: &[&str]) -> Stack {
        let url = format!("RtcApiUrl={}", self.url);
        Stack::own_with(&[&[url.as_str()], parameters].concat())
    }

    /// Locks the state of the service.
    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("not poisoned")
    }

    /// Makes the next calls of this method fail.
    pub fn fails(&self, method: &str, fault: Fault, times: usize) {
        self.inner().faults.push((method.to_owned(), fault, times));
    }

    /// Removes all faults.
    pub fn remove_faults(&self) {
        self.inner().faults.clear();
    }

    /// Number of callers that still wait for an answer.
    pub fn waiting_callers(&self) -> usize {
        self.inner().held
    }

    /// The calls of this method so far, failed ones included.
    pub fn calls(&self, method: &str) -> Vec<Value> {
        let inner = self.inner();
        inner.called.iter().filter(|call| call.method == method).map(|call| call.body.clone()).collect()
    }

    /// The room of that name.
    pub fn room(&self, name: &str) -> Option<Room> {
        self.inner().rooms.get(name).cloned()
    }

    /// Adds a member with the sources that the token allows.
    pub fn enters(&self, room: &str, identity: &str) {
        let all = ["MICROPHONE", "CAMERA"].map(str::to_owned);
        let mut inner = self.inner();
        let room = inner.rooms.entry(room.to_owned()).or_default();
        room.people.insert(identity.to_owned(), all.into());
    }

    /// Removes a member.
    pub fn leaves(&self, room: &str, identity: &str) {
        self.inner().rooms.get_mut(room).and_then(|room| room.people.remove(identity));
    }

    /// Adds a room that no meeting has.
    pub fn add_room(&self, name: &str, created_s: i64) {
        self.inner().rooms.insert(name.to_owned(), Room { created_s, ..Room::default() });
    }

    /// Removes a room with all its members.
    pub fn remove_room(&self, room: &str) {
        self.inner().rooms.remove(room);
    }
}

impl Drop for RtcService {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.inner().violations, Vec::<String>::new(), "calls that the service would refuse");
        }
    }
}

/// A Twirp error.
fn refusal(code: &str) -> Value {
    json!({"code": code, "msg": "injected by the test"})
}
