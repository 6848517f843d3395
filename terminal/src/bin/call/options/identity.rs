//! The identity of the device: its client ID, and the token with which it logs in.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};
use switchboard_protocol::address::ClientId;
use terminal::development_jwt;

use super::values::{Device, group};
use crate::clock::now_seconds;
use crate::error::CommandError;

/// Secret with which the laptop stack signs, unless `SWITCHBOARD_JWT_SECRET` sets another one.
const DEVELOPMENT_SECRET: &str = "local-development-only";
/// Validity of a token that a command makes for itself, which is longer than any session of `listen`.
const OWN_TOKEN_VALID_FOR: Duration = Duration::from_hours(12);

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Identity")]
pub struct IdentityOptions {
    /// The device: `alice.phone`, `alice`, or a whole client ID `GID@@@alice.phone`
    ///
    /// A broker accepts one connection for each client ID and closes the older one, so commands that run at
    /// the same time need different instances (alice.phone, alice.tablet). Without an instance, `listen`,
    /// `create` and `watch` connect as GID@@@alice, and all other commands as GID@@@alice.shell, so that they
    /// can run at the same time.
    #[arg(long = "as", global = true, env = "CALL_AS", value_name = "ACCOUNT[.INSTANCE]")]
    pub device: Option<Device>,

    /// The group of the client ID
    #[arg(long, global = true, env = "CALL_GROUP", value_name = "GID", default_value = "GID_call", value_parser = group)]
    pub group: String,

    /// The display name in a development token that this command makes
    #[arg(long, global = true, value_name = "NAME")]
    pub name: Option<String>,

    /// The JWT to log in with (or `CALL_TOKEN`); without one, a development token is made
    #[arg(long, global = true, value_name = "JWT", conflicts_with = "token_file")]
    pub token: Option<SecretString>,

    /// A file with the JWT to log in with, which is read again when the broker no longer accepts the token
    #[arg(long, global = true, value_name = "PATH")]
    pub token_file: Option<PathBuf>,

    /// The secret to sign development tokens with, and to verify tokens [default: that of the laptop stack]
    #[arg(
        long,
        global = true,
        env = "SWITCHBOARD_JWT_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub secret: Option<SecretString>,
}

impl IdentityOptions {
    /// Returns the client ID of the device. `instance` is used if the device was named without one.
    pub fn client_id(&self, instance: Option<&str>) -> Result<ClientId, CommandError> {
        let device = self.device.as_ref().ok_or_else(|| CommandError::new("name your device with --as"))?;
        device
            .client_id(&self.group, instance)
            .map_err(|error| CommandError::new(format!("not a valid client ID: {error}")))
    }

    /// Returns the token to log in with, from --token, --token-file or `CALL_TOKEN`, otherwise a new
    /// development token.
    pub fn token(&self, account: &str) -> Result<SecretString, CommandError> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        if let Some(path) = &self.token_file {
            let text = std::fs::read_to_string(path).map_err(|error| {
                CommandError::new(format!("cannot read the token file {}: {error}", path.display()))
            })?;
            return Ok(text.trim().to_owned().into());
        }
        match std::env::var("CALL_TOKEN") {
            Ok(token) if !token.is_empty() => Ok(token.trim().to_owned().into()),
            _ => Ok(self.development_token(account, OWN_TOKEN_VALID_FOR)),
        }
    }

    /// Makes a development token of the account, which is valid for that time from now.
    pub fn development_token(&self, account: &str, valid_for: Duration) -> SecretString {
        let end = now_seconds().saturating_add_unsigned(valid_for.as_secs());
        let secret = self.secret.as_ref().map_or(DEVELOPMENT_SECRET, |secret| secret.expose_secret());
        development_jwt(secret, account, self.name.as_deref(), end)
    }
}
