//! A device: the real session and ringer of the crate `terminal`, with an app around them that behaves as the protocol
//! requires.

use crate::broker;
use crate::dice::mix;
use crate::executor::{after, now_ms};
use crate::lambda::{self, Published};
use crate::world::world;
use serde::Deserialize as _;
use serde_json::Value;
use simulator::app::{App, Waiting, short};
use simulator::calls;
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;
use std::time::{Duration, Instant};
use switchboard_protocol::address::ClientId;
use terminal::ringer::{Ringer, RingerStep};
use terminal::session::{Session, SessionOutput};
use terminal::{RawMessage, ReceivedDownlink, Refused, Retry, Uplink};

thread_local! {
    static BASE: Instant = base();
}

/// Returns the start of virtual time as an `Instant`, for the session and the ringer.
fn base() -> Instant {
    Instant::now()
}

fn instant(ms: i64) -> Instant {
    BASE.with(|base| *base + Duration::from_millis(u64::try_from(ms).unwrap_or_default()))
}

fn millis(at: Instant) -> i64 {
    BASE.with(|base| i64::try_from(at.duration_since(*base).as_millis()).unwrap_or(i64::MAX))
}

/// A device of a user.
pub struct Phone {
    pub app: App,
    pub session: Session,
    pub ringer: Ringer,
    /// Requests that wait for an answer.
    pub waiting: BTreeMap<String, Waiting>,
    uplinks: u64,
    tick_at_ms: Option<i64>,
}

impl Deref for Phone {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl DerefMut for Phone {
    fn deref_mut(&mut self) -> &mut App {
        &mut self.app
    }
}

impl Phone {
    pub fn new(index: usize, id: ClientId) -> Self {
        Self {
            app: App::new(index, id),
            session: Session::new(Retry::default()),
            ringer: Ringer::default(),
            waiting: BTreeMap::new(),
            uplinks: 0,
            tick_at_ms: None,
        }
    }
}

/// Runs `action` on a phone, which no caller may borrow at that time.
pub fn with<T>(phone: usize, action: impl FnOnce(&mut Phone) -> T) -> T {
    action(&mut world().phones[phone].borrow_mut())
}

/// Sends a request, and carries out what follows from it.
pub fn send(phone: usize, uplink: Uplink, refusals: u32) {
    begin(phone, uplink, refusals);
    drain(phone);
}

/// Passes a request to the session. A request that the service never answers is published without the session.
fn begin(phone: usize, uplink: Uplink, refusals: u32) {
    if !uplink.is_answered() {
        return publish(phone, &uplink);
    }
    with(phone, |phone| {
        let waiting = Waiting::new(&uplink, refusals, now_ms());
        let id = uplink.id().to_owned();
        // The ringer refuses a second answer to an invitation.
        if phone.ringer.user_requests(&uplink).is_ok()
            && phone.session.request(uplink, instant(now_ms())).is_ok()
        {
            phone.waiting.insert(id, waiting);
            world().watch.borrow_mut().requests += 1;
        }
    });
}

fn publish(phone: usize, uplink: &Uplink) {
    let published = with(phone, |phone| {
        if !phone.is_linked {
            return None;
        }
        phone.uplinks += 1;
        Some(Published {
            by: phone.id.clone(),
            kind: uplink.kind().to_owned(),
            id: uplink.id().to_owned(),
            payload: Rc::new(uplink.payload()),
            place: mix(&[phone.index as u64, phone.epoch, phone.uplinks]),
        })
    });
    if let Some(published) = published {
        let world = world();
        world.trace(|| format!("{} <- {}", short(&published.by), describe(uplink)));
        lambda::publish(&published);
    }
}

fn describe(uplink: &Uplink) -> String {
    let body: Value = serde_json::from_slice(&uplink.payload()).unwrap_or_default();
    let shown = ["mode", "invitees", "user_id", "users", "policy", "state", "locked", "takeover"];
    let fields = shown.iter().filter_map(|name| body.get(*name).map(|value| format!(" {name}={value}")));
    format!("{}{}", uplink.kind(), fields.collect::<String>())
}

/// Processes a downlink.
pub fn receive(phone: usize, payload: &[u8]) {
    let is_processed = with(phone, |phone| {
        let now = instant(now_ms());
        let raw = RawMessage { topic: String::new(), payload: payload.to_vec(), received_at: now };
        match ReceivedDownlink::read(&raw) {
            Ok(message) if phone.is_on => {
                phone.session.receive(message, now);
                true
            }
            _ => false,
        }
    });
    if is_processed {
        drain(phone);
    }
}

enum Output {
    Session(SessionOutput),
    Ringer(RingerStep),
}

/// Carries out the outputs of the session and of the ringer, and sets the next tick.
pub fn drain(phone: usize) {
    loop {
        let output = with(phone, |phone| {
            let step = phone.ringer.poll().map(Output::Ringer);
            step.or_else(|| phone.session.poll().map(Output::Session))
        });
        match output {
            Some(Output::Session(output)) => carry_out(phone, output),
            Some(Output::Ringer(step)) => carry_out_step(phone, step),
            None => break,
        }
    }
    let tick = with(phone, |phone| {
        let next =
            [phone.session.next_deadline(), phone.ringer.next_deadline()].into_iter().flatten().min()?;
        let at_ms = millis(next).max(now_ms());
        if phone.tick_at_ms.is_some_and(|known| known <= at_ms && known > now_ms()) {
            return None;
        }
        phone.tick_at_ms = Some(at_ms);
        Some((at_ms, phone.epoch))
    });
    if let Some((at_ms, epoch)) = tick {
        after(at_ms - now_ms(), move || tick_of(phone, epoch));
    }
}

fn tick_of(phone: usize, epoch: u64) {
    let is_current = with(phone, |phone| {
        if phone.epoch != epoch || !phone.is_on {
            return false;
        }
        phone.tick_at_ms = None;
        let now = instant(now_ms());
        phone.session.tick(now);
        phone.ringer.tick(now);
        true
    });
    if is_current {
        drain(phone);
    }
}

fn carry_out(phone: usize, output: SessionOutput) {
    match output {
        SessionOutput::Send(uplink) => publish(phone, &uplink),
        SessionOutput::Answer(message) => {
            let waited = with(phone, |phone| {
                phone.ringer.receive(&message, instant(now_ms()));
                message.answers().and_then(|request| phone.waiting.remove(request))
            });
            if let Some(waited) = waited {
                if message.kind == "error" {
                    world().watch.borrow_mut().refused += 1;
                    let refusal = Refused::deserialize(&Value::Object(message.body));
                    calls::refused(phone, waited, &refusal.expect("a refusal names its code"));
                } else {
                    world().watch.borrow_mut().answered += 1;
                    calls::answered(phone, &waited, &message);
                }
            }
        }
        SessionOutput::Unanswered { request, .. } => {
            let waited = with(phone, |phone| {
                phone.ringer.request_failed(&request);
                phone.waiting.remove(&request)
            });
            if let Some(waited) = waited {
                crate::watch::unanswered(phone, waited.uplink.kind(), &request);
                calls::given_up(phone, &waited);
            }
        }
        SessionOutput::Notice(message) => {
            with(phone, |phone| phone.ringer.receive(&message, instant(now_ms())));
            calls::noticed(phone, &message);
        }
        SessionOutput::Gap { meeting_id } => {
            world().watch.borrow_mut().gaps += 1;
            with(phone, |phone| phone.ringer.gap(&meeting_id));
        }
    }
}

fn carry_out_step(phone: usize, step: RingerStep) {
    match step {
        RingerStep::Ring { meeting_id, invite_id, .. } => {
            with(phone, |phone| phone.rings.insert(invite_id.clone(), meeting_id.clone()));
            calls::rings(phone, &meeting_id, &invite_id);
        }
        RingerStep::Stop { invite_id, .. } => {
            with(phone, |phone| phone.rings.remove(&invite_id));
        }
        // The ringer knows its own requests, so they go to the session only.
        RingerStep::Request(uplink) => with(phone, |phone| {
            let (id, waiting) = (uplink.id().to_owned(), Waiting::new(&uplink, 0, now_ms()));
            if phone.session.request(uplink, instant(now_ms())).is_ok() {
                phone.waiting.insert(id, waiting);
                world().watch.borrow_mut().requests += 1;
            }
        }),
        RingerStep::Send(uplink) => publish(phone, &uplink),
    }
}

/// Starts the app without any memory.
pub fn switch_on(phone: usize) {
    with(phone, |phone| {
        phone.app.start();
        phone.session = Session::new(Retry::default());
        phone.ringer = Ringer::default();
        phone.waiting.clear();
        phone.tick_at_ms = None;
    });
    link(phone);
}

/// Connects to the broker.
pub fn link(phone: usize) {
    let id = with(phone, |phone| {
        (phone.is_on && !phone.is_linked).then(|| {
            phone.is_linked = true;
            phone.linked_ms = now_ms();
            phone.id.clone()
        })
    });
    let Some(id) = id else { return };
    world().trace(|| format!("{} connects", short(&id)));
    broker::connect(&id);
    with(phone, |phone| {
        phone.session.connected(instant(now_ms()));
        phone.ringer.reconnected();
    });
    drain(phone);
    calls::reconnected(phone);
}

/// Loses the connection to the broker, which notices it `noticed_after_ms` later.
pub fn unlink(phone: usize, noticed_after_ms: i64) {
    let id = with(phone, |phone| {
        phone.is_linked.then(|| {
            phone.is_linked = false;
            phone.session.disconnected();
            phone.id.clone()
        })
    });
    if let Some(id) = id {
        world().trace(|| format!("{} loses the broker", short(&id)));
        broker::disconnect(&id, noticed_after_ms);
    }
}

/// Ends the app without a word. Its connection to the broker breaks, which the broker notices later.
pub fn switch_off(phone: usize, noticed_after_ms: i64) {
    unlink(phone, noticed_after_ms);
    with(phone, |phone| phone.app.stop());
}

/// Schedules the notification of a device that the RTC service ended its stay in a channel.
pub fn media_lost(phone: usize, channel_id: &str) {
    let channel_id = channel_id.to_owned();
    // A later notification, since the caller may be changing the channel at this time.
    after(20, move || calls::media_lost(phone, &channel_id));
}
