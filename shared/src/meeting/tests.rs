//! The core, transition by transition, and any sequence of commands against its invariants.

mod connection;
mod direct;
mod fixture;
mod group;
mod heard;
mod host;
mod invite;
mod join;
mod merge;
mod media;
mod properties;
mod removing;
mod repeats;
mod rooms;
mod updates;
mod speech;
