//! One example of every message. They are data, in the order in which fields are best read; the tests read each of them
//! into its Rust type and write it again.

use serde_norway::{Mapping, Value};

use super::ContractError;

/// Requests by type, as JSON.
pub(super) const REQUESTS: &str = include_str!("examples/requests.json");
/// Downlinks by type, as JSON.
pub(super) const DOWNLINKS: &str = include_str!("examples/downlinks.json");

/// The example of a request.
///
/// # Errors
/// There is none.
pub fn request(kind: &str) -> Result<Value, ContractError> {
    find("requests", REQUESTS, kind)
}

/// The example of a downlink.
///
/// # Errors
/// There is none.
pub fn downlink(kind: &str) -> Result<Value, ContractError> {
    find("downlinks", DOWNLINKS, kind)
}

fn find(file: &str, examples: &str, kind: &str) -> Result<Value, ContractError> {
    // JSON is YAML, and a mapping of YAML keeps its order.
    let mut examples: Mapping = serde_norway::from_str(examples)?;
    examples.remove(kind).ok_or_else(|| {
        ContractError::Incomplete(format!(
            "`{kind}` has no example in local/src/contract/examples/{file}.json"
        ))
    })
}
