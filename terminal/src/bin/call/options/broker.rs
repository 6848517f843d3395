//! The broker to connect to: the laptop stack's, found by its ready file, or the one that the command line
//! names.

use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::SecretString;
use serde::Deserialize;
use switchboard_protocol::address::ClientId;
use terminal::{Config, Tls, Transport};

use super::values::{BrokerAddress, TopicParents};
use crate::error::CommandError;

/// File into which `make run` writes the addresses of its stack when the stack is ready.
const READY_FILE: &str = ".local/ready.json";

#[derive(Debug, Args)]
#[command(next_help_heading = "Broker")]
pub struct BrokerOptions {
    /// The ready file of the laptop stack [default: .local/ready.json here or in a folder above]
    #[arg(long, global = true, env = "CALL_STACK", value_name = "PATH")]
    pub stack: Option<PathBuf>,

    /// The broker, in place of the laptop stack's; the default port is 1883, with TLS 8883, with --authorizer 443
    #[arg(long, global = true, env = "CALL_BROKER", value_name = "HOST[:PORT]")]
    pub broker: Option<BrokerAddress>,

    /// Connect with TLS
    #[arg(long, global = true)]
    pub tls: bool,

    /// Trust the certificate authorities in this file (PEM), in place of this machine's; implies --tls
    #[arg(long, global = true, value_name = "PATH")]
    pub ca: Option<PathBuf>,

    /// The custom authorizer of AWS IoT, named in the MQTT user name; implies --tls, with ALPN `mqtt`
    #[arg(long, global = true, env = "CALL_AUTHORIZER", value_name = "NAME")]
    pub authorizer: Option<String>,

    /// The parents of a deployment's topics, if they are not the default ones
    #[arg(
        long,
        global = true,
        env = "CALL_PARENTS",
        value_name = "CALL_UP,BULK_UP,CALL_DN,BULK_DN",
        default_value = "call-up,bulk-up,call-dn,bulk-dn"
    )]
    pub parents: TopicParents,
}

/// The fields of a ready file that `call` needs.
#[derive(Deserialize)]
struct ReadyFile {
    mqtt: String,
}

impl BrokerOptions {
    /// Returns the configuration with which `client_id` connects, using `token`. Returns an error if no
    /// broker was named and no laptop stack runs, or if TLS cannot be set up.
    pub fn config(&self, client_id: ClientId, token: SecretString) -> Result<Config, CommandError> {
        let BrokerAddress { host, port } = match &self.broker {
            Some(broker) => broker.clone(),
            None => self.laptop_broker()?,
        };
        let is_tls = self.tls || self.ca.is_some() || self.authorizer.is_some();
        let port = port.unwrap_or(match (&self.authorizer, is_tls) {
            (Some(_), _) => 443,
            (None, true) => 8883,
            (None, false) => 1883,
        });
        let mut config = Config::new(client_id, &host, port, token);
        if is_tls {
            // At port 443, AWS IoT uses a custom authorizer for a connection with this protocol name.
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

    /// Returns advice for a user whose broker is unreachable.
    pub fn advice(&self) -> &'static str {
        if self.broker.is_some() {
            "check --broker, --tls and the network"
        } else {
            "the stack of the ready file has ended; start one with `make run`"
        }
    }

    fn tls(&self, alpn: &[&str]) -> Result<Tls, CommandError> {
        let authorities = match &self.ca {
            Some(path) => Some(std::fs::read(path).map_err(|error| {
                CommandError::new(format!("cannot read the file {}: {error}", path.display()))
            })?),
            None => None,
        };
        Tls::new(authorities.as_deref(), alpn).map_err(|error| CommandError::new(error.to_string()))
    }

    fn laptop_broker(&self) -> Result<BrokerAddress, CommandError> {
        let path = match &self.stack {
            Some(path) => path.clone(),
            None => std::env::current_dir().ok().and_then(|folder| ready_file_above(&folder)).ok_or_else(|| {
                CommandError::new(format!(
                    "no stack is running: no {READY_FILE} here or in a folder above; start one with `make run`, or name \
                     a broker with --broker"
                ))
            })?,
        };
        let file = path.display();
        let text = std::fs::read_to_string(&path).map_err(|error| {
            CommandError::new(format!("no stack is running: {file}: {error}; start one with `make run`"))
        })?;
        let ready: ReadyFile = serde_json::from_str(&text).map_err(|error| {
            CommandError::new(format!("{file} is not the ready file of a stack: {error}"))
        })?;
        ready
            .mqtt
            .parse()
            .map_err(|error| CommandError::new(format!("{file} is not the ready file of a stack: {error}")))
    }
}

/// Returns the ready file in this folder, or in the nearest parent folder that has one.
fn ready_file_above(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|folder| folder.join(READY_FILE)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests;
