//! Inputs that no terminal sent: what the broker and the RTC service report, and the operator's end of a meeting.

pub(crate) mod admin;
pub(crate) mod callback;
pub(crate) mod device;
pub(crate) mod other_call;
pub(crate) mod presence;
mod removed;
