//! The world of one run. Everything in it happens on one thread, in virtual time.

use crate::broker::Broker;
use crate::executor::now_ms;
use crate::faults::{Fault, FaultLog, FaultPlan};
use crate::phone::Phone;
use crate::ports::SimPorts;
use crate::rtc::Rtc;
use crate::watch::Watch;
use functions::wake::ChannelAges;
use std::cell::{Ref, RefCell};
use std::rc::Rc;
use switchboard_core::Now;
use switchboard_protocol::address::ClientId;
use switchboard_service::Service;
use switchboard_service::fake::TableState;

/// Time of the start, in milliseconds since the epoch.
pub const START_MS: i64 = 1_795_366_084_000;

thread_local! {
    static WORLD: RefCell<Option<Rc<World>>> = const { RefCell::new(None) };
}

/// State of a run, apart from the tasks and timers of the executor.
pub struct World {
    pub seed: u64,
    pub faults: FaultPlan,
    pub log: RefCell<FaultLog>,
    pub service: Service<SimPorts>,
    pub ages: ChannelAges,
    pub broker: RefCell<Broker>,
    pub rtc: RefCell<Rtc>,
    pub phones: Vec<RefCell<Phone>>,
    pub watch: RefCell<Watch>,
    pub lines: RefCell<Option<Vec<String>>>,
    /// Awaits of each invocation; `None` unless the run enumerates them.
    pub points: RefCell<Option<Vec<(u64, u32, String)>>>,
}

/// Returns the world of the present run.
pub fn world() -> Rc<World> {
    WORLD.with_borrow(|world| Rc::clone(world.as_ref().expect("a run is going on")))
}

/// Makes this the world of the present run, or ends the run.
pub fn set_world(world: Option<Rc<World>>) {
    drop(WORLD.replace(world));
}

/// Returns the time of the functions.
pub fn function_time() -> Now {
    Now { ms: START_MS + now_ms() }
}

impl World {
    /// Returns the contents of the table.
    pub fn table(&self) -> Ref<'_, TableState> {
        self.service.table.0.state.borrow()
    }

    /// Returns `true` if a fault of this kind happens at this place, and logs it.
    pub fn happens(&self, kind: Fault, place: u64) -> bool {
        match self.faults.draw(kind, place, now_ms()) {
            Some(place) => {
                self.log.borrow_mut().add(kind, place);
                true
            }
            None => false,
        }
    }

    /// Returns the number of the phone with this client ID.
    pub fn phone_of(&self, id: &ClientId) -> Option<usize> {
        self.phones.iter().position(|phone| phone.borrow().id == *id)
    }

    /// Adds a line to the trace, if one is kept.
    pub fn trace(&self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut *self.lines.borrow_mut() {
            let now_ms = now_ms();
            lines.push(format!("{:>5}.{:03}  {}", now_ms / 1_000, now_ms % 1_000, line()));
        }
    }

    /// Records the number of awaits of an invocation.
    pub fn note_points(&self, place: u64, points: u32, name: &str) {
        if let Some(all) = &mut *self.points.borrow_mut() {
            all.push((place, points, name.to_owned()));
        }
    }
}
