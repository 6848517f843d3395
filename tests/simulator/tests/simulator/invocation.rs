//! One run of a function: the points at which it may be killed, and the calls that it makes through its ports.

use crate::dice::{Dice, mix};
use crate::executor::{now_ms, sleep};
use crate::faults::Fault;
use crate::world::{function_time, world};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use switchboard_core::Now;
use switchboard_protocol::address::ClientId;

/// Time limit of a function, as in the template, in milliseconds.
const TIME_LIMIT_MS: i64 = 10_000;
/// Number of first awaits, at one of which a killed function is killed. Only functions with many downlinks have more.
const KILL_WITHIN: u64 = 30;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Invocation>>> = const { RefCell::new(None) };
}

/// One run of a function.
#[derive(Debug)]
pub struct Invocation {
    /// Name in the trace: the function and its input.
    pub name: String,
    place: u64,
    /// Number of the await at which the function is killed.
    kill_at: Option<u32>,
    kill_place: u64,
    /// Number of awaits so far.
    points: Cell<u32>,
    calls: Cell<u64>,
    is_killed: Cell<bool>,
    /// `true` if a fault was injected into a call of the function, or if the function did not end by itself.
    pub is_hit: Cell<bool>,
    /// Sender and id of the request that the function serves. `is_answered` is `true` once the answer was published.
    pub request: Option<(ClientId, String)>,
    pub is_answered: Cell<bool>,
    /// Time of all decisions of the function.
    pub now: Now,
}

impl Invocation {
    /// Makes an invocation. `place` identifies it, and is the same in each run of the seed.
    pub fn new(name: String, place: u64, request: Option<(ClientId, String)>) -> Rc<Self> {
        let world = world();
        let drawn = world.faults.draw(Fault::Crash, place, now_ms());
        let at = |place: u64| u32::try_from(1 + mix(&[place, 7]) % KILL_WITHIN).unwrap_or(1);
        let planned = world.faults.kill.filter(|(of, _)| *of == place).map(|(_, at)| at);
        Rc::new(Self {
            name,
            place,
            kill_at: planned.or(drawn.map(at)),
            kill_place: drawn.unwrap_or_default(),
            points: Cell::new(0),
            calls: Cell::new(0),
            is_killed: Cell::new(false),
            is_hit: Cell::new(false),
            request,
            is_answered: Cell::new(false),
            now: function_time(),
        })
    }

    /// Runs the function. Returns `None` if it was killed.
    pub async fn run<T>(self: &Rc<Self>, function: impl Future<Output = T>) -> Option<T> {
        let mut function = pin!(function);
        let mut limit = pin!(sleep(TIME_LIMIT_MS));
        let result = std::future::poll_fn(|context| {
            let before = CURRENT.replace(Some(Rc::clone(self)));
            let polled = function.as_mut().poll(context);
            CURRENT.set(before);
            if self.is_killed.get() {
                return Poll::Ready(None);
            }
            match polled {
                Poll::Ready(result) => Poll::Ready(Some(result)),
                Poll::Pending => limit.as_mut().poll(context).map(|()| None),
            }
        })
        .await;
        if result.is_none() {
            self.is_hit.set(true);
            let how = if self.is_killed.get() { "killed" } else { "stopped by its time limit" };
            world().trace(|| format!("{}: {how} at await {}", self.name, self.points.get()));
        }
        world().note_points(self.place, self.points.get(), &self.name);
        result
    }

    fn reach_point(&self) -> bool {
        self.points.set(self.points.get() + 1);
        if self.kill_at == Some(self.points.get()) {
            self.is_killed.set(true);
            world().log.borrow_mut().add(Fault::Crash, self.kill_place);
        }
        self.is_killed.get()
    }
}

/// Returns the invocation that is being polled.
pub fn current() -> Option<Rc<Invocation>> {
    CURRENT.with_borrow(Option::clone)
}

/// A point at which the function may be killed: before and after the effect of each call through a port.
pub async fn point() {
    let is_killed = current().is_some_and(|invocation| invocation.reach_point());
    if is_killed {
        std::future::pending::<()>().await;
    }
}

/// A call through a port. Its futures are `Send`, since the port of the RTC service requires that.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    place: u64,
}

impl Call {
    /// Begins a call: waits for the time that the request takes. A function may be killed at this await.
    pub async fn begin(low_ms: i64, high_ms: i64) -> Self {
        let place = current().map_or(0, |invocation| {
            let number = invocation.calls.get();
            invocation.calls.set(number + 1);
            mix(&[invocation.place, number])
        });
        let call = Self { place };
        let time_ms = Dice::new(&[place, world().seed]).between(low_ms, high_ms);
        sleep(time_ms).await;
        point().await;
        call
    }

    /// Ends a call after its effect: waits for the time that the answer takes. A function may be killed at this await.
    pub async fn end(self, low_ms: i64, high_ms: i64) {
        let time_ms = Dice::new(&[self.place, world().seed, 3]).between(low_ms, high_ms);
        sleep(time_ms).await;
        point().await;
    }

    /// Returns `true` if a fault of this kind happens at this call.
    pub fn fails(self, kind: Fault) -> bool {
        let is_hit = world().happens(kind, self.place);
        if is_hit && let Some(invocation) = current() {
            invocation.is_hit.set(true);
            world().trace(|| format!("{}: {}", invocation.name, kind.words()));
        }
        is_hit
    }

    /// Waits for up to `most_ms` if a fault of this kind happens.
    pub async fn delay(self, kind: Fault, most_ms: i64) {
        if self.fails(kind) {
            let time_ms = Dice::new(&[self.place, 5]).between(100, most_ms);
            sleep(time_ms).await;
        }
    }
}
