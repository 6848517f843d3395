//! The queue between the broker and the topic rules: keeps the order and never makes the broker wait.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::cloud::{Cloud, Published};

/// Takes accepted messages for the topic rules. Unbounded: what is lost here would be lost for good, and what waits
/// is bounded by what clients of one laptop publish.
#[derive(Debug)]
pub(crate) struct Outbox {
    sender: Mutex<Option<UnboundedSender<Published>>>,
}

impl Outbox {
    /// The outbox and the receiving end for [`deliver`].
    pub(crate) fn new() -> (Self, UnboundedReceiver<Published>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { sender: Mutex::new(Some(sender)) }, receiver)
    }

    pub(crate) fn put(&self, message: Published) {
        if let Some(sender) = &*self.sender.lock().unwrap_or_else(PoisonError::into_inner) {
            // Fails only when the broker has stopped.
            let _ = sender.send(message);
        }
    }

    /// Takes no more messages; [`deliver`] ends when it has handed over the rest.
    pub(crate) fn close(&self) {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Hands the messages to the cloud, one after the other.
pub(crate) async fn deliver(cloud: Arc<dyn Cloud>, mut messages: UnboundedReceiver<Published>) {
    while let Some(message) = messages.recv().await {
        cloud.published(message).await;
    }
}
