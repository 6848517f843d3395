//! Direct messages that wait for their PUBACK.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmqtt::types::From;
use tokio::sync::oneshot;
use uuid::Uuid;

/// Sender of direct messages, as rmqtt sees it; no client id can start so.
const PREFIX: &str = "$direct/";

/// The direct messages whose confirmation somebody waits for, by the sender that each one names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directs {
    waiting: Arc<Mutex<HashMap<String, oneshot::Sender<()>>>>,
}

/// One direct message; its confirmation is forgotten when this is dropped.
#[derive(Debug)]
pub(crate) struct Direct {
    /// The sender that the message names: unique to it.
    pub(crate) sender: String,
    /// Resolves when the receiver has acknowledged the message.
    pub(crate) acknowledged: oneshot::Receiver<()>,
    directs: Directs,
}

impl Directs {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<()>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn start(&self) -> Direct {
        let sender = format!("{PREFIX}{}", Uuid::new_v4());
        let (done, acknowledged) = oneshot::channel();
        self.lock().insert(sender.clone(), done);
        Direct { sender, acknowledged, directs: self.clone() }
    }

    /// Notes a PUBACK; messages that are not direct are none of its business.
    pub(crate) fn acknowledged(&self, from: &From) {
        if is_direct(from)
            && let Some(done) = self.lock().remove(&*from.client_id)
        {
            // Fails only when the wait was given up at this very moment.
            let _ = done.send(());
        }
    }

    /// Whether somebody still waits for this direct message.
    pub(crate) fn awaited(&self, from: &From) -> bool {
        self.lock().contains_key(&*from.client_id)
    }
}

impl Drop for Direct {
    fn drop(&mut self) {
        self.directs.lock().remove(&self.sender);
    }
}

pub(crate) fn is_direct(from: &From) -> bool {
    from.client_id.starts_with(PREFIX)
}
