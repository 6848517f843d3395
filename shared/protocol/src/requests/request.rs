//! The traits of a request type and of the requests of one function.

use super::{Function, RequestInfo};
use crate::id::MeetingId;
use crate::invalid::Invalid;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A request type: its fields, and the facts about it.
pub trait Request: Serialize + DeserializeOwned {
    /// Facts about the type.
    const INFO: RequestInfo;

    /// Checks limits that the types of the fields do not express.
    ///
    /// # Errors
    /// The error of the first wrong field.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }

    /// Returns the meeting that the request names; `None` if the request names no meeting.
    fn meeting_id(&self) -> Option<&MeetingId>;
}

/// The requests of one function.
pub trait Requests: Sized {
    /// Function that serves the requests.
    const FUNCTION: Function;

    /// Reads and checks the fields of a request of the type `kind`. Returns `None` for a type of another function.
    fn read(kind: &str, fields: Value) -> Option<Result<Self, Invalid>>;

    /// Returns the type on the wire.
    fn kind(&self) -> &'static str;

    /// Returns the meeting that the request names; `None` if the request names no meeting.
    fn meeting_id(&self) -> Option<&MeetingId>;
}
