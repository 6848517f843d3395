//! Helpers of the commands: workspace, binaries, environment variables and signals.

use std::error::Error;
use std::path::{Path, PathBuf};

use tokio::process::Command;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

/// Path of the ready file in the workspace: `make run` writes it, and other commands read it.
pub const READY_FILE: &str = ".local/ready.json";

/// Workspace in which this program was built.
pub fn workspace() -> Result<&'static Path, &'static str> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the package `local` is not in a workspace")
}

/// Directory of this program, which cargo also builds the functions into.
pub fn binaries() -> Result<PathBuf, Box<dyn Error>> {
    let program = std::env::current_exe()?;
    Ok(program.parent().ok_or("this program is not in a directory")?.to_owned())
}

/// Value of an environment variable; `None` if it is not set or empty.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Builds the whole workspace. Every part of the project uses this command, since another selection of packages would
/// compile the libraries again with other features. It also enables the feature `test-clock`, which this package needs.
pub async fn build(workspace: &Path) -> Result<(), Box<dyn Error>> {
    let cargo = variable("CARGO").unwrap_or_else(|| "cargo".to_owned());
    info!("building: cargo build --locked --workspace");
    let mut command = Command::new(cargo);
    command.args(["build", "--locked", "--workspace"]).current_dir(workspace).kill_on_drop(true);
    let status = command
        .status()
        .await
        .map_err(|error| format!("cannot start cargo: {error}; install Rust, or set CARGO to its path"))?;
    if status.success() { Ok(()) } else { Err("the build failed; see the errors above".into()) }
}

/// Signals that stop a command: Ctrl-C, SIGTERM and SIGHUP.
pub struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl StopSignals {
    /// Registers the handlers of the signals.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}
