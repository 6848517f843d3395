//! Tests of the whole stack in this process, with a function that follows orders (`examples/probe.rs`), and of the
//! command line.

#[path = "stack/call_faults.rs"]
mod call_faults;
#[path = "stack/command.rs"]
mod command;
#[path = "stack/doors.rs"]
mod doors;
#[path = "stack/faults.rs"]
mod faults;
#[path = "stack/foreign_faults.rs"]
mod foreign_faults;
#[path = "stack/invocations.rs"]
mod invocations;
#[path = "stack/sfu.rs"]
mod sfu;
#[path = "stack/support.rs"]
mod support;
#[path = "stack/triggers.rs"]
mod triggers;
