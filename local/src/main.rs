//! The command `local`: the laptop stack for people and programs.

mod cli;
mod demo;
mod environment;
mod events;
mod invoke;
mod up;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Up(up) => up::run(&up).await,
        Command::Demo(demo) => demo::run(&demo).await,
        Command::Invoke(invoke) => invoke::run(&invoke).await,
        Command::Events => events::write(),
        Command::Asyncapi => events::write_contract(),
        Command::Env(env) => events::print_environment(&env),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("local: {error}");
            ExitCode::FAILURE
        }
    }
}
