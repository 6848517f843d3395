//! Where the broker is: the laptop stack's, by its ready file, or the one that the command line names.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;
use switchboard_protocol::address::ClientId;
use terminal::{Config, Tls, Transport};

use crate::cli::Where;
use crate::cli::values::Broker;
use crate::failure::Failure;

/// Where `make run` says that its stack is ready.
const READY_FILE: &str = ".local/ready.json";

/// What is needed of a ready file.
#[derive(Deserialize)]
struct Ready {
    mqtt: String,
}

impl Where {
    /// How `client_id` connects with `token`.
    ///
    /// # Errors
    /// No broker was named and no stack is running, or TLS cannot be set up.
    pub fn config(&self, client_id: ClientId, token: SecretString) -> Result<Config, Failure> {
        let Broker { host, port } = match &self.broker {
            Some(broker) => broker.clone(),
            None => self.laptop()?,
        };
        let is_tls = self.tls || self.ca.is_some() || self.authorizer.is_some();
        let port = port.unwrap_or(match (&self.authorizer, is_tls) {
            (Some(_), _) => 443,
            (None, true) => 8883,
            (None, false) => 1883,
        });
        let mut config = Config::new(client_id, &host, port, token);
        if is_tls {
            // AWS IoT tells custom authorizers from client certificates by this protocol name at port 443.
            let alpn: &[&str] = if self.authorizer.is_some() || port == 443 { &["mqtt"] } else { &[] };
            config.transport = Transport::Tls(self.tls(alpn)?);
        }
        if let Some(authorizer) = &self.authorizer {
            config.user_name = format!("?x-amz-customauthorizer-name={authorizer}");
        }
        config.uplinks = self.parents.up.clone();
        config.downlinks = self.parents.down.clone();
        Ok(config)
    }

    /// What to do when the broker cannot be reached.
    pub fn advice(&self) -> &'static str {
        if self.broker.is_some() {
            "look at --broker, --tls and the network"
        } else {
            "the stack of the ready file is gone; start one with `make run`"
        }
    }

    fn tls(&self, alpn: &[&str]) -> Result<Tls, Failure> {
        let authorities = match &self.ca {
            Some(path) => Some(
                std::fs::read(path)
                    .map_err(|error| Failure::new(format!("the file {}: {error}", path.display())))?,
            ),
            None => None,
        };
        Tls::new(authorities.as_deref(), alpn).map_err(|error| Failure::new(error.to_string()))
    }

    fn laptop(&self) -> Result<Broker, Failure> {
        let path = match &self.stack {
            Some(path) => path.clone(),
            None => std::env::current_dir().ok().and_then(|folder| ready_file_above(&folder)).ok_or_else(|| {
                Failure::new(format!(
                    "no stack is running: there is no {READY_FILE} here or above; start one with `make run`, or name a \
                     broker with --broker"
                ))
            })?,
        };
        let file = path.display();
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Failure::new(format!("no stack is running: {file}: {error}; start one with `make run`"))
        })?;
        let ready: Ready = serde_json::from_str(&text)
            .map_err(|error| Failure::new(format!("{file} is no ready file of a stack: {error}")))?;
        ready
            .mqtt
            .parse()
            .map_err(|error| Failure::new(format!("{file} is no ready file of a stack: {error}")))
    }
}

/// The ready file in this folder, or in the nearest one above that has one.
fn ready_file_above(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|folder| folder.join(READY_FILE)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests;
