//! The contract of the table that the functions rely on, checked with the real SDK against a DynamoDB-compatible server:
//! the one in the laptop stack, or the one at the URL in `SWITCHBOARD_TEST_DYNAMODB`.
//!
//! All tests share one table; each uses new accounts.

mod availability;
mod calls;
mod commits;
mod creating;
mod devices;
mod due;
mod fault;
mod fixture;
mod growth;
mod lifecycle;
mod lost_answers;
mod opening;
mod parts;
mod rings;
mod server;
mod settling;
mod slots;
#[path = "../scenarios/stack.rs"]
#[expect(dead_code, reason = "the scenarios use more of it")]
mod stack;
mod unreadable;
