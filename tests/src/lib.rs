//! Scenarios over the wire.
