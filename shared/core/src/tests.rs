//! The transitions of the core, and its invariants under any sequence of inputs.

mod any_action;
mod direct;
mod ext;
pub(crate) mod fixture;
mod host;
mod phases;
mod properties;
mod reach;
mod records;
mod remarks;
mod repeats;
mod rooms;
pub(crate) mod scenes;
mod slots;
mod times_per_meeting;
mod warnings;
