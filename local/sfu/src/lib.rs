//! An embedded SFU.
