//! Settings of `authorize` from the environment, read once. A missing or wrong setting stops the cold start.
//! The error contains the setting's name, never its value.

use std::collections::BTreeSet;

use secrecy::SecretString;
use switchboard_protocol::address::{ClientId, DownlinkParents, MAX_CLIENT_ID_CHARS, is_part};
use switchboard_service::config::{
    ConfigError, Variables, count, is_on_aws, parent, require_own_secrets, required, table_name,
};
use switchboard_service::settings::TOKEN_SECRETS;

use crate::authorize::keys::{KeyError, KeyTexts, Keys};
use crate::authorize::policy::{self, Topics};
use crate::authorize::token::Verifier;

/// Largest value of `MAX_TOKEN_SECONDS`: a year.
const MAX_TOKEN_SECONDS: u32 = 31_536_000;

/// The settings of this function.
#[derive(Debug)]
pub struct AuthorizerConfig {
    /// Verifier of JWTs (`JWT_HS256_SECRET`, `JWT_HS256_SECRET_PREVIOUS`, `JWT_PUBLIC_KEY`, `JWT_KEY_SET`, `JWT_ISSUER`,
    /// `JWT_AUDIENCE`, `MAX_TOKEN_SECONDS`).
    pub verifier: Verifier,
    /// Client groups that may connect (`ALLOWED_GROUPS`).
    pub groups: Groups,
    /// Parents of the topics in a policy (`CALL_UP_PARENT`, `BULK_UP_PARENT`, `CALL_DOWN_PARENT`, `BULK_DOWN_PARENT`).
    pub topics: Topics,
    /// Prefix of every resource name in a policy (`IOT_ARN_PREFIX`).
    pub arn_prefix: String,
    /// Table with the registry of devices (`TABLE_NAME`).
    pub table: String,
}

/// The client groups that a deployment serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups(BTreeSet<String>);

impl Groups {
    /// Returns `true` if clients of this group may connect. Without a list, all groups may connect.
    #[must_use]
    pub fn allow(&self, group: &str) -> bool {
        self.0.is_empty() || self.0.contains(group)
    }
}

impl AuthorizerConfig {
    /// Reads the settings. An empty setting counts as absent.
    ///
    /// # Errors
    /// The name of the first missing or invalid setting.
    pub fn read(variables: &impl Variables) -> Result<Self, ConfigError> {
        let required = |name| required(variables, name);
        let parent = |name| parent(variables, name);
        let config = Self {
            verifier: read_verifier(variables)?,
            groups: read_groups(&variables("ALLOWED_GROUPS").unwrap_or_default())?,
            topics: Topics {
                call_up: parent("CALL_UP_PARENT")?,
                bulk_up: parent("BULK_UP_PARENT")?,
                downlink: DownlinkParents {
                    control: parent("CALL_DOWN_PARENT")?,
                    bulk: parent("BULK_DOWN_PARENT")?,
                },
            },
            arn_prefix: required("IOT_ARN_PREFIX")?,
            table: table_name(variables)?,
        };
        if !is_arn_prefix(&config.arn_prefix) {
            return Err(wrong("IOT_ARN_PREFIX", "not of the form arn:partition:iot:region:account"));
        }
        config.check_parents()?;
        config.check_policy_length()?;
        Ok(config)
    }

    /// Checks that no parent topic is used for both requests and downlinks: otherwise a downlink would invoke
    /// a function.
    fn check_parents(&self) -> Result<(), ConfigError> {
        let Topics { call_up, bulk_up, downlink } = &self.topics;
        for (name, up) in [("CALL_UP_PARENT", call_up), ("BULK_UP_PARENT", bulk_up)] {
            if [&downlink.control, &downlink.bulk].contains(&up) {
                return Err(wrong(name, "use different parent topics for requests and downlinks"));
            }
        }
        Ok(())
    }

    /// Checks that the policy is within the broker's limit for every client ID that can be addressed.
    fn check_policy_length(&self) -> Result<(), ConfigError> {
        let name = "CALL_DOWN_PARENT, BULK_DOWN_PARENT";
        let longest = longest_client_id(&self.topics.downlink)
            .ok_or_else(|| wrong(name, "too long, so that no client ID could be addressed"))?;
        let length = policy::document(&longest, &self.topics, &self.arn_prefix).to_string().len();
        if length > policy::MAX_CHARACTERS {
            return Err(wrong(
                "IOT_ARN_PREFIX",
                "too long together with the parents of the topics: the policy exceeds the limit of the broker",
            ));
        }
        Ok(())
    }
}

/// Returns the longest client ID whose topics are within the limit.
pub(crate) fn longest_client_id(parents: &DownlinkParents) -> Option<ClientId> {
    let prefix = "G@@@";
    (prefix.len()..=MAX_CLIENT_ID_CHARS)
        .rev()
        .filter_map(|length| format!("{prefix}{}", "a".repeat(length - prefix.len())).parse().ok())
        .find(|client| parents.check(client).is_ok())
}

fn read_verifier(variable: &impl Variables) -> Result<Verifier, ConfigError> {
    let secret = |name| SecretString::from(variable(name).unwrap_or_default());
    let texts = KeyTexts {
        secret: secret("JWT_HS256_SECRET"),
        previous_secret: secret("JWT_HS256_SECRET_PREVIOUS"),
        public_keys: variable("JWT_PUBLIC_KEY").unwrap_or_default(),
        key_set: variable("JWT_KEY_SET").unwrap_or_default(),
        is_laptop: !is_on_aws(variable),
    };
    let keys = Keys::new(&texts).map_err(|error| match error {
        KeyError::None => ConfigError::Missing("JWT_HS256_SECRET, JWT_PUBLIC_KEY or JWT_KEY_SET"),
        KeyError::PemAsSecret | KeyError::ShortSecret => wrong("JWT_HS256_SECRET", &error.to_string()),
        KeyError::PreviousSecret => wrong("JWT_HS256_SECRET_PREVIOUS", &error.to_string()),
        KeyError::PublicKey => wrong("JWT_PUBLIC_KEY", &error.to_string()),
        KeyError::KeySet => wrong("JWT_KEY_SET", &error.to_string()),
    })?;
    require_own_secrets(variable, &TOKEN_SECRETS)?;
    let (issuer, audiences) = (variable("JWT_ISSUER"), variable("JWT_AUDIENCE").unwrap_or_default());
    let audiences: Vec<String> =
        audiences.split(',').map(str::trim).filter(|each| !each.is_empty()).map(str::to_owned).collect();
    // An identity provider signs the tokens of all its clients with the same key.
    if !texts.public_keys.is_empty() || !texts.key_set.is_empty() {
        if issuer.is_none() {
            return Err(ConfigError::Missing("JWT_ISSUER"));
        }
        if audiences.is_empty() {
            return Err(ConfigError::Missing("JWT_AUDIENCE"));
        }
    }
    // 0 sets no limit, as in the template.
    let max_seconds =
        Some(count(variable, "MAX_TOKEN_SECONDS", 0, 0..=MAX_TOKEN_SECONDS)?).filter(|it| *it > 0);
    Ok(Verifier { keys, issuer, audiences, max_seconds })
}

fn read_groups(list: &str) -> Result<Groups, ConfigError> {
    let groups: BTreeSet<_> =
        list.split(',').map(str::trim).filter(|group| !group.is_empty()).map(str::to_owned).collect();
    // A group that no client ID can have is a typing error, and its clients would be refused.
    if groups.iter().all(|group| is_part(group)) {
        Ok(Groups(groups))
    } else {
        Err(wrong("ALLOWED_GROUPS", "use only the characters A-Z a-z 0-9 _ - in a group"))
    }
}

fn is_arn_prefix(text: &str) -> bool {
    let parts: Vec<_> = text.split(':').collect();
    parts.len() == 5 && parts[0] == "arn" && parts[2] == "iot" && parts.iter().all(|part| is_part(part))
}

fn wrong(name: &'static str, why: &str) -> ConfigError {
    ConfigError::Wrong { name, why: why.to_owned() }
}

#[cfg(test)]
pub(crate) mod tests;
