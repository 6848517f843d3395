//! Runs the command that the command line names.

use clap::CommandFactory as _;
use clap::error::ErrorKind;

use crate::cli::{Cli, Command};
use crate::commands::{
    answer, cancel, completions, create, destroy, history, invite, leave, listen, request, settings, sync,
    token, watch,
};
use crate::error::CommandError;
use crate::one_shot::{connect_and_run, within_timeout};
use crate::outcome::CommandOutcome;

/// Runs the command. If the command needs a device and the command line names none, ends the process with
/// clap's message and exit code, as for any missing argument.
pub async fn run(cli: &Cli) -> Result<CommandOutcome, CommandError> {
    if cli.command.needs_device() && cli.common.identity.device.is_none() {
        let message = "name your device with --as, for example `--as alice.phone`, or with CALL_AS";
        Cli::command().error(ErrorKind::MissingRequiredArgument, message).exit();
    }
    let common = &cli.common;
    match &cli.command {
        Command::Token(args) => token::run(args, common),
        Command::Completions(args) => Ok(completions::run(args, &mut Cli::command())),
        Command::Listen(args) => listen::run(args, common).await,
        Command::Create(args) => create::run(args, common).await,
        Command::Watch(args) => watch::run(args, common).await,
        Command::Answer(args) => answer::run(args, common).await,
        Command::Invite(args) => {
            connect_and_run(common, async |client| invite::run(args, client).await).await
        }
        Command::Cancel(args) => {
            connect_and_run(common, async |client| cancel::run(args, client).await).await
        }
        Command::Leave(args) => connect_and_run(common, async |client| leave::run(args, client).await).await,
        Command::Destroy(args) => {
            connect_and_run(common, async |client| destroy::run(args, client).await).await
        }
        Command::Sync(args) => connect_and_run(common, async |client| sync::run(args, client).await).await,
        Command::History(args) => {
            connect_and_run(common, async |client| history::run(args, client).await).await
        }
        Command::Block(args) => {
            connect_and_run(common, async |client| settings::block(args, client).await).await
        }
        Command::Unblock(args) => {
            connect_and_run(common, async |client| settings::unblock(args, client).await).await
        }
        Command::Availability(args) => {
            connect_and_run(common, async |client| settings::availability(args, client).await).await
        }
        Command::Settings(args) => {
            connect_and_run(common, async |client| settings::settings(args, client).await).await
        }
        Command::Request(args) => within_timeout(common, request::run(args, common)).await,
    }
}
