//! `call listen`: waits for calls and rings.

use std::time::Duration;

use clap::Args;
use serde_json::json;
use switchboard_protocol::requests::RejectReason;
use terminal::RequestError;
use tokio::time::Instant;

use crate::cli::Common;
use crate::cli::values::{reject_reason, seconds};
use crate::conversation::at;
use crate::failure::Failure;
use crate::incoming::{Happened, Incoming};
use crate::keys::Keys;
use crate::outcome::Outcome;
use crate::phone::Phone;
use crate::ringing::{Habit, ring};

const EXAMPLES: &str = "\
Examples:
  call listen --as bob.phone                         rings; a + Enter accepts, r + Enter rejects
  call listen --as bob.phone --accept --after 3      lets it ring for 3 s, then accepts
  call listen --as bob.phone --reject busy           rejects as busy
  call listen --as bob.phone --accept --once --json  for scripts: one call, then the end

With --once, the exit code says how that call ended: 0 answered here or elsewhere, or rejected as asked; 11 declined on \
another device; 13 nobody answered; 15 taken back.";

/// Wait for calls and ring, until Ctrl-C.
///
/// Invitations that were made while the device was away ring if they are still open. One call at a time: who calls while
/// another one rings waits, and who calls during one hears that the user is busy.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Listen {
    /// Answer by itself
    #[arg(long, conflicts_with = "reject")]
    pub accept: bool,

    /// Reject by itself
    #[arg(long, value_name = "REASON", num_args = 0..=1, default_missing_value = "declined", value_parser = reject_reason())]
    pub reject: Option<RejectReason>,

    /// Ring that long before --accept or --reject answers
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "0")]
    pub after: Duration,

    /// End with the first call
    #[arg(long)]
    pub once: bool,
}

impl Listen {
    fn habit(&self) -> Habit {
        match self.reject {
            Some(reason) => Habit::Reject(self.after, reason),
            None if self.accept => Habit::Accept(self.after),
            None => Habit::Ring,
        }
    }
}

/// Listens until Ctrl-C, or to the end of one call.
pub async fn run(listen: &Listen, common: &Common) -> Result<Outcome, Failure> {
    let mut phone = Phone::connect(common, None, None).await?;
    if listen.habit() == Habit::Ring {
        phone.keys = Keys::listen();
    }
    let give_up_at = common.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let listened = wait(listen, &mut phone, give_up_at).await;
    phone.line.terminal.disconnect().await;
    listened
}

async fn wait(listen: &Listen, phone: &mut Phone, give_up_at: Option<Instant>) -> Result<Outcome, Failure> {
    let mut incoming = Incoming::new(phone);
    // What was missed while this device was away may still ring.
    incoming.look().await?;
    incoming.phone().line.output.note("listening", "waiting for calls; Ctrl-C ends", json!({}));
    loop {
        if let Some(call) = incoming.first() {
            let rung = ring(&mut incoming, call, listen.habit()).await?;
            if rung.stopped {
                return Ok(Outcome::Done);
            }
            if listen.once {
                return Ok(rung.outcome);
            }
            // During a call nobody looked at the others, who may have given up.
            match incoming.look().await {
                Ok(()) => {}
                Err(RequestError::Disconnected) => return Err(RequestError::Disconnected.into()),
                Err(error) => incoming.is_unknown(&error),
            }
            continue;
        }
        tokio::select! {
            happened = incoming.next() => match happened? {
                Happened::Stop => return Ok(Outcome::Done),
                // A key was meant for a call that is over.
                Happened::Key(_) | Happened::Heard { .. } => {}
            },
            () = at(give_up_at) => {
                return if listen.once { Err(Failure::timed_out("nobody called in time")) } else { Ok(Outcome::Done) };
            }
        }
    }
}
