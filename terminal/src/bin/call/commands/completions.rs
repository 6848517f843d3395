//! `call completions`: prints the completions for a shell.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::outcome::Outcome;

const EXAMPLES: &str = "\
Examples:
  source <(call completions bash)                in ~/.bashrc, with `call` in the PATH
  call completions zsh > ~/.zfunc/_call
  call completions fish > ~/.config/fish/completions/call.fish";

/// Print the completions for a shell.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Completions {
    /// Which shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Prints.
pub fn run(completions: &Completions) -> Outcome {
    clap_complete::generate(completions.shell, &mut Cli::command(), "call", &mut std::io::stdout());
    Outcome::Done
}
