//! The command line: what can be asked for, and what all commands have in common.

mod common;
#[cfg(test)]
mod tests;
pub mod values;

use clap::{Parser, Subcommand};

use crate::commands::{
    answer, cancel, completions, create, destroy, history, invite, leave, listen, request, sync, token, watch,
};
use crate::outcome::EXIT_CODES;
pub use common::{Common, Where, Who};

const ABOUT: &str = "\
A phone for the shell: plays every request of the protocol by hand, rings, answers and shows what happens.

It speaks to the laptop stack that `make run` started in this checkout, unless --broker names another broker. It takes \
part in the signalling only: it reports that it is in the media, but sends and plays none. Where the service asks the RTC \
service who is really there, an answered call therefore ends with rtc_failed after a while.";

const EXAMPLES: &str = "\
Ten minutes with it, in a checkout where `make run` runs in another shell:
  call listen --as bob.phone                 bob's phone waits, and rings when somebody calls
  call create bob --as alice.phone           alice calls bob; Ctrl-C hangs up
  call watch --as bob.tablet                 everything that another device of bob hears
  call request answer '{\"type\":\"ringing\"}' --as bob.tablet
                                             any JSON to any function: here, what is missing is refused

Against AWS IoT:
  call listen --as bob.phone --broker ENDPOINT --authorizer NAME --token-file bob.jwt";

/// The command line of `call`.
#[derive(Debug, Parser)]
#[command(name = "call", version, propagate_version = true, about = "A phone for the shell", long_about = ABOUT)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"), max_term_width = 110)]
pub struct Cli {
    /// What all commands have in common.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    // What each does is said once, above its arguments.
    Token(token::Token),
    Listen(listen::Listen),
    Create(create::Create),
    Invite(invite::Invite),
    Cancel(cancel::Cancel),
    Answer(answer::Answer),
    Leave(leave::Leave),
    Destroy(destroy::Destroy),
    Sync(sync::Sync),
    History(history::History),
    Watch(watch::Watch),
    Request(request::Request),
    Completions(completions::Completions),
}
