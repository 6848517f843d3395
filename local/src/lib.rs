//! The laptop stack.
pub mod clock;
pub mod sql;
pub mod template;
