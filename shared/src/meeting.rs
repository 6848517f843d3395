//! The pure core (being written).
