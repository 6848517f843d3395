//! The command `local`: the laptop stack for people and programs.

mod cli;
mod demo;
mod environment;
mod up;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Up(up) => up::run(&up).await,
        Command::Demo(demo) => demo::run(&demo).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("local: {error}");
            ExitCode::FAILURE
        }
    }
}
