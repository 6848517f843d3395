//! The world of one run over processes. All of it is on one thread; the stack is another program.

use crate::phone::{self, Phone};
use crate::rtc::Rtc;
use crate::stack::Stack;
use crate::timeline::Timeline;
use crate::watch::Watch;
use simulator::app::App;
use simulator::stage::Stage;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use switchboard_core::Meeting;
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::join::Join;
use switchboard_protocol::object::Mode;
use terminal::Uplink;

thread_local! {
    static WORLD: RefCell<Option<Rc<World>>> = const { RefCell::new(None) };
}

/// Everything of a run outside of the stack.
pub struct World {
    pub seed: u64,
    pub stack: Stack,
    pub timeline: Timeline,
    pub phones: Vec<RefCell<Phone>>,
    pub rtc: Option<Rtc>,
    pub watch: RefCell<Watch>,
    /// Meetings of the run when the table was last read.
    pub meetings: RefCell<BTreeMap<MeetingId, Meeting>>,
    pub lines: RefCell<Option<Vec<String>>>,
    /// True while faults may happen.
    pub is_faulty: Cell<bool>,
}

/// Returns the world of the present run.
pub fn world() -> Rc<World> {
    WORLD.with_borrow(|world| Rc::clone(world.as_ref().expect("a run is going on")))
}

/// Makes this the world of the present run, or ends the run.
pub fn set_world(world: Option<Rc<World>>) {
    drop(WORLD.replace(world));
}

impl World {
    /// Adds a line to the trace, if one is kept.
    pub fn trace(&self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut *self.lines.borrow_mut() {
            let now_ms = self.timeline.now_ms();
            lines.push(format!("{:>5}.{:03}  {}", now_ms / 1_000, now_ms % 1_000, line()));
        }
    }

    /// Notes a violation of a promise.
    pub fn violate(&self, words: &str) {
        self.trace(|| format!("VIOLATION: {words}"));
        self.watch.borrow_mut().violations.push(words.to_owned());
    }
}

/// The world as apps see it.
pub struct ProcessStage;

impl Stage for ProcessStage {
    fn seed(&self) -> u64 {
        world().seed
    }

    fn now_ms(&self) -> i64 {
        world().timeline.now_ms()
    }

    fn after(&self, ms: i64, action: Box<dyn FnOnce()>) {
        world().timeline.after(ms, action);
    }

    fn trace(&self, line: &dyn Fn() -> String) {
        world().trace(line);
    }

    fn with_app(&self, phone: usize, action: &mut dyn FnMut(&mut App)) {
        action(&mut world().phones[phone].borrow_mut().app);
    }

    fn phones(&self) -> usize {
        world().phones.len()
    }

    fn send(&self, phone: usize, uplink: Uplink, refusals: u32) {
        phone::send(phone, uplink, refusals);
    }

    fn has_rtc(&self) -> bool {
        world().rtc.is_some()
    }

    fn enter_media(&self, phone: usize, join: &Join) -> bool {
        world().rtc.as_ref().is_none_or(|rtc| rtc.enter(phone, join))
    }

    fn exit_media(&self, phone: usize, channel_id: &str, media_id: &str, what: &str) {
        if let Some(rtc) = &world().rtc {
            rtc.exit(phone, channel_id, media_id, what);
        }
    }

    fn media_lost(&self, phone: usize, channel_id: &str) {
        phone::media_lost(phone, channel_id);
    }

    fn meetings(&self, user: &UserId, own: bool) -> Vec<String> {
        let world = world();
        let meetings = world.meetings.borrow();
        let is_member = |meeting: &Meeting| {
            meeting.participants.get(user).is_some_and(|participant| participant.is_member())
        };
        let fits = |meeting: &&Meeting| {
            meeting.end().is_none() && if own { is_member(meeting) } else { *meeting.mode == Mode::Group }
        };
        meetings.values().filter(fits).map(|meeting| meeting.id.to_string()).collect()
    }

    fn switch_on(&self, phone: usize) {
        phone::switch_on(phone);
    }

    fn switch_off(&self, phone: usize, noticed_after_ms: i64) {
        phone::switch_off(phone, noticed_after_ms);
    }

    fn link(&self, phone: usize) {
        phone::link(phone);
    }

    fn unlink(&self, phone: usize, noticed_after_ms: i64) {
        phone::unlink(phone, noticed_after_ms);
    }
}
