//! `call`: a phone for the shell. It uses the protocol like any other terminal, through the library of this
//! package.

mod cli;
mod clock;
mod commands;
mod conversation;
mod dispatch;
mod error;
mod explain;
mod held;
mod incoming;
mod keys;
mod login;
mod one_shot;
mod options;
mod outcome;
mod phone;
mod printable;
mod printer;
mod ringing;
mod signals;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};
use error::CommandError;
use printer::Printer;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let printer = Printer { json: cli.common.json };
    let ended = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::new(format!("the async runtime cannot be started: {error}")))
        .and_then(|runtime| runtime.block_on(dispatch::run(&cli)));
    let outcome = match &ended {
        Ok(outcome) => *outcome,
        Err(error) => error.outcome,
    };
    // The output of these two commands is their result and scripts read it, so no further line may follow.
    let is_plain = matches!(cli.command, Command::Token(_) | Command::Completions(_));
    if !is_plain || ended.is_err() {
        printer.result(outcome, ended.err().as_ref());
    }
    ExitCode::from(outcome.exit_code())
}
