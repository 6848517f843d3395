//! Facts about a request type that the fields of its struct do not express.

use super::{Function, Sample};
use crate::code::Code;

/// One request type. Everything else that lists requests is generated from these: the `AsyncAPI` document,
/// the sample events, the tables of the terminals and of the README.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestInfo {
    /// Type on the wire.
    pub kind: &'static str,
    /// Function that serves the request.
    pub function: Function,
    /// Types of the answer. If empty, the terminal sends the request once, and the service replies only to
    /// refuse it.
    pub answered_by: &'static [&'static str],
    /// Codes of refusals, in addition to the general codes that any request may get.
    pub refusals: &'static [Code],
    /// Sentences about answers and refusals for the contract; may be empty.
    pub note: &'static str,
    /// True if a terminal may send the request while another request for the same meeting waits for its
    /// answer.
    pub out_of_turn: bool,
    /// Message that is replayed as a sample event and shown as the example.
    pub sample: Sample,
    /// Further examples for the contract, with the fields that the sample leaves out.
    pub more_examples: &'static [&'static str],
}

impl RequestInfo {
    /// Returns `true` if the service answers the request. Otherwise a terminal sends it once, without retries.
    #[must_use]
    pub const fn is_answered(&self) -> bool {
        !self.answered_by.is_empty()
    }
}
