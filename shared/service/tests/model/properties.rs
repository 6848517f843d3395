//! The properties of every reachable state.

use crate::scene::Scene;
use crate::terminal::{SENDS, Stands, Terminal};
use crate::world::World;
use stateright::Property;
use switchboard_core::Meeting;
use switchboard_service::fake::promises::{has_host, has_one_winner};

/// Returns all properties. Properties "at rest" are checked in states without messages in transit and without
/// due deadlines; they stand for "eventually".
pub fn all() -> Vec<Property<Scene>> {
    vec![
        Property::always("an invitation has one winner", |_, world: &World| {
            meetings(world).all(has_one_winner)
        }),
        Property::always("an ended meeting stays ended", |_, world: &World| !world.seen.revived),
        Property::always("no token after a removal", |_, world: &World| !world.seen.token_after_removal),
        Property::always("a request is applied once", |_, world: &World| !world.seen.applied_twice),
        Property::always("a request is answered", |_, world: &World| !world.seen.unanswered),
        Property::always("a group with members has its host", |_, world: &World| {
            meetings(world).all(has_host)
        }),
        Property::always("at rest no offer is open", |_, world: &World| {
            !world.is_quiescent() || meetings(world).all(|meeting| meeting.pending().next().is_none())
        }),
        Property::always("at rest no ended meeting holds a slot", |_, world: &World| {
            !world.is_quiescent()
                || world.table.state().slots.values().all(|id| world.table.meeting(id).end().is_none())
        }),
        Property::always("at rest no device rings", |_, world: &World| {
            let rings = |terminal: &Terminal| matches!(terminal.stands, Stands::Ringing { .. });
            !world.is_quiescent() || world.seen.missed || !world.terminals.values().any(rings)
        }),
        Property::always("at rest no terminal waits for an answer", |scene: &Scene, world: &World| {
            // Each attempt can fail by a fault of its own.
            let spoilt = scene.faults - world.faults >= SENDS;
            let waits = |terminal: &Terminal| terminal.trying.is_some();
            !world.is_quiescent() || spoilt || !world.terminals.values().any(waits)
        }),
        Property::sometimes("a call comes about", |_, world: &World| {
            let is_in = |terminal: &&Terminal| matches!(terminal.stands, Stands::In { .. });
            world.terminals.values().filter(is_in).count() >= 2
        }),
        Property::sometimes("everything comes to rest", |_, world: &World| {
            !world.table.state().meetings.is_empty() && world.is_quiescent()
        }),
    ]
}

fn meetings(world: &World) -> impl Iterator<Item = &Meeting> {
    world.table.state().meetings.values().map(|stored| &*stored.meeting)
}
