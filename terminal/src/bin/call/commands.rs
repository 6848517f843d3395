//! The commands, a file each: its arguments, and what it does.

pub mod answer;
pub mod cancel;
pub mod completions;
pub mod create;
pub mod destroy;
pub mod history;
pub mod invite;
pub mod leave;
pub mod listen;
pub mod request;
pub mod sync;
pub mod token;
pub mod watch;

use crate::cli::{Cli, Command, Common};
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::phone::{Line, Phone};

/// The instance of commands that ask one thing: they may run beside the device that rings.
const SHELL: &str = "shell";

/// Does what the command line asks for.
///
/// # Errors
/// Why it could not be done.
pub async fn run(cli: &Cli) -> Result<Outcome, Failure> {
    let common = &cli.common;
    match &cli.command {
        Command::Token(token) => token::run(token, common),
        Command::Completions(completions) => Ok(completions::run(completions)),
        Command::Listen(listen) => listen::run(listen, common).await,
        Command::Create(create) => create::run(create, common).await,
        Command::Watch(watch) => watch::run(watch, common).await,
        Command::Answer(answer) => answer::run(answer, common).await,
        Command::Invite(invite) => once(common, async |line| invite::run(invite, line).await).await,
        Command::Cancel(cancel) => once(common, async |line| cancel::run(cancel, line).await).await,
        Command::Leave(leave) => once(common, async |line| leave::run(leave, line).await).await,
        Command::Destroy(destroy) => once(common, async |line| destroy::run(destroy, line).await).await,
        Command::Sync(sync) => once(common, async |line| sync::run(sync, line).await).await,
        Command::History(history) => once(common, async |line| history::run(history, line).await).await,
        Command::Request(request) => in_time(common, request::run(request, common)).await,
    }
}

/// Connects, asks one thing and disconnects.
async fn once(
    common: &Common,
    ask: impl AsyncFnOnce(&Line) -> Result<(), Failure>,
) -> Result<Outcome, Failure> {
    in_time(common, async {
        let mut phone = Phone::connect(common, Some(SHELL), None).await?;
        let asked = tokio::select! {
            asked = ask(&phone.line) => asked.map(|()| Outcome::Done),
            () = phone.stop.requested() => Ok(Outcome::Cancelled),
        };
        phone.line.terminal.disconnect().await;
        asked
    })
    .await
}

/// No longer than `--timeout` allows.
async fn in_time(
    common: &Common,
    work: impl Future<Output = Result<Outcome, Failure>>,
) -> Result<Outcome, Failure> {
    match common.timeout {
        None => work.await,
        Some(timeout) => tokio::time::timeout(timeout, work).await.unwrap_or_else(|_| {
            Err(Failure::timed_out(format!("not done within {} s", timeout.as_secs_f64())))
        }),
    }
}
