//! Message queues with delays: the part of Amazon SQS that the service uses for timers, failed events and dead letters.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;
use tracing::warn;

use crate::aws::random_id;
use crate::instruments::Instruments;
use crate::template;

/// The queues of a deployment. They are empty when the stack starts, and their delays follow the stack's clock.
pub(crate) struct Queues {
    queues: BTreeMap<String, Queue>,
    instruments: Arc<Instruments>,
}

struct Queue {
    declared: template::Queue,
    messages: Mutex<Vec<QueueMessage>>,
    changed: Notify,
}

/// A message in a queue. Times are in milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct QueueMessage {
    pub(crate) id: String,
    pub(crate) body: String,
    /// Message attributes in the form of the SQS API.
    pub(crate) attributes: Value,
    pub(crate) sent_ms: i64,
    pub(crate) first_received_ms: Option<i64>,
    pub(crate) receive_count: u32,
    /// Receipt handle, which is needed to delete the message. Every receive sets a new one.
    pub(crate) receipt: String,
    /// Time from which on the message can be received.
    pub(crate) visible_ms: i64,
}

/// Numbers of messages in a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Depth {
    /// Messages that can be received now.
    pub(crate) visible: usize,
    /// Messages that were never received and whose delay is not over.
    pub(crate) delayed: usize,
    /// Received messages that are neither deleted nor visible again.
    pub(crate) in_flight: usize,
}

impl Queues {
    /// Makes the declared queues, all empty.
    pub(crate) fn new(declared: &[template::Queue], instruments: Arc<Instruments>) -> Self {
        let queue = |declared: &template::Queue| Queue {
            declared: declared.clone(),
            messages: Mutex::default(),
            changed: Notify::new(),
        };
        let queues = declared.iter().map(|declared| (declared.name.clone(), queue(declared))).collect();
        Self { queues, instruments }
    }

    /// Declaration of a queue in the template; `None` for an unknown queue.
    pub(crate) fn declared(&self, queue: &str) -> Option<&template::Queue> {
        self.queues.get(queue).map(|queue| &queue.declared)
    }

    /// Names of all queues.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.queues.keys().map(String::as_str)
    }

    /// Sends a message and returns its id; `None` for an unknown queue.
    pub(crate) fn send(&self, queue: &str, body: String, delay: Duration) -> Option<String> {
        self.send_with_attributes(queue, body, Value::Null, delay)
    }

    /// Sends a message with attributes; otherwise as [`Queues::send`].
    pub(crate) fn send_with_attributes(
        &self,
        queue: &str,
        body: String,
        attributes: Value,
        delay: Duration,
    ) -> Option<String> {
        let now_ms = self.instruments.clock.now_ms();
        let id = random_id();
        self.queues.get(queue)?.put(QueueMessage {
            id: id.clone(),
            body,
            attributes,
            sent_ms: now_ms,
            first_received_ms: None,
            receive_count: 0,
            receipt: String::new(),
            visible_ms: now_ms.saturating_add(milliseconds(delay)),
        });
        Some(id)
    }

    /// Receives up to `max_messages` visible messages and hides them for the queue's visibility timeout. Messages that
    /// were received too often move to the dead-letter queue instead.
    pub(crate) fn receive(&self, name: &str, max_messages: usize) -> Vec<QueueMessage> {
        let Some(queue) = self.queues.get(name) else {
            return Vec::new();
        };
        let now_ms = self.instruments.clock.now_ms();
        let mut received = Vec::new();
        let mut dead = Vec::new();
        {
            let mut messages = queue.messages.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(redrive) = &queue.declared.redrive {
                dead.extend(messages.extract_if(.., |message| {
                    message.visible_ms <= now_ms && message.receive_count >= redrive.max_receive_count
                }));
            }
            let mut due: Vec<&mut QueueMessage> =
                messages.iter_mut().filter(|message| message.visible_ms <= now_ms).collect();
            due.sort_by_key(|message| message.visible_ms);
            for message in due.into_iter().take(max_messages) {
                message.receive_count += 1;
                message.first_received_ms.get_or_insert(now_ms);
                message.receipt = random_id();
                message.visible_ms = now_ms.saturating_add(milliseconds(queue.declared.visibility_timeout));
                received.push(message.clone());
            }
        }
        if let Some(redrive) = &queue.declared.redrive {
            for message in dead {
                warn!(
                    "message {} of queue {name} was received {} times; moved to queue {}",
                    message.id, message.receive_count, redrive.queue
                );
                if let Some(letters) = self.queues.get(&redrive.queue) {
                    letters.put(QueueMessage {
                        receive_count: 0,
                        first_received_ms: None,
                        visible_ms: now_ms,
                        ..message
                    });
                }
            }
        }
        received
    }

    /// Deletes a received message. A receipt of an earlier receive deletes nothing.
    pub(crate) fn delete(&self, queue: &str, receipt: &str) {
        if let Some(queue) = self.queues.get(queue) {
            let mut messages = queue.messages.lock().unwrap_or_else(PoisonError::into_inner);
            messages.retain(|message| message.receipt != receipt || message.receipt.is_empty());
        }
    }

    /// Deletes all messages of a queue.
    pub(crate) fn purge(&self, queue: &str) {
        if let Some(queue) = self.queues.get(queue) {
            queue.messages.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// Counts the messages of a queue.
    pub(crate) fn depth(&self, queue: &str) -> Depth {
        let now_ms = self.instruments.clock.now_ms();
        let mut depth = Depth::default();
        if let Some(queue) = self.queues.get(queue) {
            for message in queue.messages.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                match (message.visible_ms <= now_ms, message.receive_count) {
                    (true, _) => depth.visible += 1,
                    (false, 0) => depth.delayed += 1,
                    (false, _) => depth.in_flight += 1,
                }
            }
        }
        depth
    }

    /// Waits until a message of the queue may have become visible; forever for an unknown queue.
    pub(crate) async fn wait_until_visible(&self, queue: &str) {
        let Some(queue) = self.queues.get(queue) else {
            return std::future::pending().await;
        };
        let changed = queue.changed.notified();
        let next_ms = {
            let messages = queue.messages.lock().unwrap_or_else(PoisonError::into_inner);
            messages.iter().map(|message| message.visible_ms).min()
        };
        match next_ms {
            None => changed.await,
            Some(next_ms) => tokio::select! {
                () = changed => {}
                () = self.instruments.clock.wait_until(next_ms) => {}
            },
        }
    }
}

impl Queue {
    fn put(&self, message: QueueMessage) {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        self.changed.notify_one();
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
