//! Errors of making the generated files.

/// Line before the table.
pub const BEGIN: &str = "<!-- requests: made by `make generate` -->";
/// Line after the table.
pub const END: &str = "<!-- end of requests -->";

/// Error of making or writing a file.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// The schema of a type has a form that this module cannot take apart.
    #[error("the schema of `{0}` has an unexpected form; adapt local/src/contract/schemas.rs")]
    Schema(String),
    /// A message type without an example.
    #[error("`{0}` has no example; add one to shared/protocol/src/downlink/examples.json")]
    NoExample(String),
    /// `head.yaml` lacks a part.
    #[error("local/src/contract/head.yaml has no `{0}`")]
    Head(&'static str),
    /// The README lacks the markers around the table.
    #[error("README.md has no lines `{}` and `{}`", BEGIN, END)]
    NoMarkers,
    /// A request has no row in docs/protocol.md, and its function has no table there.
    #[error("docs/protocol.md has no row of the function that serves `{0}`: add a table for it")]
    NoRow(&'static str),
    /// A part cannot be written as YAML, or an example cannot be read.
    #[error(transparent)]
    Yaml(#[from] serde_norway::Error),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Path in the workspace.
        path: String,
        /// Cause.
        source: std::io::Error,
    },
}
