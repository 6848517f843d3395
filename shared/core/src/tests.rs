//! Tests that are about more than one action or event: walks, invariants under any sequence of inputs, repeats, records. The
//! tests of one action or event are beside it.

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
