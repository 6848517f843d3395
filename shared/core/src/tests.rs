//! The transitions of the core, and its invariants under any sequence of inputs.

mod any_action;
mod connection;
mod direct;
pub(crate) mod fixture;
mod group;
mod heard;
mod host;
mod invite;
mod join;
mod legs;
mod media;
mod merge;
mod properties;
mod records;
mod remarks;
mod removing;
mod repeats;
mod rooms;
pub(crate) mod scenes;
mod slots;
mod speech;
mod times_per_meeting;
mod updates;
