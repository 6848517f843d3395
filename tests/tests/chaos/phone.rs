//! A device: a real terminal over MQTT and its ringer, with the app of the script around them.

use crate::link::Link;
use crate::user::JWT_SECRET;
use crate::world::{World, world};
use secrecy::SecretString;
use simulator::app::{App, Waiting, short};
use simulator::calls;
use std::rc::Rc;
use std::time::{Duration, Instant};
use switchboard_protocol::address::ClientId;
use terminal::ringer::{Ringer, RingerStep};
use terminal::{Config, Events, RequestError, Retry, Terminal, TerminalEvent, Uplink, development_jwt};
use tokio::task::JoinSet;

/// Retries of the terminals. Time goes on in steps of seconds while the stack works for parts of a second, so a terminal
/// repeats a request somewhat earlier than with the default of 3 s.
const RETRY: Retry = Retry {
    answer_within: Duration::from_secs(2),
    resends: 2,
    reconnect_after: Duration::from_millis(40),
    reconnect_at_most: Duration::from_millis(200),
};
/// Real time between two attempts of a starting app to connect.
const CONNECT_AGAIN: Duration = Duration::from_millis(100);
/// Validity of a token in seconds: runs move the clock of the stack.
const TOKEN_SECONDS: i64 = 30 * 24 * 3_600;

/// A device of a user.
pub struct Phone {
    pub app: App,
    ringer: Ringer,
    terminal: Option<Terminal>,
    link: Rc<Link>,
    /// Tasks of the running app: they end with it.
    tasks: JoinSet<()>,
    /// Requests that wait for an answer.
    open: u64,
    tick_at_ms: Option<i64>,
    base: Instant,
}

impl Phone {
    pub async fn new(index: usize, id: ClientId, broker: (String, u16)) -> Self {
        Self {
            app: App::new(index, id),
            ringer: Ringer::default(),
            terminal: None,
            link: Rc::new(Link::new(broker).await),
            tasks: JoinSet::new(),
            open: 0,
            tick_at_ms: None,
            base: Instant::now(),
        }
    }

    /// The time of the run, for the ringer.
    fn now(&self, world: &World) -> Instant {
        self.base + Duration::from_millis(u64::try_from(world.timeline.now_ms()).unwrap_or_default())
    }

    fn config(&self) -> Config {
        let seconds = crate::user::now_seconds() + TOKEN_SECONDS;
        let token =
            development_jwt(JWT_SECRET, self.app.user.as_str(), Some(self.app.user.as_str()), seconds);
        let mut config = Config::new(self.app.id.clone(), "127.0.0.1", self.link.port(), token);
        config.retry = RETRY;
        config
    }
}

/// Runs `action` on a phone that nothing else uses meanwhile.
pub fn with<T>(phone: usize, action: impl FnOnce(&mut Phone) -> T) -> T {
    action(&mut world().phones[phone].borrow_mut())
}

/// Runs a task of the app, which ends with the app.
fn spawn(phone: usize, task: impl Future<Output = ()> + 'static) {
    with(phone, |phone| {
        while phone.tasks.try_join_next().is_some() {}
        phone.tasks.spawn_local(task);
    });
}

/// Sends a request of the user, unless the ringer knows that it was answered already.
pub fn send(phone: usize, uplink: Uplink, refusals: u32) {
    if !uplink.is_answered() {
        return send_once(phone, uplink);
    }
    if with(phone, |phone| phone.ringer.user_requests(&uplink)).is_ok() {
        request(phone, uplink, refusals);
    }
    carry_out_steps(phone);
}

fn send_once(phone: usize, uplink: Uplink) {
    let Some(terminal) = with(phone, |phone| phone.terminal.clone().filter(|_| phone.app.is_linked)) else {
        return;
    };
    spawn(phone, async move { drop(terminal.send_uplink(&uplink).await) });
}

fn request(phone: usize, uplink: Uplink, refusals: u32) {
    let world = world();
    let waiting = Waiting::new(&uplink, refusals, world.timeline.now_ms());
    let Some(terminal) = with(phone, |phone| phone.terminal.clone()) else { return };
    world.trace(|| format!("{} <- {}", with(phone, |phone| short(&phone.app.id).to_owned()), words(&uplink)));
    world.watch.borrow_mut().requests += 1;
    with(phone, |phone| phone.open += 1);
    spawn(phone, async move {
        let outcome = terminal.request_uplink(&uplink).await;
        with(phone, |phone| phone.open -= 1);
        let world = crate::world::world();
        match outcome {
            Ok(answer) => {
                with(phone, |phone| {
                    let now = phone.now(&world);
                    phone.ringer.receive(&answer, now);
                });
                world.watch.borrow_mut().answered += 1;
                world.trace(|| format!("    {} {} is answered: {}", uplink.kind(), uplink.id(), answer.kind));
                calls::answered(phone, &waiting, &answer);
            }
            Err(RequestError::Refused(refusal)) => {
                with(phone, |phone| phone.ringer.request_failed(uplink.id()));
                world.watch.borrow_mut().refused += 1;
                calls::refused(phone, waiting, &refusal);
            }
            Err(RequestError::TimedOut(_)) => {
                with(phone, |phone| phone.ringer.request_failed(uplink.id()));
                world.trace(|| format!("    {} {} is given up", uplink.kind(), uplink.id()));
                world.watch.borrow_mut().unanswered(&uplink, world.is_faulty.get());
                calls::given_up(phone, &waiting);
            }
            Err(error) => world.violate(&format!("{} failed: {error}", words(&uplink))),
        }
        carry_out_steps(phone);
    });
}

fn words(uplink: &Uplink) -> String {
    String::from_utf8(uplink.payload()).unwrap_or_default()
}

/// Carries out the steps of the ringer, and sets its next tick.
fn carry_out_steps(phone: usize) {
    while let Some(step) = with(phone, |phone| phone.ringer.poll()) {
        match step {
            RingerStep::Ring { meeting_id, invite_id, .. } => {
                with(phone, |phone| phone.app.rings.insert(invite_id.clone(), meeting_id.clone()));
                calls::rings(phone, &meeting_id, &invite_id);
            }
            RingerStep::Stop { invite_id, .. } => {
                with(phone, |phone| phone.app.rings.remove(&invite_id));
            }
            // Its own requests are known to the ringer.
            RingerStep::Request(uplink) => request(phone, uplink, 0),
            RingerStep::Send(uplink) => send_once(phone, uplink),
        }
    }
    let world = world();
    let now_ms = world.timeline.now_ms();
    let tick = with(phone, |phone| {
        let next = phone.ringer.next_deadline()?;
        let wait = next.saturating_duration_since(phone.now(&world));
        let at_ms = now_ms + i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 2) + 1;
        if phone.tick_at_ms.is_some_and(|known| known <= at_ms && known > now_ms) {
            return None;
        }
        phone.tick_at_ms = Some(at_ms);
        Some((at_ms, phone.app.epoch))
    });
    if let Some((at_ms, epoch)) = tick {
        world.timeline.after(at_ms - now_ms, Box::new(move || tick_of(phone, epoch)));
    }
}

fn tick_of(phone: usize, epoch: u64) {
    let world = world();
    let is_current = with(phone, |phone| {
        if phone.app.epoch != epoch || !phone.app.is_on {
            return false;
        }
        phone.tick_at_ms = None;
        let now = phone.now(&world);
        phone.ringer.tick(now);
        true
    });
    if is_current {
        carry_out_steps(phone);
    }
}

/// Starts the app, which connects as soon as it can.
pub fn switch_on(phone: usize) {
    let (config, link) = with(phone, |phone| {
        phone.app.start();
        phone.ringer = Ringer::default();
        phone.tick_at_ms = None;
        (phone.config(), Rc::clone(&phone.link))
    });
    link.open();
    spawn(phone, async move {
        let (terminal, events) = loop {
            match Terminal::connect(config.clone()).await {
                Ok(connected) => break connected,
                Err(error) => {
                    crate::world::world().trace(|| format!("phone {phone} cannot connect: {error}"));
                    tokio::time::sleep(CONNECT_AGAIN).await;
                }
            }
        };
        with(phone, |phone| phone.terminal = Some(terminal));
        connected(phone);
        read(phone, events, config.token).await;
    });
}

/// The terminal is connected, for the first time or again.
fn connected(phone: usize) {
    let world = world();
    let device = with(phone, |phone| {
        phone.app.is_linked = true;
        phone.app.linked_ms = world.timeline.now_ms();
        phone.ringer.reconnected();
        short(&phone.app.id).to_owned()
    });
    world.trace(|| format!("{device} is connected"));
    carry_out_steps(phone);
    calls::reconnected(phone);
}

async fn read(phone: usize, mut events: Events, token: SecretString) {
    while let Some(event) = events.next().await {
        let world = world();
        match event {
            TerminalEvent::Message(message) => {
                world.trace(|| format!("    -> phone {phone}: {} {:?}", message.kind, message.rev));
                with(phone, |phone| {
                    let now = phone.now(&world);
                    phone.ringer.receive(&message, now);
                });
                calls::noticed(phone, &message);
            }
            TerminalEvent::Gap { meeting_id } => {
                world.watch.borrow_mut().gaps += 1;
                with(phone, |phone| phone.ringer.gap(&meeting_id));
            }
            TerminalEvent::Connected { .. } => connected(phone),
            TerminalEvent::Disconnected { .. } => with(phone, |phone| phone.app.is_linked = false),
            // A fault of `authorize` looks like a token that is not accepted.
            TerminalEvent::LoginRefused { tries_again: false, .. } => with(phone, |phone| {
                if let Some(terminal) = &phone.terminal {
                    terminal.renew_token(token.clone());
                }
            }),
            _ => {}
        }
        carry_out_steps(phone);
    }
}

/// Ends the app without a word. The broker notices it later.
pub fn switch_off(phone: usize, noticed_after_ms: i64) {
    unlink(phone, noticed_after_ms);
    let tasks = with(phone, |phone| {
        phone.app.stop();
        world().watch.borrow_mut().dropped += std::mem::take(&mut phone.open);
        drop(phone.terminal.take());
        std::mem::take(&mut phone.tasks)
    });
    // Dropped outside of the borrow; that ends them.
    drop(tasks);
}

/// Gives the network back.
pub fn link(phone: usize) {
    with(phone, |phone| phone.link.open());
}

/// Takes the network away. The broker notices it later.
pub fn unlink(phone: usize, noticed_after_ms: i64) {
    let link = with(phone, |phone| {
        phone.app.is_linked = false;
        phone.link.cut();
        Rc::clone(&phone.link)
    });
    world().timeline.after(noticed_after_ms, Box::new(move || link.notice()));
}

/// Takes note that the RTC service ended the stay of this device in a channel.
pub fn media_lost(phone: usize, channel_id: &str) {
    let channel_id = channel_id.to_owned();
    // Later, since the caller may be in the middle of a change of the channel.
    world().timeline.after(20, Box::new(move || calls::media_lost(phone, &channel_id)));
}
