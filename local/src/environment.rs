//! The environment of the command, in one place.

/// An environment variable that is set and not empty.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the environment's adapter")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
