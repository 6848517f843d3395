//! The command line of the laptop stack: one module for each command.

pub mod demo;
pub mod generate;
pub mod invoke;
pub mod up;
mod workspace;

use clap::{Parser, Subcommand};

use demo::Demo;
use generate::Env;
use invoke::Invoke;
use up::Up;

/// The whole service on this machine: MQTT broker, rules, the real function binaries, table, queues and data plane.
#[derive(Parser)]
#[command(name = "local", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Start the stack and keep it running until Ctrl-C
    Up(Box<Up>),
    /// Play a call on a stack of its own and show which device gets which message when
    Demo(Demo),
    /// Run one event of `events/` and show the result of the function and the downlinks that it sent
    Invoke(Invoke),
    /// Write the files that are made from the tables of the protocol: contract, samples, tables of terminals and README
    Generate,
    /// Print the environment variables that a function needs to work with a running stack
    Env(Env),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
