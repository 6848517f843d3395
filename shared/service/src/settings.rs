//! The settings of a function: its environment variables and, if `SECRETS_PATH` names a path in the Parameter
//! Store, the secrets below that path, read once per cold start. Each function reads only the secrets that it
//! needs, and its role allows no others.

use crate::aws::{Aws, Https};
use crate::clock::require_real_clock;
use crate::config::{ConfigError, Variables, environment};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;

/// Secrets of the functions that serve meetings.
pub const MEETING_SECRETS: [&str; 4] = ["ID_KEY", "RTC_API_KEY_SECRET", "RTC_KEY_SECRET", "TURN_SECRET"];

/// Secrets that verify callbacks of the RTC service.
pub const CALLBACK_SECRETS: [&str; 3] =
    ["RTC_CALLBACK_SECRET", "RTC_CALLBACK_SECRET_PREVIOUS", "RTC_KEY_SECRET"];

/// Secrets that verify the app's JWTs.
pub const TOKEN_SECRETS: [&str; 2] = ["JWT_HS256_SECRET", "JWT_HS256_SECRET_PREVIOUS"];

/// The settings of a function.
#[derive(Debug, Default)]
pub struct FunctionSettings {
    secrets: BTreeMap<&'static str, SecretString>,
}

impl FunctionSettings {
    /// Reads the secrets `names`, if a path is configured.
    pub async fn read(names: &[&'static str], https: &Https) -> Result<Self, ConfigError> {
        Self::read_from(&environment, names, https).await
    }

    async fn read_from(
        variables: &impl Variables,
        names: &[&'static str],
        https: &Https,
    ) -> Result<Self, ConfigError> {
        require_real_clock(variables)?;
        let Some(path) = variables("SECRETS_PATH") else { return Ok(Self::default()) };
        let secrets = Aws::read(variables, https.clone())?.secrets(path.trim_end_matches('/'), names).await?;
        Ok(Self { secrets })
    }

    /// Returns a setting: a secret of the Parameter Store, or else the environment variable. An empty value
    /// counts as absent.
    #[must_use]
    pub fn get(&self, name: &'static str) -> Option<String> {
        self.get_from(&environment, name)
    }

    fn get_from(&self, variables: &impl Variables, name: &'static str) -> Option<String> {
        let secret = self.secrets.get(name).map(|secret| secret.expose_secret().to_owned());
        secret.filter(|secret| !secret.is_empty()).or_else(|| variables(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(path: &'static str) -> impl Fn(&'static str) -> Option<String> {
        move |name| match name {
            "SECRETS_PATH" => Some(path.to_owned()).filter(|path| !path.is_empty()),
            "AWS_REGION" => Some("eu-west-1".to_owned()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("of-the-tests".to_owned()),
            "AWS_ENDPOINT_URL_SSM" => Some("http://127.0.0.1:1".to_owned()),
            "ID_KEY" => Some("of the environment".to_owned()),
            _ => None,
        }
    }

    fn https() -> Https {
        Https::read(&|_: &'static str| None).expect("the embedded authorities")
    }

    #[tokio::test]
    async fn without_a_path_the_environment_has_all_settings() {
        let settings = FunctionSettings::read_from(&variables(""), &MEETING_SECRETS, &https())
            .await
            .expect("nothing to read");
        assert_eq!(settings.get_from(&variables(""), "ID_KEY").as_deref(), Some("of the environment"));
    }

    #[tokio::test]
    async fn a_store_that_does_not_answer_stops_the_cold_start() {
        let error = FunctionSettings::read_from(&variables("/calls"), &MEETING_SECRETS, &https())
            .await
            .expect_err("refused");
        assert_eq!(error.to_string(), "the Parameter Store does not answer");
    }

    #[test]
    fn a_secret_of_the_store_comes_first_and_an_empty_one_counts_as_absent() {
        let secrets = [("ID_KEY", "of the store"), ("TURN_SECRET", "")].map(|(name, it)| (name, it.into()));
        let settings = FunctionSettings { secrets: secrets.into() };
        let get = |name| settings.get_from(&variables("/calls"), name);
        assert_eq!(get("ID_KEY").as_deref(), Some("of the store"));
        assert_eq!(get("TURN_SECRET"), None);
        assert_eq!(get("AWS_REGION").as_deref(), Some("eu-west-1"));
        assert!(!format!("{settings:?}").contains("of the store"));
    }
}
