//! The RTC service of a run: rooms of the stand-in for LiveKit, the devices in them, and the callbacks about them.

use crate::phone;
use crate::rtc_service::RtcService;
use crate::rtc_webhook::services::{Livekit, Service as _};
use crate::world::world;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use switchboard_protocol::join::Join;

/// Attempts of the service to deliver a callback.
const ATTEMPTS: u32 = 4;

/// The RTC service of a run.
pub struct Rtc {
    pub service: Rc<RtcService>,
    /// True if the first join makes a room.
    makes_channels: bool,
    /// Milliseconds by which its clock is ahead.
    pub ahead_ms: Cell<i64>,
    members: RefCell<BTreeMap<(String, String), Stay>>,
}

/// A device in a room.
#[derive(Debug, Clone, Copy)]
struct Stay {
    phone: usize,
    since_ms: i64,
}

impl Rtc {
    pub fn new(service: Rc<RtcService>, makes_channels: bool) -> Self {
        Self { service, makes_channels, ahead_ms: Cell::new(0), members: RefCell::default() }
    }

    /// Time of the service, in milliseconds since the epoch.
    fn now_ms(&self) -> i64 {
        world().watch.borrow().stack_ms() + self.ahead_ms.get()
    }

    /// Enters a room. Fails if there is no room and the service makes none.
    pub fn enter(&self, phone: usize, join: &Join) -> bool {
        let (room, user) = (&join.channel_id, &join.user_id);
        if self.service.room(room).is_none() && !self.makes_channels {
            return false;
        }
        let stay = Stay { phone, since_ms: self.now_ms() };
        let replaced = self.members.borrow_mut().insert((room.clone(), user.clone()), stay);
        if let Some(replaced) = replaced.filter(|replaced| replaced.phone != phone) {
            phone::media_lost(replaced.phone, room);
        }
        self.service.enters(room, user);
        if !join.rights.microphone {
            let mut inner = self.service.inner();
            if let Some(sources) = inner.rooms.get_mut(room).and_then(|room| room.people.get_mut(user)) {
                sources.remove("MICROPHONE");
            }
        }
        self.call_back(room, |livekit| livekit.joined(room, user, stay.since_ms));
        true
    }

    /// Ends the stay of a device in a room: `left` on purpose, or `dropped`.
    pub fn exit(&self, phone: usize, room: &str, user: &str, what: &str) {
        let key = (room.to_owned(), user.to_owned());
        if self.members.borrow().get(&key).is_none_or(|stay| stay.phone != phone) {
            return;
        }
        let stay = self.members.borrow_mut().remove(&key);
        self.service.leaves(room, user);
        if let Some(stay) = stay {
            self.left(room, user, stay, what == "left");
        }
    }

    fn left(&self, room: &str, user: &str, stay: Stay, is_clean: bool) {
        let at_ms = self.now_ms();
        self.call_back(room, |livekit| livekit.left(room, user, stay.since_ms, at_ms, is_clean));
    }

    /// Reads the changes that the functions made at the service: rooms that they closed, and members that they removed.
    pub fn take_note(&self) {
        let members = self.members.borrow().clone();
        for ((room, user), stay) in members {
            let is_open = self.service.room(&room).is_some();
            let is_in = self.service.room(&room).is_some_and(|room| room.people.contains_key(&user));
            if is_in {
                continue;
            }
            self.members.borrow_mut().remove(&(room.clone(), user.clone()));
            phone::media_lost(stay.phone, &room);
            if is_open {
                self.left(&room, &user, stay, false);
            } else {
                let at_ms = self.now_ms();
                self.call_back(&room, |livekit| livekit.closed(&room, at_ms));
            }
        }
    }

    /// The device of a user in a room, and its right to speak.
    pub fn inside(&self, room: &str, user: &str) -> Option<(usize, bool)> {
        let may_speak = self.service.room(room)?.people.get(user)?.contains("MICROPHONE");
        let phone = self.members.borrow().get(&(room.to_owned(), user.to_owned()))?.phone;
        Some((phone, may_speak))
    }

    /// Names of the open rooms.
    pub fn rooms(&self) -> Vec<String> {
        self.service.inner().rooms.keys().cloned().collect()
    }

    /// The devices in the media, by room and user.
    pub fn members(&self) -> Vec<(String, String, usize)> {
        let members = self.members.borrow();
        members.iter().map(|((room, user), stay)| (room.clone(), user.clone(), stay.phone)).collect()
    }

    /// Sends a callback, and again if it is not answered.
    fn call_back(&self, room: &str, body: impl FnOnce(&Livekit) -> Value) {
        let world = world();
        let ahead_ms = world.watch.borrow().offset_ms + self.ahead_ms.get();
        let livekit = Livekit::laptop().with_clock(ahead_ms / 1_000);
        let (body, stack) = (body(&livekit), world.stack.clone());
        world.trace(|| format!("callback {} {} of {room}", body["event"], body["participant"]["identity"]));
        world.watch.borrow_mut().callbacks += 1;
        tokio::task::spawn_local(async move {
            for _ in 0..ATTEMPTS {
                if livekit.sends(&stack, &body).await.status().is_success() {
                    return;
                }
            }
        });
    }
}
