//! `docs/asyncapi.yaml`: the protocol as an `AsyncAPI` 3 document, made of the Rust types of the wire, so that it cannot say
//! anything else than what the service reads and writes. `make asyncapi` writes it; a test compares.

mod answers;
mod document;
mod examples;
mod schemas;
#[cfg(test)]
mod tests;

use std::path::Path;

/// Where the document is, in the workspace.
pub const PATH: &str = "docs/asyncapi.yaml";

/// Why the document cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// A message type lacks what cannot be read off the types; the words say which and where to add it.
    #[error("{0}")]
    Incomplete(String),
    /// A part cannot be written as YAML, or the examples cannot be read.
    #[error(transparent)]
    Yaml(#[from] serde_norway::Error),
    /// The file cannot be written.
    #[error("docs/asyncapi.yaml: {0}")]
    File(#[from] std::io::Error),
}

/// The text of the document.
///
/// # Errors
/// A message type has no example, or nobody has said what answers it.
pub fn document() -> Result<String, ContractError> {
    let text = serde_norway::to_string(&document::assemble()?)?;
    Ok(format!(
        "# Made by `make asyncapi` from the types in shared/protocol/src; changes are made there.\n{text}"
    ))
}

/// Writes the document into the workspace.
///
/// # Errors
/// As for [`document`], or the file cannot be written.
pub fn write(workspace: &Path) -> Result<(), ContractError> {
    std::fs::write(workspace.join(PATH), document()?)?;
    Ok(())
}
