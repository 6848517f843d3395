//! The core, transition by transition, and any sequence of commands against its invariants.

mod connection;
mod direct;
mod fixture;
mod group;
mod heard;
mod host;
mod invite;
mod join;
mod legs;
mod media;
mod merge;
mod properties;
mod removing;
mod repeats;
mod rooms;
mod slots;
mod speech;
mod updates;
