//! Examples of messages for the contract, from the protocol's tables.

use serde_norway::{Mapping, Value};
use switchboard_protocol::downlink::EXAMPLES;
use switchboard_protocol::requests::RequestInfo;

use super::error::ContractError;

/// Ids that replace `$MEETING` and `$INVITE`.
const IDS: [(&str, &str); 2] =
    [("$MEETING", "m4kq2xw5zv3n6tab7c2dfegh4a"), ("$INVITE", "i7qaz5wsx3edc6rfv2tgb4yhn5")];

/// Returns the examples of a request: its sample, then those with further fields. Their fields keep their order.
///
/// # Errors
/// An example is not JSON.
pub fn of_request(request: &RequestInfo) -> Result<Vec<Value>, ContractError> {
    messages(request).map(|message| Ok(serde_norway::from_str(&message)?)).collect()
}

/// Returns the examples of a request as JSON.
pub fn messages(request: &RequestInfo) -> impl Iterator<Item = String> {
    let messages = std::iter::once(request.sample.message).chain(request.more_examples.iter().copied());
    messages.map(|message| IDS.iter().fold(message.to_owned(), |text, (name, id)| text.replace(name, id)))
}

/// Returns the example of a downlink. Its fields keep their order.
///
/// # Errors
/// The type has no example.
pub fn of_downlink(kind: &str) -> Result<Value, ContractError> {
    // JSON is YAML, and a mapping of YAML keeps its order.
    let mut examples: Mapping = serde_norway::from_str(EXAMPLES)?;
    examples.remove(kind).ok_or_else(|| ContractError::NoExample(kind.to_owned()))
}
