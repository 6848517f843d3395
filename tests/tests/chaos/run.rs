//! One run: the people of a seed call each other over the processes of a stack while things fail; then the faults end, time
//! goes on, and the promises are checked.

use crate::checks;
use crate::faults::FaultPlan;
use crate::phone::{self, Phone, with};
use crate::rtc::Rtc;
use crate::rtc_service::RtcService;
use crate::stack::{Stack, client};
use crate::table::StackTable;
use crate::timeline::Timeline;
use crate::watch::Watch;
use crate::world::{ProcessStage, World, set_world, world};
use serde_json::{Value, json};
use simulator::acts;
use simulator::calls::{crash, hang_up};
use simulator::dice::Dice;
use simulator::script::Script;
use simulator::stage::{request, set_stage};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Steps of time after the last fault, in milliseconds, in which everything must come to order: the same time as in the
/// simulator, with a sweep at each step.
const SETTLE_MS: [i64; 11] =
    [3_000, 6_000, 12_000, 20_000, 35_000, 61_000, 61_000, 90_000, 120_000, 150_000, 180_000];
/// Times for which a run waits for order at most.
const SETTLES: u32 = 3;
/// Real time after which an idle stack counts as quiet, and for which a run waits for that at most.
const QUIET: Duration = Duration::from_millis(12);
const QUIET_WITHIN: Duration = Duration::from_millis(1_500);
/// Real time in which all requests of a run at rest are answered.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// A stack with its RTC service, for one run after the other.
pub struct Place {
    pub stack: Stack,
    pub rtc: Option<Rc<RtcService>>,
    pub table: StackTable,
}

impl Place {
    /// Starts a stack; with `has_rtc`, the RTC service manages its meetings.
    pub fn start(has_rtc: bool) -> Self {
        let rtc = has_rtc.then(|| Rc::new(RtcService::start()));
        let stack = rtc.as_ref().map_or_else(Stack::own, |rtc| rtc.stack());
        Self { table: StackTable::of(&stack), stack, rtc }
    }
}

/// The result of a run.
pub struct Outcome {
    pub watch: Watch,
    pub lines: Vec<String>,
}

/// A script and its faults.
pub struct Plan {
    pub script: Script,
    pub faults: FaultPlan,
}

impl Plan {
    pub fn of_seed(seed: u64) -> Self {
        let script = Script::of_seed(seed, &format!("s{seed}-"));
        let faults = FaultPlan::of_seed(seed, script.busy_ms);
        Self { script, faults }
    }
}

/// Runs a plan at a place.
pub async fn run(plan: &Plan, place: &Place, keep_trace: bool) -> Outcome {
    let world = Rc::new(new_world(plan, place, keep_trace).await);
    set_world(Some(Rc::clone(&world)));
    set_stage(Some(Rc::new(ProcessStage)));
    play(plan, place).await;
    for phone in 0..world.phones.len() {
        if with(phone, |phone| phone.app.is_on) {
            phone::switch_off(phone, 0);
        }
    }
    world.timeline.advance(1);
    until_quiet(&world).await;
    world.timeline.clear();
    set_stage(None);
    set_world(None);
    Outcome { watch: world.watch.take(), lines: world.lines.take().unwrap_or_default() }
}

async fn new_world(plan: &Plan, place: &Place, keep_trace: bool) -> World {
    let mut phones = Vec::new();
    for (index, id) in plan.script.devices.iter().enumerate() {
        phones.push(RefCell::new(Phone::new(index, id.clone(), place.stack.mqtt.clone()).await));
    }
    let makes_channels = plan.script.makes_channels;
    World {
        seed: plan.script.seed,
        stack: place.stack.clone(),
        timeline: Timeline::default(),
        phones,
        rtc: place.rtc.as_ref().map(|rtc| Rtc::new(Rc::clone(rtc), makes_channels)),
        watch: RefCell::new(Watch::begin(&place.stack).await),
        meetings: RefCell::default(),
        lines: RefCell::new(keep_trace.then(Vec::new)),
        is_faulty: Cell::new(!plan.faults.is_empty()),
    }
}

async fn play(plan: &Plan, place: &Place) {
    let (script, world) = (Rc::new(plan.script.clone()), world());
    let mut dice = Dice::new(&[script.seed, 4]);
    for phone in 0..script.devices.len() {
        let wait_ms = dice.between(0, 1_500);
        world.timeline.after(wait_ms, Box::new(move || phone::switch_on(phone)));
    }
    for step in script.steps.clone() {
        let script = Rc::clone(&script);
        world.timeline.after(step.at_ms, Box::new(move || acts::carry_out(&script, &step)));
    }
    busy(plan, place).await;
    disarm(&world).await;
    settle(&world).await;
    world.is_faulty.set(false);
    if plan.faults.is_empty() {
        checks::check_views(&script, &place.table, "without any fault").await;
    }
    for phone in (0..script.devices.len()).filter(|phone| with(*phone, |phone| phone.app.is_on)) {
        request(phone, "sync", json!({}));
    }
    until_answered(&world).await;
    checks::check_views(&script, &place.table, "after a sync").await;
    checks::check(&script, &place.table, false).await;
    if !world.watch.borrow().violations.is_empty() {
        return;
    }
    world.trace(|| "everybody hangs up".to_owned());
    for phone in 0..script.devices.len() {
        let (is_gone, wait_ms) = (dice.percent(15), dice.between(0, 5_000));
        let action = move || {
            let call = with(phone, |phone| phone.app.call.as_ref().map(|call| call.meeting_id.clone()));
            match call {
                Some(_) if is_gone => crash(phone, 1_000),
                Some(meeting) => hang_up(phone, &meeting),
                None => {}
            }
        };
        world.timeline.after(wait_ms, Box::new(action));
    }
    settle(&world).await;
    until_answered(&world).await;
    checks::check(&script, &place.table, true).await;
    letters(&world).await;
}

/// The time of steps and faults. The stack works while the time stands still, and not always until it has nothing to do.
async fn busy(plan: &Plan, place: &Place) {
    let world = world();
    let mut dice = Dice::new(&[plan.script.seed, 5]);
    let mut changes = plan.faults.changes();
    changes.push(0);
    let (broker, rtc) = plan.faults.skew_ms;
    world.stack.post("/local/clock", &json!({"skew_ms": {"broker": broker}})).await;
    if let Some(of) = &world.rtc {
        of.ahead_ms.set(rtc);
    }
    let mut restarts = plan.faults.restarts.clone();
    while world.timeline.now_ms() < plan.script.busy_ms {
        let now_ms = world.timeline.now_ms();
        if changes.iter().any(|at_ms| *at_ms <= now_ms) {
            changes.retain(|at_ms| *at_ms > now_ms);
            arm(&world, &plan.faults.at(now_ms)).await;
        }
        if let Some((_, keeps)) = restarts.pop_if(|(at_ms, _)| *at_ms <= now_ms) {
            let sessions = if keeps { "sessions_kept" } else { "sessions_lost" };
            world.trace(|| format!("the broker restarts: {sessions}"));
            world.stack.post("/local/broker", &json!({"restart": sessions})).await;
        }
        if dice.percent(10) {
            let meetings = place.table.meetings(&plan.script.prefix).await;
            let meetings = meetings.into_iter().map(|(id, loaded)| (id, loaded.meeting));
            world.meetings.replace(meetings.collect());
        }
        let by_ms = dice.between(400, 5_000);
        advance(&world, by_ms).await;
        if dice.percent(70) {
            until_quiet(&world).await;
        } else {
            breathe(&world, Duration::from_millis(dice.between(2, 60).unsigned_abs())).await;
        }
    }
}

async fn arm(world: &World, faults: &[Value]) {
    disarm_switches(world).await;
    for fault in faults {
        world.stack.inject_fault(fault.clone()).await;
    }
}

async fn disarm_switches(world: &World) {
    world.stack.remove_faults().await;
}

/// Ends all faults.
async fn disarm(world: &World) {
    world.trace(|| "the faults end".to_owned());
    disarm_switches(world).await;
    world.stack.post("/local/clock", &json!({"skew_ms": {}})).await;
    if let Some(rtc) = &world.rtc {
        rtc.ahead_ms.set(0);
    }
}

/// Moves the time of the run and the clock of the stack.
async fn advance(world: &World, by_ms: i64) {
    world.stack.post("/local/clock", &json!({"advance_ms": by_ms})).await;
    world.watch.borrow_mut().offset_ms += by_ms;
    world.timeline.advance(by_ms);
}

/// Lets the time go on until everything must be in order, and once more if an invocation failed meanwhile: on a machine with
/// too much other work, a function may run into its time limits without a fault.
async fn settle(world: &World) {
    for _ in 0..SETTLES {
        let before = world.watch.borrow().slow;
        for by_ms in SETTLE_MS {
            until_quiet_within(world, ANSWERED_WITHIN).await;
            advance(world, by_ms).await;
        }
        until_quiet_within(world, ANSWERED_WITHIN).await;
        if world.watch.borrow().slow == before {
            return;
        }
    }
}

/// Reads the journal and the changes at the RTC service. Returns `true` while the stack works.
async fn is_active(world: &World) -> bool {
    let last = world.watch.borrow().last();
    let entries = world.stack.get(&format!("/local/journal?after={last}")).await;
    if let Some(rtc) = &world.rtc {
        rtc.take_note();
    }
    world.watch.borrow_mut().read(&entries)
}

/// Waits until the stack has nothing to do for a moment.
async fn until_quiet(world: &World) {
    until_quiet_within(world, QUIET_WITHIN).await;
}

async fn until_quiet_within(world: &World, limit: Duration) {
    let began = Instant::now();
    let mut quiet = 0;
    while quiet < 2 && began.elapsed() < limit {
        quiet = if is_active(world).await { 0 } else { quiet + 1 };
        tokio::time::sleep(QUIET).await;
    }
}

/// Lets the stack work for some time.
async fn breathe(world: &World, time: Duration) {
    tokio::time::sleep(time).await;
    is_active(world).await;
}

/// Waits until no request waits for an answer.
async fn until_answered(world: &World) {
    let began = Instant::now();
    loop {
        until_quiet_within(world, ANSWERED_WITHIN).await;
        let open = {
            let watch = world.watch.borrow();
            watch.requests - watch.answered - watch.refused - watch.given_up - watch.dropped
        };
        if open == 0 {
            return;
        }
        if began.elapsed() > ANSWERED_WITHIN {
            world.violate(&format!("{open} requests are neither answered nor refused nor given up"));
            return;
        }
    }
}

/// Checks that each dead letter belongs to an invocation that a fault has hit.
async fn letters(world: &World) {
    for queue in ["FailedEventsQueue", "WakeDeadLetterQueue"] {
        let name = format!("switchboard-{queue}");
        loop {
            let received =
                sqs(world, "ReceiveMessage", &json!({"QueueUrl": name, "MaxNumberOfMessages": 10})).await;
            let messages = received["Messages"].as_array().cloned().unwrap_or_default();
            if messages.is_empty() {
                break;
            }
            for message in messages {
                let body: Value =
                    serde_json::from_str(message["Body"].as_str().unwrap_or_default()).unwrap_or_default();
                let request = body["requestContext"]["requestId"].as_str().unwrap_or_default();
                if queue == "FailedEventsQueue" && !world.watch.borrow().explains(request) {
                    world.violate(&format!("a dead letter without a fault: {body}"));
                }
                let delete = json!({"QueueUrl": name, "ReceiptHandle": message["ReceiptHandle"]});
                sqs(world, "DeleteMessage", &delete).await;
            }
        }
    }
}

async fn sqs(world: &World, operation: &str, request: &Value) -> Value {
    let call = client().post(format!("{}/sqs", world.stack.http));
    let call = call.header("x-amz-target", format!("AmazonSQS.{operation}")).body(request.to_string());
    let answer = call.send().await.expect("the stack answers").text().await.expect("text");
    serde_json::from_str(&answer).expect("JSON")
}
