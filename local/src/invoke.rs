//! `local invoke`: runs one event of `events/` and shows what came of it: the function's result and every downlink that
//! it sent, decoded.

mod event;
mod show;
mod target;

use std::error::Error;
use std::path::PathBuf;

use local::{log, samples};

use crate::environment::{variable, workspace};
use crate::up::{self, Stop};
use event::Event;
use target::Target;

/// Run one event and show the function's result and the downlinks that it sent.
///
/// NAME is a function (`answer`) or a sample (`answer.ringing`). The event is `events/NAME.json`, or the first
/// `events/NAME.*.json`, unless one is given. If a stack runs, the event is played there. Otherwise one is started for
/// the time of the call, and what the sample comes after is played first.
#[derive(clap::Args)]
pub struct Invoke {
    /// A function, or a sample of `events/`
    pub name: String,

    /// File with the event; it must be what the rule hands over [default: the sample's]
    #[arg(long, value_name = "PATH")]
    pub event: Option<PathBuf>,

    /// Ready file of the stack to use [default: .local/ready.json, where `make run` puts it]
    #[arg(long, value_name = "READY_FILE")]
    pub stack: Option<PathBuf>,

    /// Start a stack for this call even if one runs
    #[arg(long, conflicts_with = "stack")]
    pub fresh: bool,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,

    /// Do not build the functions first, if a stack must be started
    #[arg(long)]
    pub no_build: bool,

    /// What is logged, as `level` or `part=level,…` (parts: local, function, broker)
    #[arg(long, env = "SWITCHBOARD_LOG", value_name = "FILTER", default_value = "error")]
    pub log: String,
}

/// Plays the event.
///
/// # Errors
/// There is no such event or function, the stack does not answer, or the function failed; a client's mistake that the
/// function answered is no failure.
pub async fn run(invoke: &Invoke) -> Result<(), Box<dyn Error>> {
    log::start(&invoke.log, variable("NO_COLOR").is_some())?;
    let mut stop = Stop::listen()?;
    let workspace = workspace()?;
    let event = Event::find(&invoke.name, invoke.event.as_deref(), &workspace.join("events"))?;

    let running =
        if invoke.fresh { None } else { Target::running(invoke.stack.as_deref(), workspace).await? };
    let target = match running {
        Some(running) => running,
        None => tokio::select! {
            own = own(invoke) => own?,
            () = stop.requested() => return Err("interrupted".into()),
        },
    };
    let played = tokio::select! {
        played = play(&event, &target) => played,
        () = stop.requested() => Err("interrupted".into()),
    };
    target.leave().await;
    let (before, played) = played?;
    if invoke.json {
        println!("{}", show::json(&event, &before, &played));
    } else {
        show::text(&event, &before, &played);
    }
    if played.failed { Err("the function failed".into()) } else { Ok(()) }
}

async fn own(invoke: &Invoke) -> Result<Target, Box<dyn Error>> {
    let workspace = workspace()?;
    if !invoke.no_build {
        up::build(workspace).await?;
    }
    Target::own(workspace).await
}

/// Plays what comes before, if nothing has happened yet, and then the event.
async fn play(event: &Event, target: &Target) -> Result<(Vec<&'static str>, target::Played), Box<dyn Error>> {
    let before = if target.is_fresh() { samples::before(event.sample()) } else { Vec::new() };
    for name in &before {
        let earlier = Event::find(name, None, event.folder())?;
        let played = target.play(&earlier).await?;
        if played.failed {
            return Err(format!("{name}, which comes before, failed: {}", played.result).into());
        }
    }
    Ok((before, target.play(event).await?))
}
