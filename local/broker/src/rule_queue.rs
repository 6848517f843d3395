//! The queue between the broker and the topic rules. It keeps the order and never blocks the broker.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::cloud::{Cloud, Published};

/// Queue of accepted messages for the topic rules. It is unbounded: a message dropped here would be lost, and clients
/// of one laptop publish few messages.
#[derive(Debug)]
pub(crate) struct RuleQueue {
    sender: Mutex<Option<UnboundedSender<Published>>>,
}

impl RuleQueue {
    /// Creates a queue and its receiving end, for [`run`].
    pub(crate) fn new() -> (Self, UnboundedReceiver<Published>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { sender: Mutex::new(Some(sender)) }, receiver)
    }

    pub(crate) fn enqueue(&self, message: Published) {
        if let Some(sender) = &*self.sender.lock().unwrap_or_else(PoisonError::into_inner) {
            // Fails only after the broker has stopped.
            let _ = sender.send(message);
        }
    }

    /// Closes the queue. [`run`] returns after it has passed on the remaining messages.
    pub(crate) fn close(&self) {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Passes the messages to the topic rules, one after the other.
pub(crate) async fn run(cloud: Arc<dyn Cloud>, mut messages: UnboundedReceiver<Published>) {
    while let Some(message) = messages.recv().await {
        cloud.published(message).await;
    }
}
