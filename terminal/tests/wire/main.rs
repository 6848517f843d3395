//! Tests of the terminal with a scripted broker that loses, repeats and refuses packets, and closes
//! connections.

mod conformance;
mod connecting;
mod fake_broker;
mod requests;
mod tls;
