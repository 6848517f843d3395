//! Direct messages that await their PUBACK.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmqtt::types::From;
use tokio::sync::oneshot;
use uuid::Uuid;

/// Prefix of the sender ID that `rmqtt` records for a direct message. A client ID cannot start with it.
const PREFIX: &str = "$direct/";

/// Direct messages whose confirmation a data-plane request awaits, by sender ID.
#[derive(Debug, Clone, Default)]
pub(crate) struct DirectMessages {
    waiting: Arc<Mutex<HashMap<String, oneshot::Sender<()>>>>,
}

/// One direct message. Dropping it ends the wait: a QoS 1 message is then no longer delivered or retried.
#[derive(Debug)]
pub(crate) struct PendingDirectMessage {
    /// Sender ID, unique to the message.
    pub(crate) sender: String,
    /// Resolves when the receiver acknowledges the message.
    pub(crate) acknowledged: oneshot::Receiver<()>,
    direct_messages: DirectMessages,
}

impl DirectMessages {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<()>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn start(&self) -> PendingDirectMessage {
        let sender = format!("{PREFIX}{}", Uuid::new_v4());
        let (done, acknowledged) = oneshot::channel();
        self.lock().insert(sender.clone(), done);
        PendingDirectMessage { sender, acknowledged, direct_messages: self.clone() }
    }

    /// Returns the number of messages that await their confirmation.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Handles the PUBACK of a message from `from`. Ignores messages that are not direct messages.
    pub(crate) fn acknowledged(&self, from: &From) {
        if is_direct(from)
            && let Some(done) = self.lock().remove(&*from.client_id)
        {
            // Fails only if the request has just timed out.
            let _ = done.send(());
        }
    }

    /// Returns `true` if a data-plane request still awaits the confirmation of this direct message.
    pub(crate) fn is_awaited(&self, from: &From) -> bool {
        self.lock().contains_key(&*from.client_id)
    }
}

impl Drop for PendingDirectMessage {
    fn drop(&mut self) {
        self.direct_messages.lock().remove(&self.sender);
    }
}

pub(crate) fn is_direct(from: &From) -> bool {
    from.client_id.starts_with(PREFIX)
}
