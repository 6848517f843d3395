//! Parking: keeps messages while the session of their receiver moves from one connection to the next.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rmqtt::shared::DefaultShared;
use rmqtt::types::{ClientId, From, Id, Message, Publish, Reason, To};

/// A message that could not be passed to its receiver's session, with the reason.
pub(super) type Undelivered = (To, From, Publish, Reason);

/// Passes messages to sessions, and parks messages for sessions that are being taken over.
pub(super) struct Parking {
    sessions: DefaultShared,
    waiting: Mutex<HashMap<ClientId, Vec<(From, Publish)>>>,
}

impl Parking {
    pub(super) fn new(sessions: DefaultShared) -> Self {
        Self { sessions, waiting: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ClientId, Vec<(From, Publish)>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts to park messages for the client.
    pub(super) fn begin(&self, client_id: &ClientId) {
        self.lock().entry(client_id.clone()).or_default();
    }

    /// Parks messages before those that are parked already.
    pub(super) fn put_first(&self, client_id: &ClientId, messages: Vec<(From, Publish)>) {
        self.lock().entry(client_id.clone()).or_default().splice(0..0, messages);
    }

    /// Stops parking and passes the parked messages to the client's session. Drops the messages if the client has no
    /// session any more.
    pub(super) fn end(&self, client_id: &ClientId) {
        // The lock is held until all messages are passed on, so that no later message overtakes them.
        let mut waiting = self.lock();
        for (from, publish) in waiting.remove(client_id).unwrap_or_default() {
            if let Err(error) = self.pass(client_id, from, publish) {
                tracing::debug!(
                    %client_id,
                    reason = %error.3,
                    "parked message dropped: its session no longer exists"
                );
            }
        }
    }

    /// Passes a message to the client's session, or parks it during a takeover.
    ///
    /// # Errors
    /// The client has no session.
    pub(super) fn send(
        &self,
        client_id: &ClientId,
        from: From,
        publish: Publish,
    ) -> Result<(), Box<Undelivered>> {
        // The lock is held while sending, so that a takeover that begins now cannot miss the message.
        let mut waiting = self.lock();
        if let Some(parked) = waiting.get_mut(client_id) {
            parked.push((from, publish));
            return Ok(());
        }
        self.pass(client_id, from, publish)
    }

    fn pass(&self, client_id: &ClientId, from: From, publish: Publish) -> Result<(), Box<Undelivered>> {
        let Some((session, to)) = self.sessions.tx(client_id) else {
            let to = Id::from(0, client_id.clone());
            return Err(Box::new((to, from, publish, Reason::from_static("the client has no session"))));
        };
        match session.unbounded_send(Message::Forward(from, publish)) {
            Ok(()) => Ok(()),
            Err(error) => match error.into_inner() {
                Message::Forward(from, publish) => {
                    Err(Box::new((to, from, publish, Reason::from_static("the session has ended"))))
                }
                other => unreachable!("only Message::Forward is sent here, not {other:?}"),
            },
        }
    }
}
