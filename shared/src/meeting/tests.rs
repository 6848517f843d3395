//! The core, transition by transition, and any sequence of commands against its invariants.

mod connection;
mod direct;
mod fixture;
mod group;
mod invite;
mod properties;
mod repeats;
