//! `local up`: builds the functions, starts the stack, says where it is, and stops it on Ctrl-C or SIGTERM.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;

use tokio::process::Command;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

use local::{Ready, Stack, log};

use crate::cli::Up;
use crate::environment::{variable, workspace};

/// Runs the stack until it is told to stop.
///
/// # Errors
/// The build fails, or the stack does not start.
pub async fn run(up: &Up) -> Result<(), Box<dyn Error>> {
    log::start(&up.log, variable("NO_COLOR").is_some())?;
    let mut stop = Stop::listen()?;
    // One that is left over from a killed stack must not be mistaken for ours.
    if let Some(path) = &up.ready_file {
        let _ = std::fs::remove_file(path);
    }

    let workspace = workspace()?;
    if !up.no_build {
        tokio::select! {
            built = build(workspace) => built?,
            () = stop.requested() => return Ok(()),
        }
    }
    let program = std::env::current_exe()?;
    let binaries = program.parent().ok_or("this program is in no directory")?;
    let stack = tokio::select! {
        stack = Stack::start(up.options(workspace, binaries)) => stack?,
        () = stop.requested() => return Ok(()),
    };
    if let Some(path) = &up.outcomes {
        let taken = stack.instruments().outcomes.append_to(path);
        taken.map_err(|error| format!("outcomes cannot be written to {}: {error}", path.display()))?;
    }
    let announced = announce(stack.ready(), up.ready_file.as_deref());
    if announced.is_ok() {
        stop.requested().await;
        info!("stopping; once more to stop at once");
    }
    tokio::select! {
        () = stack.shutdown() => {}
        () = stop.requested() => warn!("stopped at once"),
    }
    if let Some(path) = &up.ready_file {
        let _ = std::fs::remove_file(path);
    }
    announced
}

/// Builds everything with the one command that all parts of the project use: another one would compile the same
/// libraries again with other features. The test clock, too, is on because this crate is part of the build.
pub async fn build(workspace: &Path) -> Result<(), Box<dyn Error>> {
    let cargo = variable("CARGO").unwrap_or_else(|| "cargo".to_owned());
    info!("building: cargo build --locked --workspace");
    let mut command = Command::new(cargo);
    command.args(["build", "--locked", "--workspace"]).current_dir(workspace).kill_on_drop(true);
    let status = command.status().await.map_err(|error| format!("cargo cannot be started: {error}"))?;
    if status.success() { Ok(()) } else { Err("the build failed; its errors are above".into()) }
}

/// Says that the stack is ready, to people (log), to the ready file and, last, on standard output.
fn announce(ready: &Ready, file: Option<&Path>) -> Result<(), Box<dyn Error>> {
    info!("ready: MQTT at {}, everything else at {}", ready.mqtt, ready.http);
    info!("to call from a browser, open {}/ in two windows", ready.http);
    if let Some(path) = file {
        ready
            .write(path)
            .map_err(|error| format!("the ready file {} cannot be written: {error}", path.display()))?;
    }
    let mut output = std::io::stdout().lock();
    writeln!(output, "{}", serde_json::to_string(ready)?)?;
    output.flush()?;
    Ok(())
}

/// Requests to stop.
pub struct Stop {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Stop {
    /// Starts to listen for them.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Returns when the next one comes.
    pub async fn requested(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
