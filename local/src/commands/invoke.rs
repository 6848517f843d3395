//! `local invoke`: runs one event of `events/` and shows the result of the function and every downlink that it sent.

mod event_file;
mod show;
mod target;

use std::error::Error;
use std::path::PathBuf;

use local::{log, samples};

use super::workspace::{StopSignals, build, variable, workspace};
use event_file::EventFile;
use target::{InvokeReport, TargetStack};

/// Run one event and show the result of the function and the downlinks that it sent.
///
/// NAME is a function (`answer`) or a sample (`answer.ringing`). Without `--event`, the event is `events/NAME.json`, or
/// the first `events/NAME.*.json`. If a stack runs, the event is played there. Otherwise the command starts a stack,
/// first plays the samples that must come before, and stops the stack.
#[derive(clap::Args)]
pub struct Invoke {
    /// Function, or sample of `events/`
    pub name: String,

    /// File with the event, in the form that the rule passes to the function [default: the file of the sample]
    #[arg(long, value_name = "PATH")]
    pub event: Option<PathBuf>,

    /// Ready file of the stack to use [default: .local/ready.json, which `make run` writes]
    #[arg(long, value_name = "READY_FILE")]
    pub stack: Option<PathBuf>,

    /// Start a stack for this command even if one runs
    #[arg(long, conflicts_with = "stack")]
    pub fresh: bool,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,

    /// Do not build the functions before the start of a stack
    #[arg(long)]
    pub no_build: bool,

    /// Log filter, as `level` or `part=level,…` (parts: local, function, broker)
    #[arg(long, env = "SWITCHBOARD_LOG", value_name = "FILTER", default_value = "error")]
    pub log: String,
}

/// Plays the event on the stack.
///
/// # Errors
/// The event or function is unknown, the stack does not answer, or the function failed. A refusal that the function
/// answers to the client is not a failure.
pub async fn run(invoke: &Invoke) -> Result<(), Box<dyn Error>> {
    log::start(&invoke.log, variable("NO_COLOR").is_some())?;
    let mut stop = StopSignals::listen()?;
    let workspace = workspace()?;
    let event = EventFile::find(&invoke.name, invoke.event.as_deref(), &workspace.join("events"))?;

    let running =
        if invoke.fresh { None } else { TargetStack::running(invoke.stack.as_deref(), workspace).await? };
    let target = match running {
        Some(running) => running,
        None => tokio::select! {
            own = start_own(invoke) => own?,
            () = stop.next() => return Err("interrupted".into()),
        },
    };
    let played = tokio::select! {
        played = play(&event, &target) => played,
        () = stop.next() => Err("interrupted".into()),
    };
    target.shutdown_own().await;
    let (before, report) = played?;
    if invoke.json {
        println!("{}", show::json(&event, &before, &report));
    } else {
        show::text(&event, &before, &report);
    }
    if report.failed { Err("the function failed; see its result above".into()) } else { Ok(()) }
}

async fn start_own(invoke: &Invoke) -> Result<TargetStack, Box<dyn Error>> {
    let workspace = workspace()?;
    if !invoke.no_build {
        build(workspace).await?;
    }
    TargetStack::start(workspace).await
}

/// Plays the event. On a stack of its own, first plays the samples that must come before.
async fn play(
    event: &EventFile,
    target: &TargetStack,
) -> Result<(Vec<&'static str>, InvokeReport), Box<dyn Error>> {
    let before = if target.is_own() { samples::before(event.sample()) } else { Vec::new() };
    for name in &before {
        let earlier = EventFile::find(name, None, event.folder())?;
        let report = target.play(&earlier).await?;
        if report.failed {
            return Err(format!("{name}, which must come before, failed: {}", report.result).into());
        }
    }
    Ok((before, target.play(event).await?))
}
