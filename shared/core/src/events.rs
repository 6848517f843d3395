//! Inputs that no terminal sent: reports of the broker and of the RTC service, and the operator's end of a
//! meeting.

pub(crate) mod admin;
pub(crate) mod callback;
pub(crate) mod device;
pub(crate) mod other_call;
pub(crate) mod presence;
mod removed;
