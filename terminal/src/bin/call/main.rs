//! `call`: a phone for the shell. It speaks the protocol as any terminal does, through the library of this crate.

mod cli;
mod commands;
mod conversation;
mod explain;
mod failure;
mod incoming;
mod keys;
mod outcome;
mod output;
mod phone;
mod place;
mod ringing;
mod stop;
mod who;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};
use failure::Failure;
use output::Output;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output { json: cli.common.json };
    let ended = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("the runtime does not start: {error}")))
        .and_then(|runtime| runtime.block_on(commands::run(&cli)));
    let outcome = match &ended {
        Ok(outcome) => *outcome,
        Err(failure) => failure.outcome,
    };
    // What these print is the result.
    let is_plain = matches!(cli.command, Command::Token(_) | Command::Completions(_));
    if !is_plain || ended.is_err() {
        output.result(outcome, ended.err().as_ref());
    }
    ExitCode::from(outcome.exit_code())
}
