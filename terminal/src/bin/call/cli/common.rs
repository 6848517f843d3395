//! The options that all commands have in common: who speaks, to which broker, and how it is shown.

use std::path::PathBuf;

use clap::Args;
use secrecy::SecretString;

use super::values::{Broker, Device, Parents, group, seconds};
use std::time::Duration;

/// What all commands have in common.
#[derive(Debug, Args)]
pub struct Common {
    /// Who speaks.
    #[command(flatten)]
    pub who: Who,
    /// To which broker.
    #[command(flatten)]
    pub place: Where,

    /// Print one JSON object a line
    #[arg(long, global = true, help_heading = "How")]
    pub json: bool,

    /// Give up after so many seconds (exit code 16)
    ///
    /// For a request: until its answer. For `create`: until somebody answers. For `listen --once`: until it rings. `watch`
    /// and `listen` end by it (exit code 0).
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds, help_heading = "How")]
    pub timeout: Option<Duration>,
}

/// Who speaks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Who")]
pub struct Who {
    /// The device: `alice.phone`, `alice`, or a whole client ID `GID@@@alice.phone`
    ///
    /// A broker lets each client ID connect once, so commands that run at the same time need an instance each
    /// (alice.phone, alice.tablet); the later one throws the earlier one out. Without an instance, `listen`, `create` and
    /// `watch` connect as GID@@@alice, and the others as GID@@@alice.shell, so that they may run beside them.
    #[arg(long = "as", global = true, env = "CALL_AS", value_name = "ACCOUNT[.INSTANCE]")]
    pub device: Option<Device>,

    /// The group of the client ID
    #[arg(long, global = true, env = "CALL_GROUP", value_name = "GID", default_value = "GID_call", value_parser = group)]
    pub group: String,

    /// The display name, in a token that is made here
    #[arg(long, global = true, value_name = "NAME")]
    pub name: Option<String>,

    /// The JWT to log in with; without one, a development token is made (or `CALL_TOKEN`)
    #[arg(long, global = true, value_name = "JWT", conflicts_with = "token_file")]
    pub token: Option<SecretString>,

    /// A file with the JWT to log in with
    #[arg(long, global = true, value_name = "PATH")]
    pub token_file: Option<PathBuf>,

    /// The secret to sign development tokens with, and to verify tokens [default: the laptop's own]
    #[arg(
        long,
        global = true,
        env = "SWITCHBOARD_JWT_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub secret: Option<SecretString>,
}

/// To which broker.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where")]
pub struct Where {
    /// The ready file of the laptop stack [default: .local/ready.json here or in a folder above]
    #[arg(long, global = true, env = "CALL_STACK", value_name = "PATH")]
    pub stack: Option<PathBuf>,

    /// The broker, in place of the laptop stack's; the port is 1883, with TLS 8883, with --authorizer 443
    #[arg(long, global = true, env = "CALL_BROKER", value_name = "HOST[:PORT]")]
    pub broker: Option<Broker>,

    /// Speak TLS
    #[arg(long, global = true)]
    pub tls: bool,

    /// Trust the certificate authorities in this file (PEM), in place of this machine's; implies --tls
    #[arg(long, global = true, value_name = "PATH")]
    pub ca: Option<PathBuf>,

    /// The custom authorizer of AWS IoT, named in the MQTT user name; implies --tls, with ALPN `mqtt`
    #[arg(long, global = true, env = "CALL_AUTHORIZER", value_name = "NAME")]
    pub authorizer: Option<String>,

    /// The parents of a deployment's topics, if they are not the usual ones
    #[arg(
        long,
        global = true,
        env = "CALL_PARENTS",
        value_name = "CALL_UP,BULK_UP,CALL_DN,BULK_DN",
        default_value = "call-up,bulk-up,call-dn,bulk-dn"
    )]
    pub parents: Parents,
}
