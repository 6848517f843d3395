//! Environment variables, and the error of one that is missing or wrong.

use crate::secrets_error::SecretsError;
use std::fmt;
use switchboard_rtc::{AccountError, UnknownProvider};

/// Error that stops the cold start of a function. `main` shows its debug form, which is the sentence of its display form.
#[derive(thiserror::Error)]
pub enum ConfigError {
    /// The variable is not set, or is empty.
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
    /// The variable is set to something unusable.
    #[error("the environment variable {name} is malformed: {why}")]
    Wrong {
        /// Name of the variable.
        name: &'static str,
        /// Explanation, without the value, which may be secret.
        why: String,
    },
    /// The secrets cannot be read.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// A setting of the RTC account is missing or wrong.
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<UnknownProvider> for ConfigError {
    fn from(unknown: UnknownProvider) -> Self {
        Self::Wrong { name: "RTC_PROVIDER", why: unknown.to_string() }
    }
}

/// Lookup of a setting by name: [`environment`], or a closure of a test.
pub trait Variables: Fn(&'static str) -> Option<String> {}

impl<F: Fn(&'static str) -> Option<String>> Variables for F {}

/// Returns the value of a variable that must be set.
pub fn required(variables: &impl Variables, name: &'static str) -> Result<String, ConfigError> {
    variables(name).ok_or(ConfigError::Missing(name))
}

/// Returns the value of an environment variable. An empty value counts as absent, since a template cannot omit a variable.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the environment's adapter")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
