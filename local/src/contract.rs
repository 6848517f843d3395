//! Files that are made from the protocol's tables and types: `docs/asyncapi.yaml`, the tables of the browser terminal, the
//! rows of `docs/protocol.md` and the table of requests in the README.
//!
//! [`REQUESTS`](switchboard_protocol::requests::REQUESTS) and [`DOWNLINKS`](switchboard_protocol::downlink::DOWNLINKS)
//! are the sources. `make generate` writes the files, and a test compares them.

mod document;
mod error;
mod examples;
mod javascript;
mod protocol_page;
mod readme;
mod schemas;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use error::ContractError;

/// Returns the text of every generated file, by its path in the workspace.
///
/// # Errors
/// A table or schema is incomplete, or the README cannot be read.
pub fn files(workspace: &Path) -> Result<Vec<(&'static str, String)>, ContractError> {
    let page = protocol_page::completed(&read(workspace, "docs/protocol.md")?, &schemas::wire()?.schemas)?;
    Ok(vec![
        ("docs/asyncapi.yaml", document::text()?),
        ("docs/protocol.md", page),
        ("web/terminal/protocol.js", javascript::tables()),
        ("web/terminal/protocol.d.ts", javascript::types()),
        ("README.md", readme::with_table(&read(workspace, "README.md")?)?),
    ])
}

/// Writes every generated file, and returns the paths.
///
/// # Errors
/// As for [`files`], or a file cannot be written.
pub fn write(workspace: &Path) -> Result<Vec<&'static str>, ContractError> {
    let files = files(workspace)?;
    for (path, text) in &files {
        std::fs::write(workspace.join(path), text)
            .map_err(|source| ContractError::File { path: (*path).to_owned(), source })?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

fn read(workspace: &Path, path: &str) -> Result<String, ContractError> {
    std::fs::read_to_string(workspace.join(path))
        .map_err(|source| ContractError::File { path: path.to_owned(), source })
}
