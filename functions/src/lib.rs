//! The functions of Switchboard, with one folder and one binary for each.
//!
//! A folder's `main.rs` connects the function to Lambda, its `mod.rs` has the behaviour, and its `tests.rs`
//! the unit tests with adapters in memory. Code for several functions is in `switchboard-service`.

pub mod answer;
pub mod attend;
pub mod authorize;
pub mod create_meeting;
pub mod destroy;
#[cfg(test)]
mod empty_payload;
#[cfg(test)]
mod every_field;
pub mod invite;
pub mod moderate;
pub mod presence;
pub mod rtc_webhook;
pub mod settings;
pub mod sync;
#[cfg(test)]
mod testing;
pub mod wake;
