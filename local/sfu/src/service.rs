//! Access to the channels, shared by the packet task and the HTTP routes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::channels::SfuChannels;
use crate::token::TokenVerifier;

/// Dependencies of the HTTP routes.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) verifier: Arc<TokenVerifier>,
    pub(crate) shared: Arc<Shared>,
}

/// The channels behind a lock, with the signals of the packet task.
pub(crate) struct Shared {
    channels: Mutex<SfuChannels>,
    change: Notify,
    stopping: AtomicBool,
}

impl Service {
    /// Reads the channels.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&mut SfuChannels) -> T) -> T {
        read(&mut self.shared.channels())
    }

    /// Changes the channels, then wakes the packet task.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut SfuChannels) -> T) -> T {
        let result = change(&mut self.shared.channels());
        self.shared.change.notify_one();
        result
    }
}

impl Shared {
    pub(crate) fn new(channels: SfuChannels) -> Self {
        Self { channels: Mutex::new(channels), change: Notify::new(), stopping: AtomicBool::new(false) }
    }

    /// Locks the channels. A poisoned lock stays usable: a panic breaks at most one connection.
    pub(crate) fn channels(&self) -> MutexGuard<'_, SfuChannels> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns after a request has changed the channels.
    pub(crate) async fn changed(&self) {
        self.change.notified().await;
    }

    /// Removes all participants and makes the packet task end once their connections are closed.
    pub(crate) fn stop(&self) {
        self.channels().close();
        self.stopping.store(true, Ordering::Relaxed);
        self.change.notify_one();
    }

    /// Returns `true` after [`Self::stop`].
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
