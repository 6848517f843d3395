//! `call watch`: shows everything that a device hears, as it comes.

use std::collections::HashSet;

use clap::Args;
use serde_json::{Value, json};
use terminal::{RawMessage, RequestError, TerminalEvent};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::Instant;

use crate::cli::Common;
use crate::conversation::at;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::phone::Phone;

const EXAMPLES: &str = "\
Examples:
  call watch --as bob.tablet                      a line for each message
  call watch --as bob.tablet --full               and the whole message below it
  call watch --as bob.tablet --json | jq .message for programs
  call watch --as bob.tablet --timeout 60         for a minute

It answers nothing and does not ring; but the service counts it as a device of bob that can be reached.";

/// Show everything that a device hears, until Ctrl-C: also what comes twice, and what a terminal would drop.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Watch {
    /// Show the whole message below each line; tokens are left out
    #[arg(long)]
    pub full: bool,
}

/// Watches until Ctrl-C.
pub async fn run(watch: &Watch, common: &Common) -> Result<Outcome, Failure> {
    let give_up_at = common.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let (tap, mut tapped) = unbounded_channel();
    let mut phone = Phone::connect(common, None, Some(tap)).await?;
    let output = phone.line.output;
    output.note("watching", "everything that comes is shown; Ctrl-C ends", json!({}));
    let mut seen = HashSet::new();
    let watched = loop {
        tokio::select! {
            Some(raw) = tapped.recv() => show(watch, output, &raw, &mut seen),
            event = phone.events.next() => match event {
                None => break Err(RequestError::Disconnected.into()),
                // It is shown as it was tapped.
                Some(TerminalEvent::Message(_)) => {}
                Some(other) => phone.line.show(&other),
            },
            () = phone.stop.requested() => break Ok(Outcome::Done),
            () = at(give_up_at) => break Ok(Outcome::Done),
        }
    };
    phone.line.terminal.disconnect().await;
    watched
}

fn show(watch: &Watch, output: Output, raw: &RawMessage, seen: &mut HashSet<String>) {
    let Ok(body) = serde_json::from_slice::<Value>(&raw.payload) else {
        let words = format!("{} bytes that are no JSON, on {}", raw.payload.len(), raw.topic);
        return output.note("unreadable", &words, json!({"topic": raw.topic, "bytes": raw.payload.len()}));
    };
    let is_new = body["id"].as_str().is_none_or(|id| seen.insert(id.to_owned()));
    output.heard_body(&body, raw.received_at, if is_new { "" } else { " (again)" });
    if watch.full {
        output.whole(&body);
    }
}
