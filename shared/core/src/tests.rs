//! Tests that concern more than one action or event: sequences, invariants under any inputs, repeats,
//! records. The tests of one action or event are in its own file.

mod abuse;
mod any_action;
mod ext;
pub(crate) mod fixture;
mod host;
mod invitation_ends;
mod lobby_ends;
mod phases;
mod properties;
mod reach;
mod records;
mod repeats;
mod rooms;
pub(crate) mod scenes;
mod slots;
mod times_per_meeting;
mod warnings;
