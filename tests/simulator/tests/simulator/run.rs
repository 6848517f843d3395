//! One run: builds the world of a plan, lets time pass, and checks the promises.

use crate::broker::Broker;
use crate::dice::Dice;
use crate::executor;
use crate::faults::{FaultLog, FaultPlan};
use crate::lambda::sweep_each_minute;
use crate::phone::{self, Phone, with};
use crate::ports::{SimBus, SimDataPlane, SimPorts, SimQueue, SimTable};
use crate::properties;
use crate::rtc::{Management, Rtc};
use crate::stage::VirtualStage;
use crate::watch::Watch;
use crate::world::{START_MS, World, set_world, world};
use functions::wake::ChannelAges;
use serde_json::json;
use simulator::calls::{crash, hang_up};
use simulator::script::Script;
use simulator::stage::set_stage;
use simulator::{acts, stage};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use switchboard_core::{Meeting, RequestLimits};
use switchboard_protocol::code::EndReason;
use switchboard_service::effects::downlinks::Publisher;
use switchboard_service::fake::{FakeMinter, TableState, id_key};
use switchboard_service::request_rate::Paces;
use switchboard_service::service::HANG_UP_WAITS;
use switchboard_service::{RtcClient, Service};

/// Time in milliseconds from the last fault to the check of live calls: a repeated effect waits at most as long as it
/// has failed, and the sweep closes a channel that is five minutes old.
const SETTLE_MS: i64 = 700_000;
/// Time in milliseconds for the answers to the last `sync`.
const SYNC_MS: i64 = 15_000;
/// Time in milliseconds from the last hang-up to the check that all meetings have ended.
const OVER_MS: i64 = 700_000;

/// A script and its faults.
#[derive(Debug, Clone)]
pub struct Plan {
    pub script: Script,
    pub faults: FaultPlan,
}

/// The result of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    pub watch: Watch,
    pub log: FaultLog,
    pub lines: Vec<String>,
    pub points: Vec<(u64, u32, String)>,
    /// Number of meetings. `calls` counts those in which users met in the media.
    pub meetings: u64,
    pub calls: u64,
    /// Number of meetings that ended as `lost` or `rtc_failed`.
    pub lost: u64,
}

/// The parts of a run to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    Counts,
    Trace,
    Awaits,
}

impl Plan {
    pub fn of_seed(seed: u64) -> Self {
        let script = Script::of_seed(seed, "");
        let faults = FaultPlan::of_seed(seed, script.busy_ms);
        Self { script, faults }
    }
}

/// Runs a plan. A panic is a violation.
pub fn run(plan: &Plan, keep: Keep) -> Outcome {
    executor::reset();
    set_world(Some(Rc::new(new_world(plan, keep))));
    set_stage(Some(Rc::new(VirtualStage)));
    let result = catch_unwind(AssertUnwindSafe(|| play(plan)));
    let world = world();
    let mut outcome = Outcome {
        watch: world.watch.take(),
        log: world.log.take(),
        lines: world.lines.take().unwrap_or_default(),
        points: world.points.take().unwrap_or_default(),
        ..Outcome::default()
    };
    if let Err(panic) = result {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned()));
        outcome.watch.violations.push(format!("panic: {}", words.unwrap_or_default()));
    } else {
        count(&world.table(), &mut outcome);
    }
    drop(world);
    executor::reset();
    set_stage(None);
    set_world(None);
    outcome
}

fn count(table: &TableState, outcome: &mut Outcome) {
    for meeting in table.meetings.values().map(|stored| &*stored.meeting) {
        outcome.meetings += 1;
        let was_in = |meeting: &Meeting| meeting.active_since_ms.is_some();
        outcome.calls += u64::from(was_in(meeting));
        let is_lost = |reason| matches!(reason, EndReason::Lost | EndReason::RtcFailed);
        outcome.lost += u64::from(meeting.end().is_some_and(|end| is_lost(end.reason)));
    }
}

fn new_world(plan: &Plan, keep: Keep) -> World {
    let script = &plan.script;
    let table = SimTable::default();
    {
        let mut state = table.0.state.borrow_mut();
        // Register each device, as `authorize` does when a device connects.
        for device in &script.devices {
            let user = device.user();
            let devices: Vec<_> =
                script.devices.iter().filter(|other| other.user() == user).cloned().collect();
            state.add_user(&user, Some(user.as_str()), &devices, START_MS);
        }
    }
    let service: Service<SimPorts> = Service {
        table,
        publisher: Publisher {
            broker: SimDataPlane,
            key: id_key(),
            minter: Box::new(FakeMinter),
            channel_prefix: "sb".to_owned(),
        },
        wakes: SimQueue,
        rtc: script.has_rtc.then(|| RtcClient::new(Box::new(Management), id_key(), "simulator".to_owned())),
        outcomes: Some(SimBus),
        is_forwarded: false,
        key: id_key(),
        hang_up_waits: HANG_UP_WAITS,
        // Users of a script make more requests than people do.
        limits: RequestLimits::NONE,
        paces: Paces::default(),
    };
    let phones = script.devices.iter().enumerate();
    World {
        seed: script.seed,
        faults: plan.faults.clone(),
        log: RefCell::default(),
        service,
        ages: ChannelAges::default(),
        broker: RefCell::new(Broker::default()),
        rtc: RefCell::new(Rtc::new(script.makes_channels, script.keeps_channels)),
        phones: phones.map(|(index, id)| RefCell::new(Phone::new(index, id.clone()))).collect(),
        watch: RefCell::default(),
        lines: RefCell::new((keep == Keep::Trace).then(Vec::new)),
        points: RefCell::new((keep == Keep::Awaits).then(Vec::new)),
    }
}

fn play(plan: &Plan) {
    let script = Rc::new(plan.script.clone());
    let mut dice = Dice::new(&[script.seed, 4]);
    let all = 0..script.devices.len();
    sweep_each_minute();
    for phone in all.clone() {
        let wait_ms = dice.between(0, 1_500);
        if !script.off.contains(&phone) {
            executor::after(wait_ms, move || phone::switch_on(phone));
        }
    }
    for step in script.steps.clone() {
        let script = Rc::clone(&script);
        executor::after(step.at_ms, move || acts::carry_out(&script, &step));
    }
    let settled_ms = script.busy_ms + SETTLE_MS;
    executor::run_until(settled_ms);
    // Without a fault, each terminal must show the true state before it sends `sync`.
    if plan.faults.is_empty() {
        properties::check_views(false);
        properties::check_live();
    }
    for phone in all.clone().filter(|phone| with(*phone, |phone| phone.is_on)) {
        stage::request(phone, "sync", json!({}));
    }
    executor::run_until(settled_ms + SYNC_MS);
    properties::check_views(true);
    properties::check_live();
    if !world().watch.borrow().violations.is_empty() {
        return;
    }
    world().trace(|| "everybody hangs up".to_owned());
    for phone in all {
        let (is_gone, wait_ms) = (dice.percent(15), dice.between(0, 5_000));
        executor::after(wait_ms, move || {
            let call = with(phone, |phone| phone.call.as_ref().map(|call| call.meeting_id.clone()));
            match call {
                Some(_) if is_gone => crash(phone, 1_000),
                Some(meeting) => hang_up(phone, &meeting),
                None => {}
            }
        });
    }
    executor::run_until(settled_ms + SYNC_MS + OVER_MS);
    properties::check_over();
}
