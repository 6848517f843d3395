//! `call listen`: waits for calls and rings.

use std::collections::VecDeque;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use switchboard::message::downlink::{Body, MeetingOffer};
use switchboard::message::object::Delivery;
use switchboard::message::uplink::RejectReason;
use terminal::{Event, Received, RequestError};
use tokio::time::Instant;

use crate::cli::Common;
use crate::cli::values::{reject_reason, seconds};
use crate::conversation::at;
use crate::failure::Failure;
use crate::keys::Keys;
use crate::outcome::Outcome;
use crate::phone::{Input, Line, Phone};
use crate::ringing::{Habit, Ring};

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
/// Invitations that were made while the device was away ring if they are still open. One call at a time: who calls during
/// another one hears that the user is busy.
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
    // What was missed while this device was away may still ring.
    let mut offers: VecDeque<_> = phone.line.open_offers().await?.into();
    phone.line.output.note("listening", "waiting for calls; Ctrl-C ends", json!({}));
    loop {
        if let Some(offer) = offers.pop_front() {
            let rung = Ring::new(phone, offer).run(listen.habit()).await?;
            if rung.stopped {
                return Ok(Outcome::Done);
            }
            if listen.once {
                return Ok(rung.outcome);
            }
            // Others may have called meanwhile, and given up or not.
            offers = open_offers(&phone.line).await?;
            continue;
        }
        tokio::select! {
            input = phone.next() => match input? {
                Input::Heard(event) => offers = heard(&phone.line, &event).await?,
                Input::Stop => return Ok(Outcome::Done),
                // It was meant for a call that is over.
                Input::Key(_) => {}
            },
            () = at(give_up_at) => {
                return if listen.once { Err(Failure::timed_out("nobody called in time")) } else { Ok(Outcome::Done) };
            }
        }
    }
}

/// The invitations that shall ring because of this event.
async fn heard(line: &Line, event: &Event) -> Result<VecDeque<MeetingOffer>, Failure> {
    match event {
        Event::Message(news) => match live_or_queued(news) {
            Some((offer, Delivery::Live)) => Ok([offer].into()),
            // It may have been taken back while it waited, so it does not ring before the service has said that it is open.
            Some((_, Delivery::Queued)) => open_offers(line).await,
            None => Ok(VecDeque::new()),
        },
        Event::Connected { .. } => open_offers(line).await,
        _ => Ok(VecDeque::new()),
    }
}

fn live_or_queued(news: &Received) -> Option<(MeetingOffer, Delivery)> {
    let Body::Invitation(offer) = news.downlink()?.body else { return None };
    let meeting_id = news.field("meeting_id")?;
    let delivery = offer.delivery;
    Some((MeetingOffer { meeting_id, offer }, delivery))
}

/// What may be answered now; nothing if the service does not say, since the next invitation comes by itself.
async fn open_offers(line: &Line) -> Result<VecDeque<MeetingOffer>, Failure> {
    match line.open_offers().await {
        Ok(offers) => Ok(offers.into()),
        Err(RequestError::Disconnected) => Err(RequestError::Disconnected.into()),
        Err(error) => {
            line.output.note("no_state", &format!("the present state is not known: {error}"), json!({}));
            Ok(VecDeque::new())
        }
    }
}
