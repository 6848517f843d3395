//! The laptop stack: broker, rules, functions, table, queues and data plane in one process tree, on 127.0.0.1 only. It
//! is never deployed. It runs the binaries and reads the template that are deployed.
//!
//! Modules import in one direction, from the top of this list to its end:
//!
//! - [`stack`](Stack) starts and stops all parts, with [`embedded_sfu`];
//! - `endpoints` are the HTTP APIs, `triggers` the parts that invoke functions, `web` the browser terminal;
//! - [`runtime`] runs the functions, [`table`] and `queue` keep data;
//! - [`invocation`], [`template`] and [`sql`] are the types that the modules above share;
//! - [`instruments`], [`log`], [`parameters`] and `aws` are imported by all others and import none of them.
//!
//! [`contract`] and [`samples`] generate `docs/asyncapi.yaml` and `events/`.

mod aws;
pub mod contract;
pub mod embedded_sfu;
mod endpoints;
pub mod instruments;
pub mod invocation;
pub mod log;
mod origin;
pub mod parameters;
mod queue;
pub mod runtime;
pub mod samples;
pub mod sql;
mod stack;
pub mod table;
pub mod template;
mod triggers;
mod web;

pub use aws::{ACCOUNT_ID, REGION, STACK_NAME};
pub use runtime::OtherServices;
pub use stack::{Stack, StackAddresses, StackOptions, StartError};
