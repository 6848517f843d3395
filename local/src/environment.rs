//! The environment of the command, in one place.

use std::path::Path;

/// Where `make run` writes its ready file and other commands look for it, in the workspace.
pub const READY_FILE: &str = ".local/ready.json";

/// The workspace that this program was built in.
pub fn workspace() -> Result<&'static Path, &'static str> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("this crate has no workspace")
}

/// An environment variable that is set and not empty.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
