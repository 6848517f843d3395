//! Queues with delays, as far as the functions use Amazon SQS: timers, dead letters, and messages that invoke functions.

pub(crate) mod api;
pub(crate) mod mapping;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;
use tracing::warn;

use crate::id::random_id;
use crate::instruments::Instruments;
use crate::template;

/// The queues of a deployment. They are empty when the stack starts, and what is due is due by the stack's clock.
pub struct Queues {
    queues: BTreeMap<String, Queue>,
    instruments: Arc<Instruments>,
}

struct Queue {
    declared: template::Queue,
    messages: Mutex<Vec<Message>>,
    changed: Notify,
}

/// A message in a queue.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    /// Message attributes as they were sent.
    pub(crate) attributes: Value,
    pub(crate) sent_ms: i64,
    pub(crate) first_received_ms: Option<i64>,
    pub(crate) receive_count: u32,
    /// Changes with every receipt; needed to delete the message.
    pub(crate) receipt: String,
    /// From when on it can be received.
    pub(crate) visible_ms: i64,
}

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Depth {
    /// Can be received now.
    pub(crate) visible: usize,
    /// Sent with a delay that is not over.
    pub(crate) delayed: usize,
    /// Received and neither deleted nor visible again.
    pub(crate) in_flight: usize,
}

impl Queues {
    /// Empty queues.
    pub(crate) fn new(declared: &[template::Queue], instruments: Arc<Instruments>) -> Self {
        let queue = |declared: &template::Queue| Queue {
            declared: declared.clone(),
            messages: Mutex::default(),
            changed: Notify::new(),
        };
        let queues = declared.iter().map(|declared| (declared.name.clone(), queue(declared))).collect();
        Self { queues, instruments }
    }

    /// What the template says about a queue.
    pub(crate) fn declared(&self, queue: &str) -> Option<&template::Queue> {
        self.queues.get(queue).map(|queue| &queue.declared)
    }

    /// Names of all queues.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.queues.keys().map(String::as_str)
    }

    /// Puts a message into a queue and returns its id; `None` if there is no such queue.
    pub(crate) fn send(&self, queue: &str, body: String, delay: Duration) -> Option<String> {
        self.send_with_attributes(queue, body, Value::Null, delay)
    }

    pub(crate) fn send_with_attributes(
        &self,
        queue: &str,
        body: String,
        attributes: Value,
        delay: Duration,
    ) -> Option<String> {
        let now_ms = self.instruments.clock.now_ms();
        let id = random_id();
        self.queues.get(queue)?.put(Message {
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

    /// Takes up to `most` messages that are visible and hides them for the queue's visibility timeout. What was
    /// received too often goes to the dead-letter queue instead.
    pub(crate) fn receive(&self, name: &str, most: usize) -> Vec<Message> {
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
            let mut due: Vec<&mut Message> =
                messages.iter_mut().filter(|message| message.visible_ms <= now_ms).collect();
            due.sort_by_key(|message| message.visible_ms);
            for message in due.into_iter().take(most) {
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
                    "a message of {name} was received {} times; it goes to {}",
                    message.receive_count, redrive.queue
                );
                if let Some(letters) = self.queues.get(&redrive.queue) {
                    letters.put(Message {
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

    /// Deletes a received message; an old receipt deletes nothing.
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

    /// How many messages a queue holds.
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

    /// Returns when a message of the queue may have become visible.
    pub(crate) async fn due(&self, queue: &str) {
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
                () = self.instruments.clock.reached(next_ms) => {}
            },
        }
    }
}

impl Queue {
    fn put(&self, message: Message) {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        self.changed.notify_one();
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
