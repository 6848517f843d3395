//! The command line of `call`: its commands and the options that all of them share.

#[cfg(test)]
mod tests;

use clap::{Parser, Subcommand};

use crate::commands::{
    answer, cancel, completions, create, destroy, history, invite, leave, listen, request, settings, sync,
    token, watch,
};
use crate::options::CommonOptions;
use crate::outcome::EXIT_CODES;

const ABOUT: &str = "\
A phone for the shell: sends any request of the protocol, rings, answers and shows what happens.

It connects to the laptop stack that `make run` started in this checkout, unless --broker names another broker. It takes \
part in the signalling only: it reports that it is in the media, but sends and plays none. A service that asks its RTC \
service who is in the channel therefore ends an answered call with rtc_failed after a while.";

const EXAMPLES: &str = "\
A first session, in a checkout where `make run` runs in another shell:
  call listen --as bob.phone                 bob's phone waits, and rings when a call comes
  call create bob --as alice.phone           alice calls bob; Ctrl-C hangs up
  call watch --as bob.tablet                 every message to another device of bob
  call request answer '{\"type\":\"ringing\"}' --as bob.tablet
                                             any JSON to any function: this one is refused, as fields are missing

With AWS IoT:
  call listen --as bob.phone --broker ENDPOINT --authorizer NAME --token-file bob.jwt";

/// The command line of `call`.
#[derive(Debug, Parser)]
#[command(name = "call", version, propagate_version = true, about = "A phone for the shell", long_about = ABOUT)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"), max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    pub common: CommonOptions,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    // The variants have no doc comments, since clap would show these in place of the comments of the argument
    // structs.
    Token(token::TokenArgs),
    Listen(listen::ListenArgs),
    Create(create::CreateArgs),
    Invite(invite::InviteArgs),
    Cancel(cancel::CancelArgs),
    Answer(answer::AnswerArgs),
    Leave(leave::LeaveArgs),
    Destroy(destroy::DestroyArgs),
    Sync(sync::SyncArgs),
    History(history::HistoryArgs),
    Block(settings::BlockArgs),
    Unblock(settings::UnblockArgs),
    Availability(settings::AvailabilityArgs),
    Settings(settings::SettingsArgs),
    Watch(watch::WatchArgs),
    Request(request::RequestArgs),
    Completions(completions::CompletionsArgs),
}

impl Command {
    /// Returns `true` if the command acts for a device and therefore needs `--as`.
    pub fn needs_device(&self) -> bool {
        match self {
            Self::Completions(_) => false,
            Self::Token(token) => token.decode.is_none(),
            _ => true,
        }
    }
}
