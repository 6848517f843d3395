//! The place of a user's seat, as a device of that user sees it.

use serde::{Deserialize, Serialize};

/// Place of the user's seat in a meeting, for the device that gets the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SeatPlace {
    /// This device has the seat, or may take it without `takeover`.
    Here,
    /// Another device of the user has the seat.
    Elsewhere,
}
