//! The laptop stack: broker, rules, functions, table, queues and data plane in one process tree, on 127.0.0.1 only.
//! Nothing in it is deployed; it runs the very binaries that are, and reads the very template.

mod access;
mod caller;
pub mod clock;
mod cloud;
pub mod contract;
mod control;
mod data_plane;
pub mod downlinks;
pub mod faults;
mod function_url;
mod id;
pub mod instruments;
pub mod journal;
pub mod log;
pub mod media;
pub mod outcomes;
pub mod parameters;
mod queue;
mod ready;
mod rules;
pub mod runtime;
pub mod samples;
mod schedule;
pub mod sql;
mod stack;
pub mod table;
pub mod template;
mod web;

pub use ready::Ready;
pub use stack::{ACCOUNT_ID, Options, REGION, STACK_NAME, Stack, StartError};
