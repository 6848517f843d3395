//! The core, transition by transition, and any sequence of commands against its invariants.

mod direct;
mod fixture;
mod group;
mod properties;
mod repeats;
