//! A function is killed at each of its calls to the table, the data plane, the queue, the event bus and the RTC service, one
//! after the other: the calls are enumerated, until a run needs no more of them. A repeated request, `wake` or the RTC service
//! makes good what the killed process left undone.

mod ending;
mod starting;
mod timers;

use crate::controls::sweep_event;
use crate::device::Device;
use crate::rtc_service::RtcService;
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};
use std::cell::Cell;
use std::time::Duration;
use terminal::Uplink;

/// Time after which nothing is left undone: effects are repeated after 5 s, and `wake` reads a message again after 60 s.
const MADE_GOOD: [Duration; 3] = [Duration::from_secs(8), Duration::from_secs(61), Duration::from_secs(61)];

/// One run of a scene, in which a function is killed.
struct Killing {
    rtc: RtcService,
    stack: Stack,
    function: &'static str,
    kind: Cell<&'static str>,
    /// Calls of the function that pass before it is killed.
    passing: Cell<usize>,
    struck: Cell<bool>,
}

/// Plays a scene once for each call of the function, which is killed before the call, and once with the function killed after
/// its last call. A function that is killed after a call and one that is killed before the next call have done the same.
async fn at_each_call(function: &'static str, least: usize, scene: impl AsyncFn(&Killing)) {
    let rtc = RtcService::start();
    let killing = Killing {
        stack: rtc.stack(),
        rtc,
        function,
        kind: Cell::new("kill_before_call"),
        passing: Cell::new(0),
        struck: Cell::new(false),
    };
    loop {
        scene(&killing).await;
        if !killing.struck.get() {
            break;
        }
        killing.passing.set(killing.passing.get() + 1);
    }
    let calls = killing.passing.get();
    println!("{function} was killed at each of {calls} calls");
    assert!(calls >= least, "{function} makes {calls} calls");
    killing.kind.set("kill_after_call");
    // Several invocations may share the work, so the function may make fewer calls this time.
    for passing in (0..calls).rev() {
        killing.passing.set(passing);
        scene(&killing).await;
        if killing.struck.get() {
            break;
        }
    }
    assert!(killing.struck.get(), "{function} is killed after its last call too");
}

impl Killing {
    /// A user's device.
    async fn device(&self, name: &str) -> (User, Device) {
        let user = User::at(&self.stack, name);
        let device = user.online("phone").await;
        (user, device)
    }

    /// Runs `act` while the function is to be killed, and notes whether it was.
    async fn during(&self, act: impl AsyncFnOnce()) {
        let fault = json!({"function": self.function, "kind": self.kind.get(), "skip": self.passing.get()});
        self.stack.inject_fault(fault).await;
        act().await;
        self.struck.set(self.stack.get("/local/faults").await == json!([]));
        self.stack.remove_faults().await;
    }

    /// Sends a request whose function is to be killed, and repeats it as a terminal does. Returns the type of the answer.
    async fn sends(&self, device: &Device, uplink: &Uplink) -> Value {
        self.during(async || device.sends_unanswered(uplink).await).await;
        Value::Object(device.sends(uplink).await.body)
    }

    /// Lets the time pass in which everything is made good.
    async fn makes_good(&self) {
        for time in MADE_GOOD {
            self.stack.advance_clock_when_idle(time).await;
        }
        self.stack.until_idle().await;
    }

    /// Checks that nothing is left of a call: no meeting, no channel.
    async fn is_over(&self, devices: &[&Device], channel: &str) {
        self.makes_good().await;
        for device in devices {
            let state = device.syncs().await;
            assert_eq!(
                (&state["meetings"], &state["invitations"]),
                (&json!([]), &json!([])),
                "{}",
                self.words()
            );
        }
        assert!(self.rtc.room(channel).is_none(), "the channel is closed: {}", self.words());
    }

    fn words(&self) -> String {
        format!("{} {} {}", self.function, self.kind.get(), self.passing.get())
    }
}

/// Checks that a message came at least once, and always under the same id.
async fn is_told_once(device: &mut Device, kind: &str, words: &str) {
    let copies = device.copies_of(kind).await;
    assert!(!copies.is_empty(), "{kind} is told: {words}");
    assert!(
        copies.iter().all(|copy| copy["id"] == copies[0]["id"]),
        "{kind} is told once: {words} {copies:#?}"
    );
}

// Proves: crash-wake
#[tokio::test]
async fn sync_and_sweep_are_killed_at_each_call() {
    at_each_call("sync", 1, async |killing: &Killing| {
        let (_, phone) = killing.device("Alice").await;
        let sync = crate::device::request("sync", json!({"type": "sync"}));
        let state = killing.sends(&phone, &sync).await;
        assert_eq!(state["type"], "state");
    })
    .await;
    at_each_call("wake", 2, async |killing: &Killing| {
        killing.during(async || killing.stack.invoke_unanswered("wake", &sweep_event()).await).await;
        killing.stack.sweep().await;
    })
    .await;
}
