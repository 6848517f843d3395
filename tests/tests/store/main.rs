//! What the functions rely on in the table, tried with the real SDK against a DynamoDB-compatible server: the one that
//! the laptop stack embeds, or the one that `SWITCHBOARD_TEST_DYNAMODB` names by URL.
//!
//! All tests share one table and keep apart by accounts of their own.

mod calls;
mod commits;
mod creating;
mod devices;
mod due;
mod fixture;
mod lifecycle;
mod opening;
mod parts;
mod server;
mod settling;
mod slots;
#[path = "../scenarios/stack.rs"]
#[expect(dead_code, reason = "the scenarios use more of it")]
mod stack;
mod unreadable;
