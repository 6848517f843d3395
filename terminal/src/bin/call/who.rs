//! Who speaks: the client ID of the command line, and the token that proves it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::CommandFactory as _;
use clap::error::ErrorKind;
use secrecy::{ExposeSecret as _, SecretString};
use switchboard_protocol::address::ClientId;
use terminal::development_jwt;

use crate::cli::{Cli, Who};
use crate::failure::Failure;

/// What the laptop stack signs with, unless `SWITCHBOARD_JWT_SECRET` says otherwise.
const DEVELOPMENT_SECRET: &str = "local-development-only";
/// Life of a token that a command makes for itself: longer than anybody listens.
const OWN_TOKEN_LIFE: Duration = Duration::from_hours(12);

impl Who {
    /// The client ID; `instance` is taken where none was named. Ends the process with clap's message and code if nobody
    /// is named, as for any argument that is missing.
    pub fn client_id(&self, instance: Option<&str>) -> Result<ClientId, Failure> {
        let Some(device) = &self.device else {
            let message = "say who you are with --as, for example `--as alice.phone`, or with CALL_AS";
            Cli::command().error(ErrorKind::MissingRequiredArgument, message).exit();
        };
        device
            .client_id(&self.group, instance)
            .map_err(|error| Failure::new(format!("nobody can connect by this client ID: {error}")))
    }

    /// The token to log in with: the one that was given, or a development token that is made now.
    pub fn token(&self, account: &str) -> Result<SecretString, Failure> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        if let Some(path) = &self.token_file {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::new(format!("the token file {}: {error}", path.display())))?;
            return Ok(text.trim().to_owned().into());
        }
        match std::env::var("CALL_TOKEN") {
            Ok(token) if !token.is_empty() => Ok(token.trim().to_owned().into()),
            _ => Ok(self.minted(account, OWN_TOKEN_LIFE)),
        }
    }

    /// A development token of that account which lives so long.
    pub fn minted(&self, account: &str, life: Duration) -> SecretString {
        let end = now_seconds().saturating_add_unsigned(life.as_secs());
        let secret = self.secret.as_ref().map_or(DEVELOPMENT_SECRET, |secret| secret.expose_secret());
        development_jwt(secret, account, self.name.as_deref(), end)
    }
}

/// Unix time in seconds.
pub fn now_seconds() -> i64 {
    now_ms().div_euclid(1000)
}

/// Milliseconds since the epoch.
pub fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}
