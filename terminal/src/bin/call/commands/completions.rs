//! `call completions`: prints the completions for a shell.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::outcome::CommandOutcome;

const EXAMPLES: &str = "\
Examples:
  source <(call completions bash)                in ~/.bashrc, with `call` in the PATH
  call completions zsh > ~/.zfunc/_call
  call completions fish > ~/.config/fish/completions/call.fish";

/// Print the completions for a shell.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Prints the completions of `command_line`.
pub fn run(args: &CompletionsArgs, command_line: &mut Command) -> CommandOutcome {
    clap_complete::generate(args.shell, command_line, "call", &mut std::io::stdout());
    CommandOutcome::Done
}
