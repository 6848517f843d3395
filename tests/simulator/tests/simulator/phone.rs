//! A device: the real session and ringer of the crate `terminal`, with an app around them that behaves as the protocol
//! requires.

use crate::broker;
use crate::calls;
use crate::dice::mix;
use crate::executor::{after, now_ms};
use crate::lambda::{self, Published};
use crate::world::world;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::{Duration, Instant};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::join::Join;
use switchboard_protocol::requests::RequestInfo;
use terminal::ringer::{Ringer, RingerStep};
use terminal::session::{Session, SessionOutput};
use terminal::{RawMessage, ReceivedDownlink, Retry, Uplink};

use crate::view::View;

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
    pub index: usize,
    pub id: ClientId,
    pub user: UserId,
    pub session: Session,
    pub ringer: Ringer,
    /// `true` while the app runs.
    pub is_on: bool,
    /// `true` while the device is connected to the broker; `linked_ms` is the time of the connect.
    pub is_linked: bool,
    pub linked_ms: i64,
    /// Number of starts of the app.
    pub epoch: u64,
    pub call: Option<Call>,
    /// Meeting in whose lobby the user waits.
    pub lobby: Option<String>,
    /// Meetings that the user has left.
    pub left: BTreeSet<String>,
    /// `true` from a restart of the app until the app has received a `state`.
    pub has_forgotten: bool,
    pub last_create: Option<String>,
    /// Create requests that the app takes back, by the ids of the `destroy_meeting` requests without an answer.
    pub taken_back: BTreeMap<String, String>,
    /// Invitations that ring, with their meetings.
    pub rings: BTreeMap<String, String>,
    pub rung: u64,
    /// Requests that wait for an answer.
    pub waiting: BTreeMap<String, Waiting>,
    uplinks: u64,
    requests: u64,
    tick_at_ms: Option<i64>,
}

/// A request that waits for its answer.
#[derive(Debug, Clone)]
pub struct Waiting {
    pub uplink: Uplink,
    pub meeting: Option<String>,
    /// Number of refusals after which the app repeated this request.
    pub refusals: u32,
    pub since_ms: i64,
}

impl Waiting {
    fn new(uplink: &Uplink, refusals: u32) -> Self {
        Self { uplink: uplink.clone(), meeting: field(uplink, "meeting_id"), refusals, since_ms: now_ms() }
    }
}

/// The call that a device is in.
#[derive(Debug, Clone, Default)]
pub struct Call {
    pub meeting_id: String,
    pub view: View,
    pub join: Option<Join>,
    pub media: Media,
    pub since_ms: i64,
    /// Attempts to get back into the media since the last success.
    pub attempts: u32,
}

/// Position of a device: outside of the media, on the way into the media, or in the media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Media {
    #[default]
    Out,
    Entering,
    In,
}

impl Phone {
    pub fn new(index: usize, id: ClientId) -> Self {
        Self {
            index,
            user: id.user(),
            id,
            session: Session::new(Retry::default()),
            ringer: Ringer::default(),
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
            waiting: BTreeMap::new(),
            uplinks: 0,
            requests: 0,
            tick_at_ms: None,
        }
    }
}

/// Runs `action` on a phone, which no caller may borrow at that time.
pub fn with<T>(phone: usize, action: impl FnOnce(&mut Phone) -> T) -> T {
    action(&mut world().phones[phone].borrow_mut())
}

/// Sends a request. Returns its id.
pub fn request(phone: usize, kind: &str, fields: Value) -> String {
    let mut fields = match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    fields.insert("type".to_owned(), kind.into());
    let (id, uplink) = with(phone, |phone| {
        phone.requests += 1;
        let id = format!("r{}-{}-{}", phone.index, phone.epoch, phone.requests);
        fields.insert("id".to_owned(), id.clone().into());
        let function = RequestInfo::find(kind).map_or("", |info| info.function.name());
        (id, Uplink::from_fields(function, fields))
    });
    begin(phone, uplink, 0);
    drain(phone);
    id
}

/// Repeats a request after a retryable refusal.
pub fn again(phone: usize, uplink: Uplink, refusals: u32) {
    begin(phone, uplink, refusals);
    drain(phone);
}

/// Passes a request to the session. A request that the service never answers is published without the session.
fn begin(phone: usize, uplink: Uplink, refusals: u32) {
    if !uplink.is_answered() {
        return publish(phone, &uplink);
    }
    with(phone, |phone| {
        let waiting = Waiting::new(&uplink, refusals);
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

fn field(uplink: &Uplink, name: &str) -> Option<String> {
    let body: Value = serde_json::from_slice(&uplink.payload()).ok()?;
    body[name].as_str().map(str::to_owned)
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
        world.trace(|| format!("{} <- {}", broker::short(&published.by), describe(uplink)));
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
                let is_refused = message.kind == "error";
                if is_refused {
                    world().watch.borrow_mut().refused += 1;
                } else {
                    world().watch.borrow_mut().answered += 1;
                }
                calls::answered(phone, waited, &message);
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
            let (id, waiting) = (uplink.id().to_owned(), Waiting::new(&uplink, 0));
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
        phone.is_on = true;
        phone.epoch += 1;
        phone.session = Session::new(Retry::default());
        phone.ringer = Ringer::default();
        phone.waiting.clear();
        phone.rings.clear();
        phone.taken_back.clear();
        phone.has_forgotten = phone.epoch > 1;
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
    world().trace(|| format!("{} connects", broker::short(&id)));
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
        world().trace(|| format!("{} loses the broker", broker::short(&id)));
        broker::disconnect(&id, noticed_after_ms);
    }
}

/// Crashes the app: its connections to broker and media break.
pub fn crash(phone: usize, noticed_after_ms: i64) {
    calls::media_breaks(phone);
    unlink(phone, noticed_after_ms);
    with(phone, |phone| {
        phone.is_on = false;
        phone.call = None;
        phone.lobby = None;
    });
}

/// Schedules the notification of a device that the RTC service ended its stay in a channel.
pub fn media_lost(phone: usize, channel_id: &str) {
    let channel_id = channel_id.to_owned();
    // A later notification, since the caller may be changing the channel at this time.
    after(20, move || calls::media_lost(phone, &channel_id));
}
