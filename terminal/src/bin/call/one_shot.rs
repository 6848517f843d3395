//! Commands that connect, send one request, and disconnect.

use crate::error::CommandError;
use crate::options::CommonOptions;
use crate::outcome::CommandOutcome;
use crate::phone::{Client, Phone};

/// Default instance of one-shot commands. It differs from that of a ringing device, so that both can be
/// connected at the same time.
pub const SHELL_INSTANCE: &str = "shell";

/// Connects, runs `work` and disconnects. Ctrl-C ends the command as cancelled, `--timeout` as timed out.
pub async fn connect_and_run(
    common: &CommonOptions,
    work: impl AsyncFnOnce(&Client) -> Result<(), CommandError>,
) -> Result<CommandOutcome, CommandError> {
    within_timeout(common, async {
        let mut phone = Phone::connect(common, Some(SHELL_INSTANCE), None).await?;
        let result = tokio::select! {
            result = work(&phone.client) => result.map(|()| CommandOutcome::Done),
            () = phone.stop.requested() => Ok(CommandOutcome::Cancelled),
        };
        phone.client.terminal.disconnect().await;
        result
    })
    .await
}

/// Runs `work` within the time of `--timeout`, if the option was given.
pub async fn within_timeout(
    common: &CommonOptions,
    work: impl Future<Output = Result<CommandOutcome, CommandError>>,
) -> Result<CommandOutcome, CommandError> {
    match common.timeout {
        None => work.await,
        Some(timeout) => tokio::time::timeout(timeout, work).await.unwrap_or_else(|_| {
            Err(CommandError::timed_out(format!("not done within {} s", timeout.as_secs_f64())))
        }),
    }
}
