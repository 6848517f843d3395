//! The MQTT broker: persistent sessions with their queues, deliveries, and lifecycle events.

use crate::dice::{Dice, mix, number};
use crate::executor::{after, now_ms};
use crate::faults::Fault;
use crate::invocation::Call;
use crate::lambda::deliver_lifecycle;
use crate::phone;
use crate::world::world;
use serde_json::{Value, json};
use simulator::app::short;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::downlink::Downlink;
use switchboard_service::ports::Qos;

/// The sessions, by client ID.
#[derive(Debug, Default)]
pub struct Broker {
    sessions: BTreeMap<ClientId, Session>,
}

#[derive(Debug, Default)]
struct Session {
    /// `true` while the device can be reached.
    is_linked: bool,
    /// `true` while the broker considers the device connected: also after a break, until the broker notices it.
    is_connected: bool,
    /// Counter of the connections.
    version: i64,
    /// Messages of QoS 1 for a device that is away, with the times at which they expire.
    queue: VecDeque<(i64, Message)>,
    /// Time at which the last message on its way arrives. Later messages do not overtake it.
    busy_until_ms: i64,
}

#[derive(Debug, Clone)]
struct Message {
    payload: Rc<Vec<u8>>,
    keep_until_ms: Option<i64>,
}

impl Broker {
    /// Returns `true` if the broker considers a device connected.
    pub fn is_known_connected(&self, device: &ClientId) -> bool {
        self.sessions.get(device).is_some_and(|session| session.is_connected)
    }

    fn session(&mut self, device: &ClientId) -> &mut Session {
        if !self.sessions.contains_key(device) {
            self.sessions.insert(device.clone(), Session::default());
        }
        self.sessions.get_mut(device).expect("the session was inserted above")
    }
}

fn payload(downlink: &Downlink) -> Rc<Vec<u8>> {
    Rc::new(serde_json::to_vec(downlink).expect("a downlink serialises"))
}

/// Accepts a message for the topic of a device.
pub fn publish(to: &ClientId, downlink: &Downlink, qos: Qos, keep_ms: i64, call: Call) {
    let keep_until_ms = (qos == Qos::Queued).then(|| now_ms() + keep_ms);
    let message = Message { payload: payload(downlink), keep_until_ms };
    world().trace(|| format!("    -> {} {}", short(to), shown(downlink)));
    if call.fails(Fault::DownlinkLost) {
        return;
    }
    send(to, &message, call);
    if call.fails(Fault::DownlinkDoubled) {
        let (to, message) = (to.clone(), message);
        after(Dice::new(&[number(to.as_str())]).between(1, 3_000), move || arrive(&to, &message));
    }
}

/// Sends a message past the queue. Returns whether the device can be reached.
pub fn send_direct(to: &ClientId, downlink: &Downlink, call: Call) -> bool {
    let message = Message { payload: payload(downlink), keep_until_ms: None };
    world().trace(|| format!("    => {} {}", short(to), shown(downlink)));
    let is_linked = world().broker.borrow_mut().session(to).is_linked;
    if is_linked {
        send(to, &message, call);
    }
    is_linked
}

/// Sends a message to a device, behind the messages that are on their way, or past them if it is delayed.
fn send(to: &ClientId, message: &Message, call: Call) {
    let world = world();
    let now = now_ms();
    let is_delayed = call.fails(Fault::DownlinkDelayed);
    let mut broker = world.broker.borrow_mut();
    let session = broker.session(to);
    let mut dice = Dice::new(&[number(to.as_str()), session.busy_until_ms.cast_unsigned(), world.seed]);
    let at_ms = if is_delayed {
        now + dice.between(200, 5_000)
    } else {
        session.busy_until_ms = session.busy_until_ms.max(now + dice.between(2, 40));
        session.busy_until_ms
    };
    drop(broker);
    let (to, message) = (to.clone(), message.clone());
    after(at_ms - now, move || arrive(&to, &message));
}

/// Delivers a message, or queues it for a device that is away.
fn arrive(to: &ClientId, message: &Message) {
    let world = world();
    let is_linked = {
        let mut broker = world.broker.borrow_mut();
        let session = broker.session(to);
        if !session.is_linked
            && let Some(until_ms) = message.keep_until_ms
        {
            session.queue.push_back((until_ms, message.clone()));
        }
        session.is_linked
    };
    if is_linked && let Some(phone) = world.phone_of(to) {
        phone::receive(phone, &message.payload);
    }
}

/// Connects a device: the broker delivers its queue and publishes the lifecycle events.
pub fn connect(device: &ClientId) {
    let world = world();
    let (queue, replaced, version) = {
        let mut broker = world.broker.borrow_mut();
        let session = broker.session(device);
        let replaced = session.is_connected.then_some(session.version);
        session.version += 1;
        session.is_linked = true;
        session.is_connected = true;
        (std::mem::take(&mut session.queue), replaced, session.version)
    };
    if let Some(version) = replaced {
        lifecycle(device, "disconnected", version);
    }
    lifecycle(device, "connected", version);
    for (_, message) in queue.into_iter().filter(|(until_ms, _)| *until_ms > now_ms()) {
        let mut broker = world.broker.borrow_mut();
        let session = broker.session(device);
        session.busy_until_ms = session.busy_until_ms.max(now_ms()) + 2;
        let wait_ms = session.busy_until_ms - now_ms();
        let device = device.clone();
        after(wait_ms, move || arrive(&device, &message));
    }
}

/// Ends the connection of a device. The broker notices it `noticed_after_ms` later.
pub fn disconnect(device: &ClientId, noticed_after_ms: i64) {
    let world = world();
    let version = {
        let mut broker = world.broker.borrow_mut();
        let session = broker.session(device);
        session.is_linked = false;
        session.version
    };
    let device = device.clone();
    after(noticed_after_ms, move || {
        let world = crate::world::world();
        let is_over = {
            let mut broker = world.broker.borrow_mut();
            let session = broker.session(&device);
            let is_over = session.version == version && session.is_connected && !session.is_linked;
            session.is_connected &= !is_over;
            is_over
        };
        if is_over {
            lifecycle(&device, "disconnected", version);
        }
    });
}

/// Publishes the lifecycle event for the beginning or the end of a connection, which invokes `presence`.
fn lifecycle(device: &ClientId, kind: &'static str, version: i64) {
    let world = world();
    let place = mix(&[number(device.as_str()), version.cast_unsigned(), number(kind)]);
    let mut dice = Dice::new(&[world.seed, place]);
    let wait_ms = dice.between(10, 150);
    if world.happens(Fault::PresenceLost, place) {
        world.trace(|| format!("{} {kind}: event lost", short(device)));
        world.watch.borrow_mut().unheard.extend(world.phone_of(device));
        return;
    }
    let late_ms = if world.happens(Fault::PresenceDelayed, place) { dice.between(500, 30_000) } else { 0 };
    let event = json!({
        "clientId": device, "eventType": kind, "timestamp": crate::world::START_MS + now_ms(),
        "sessionIdentifier": format!("session-{version}"), "versionNumber": version,
    });
    if world.happens(Fault::PresenceDoubled, place) {
        let (event, device) = (event.clone(), device.clone());
        let again_ms = wait_ms + dice.between(0, 5_000);
        after(again_ms, move || deliver_lifecycle(&device, kind, &event, mix(&[place, 1])));
    }
    let device = device.clone();
    after(wait_ms + late_ms, move || deliver_lifecycle(&device, kind, &event, place));
}

fn shown(downlink: &Downlink) -> String {
    let answer = if downlink.re.is_nothing() { "" } else { " (answer)" };
    let body = serde_json::to_value(&downlink.body).unwrap_or_default();
    let detail = ["state", "code", "reason", "delivery", "user_id", "host"]
        .iter()
        .filter_map(|field| body[*field].as_str().map(|value| format!(" {field}={value}")));
    let of = |value: &Value| {
        let user = value["user_id"].as_str()?;
        Some(format!(" {user}={}", value["state"].as_str()?))
    };
    let participant = of(&body["participant"]).unwrap_or_default();
    let rev = downlink.rev.map_or(String::new(), |rev| format!(" rev {rev}"));
    format!("{}{answer}{}{participant}{rev}", downlink.body.kind(), detail.collect::<String>())
}
