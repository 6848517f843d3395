//! The command line of the laptop stack.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

use local::table::Store;
use local::{Options, log, parameters};
use switchboard_rtc::Provider;

use crate::demo::Demo;
use crate::environment::variable;
use crate::events::Env;
use crate::invoke::Invoke;

/// The whole service on this machine: MQTT broker, rules, the real function binaries, table, queues and data plane.
#[derive(Parser)]
#[command(name = "local", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Start the stack and keep it running until Ctrl-C
    Up(Box<Up>),
    /// Play a call on a stack of its own and show who hears what when
    Demo(Demo),
    /// Run one event of `events/` and show the function's result and the downlinks that it sent
    Invoke(Invoke),
    /// Write the sample events in `events/` anew
    Events,
    /// Write `docs/asyncapi.yaml`, the description of the protocol, anew
    Asyncapi,
    /// Print the environment that functions need to work with a running stack
    Env(Env),
}

/// Start the stack and keep it running until Ctrl-C.
///
/// When all parts answer, the last line on standard output is a JSON object with their addresses; the log goes to
/// standard error. Terminals log in with a client ID like `GID@@@alice.phone` and a JWT (HS256, claims `sub` and `exp`)
/// as password, signed with the secret in `SWITCHBOARD_JWT_SECRET`, or with `local-development-only` if that is not set.
#[derive(clap::Args)]
pub struct Up {
    /// Where MQTT listens; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:1883")]
    pub mqtt: SocketAddr,

    /// Where HTTP listens (AWS APIs, MQTT over WebSocket at /mqtt); port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub http: SocketAddr,

    /// Directory that keeps the table, or `memory` to forget it at the end
    #[arg(long, value_name = "DIR|memory", default_value = "memory")]
    pub state: PathBuf,

    /// File that gets the addresses when all parts answer, and is removed at the end
    #[arg(long, value_name = "PATH")]
    pub ready_file: Option<PathBuf>,

    /// File that every outcome is appended to, one line of JSON each: what functions tell on the event bus
    #[arg(long, value_name = "FILE")]
    pub outcomes: Option<PathBuf>,

    /// Do not build the functions first
    #[arg(long)]
    pub no_build: bool,

    /// The SAM template to run [default: template.yaml of this workspace]
    #[arg(long, value_name = "PATH")]
    pub template: Option<PathBuf>,

    /// Directory of the function binaries [default: that of this program]
    #[arg(long, value_name = "DIR")]
    pub binaries: Option<PathBuf>,

    /// Use this DynamoDB-compatible server instead of the embedded one
    #[arg(long, value_name = "URL", conflicts_with = "state")]
    pub dynamodb: Option<String>,

    /// The RTC service that join tokens are made for, with a development key unless `RTC_KEY_ID` and `RTC_KEY_SECRET` are set
    #[arg(long, env = "RTC_PROVIDER", value_name = "NAME", default_value_t = Provider::Livekit)]
    pub rtc_provider: Provider,

    /// Let the embedded SFU manage meetings, for browsers: it alone says who is in the media, removes and mutes. Without it
    /// terminals are believed when they say that they are in, also those without any media, such as `call`
    #[arg(long)]
    pub sfu: bool,

    /// Where the embedded SFU receives media (UDP); another address than loopback for browsers that take none from there
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub media: SocketAddr,

    /// Name of the stack; names of tables and queues begin with it
    #[arg(long, value_name = "NAME", default_value = "switchboard")]
    pub stack_name: String,

    /// Value of a template parameter, for example `AllowedGroups=GID_ios,GID_web`; may be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    pub parameters: Vec<(String, String)>,

    /// What is logged, as `level` or `part=level,…` (parts: local, function, broker)
    #[arg(long, env = "SWITCHBOARD_LOG", value_name = "FILTER", default_value = log::DEFAULT_FILTER)]
    pub log: String,
}

impl Up {
    /// How the stack is started for this command line.
    #[must_use]
    pub fn options(&self, workspace: &Path, binaries: &Path) -> Options {
        let store = match &self.dynamodb {
            Some(url) => Store::External(url.clone()),
            None if self.state == Path::new("memory") => Store::Memory,
            None => Store::Directory(self.state.clone()),
        };
        let mut values = parameters::laptop(self.rtc_provider.name(), variable);
        values.extend(self.parameters.iter().cloned());
        Options {
            mqtt: self.mqtt,
            http: self.http,
            store,
            template: self.template.clone().unwrap_or_else(|| workspace.join("template.yaml")),
            binaries: self.binaries.clone().unwrap_or_else(|| binaries.to_owned()),
            stack_name: self.stack_name.clone(),
            media: self.media,
            sfu: self.sfu,
            parameters: values,
        }
    }
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it must have the form NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_table_is_in_memory_unless_a_directory_or_a_server_is_named() {
        let store = |arguments: &[&str]| {
            let Command::Up(up) = Cli::parse_from([&["local", "up"], arguments].concat()).command else {
                panic!("`up` was asked for")
            };
            up.options(Path::new("/w"), Path::new("/b")).store
        };
        assert_eq!(store(&[]), Store::Memory);
        assert_eq!(store(&["--state", "x"]), Store::Directory(PathBuf::from("x")));
        assert_eq!(
            store(&["--dynamodb", "http://127.0.0.1:1"]),
            Store::External("http://127.0.0.1:1".to_owned())
        );
        assert!(Cli::try_parse_from(["local", "up", "--state", "x", "--dynamodb", "http://h"]).is_err());
    }

    #[test]
    fn parameters_replace_the_laptops_own() {
        let Command::Up(up) = Cli::parse_from(["local", "up", "--parameter", "IdKey=a=b"]).command else {
            panic!("`up` was asked for")
        };
        assert_eq!(up.options(Path::new("/w"), Path::new("/b")).parameters["IdKey"], "a=b");
        assert!(Cli::try_parse_from(["local", "up", "--parameter", "IdKey"]).is_err());
    }
}
