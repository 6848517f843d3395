//! Random and mutated bytes for all code that reads input from strangers: events of rules, requests, addresses, tokens,
//! callbacks, and the SQL of the laptop stack. Each test states what must hold for every input; a panic fails it as well.
//!
//! `make test` runs some thousand inputs of each test, other inputs in each run. `make fuzz` runs the requested number.
//! A failing test prints its seed: `BOLERO_RANDOM_SEED=… cargo test --test fuzz NAME` runs the same input again.

mod addresses;
mod callbacks;
mod events;
mod jwt;
mod mutation;
mod requests;
mod rtc_tokens;
mod rule_sql;
