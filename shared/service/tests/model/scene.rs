//! The bounds of an exploration: devices, requests of their users, faults.

use crate::network::{Ask, Downlink, News, Uplink};
use crate::properties;
use crate::runner;
use crate::terminal::{Stands, Terminal};
use crate::world::{START_MS, Seen, Table, World};
use stateright::{Model, Property};
use std::collections::BTreeSet;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::Mode;
use switchboard_service::fake::TableState;

/// A scene to explore.
#[derive(Clone, Debug)]
pub struct Scene {
    pub mode: Mode,
    /// Devices, with the calls and the number of requests of their users.
    pub devices: Vec<Device>,
    pub faults: u8,
}

/// A device of the scene.
#[derive(Clone, Debug)]
pub struct Device {
    pub id: ClientId,
    pub calls: Vec<UserId>,
    asks: u8,
}

/// A step to another state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A user makes a request.
    Ask(ClientId, Ask),
    /// A terminal sends its request again, since it received no answer.
    SendAgain(ClientId),
    /// A function serves a request and runs its effects.
    Serve(Uplink),
    /// A function serves a request and crashes after its commit.
    ServeAndCrash(Uplink),
    /// A function serves a request, which the broker will deliver once more.
    ServeTwice(Uplink),
    Deliver(Downlink),
    /// The broker delivers a downlink, and will deliver it once more.
    DeliverTwice(Downlink),
    LoseUplink(Uplink),
    LoseDownlink(Downlink),
    /// The delay queue or the sweep wakes a meeting.
    Wake(MeetingId),
    WakeAndCrash(MeetingId),
    /// Time passes until the next deadline.
    Wait,
}

impl Scene {
    /// Returns the table with the users of the scene.
    fn users(&self) -> TableState {
        let mut state = TableState::default();
        for user in self.devices.iter().map(|device| device.id.user()).collect::<BTreeSet<_>>() {
            let ids = self.devices.iter().map(|device| &device.id);
            let devices: Vec<ClientId> = ids.filter(|id| id.user() == user).cloned().collect();
            state.add_user(&user, None, &devices, START_MS);
        }
        state
    }

    /// Returns the scene in which Alice calls Bob, who has a phone and a tablet.
    pub fn direct() -> Self {
        Self {
            mode: Mode::Direct,
            devices: vec![
                device("alice.phone", &["bob"], 2),
                device("bob.phone", &[], 1),
                device("bob.tablet", &[], 1),
            ],
            faults: faults(),
        }
    }

    /// Returns the scene in which Alice and Bob call each other.
    pub fn glare() -> Self {
        Self {
            mode: Mode::Direct,
            devices: vec![device("alice.phone", &["bob"], 2), device("bob.phone", &["alice"], 2)],
            faults: faults(),
        }
    }

    /// Returns the scene in which Alice and Bob call each other, and Bob also has a tablet.
    pub fn glare_of_three() -> Self {
        Self {
            mode: Mode::Direct,
            devices: vec![
                device("alice.phone", &["bob"], 2),
                device("bob.phone", &["alice"], 1),
                device("bob.tablet", &[], 1),
            ],
            faults: faults(),
        }
    }

    /// Returns the scene in which Alice creates a group with Bob, and may invite Carol, who never accepts.
    pub fn group() -> Self {
        Self {
            mode: Mode::Group,
            devices: vec![
                device("alice.phone", &["bob"], 3),
                device("bob.phone", &[], 2),
                device("carol.phone", &[], 0),
            ],
            faults: faults(),
        }
    }

    /// Returns the device with this client ID.
    pub fn device(&self, id: &ClientId) -> &Device {
        self.devices.iter().find(|device| device.id == *id).expect("a device of the scene")
    }

    /// Returns the requests that the user of this device may make now.
    fn possible_asks(&self, device: &Device, terminal: &Terminal) -> Vec<Ask> {
        match &terminal.stands {
            Stands::Idle if !device.calls.is_empty() => vec![Ask::Create],
            Stands::Idle => Vec::new(),
            Stands::Ringing { meeting } => vec![Ask::Accept(meeting.clone()), Ask::Reject(meeting.clone())],
            Stands::In { meeting } => match (self.mode, device.calls.is_empty()) {
                (Mode::Direct, true) => vec![Ask::Leave(meeting.clone())],
                (Mode::Direct, false) => {
                    [Ask::Leave, Ask::Cancel, Ask::Destroy].map(|ask| ask(meeting.clone())).to_vec()
                }
                (Mode::Group, true) => vec![Ask::Refresh(meeting.clone())],
                (Mode::Group, false) => [Ask::Leave, Ask::Remove, Ask::Invite, Ask::Cancel]
                    .map(|ask| ask(meeting.clone()))
                    .to_vec(),
            },
        }
    }
}

/// Returns the number of faults in one history: 1, unless `SWITCHBOARD_MODEL_FAULTS` is set.
#[expect(clippy::disallowed_methods, reason = "a setting of the test run")]
fn faults() -> u8 {
    let set = std::env::var("SWITCHBOARD_MODEL_FAULTS").ok();
    set.map_or(1, |faults| faults.parse().expect("SWITCHBOARD_MODEL_FAULTS is a small number"))
}

fn device(name: &str, calls: &[&str], asks: u8) -> Device {
    let id = format!("GID@@@{name}").parse().expect("a device of the model");
    let user = |name: &&str| name.parse().expect("an account of the model");
    Device { id, calls: calls.iter().map(user).collect(), asks }
}

/// Adds the steps that a downlink allows.
fn deliveries(downlink: &Downlink, may_fail: bool, steps: &mut Vec<Step>) {
    steps.push(Step::Deliver(downlink.clone()));
    if may_fail {
        steps.push(Step::DeliverTwice(downlink.clone()));
        steps.push(Step::LoseDownlink(downlink.clone()));
    }
}

fn deliver(world: &mut World, downlink: &Downlink) -> Option<()> {
    world.seen.missed |=
        downlink.news != News::Offer && world.offers(&downlink.to, downlink.meeting.as_ref());
    world.terminals.get_mut(&downlink.to)?.receive(downlink);
    Some(())
}

impl Model for Scene {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        let terminal = |device: &Device| (device.id.clone(), Terminal::new(device.asks));
        vec![World {
            after_ms: 0,
            table: Table::new(self.users()),
            uplinks: BTreeSet::new(),
            downlinks: BTreeSet::new(),
            terminals: self.devices.iter().map(terminal).collect(),
            faults: self.faults,
            seen: Seen::default(),
        }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        let may_fail = world.faults > 0;
        // A terminal makes no request while it waits for an answer. So the answer is delivered (once or
        // twice) or lost before any other step. This omits most of the orders with the same result.
        let awaited = |downlink: &&Downlink| world.terminals[&downlink.to].waits_for(downlink);
        if let Some(answer) = world.downlinks.iter().find(awaited) {
            deliveries(answer, may_fail, steps);
            return;
        }
        for device in &self.devices {
            let terminal = &world.terminals[&device.id];
            if terminal.trying.is_none() && terminal.asks_left > 0 {
                let asks = self.possible_asks(device, terminal).into_iter();
                steps.extend(asks.map(|ask| Step::Ask(device.id.clone(), ask)));
            }
            if terminal.trying.as_ref().is_some_and(|(request, _)| !world.is_under_way(request))
                && terminal.may_send_again()
            {
                steps.push(Step::SendAgain(device.id.clone()));
            }
        }
        for uplink in &world.uplinks {
            steps.push(Step::Serve(uplink.clone()));
            if may_fail {
                steps.push(Step::ServeAndCrash(uplink.clone()));
                steps.push(Step::ServeTwice(uplink.clone()));
                steps.push(Step::LoseUplink(uplink.clone()));
            }
        }
        for downlink in &world.downlinks {
            deliveries(downlink, may_fail, steps);
        }
        for id in world.table.state().meetings.keys() {
            if world.due_ms(id).is_some_and(|due| due <= world.now().ms) {
                steps.push(Step::Wake(id.clone()));
                if may_fail {
                    steps.push(Step::WakeAndCrash(id.clone()));
                }
            }
        }
        let due = world
            .table
            .state()
            .meetings
            .keys()
            .filter_map(|id| world.due_ms(id))
            .any(|due| due > world.now().ms);
        if due && (may_fail || world.nothing_under_way()) {
            steps.push(Step::Wait);
        }
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        match step {
            Step::Ask(device, ask) => {
                let request = next.terminals.get_mut(&device)?.ask(&device, ask);
                next.uplinks.insert(request);
            }
            Step::SendAgain(device) => {
                let request = next.terminals.get_mut(&device)?.send_again()?;
                next.uplinks.insert(request);
            }
            Step::Serve(uplink) => {
                next.uplinks.remove(&uplink);
                runner::serve(&mut next, self, &uplink, false);
            }
            Step::ServeAndCrash(uplink) => {
                next.faults -= 1;
                next.uplinks.remove(&uplink);
                runner::serve(&mut next, self, &uplink, true);
            }
            Step::ServeTwice(uplink) => {
                next.faults -= 1;
                runner::serve(&mut next, self, &uplink, false);
            }
            Step::Deliver(downlink) => {
                next.downlinks.remove(&downlink);
                deliver(&mut next, &downlink)?;
            }
            Step::DeliverTwice(downlink) => {
                next.faults -= 1;
                deliver(&mut next, &downlink)?;
            }
            Step::LoseUplink(uplink) => {
                next.faults -= 1;
                next.uplinks.remove(&uplink);
            }
            Step::LoseDownlink(downlink) => {
                next.faults -= 1;
                next.seen.missed |= !next.terminals.get(&downlink.to)?.has_received(&downlink);
                next.downlinks.remove(&downlink);
            }
            Step::Wake(id) => runner::wake(&mut next, &id, false),
            Step::WakeAndCrash(id) => {
                next.faults -= 1;
                runner::wake(&mut next, &id, true);
            }
            Step::Wait => {
                if !world.nothing_under_way() {
                    next.faults -= 1;
                }
                let due = world.table.state().meetings.keys().filter_map(|id| world.due_ms(id));
                next.after_ms = due.filter(|due| *due > world.now().ms).min()? - START_MS;
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
