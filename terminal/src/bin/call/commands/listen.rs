//! `call listen`: waits for calls and rings.

use std::time::Duration;

use clap::Args;
use serde_json::json;
use switchboard_protocol::requests::RejectReason;
use terminal::RequestError;
use tokio::time::Instant;

use crate::clock::sleep_until;
use crate::error::CommandError;
use crate::incoming::{IncomingCalls, ListenInput};
use crate::keys::Keys;
use crate::options::CommonOptions;
use crate::options::values::{reject_reason, seconds};
use crate::outcome::CommandOutcome;
use crate::phone::Phone;
use crate::ringing::{AutoAnswer, ring};

const EXAMPLES: &str = "\
Examples:
  call listen --as bob.phone                         rings; a + Enter accepts, r + Enter rejects
  call listen --as bob.phone --accept --after 3      rings for 3 s, then accepts
  call listen --as bob.phone --reject busy           rejects as busy
  call listen --as bob.phone --accept --once --json  for scripts: ends after one call

Exit codes with --once: 0 answered here or on another device, or rejected here; 11 declined on another device; 13 not \
answered; 15 cancelled.";

/// Wait for calls and ring, until Ctrl-C.
///
/// Invitations that arrived while the device was disconnected ring if they are still open. The device rings
/// for one call at a time; a second call waits. During a call, further invitations are rejected as busy.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ListenArgs {
    /// Accept calls automatically
    #[arg(long, conflicts_with = "reject")]
    pub accept: bool,

    /// Reject calls automatically
    #[arg(long, value_name = "REASON", num_args = 0..=1, default_missing_value = "declined", value_parser = reject_reason())]
    pub reject: Option<RejectReason>,

    /// Ring this long before --accept or --reject answers
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "0")]
    pub after: Duration,

    /// End after the first call
    #[arg(long)]
    pub once: bool,
}

impl ListenArgs {
    fn auto_answer(&self) -> AutoAnswer {
        match self.reject {
            Some(reason) => AutoAnswer::Reject(self.after, reason),
            None if self.accept => AutoAnswer::Accept(self.after),
            None => AutoAnswer::Off,
        }
    }
}

pub async fn run(args: &ListenArgs, common: &CommonOptions) -> Result<CommandOutcome, CommandError> {
    let mut phone = Phone::connect(common, None, None).await?;
    if args.auto_answer() == AutoAnswer::Off {
        phone.keys = Keys::listen();
    }
    let give_up_at = common.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let listened = wait(args, &mut phone, give_up_at).await;
    phone.client.terminal.disconnect().await;
    listened
}

async fn wait(
    args: &ListenArgs,
    phone: &mut Phone,
    give_up_at: Option<Instant>,
) -> Result<CommandOutcome, CommandError> {
    let mut incoming = IncomingCalls::new(phone);
    // Invitations that arrived while this device was disconnected may still be open.
    incoming.sync().await?;
    incoming.phone().client.printer.note("listening", "waiting for calls; Ctrl-C ends", json!({}));
    loop {
        if let Some(call) = incoming.first() {
            let result = ring(&mut incoming, call, args.auto_answer()).await?;
            if result.interrupted {
                return Ok(CommandOutcome::Done);
            }
            if args.once {
                return Ok(result.outcome);
            }
            // During the call, messages about other invitations were not processed, so some invitations may
            // have been closed.
            match incoming.sync().await {
                Ok(()) => {}
                Err(RequestError::Disconnected) => return Err(RequestError::Disconnected.into()),
                Err(error) => incoming.note_sync_failed(&error),
            }
            continue;
        }
        tokio::select! {
            input = incoming.next() => match input? {
                ListenInput::Stop => return Ok(CommandOutcome::Done),
                // Without a ringing call, a key has no effect.
                ListenInput::Key(_) | ListenInput::Processed { .. } => {}
            },
            () = sleep_until(give_up_at) => {
                return if args.once { Err(CommandError::timed_out("no call came within --timeout")) } else { Ok(CommandOutcome::Done) };
            }
        }
    }
}
