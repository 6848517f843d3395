//! A strict stand-in for LiveKit's `RoomService`: it checks the token and the shape of every call as the server does,
//! keeps rooms and who is in them, and can be told to fail.

mod answering;

use crate::stack::Stack;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::oneshot;

/// How a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Answered with this status and a Twirp error.
    Status(u16),
    /// Answered with something that is no JSON.
    Garbage,
    /// Never answered.
    Held,
}

/// A call that was let in.
#[derive(Debug, Clone)]
pub struct Called {
    /// The method.
    pub method: String,
    /// What it said.
    pub body: Value,
}

/// A room.
#[derive(Debug, Clone, Default)]
pub struct Room {
    /// When it was made, in seconds since the epoch by the clock of whoever made it.
    pub created_s: i64,
    /// Who is in, and from what each may publish.
    pub people: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Debug, Default)]
struct Inner {
    rooms: BTreeMap<String, Room>,
    called: Vec<Called>,
    faults: Vec<(String, Fault, usize)>,
    held: usize,
    violations: Vec<String>,
}

/// A running service. What it was told wrongly fails the test that it belongs to.
pub struct RtcService {
    inner: Arc<Mutex<Inner>>,
    url: String,
    _stop: oneshot::Sender<()>,
}

impl RtcService {
    /// Starts one on a free port, on a thread of its own: the stack calls it while a test waits for the stack.
    pub fn start() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let (stop, stopped) = oneshot::channel();
        let (started, port) = std::sync::mpsc::channel();
        let served = Arc::clone(&inner);
        std::thread::spawn(move || answering::serve(served, stopped, &started));
        let port: u16 = port.recv().expect("it starts");
        Self { inner, url: format!("http://127.0.0.1:{port}"), _stop: stop }
    }

    /// A stack that manages its meetings here.
    pub fn stack(&self) -> Stack {
        self.stack_with(&[])
    }

    /// The same with further parameters.
    pub fn stack_with(&self, parameters: &[&str]) -> Stack {
        let url = format!("RtcApiUrl={}", self.url);
        Stack::own_with(&[&[url.as_str()], parameters].concat())
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("nobody panics with it")
    }

    /// The next calls of this method go wrong.
    pub fn fails(&self, method: &str, fault: Fault, times: usize) {
        self.inner().faults.push((method.to_owned(), fault, times));
    }

    /// From now on nothing goes wrong.
    pub fn clears(&self) {
        self.inner().faults.clear();
    }

    /// How many callers still wait for an answer.
    pub fn held(&self) -> usize {
        self.inner().held
    }

    /// The calls of this method so far, those included that went wrong.
    pub fn calls(&self, method: &str) -> Vec<Value> {
        let inner = self.inner();
        inner.called.iter().filter(|call| call.method == method).map(|call| call.body.clone()).collect()
    }

    /// The room of that name.
    pub fn room(&self, name: &str) -> Option<Room> {
        self.inner().rooms.get(name).cloned()
    }

    /// Somebody enters with the sources that the token allows.
    pub fn enters(&self, room: &str, identity: &str) {
        let all = ["MICROPHONE", "CAMERA"].map(str::to_owned);
        let mut inner = self.inner();
        let room = inner.rooms.entry(room.to_owned()).or_default();
        room.people.insert(identity.to_owned(), all.into());
    }

    /// Somebody is not in any more.
    pub fn leaves(&self, room: &str, identity: &str) {
        self.inner().rooms.get_mut(room).and_then(|room| room.people.remove(identity));
    }

    /// A room that nobody asked for.
    pub fn has_room(&self, name: &str, created_s: i64) {
        self.inner().rooms.insert(name.to_owned(), Room { created_s, ..Room::default() });
    }

    /// The room is gone, with everybody in it.
    pub fn loses(&self, room: &str) {
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

/// Twirp's error.
fn refusal(code: &str) -> Value {
    json!({"code": code, "msg": "said by the test"})
}
