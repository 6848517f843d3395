//! The options that all commands share: the device, the broker, the form of the output, and the time limit.

pub mod broker;
pub mod identity;
pub mod values;

use std::time::Duration;

use clap::Args;

use broker::BrokerOptions;
use identity::IdentityOptions;
use values::seconds;

#[derive(Debug, Args)]
pub struct CommonOptions {
    #[command(flatten)]
    pub identity: IdentityOptions,
    #[command(flatten)]
    pub broker: BrokerOptions,

    /// Print one JSON object a line
    #[arg(long, global = true, help_heading = "Output and time limit")]
    pub json: bool,

    /// Give up after this many seconds (exit code 16)
    ///
    /// The limit applies to the answer of a request, to the answer of a callee with `create`, and to the
    /// first ring with `listen --once`. `watch`, and `listen` without --once, end after this time with exit
    /// code 0.
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds, help_heading = "Output and time limit")]
    pub timeout: Option<Duration>,
}
