//! Access to the rooms, shared by the task that moves packets and the HTTP routes that change the rooms.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::rooms::Rooms;
use crate::token::Access;

/// Dependencies of the HTTP routes.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) access: Arc<Access>,
    pub(crate) shared: Arc<Shared>,
}

/// The rooms behind a lock, with the signals of the packet task.
pub(crate) struct Shared {
    rooms: Mutex<Rooms>,
    change: Notify,
    stopping: AtomicBool,
}

impl Service {
    /// Reads the rooms.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&mut Rooms) -> T) -> T {
        look(&mut self.shared.rooms())
    }

    /// Changes the rooms, then wakes the packet task.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Rooms) -> T) -> T {
        let result = change(&mut self.shared.rooms());
        self.shared.change.notify_one();
        result
    }
}

impl Shared {
    pub(crate) fn new(rooms: Rooms) -> Self {
        Self { rooms: Mutex::new(rooms), change: Notify::new(), stopping: AtomicBool::new(false) }
    }

    /// Locks the rooms. A poisoned lock stays usable: a panic breaks at most one connection.
    pub(crate) fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns after a request has changed the rooms.
    pub(crate) async fn changed(&self) {
        self.change.notified().await;
    }

    /// Removes all participants and makes the packet task end once all of them know.
    pub(crate) fn stop(&self) {
        self.rooms().close();
        self.stopping.store(true, Ordering::Relaxed);
        self.change.notify_one();
    }

    /// Returns `true` after [`Self::stop`].
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
