//! `call watch`: shows every message to a device, as it arrives.

use std::collections::HashSet;

use clap::Args;
use serde_json::{Value, json};
use terminal::{RawMessage, RequestError, TerminalEvent};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::Instant;

use crate::clock::sleep_until;
use crate::error::CommandError;
use crate::options::CommonOptions;
use crate::outcome::CommandOutcome;
use crate::phone::Phone;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  call watch --as bob.tablet                      a line for each message
  call watch --as bob.tablet --full               and all fields of the message below it
  call watch --as bob.tablet --json | jq .message for programs
  call watch --as bob.tablet --timeout 60         for a minute

It neither answers nor rings, but the service counts it as a connected device of bob.";

/// Show every message to a device until Ctrl-C, including duplicates and messages that a terminal would drop.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct WatchArgs {
    /// Show all fields of the message below each line, except tokens
    #[arg(long)]
    pub full: bool,
}

pub async fn run(args: &WatchArgs, common: &CommonOptions) -> Result<CommandOutcome, CommandError> {
    let give_up_at = common.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let (tap, mut tapped) = unbounded_channel();
    let mut phone = Phone::connect(common, None, Some(tap)).await?;
    let printer = phone.client.printer;
    printer.note("watching", "showing every message; Ctrl-C ends", json!({}));
    let mut seen = HashSet::new();
    let watched = loop {
        tokio::select! {
            Some(raw) = tapped.recv() => show(args, printer, &raw, &mut seen),
            event = phone.events.next() => match event {
                None => break Err(RequestError::Disconnected.into()),
                // The tap has already shown the message.
                Some(TerminalEvent::Message(_)) => {}
                Some(other) => {
                    if let Err(error) = phone.process(&other) {
                        break Err(error);
                    }
                }
            },
            () = phone.stop.requested() => break Ok(CommandOutcome::Done),
            () = sleep_until(give_up_at) => break Ok(CommandOutcome::Done),
        }
    };
    phone.client.terminal.disconnect().await;
    watched
}

fn show(args: &WatchArgs, printer: Printer, raw: &RawMessage, seen: &mut HashSet<String>) {
    let Ok(body) = serde_json::from_slice::<Value>(&raw.payload) else {
        let words = format!("{} bytes that are not JSON, on {}", raw.payload.len(), raw.topic);
        return printer.note("unreadable", &words, json!({"topic": raw.topic, "bytes": raw.payload.len()}));
    };
    let is_new = body["id"].as_str().is_none_or(|id| seen.insert(id.to_owned()));
    printer.received_body(&body, raw.received_at, if is_new { "" } else { " (again)" });
    if args.full {
        printer.full_message(&body);
    }
}
