//! Environment variables, and the error of a missing or wrong variable.

use crate::secrets_error::SecretsError;
use std::fmt;
use switchboard_rtc::{AccountError, UnknownProvider};

/// Error that stops the cold start of a function. `main` shows its debug form, which is the same sentence as
/// its display form.
#[derive(thiserror::Error)]
pub enum ConfigError {
    /// The variable is not set, or is empty.
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
    /// The value of the variable is unusable.
    #[error("the environment variable {name} is malformed: {why}")]
    Wrong {
        /// Name of the variable.
        name: &'static str,
        /// Explanation. It does not contain the value, which may be secret.
        why: String,
    },
    /// The process is a build for laptops and runs on AWS.
    #[error(
        "built with the feature test-clock, by which the invoker sets the clock; deploy a build without it"
    )]
    TestClock,
    /// The secrets could not be read.
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

/// Reads a setting by its name: [`environment`], or a closure in a test.
pub trait Variables: Fn(&'static str) -> Option<String> {}

impl<F: Fn(&'static str) -> Option<String>> Variables for F {}

/// First characters of the public secrets of laptops, and the public certificate for Agora.
const DEVELOPMENT_SECRETS: [&str; 2] = ["local-development-only", "11111111111111111111111111111111"];

/// Returns whether the process runs on AWS Lambda. AWS sets the second variable for every runtime, and the
/// first one not for OS-only runtimes. The laptop stack sets neither.
#[must_use]
pub fn is_on_aws(variables: &impl Variables) -> bool {
    ["AWS_EXECUTION_ENV", "LAMBDA_TASK_ROOT"].into_iter().any(|name| variables(name).is_some())
}

/// Refuses the public secrets of laptops on AWS Lambda, in every setting of `names`.
pub fn require_own_secrets(variables: &impl Variables, names: &[&'static str]) -> Result<(), ConfigError> {
    let is_public = |name: &&&'static str| {
        variables(name).is_some_and(|value| DEVELOPMENT_SECRETS.iter().any(|known| value.starts_with(known)))
    };
    match names.iter().find(is_public) {
        Some(name) if is_on_aws(variables) => {
            let why = "this is a public secret of the laptop stack; set a secret of your own".to_owned();
            Err(ConfigError::Wrong { name, why })
        }
        _ => Ok(()),
    }
}

/// Returns the value of a variable that must be set.
pub fn required(variables: &impl Variables, name: &'static str) -> Result<String, ConfigError> {
    variables(name).ok_or(ConfigError::Missing(name))
}

/// Returns the value of an environment variable. An empty value counts as absent, since a template cannot
/// omit a variable.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the environment's adapter")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
