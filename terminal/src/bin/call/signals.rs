//! Ctrl-C and SIGTERM. The first signal hangs up; the second one ends the command without waiting for the
//! answer.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals with which a user or the system asks the command to stop.
pub struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Starts to catch the signals, which then no longer end the process.
    pub fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Returns at the next signal.
    pub async fn requested(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
