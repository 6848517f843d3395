//! The commands, with one file for each: its arguments, and the function that runs it.

pub mod answer;
pub mod cancel;
pub mod completions;
pub mod create;
pub mod destroy;
pub mod history;
pub mod invite;
pub mod leave;
pub mod listen;
pub mod request;
pub mod settings;
pub mod sync;
pub mod token;
pub mod watch;
