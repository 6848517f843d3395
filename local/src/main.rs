//! The command `local`: the laptop stack for people and programs.

mod commands;

use std::process::ExitCode;

use clap::Parser as _;

use commands::{Cli, Command, demo, generate, invoke, up};

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Up(up) => up::run(&up).await,
        Command::Demo(demo) => demo::run(&demo).await,
        Command::Invoke(invoke) => invoke::run(&invoke).await,
        Command::Generate => generate::write(),
        Command::Env(env) => generate::print_environment(&env),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("local: {error}");
            ExitCode::FAILURE
        }
    }
}
