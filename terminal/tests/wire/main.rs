//! The terminal against a broker that does what each test says: it forgets, repeats, refuses and hangs up.

mod conformance;
mod connecting;
mod fake_broker;
mod requests;
mod tls;
