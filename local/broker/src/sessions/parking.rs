//! Where messages wait while their receiver's session moves from one connection to the next.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rmqtt::shared::DefaultShared;
use rmqtt::types::{ClientId, From, Id, Message, Publish, Reason};

use super::Undelivered;

/// Sends to sessions, or parks for those that are being taken over.
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

    /// From here on messages for the client are parked.
    pub(super) fn begin(&self, client_id: &ClientId) {
        self.lock().entry(client_id.clone()).or_default();
    }

    /// Parks older messages, ahead of those that are there.
    pub(super) fn put_first(&self, client_id: &ClientId, messages: Vec<(From, Publish)>) {
        self.lock().entry(client_id.clone()).or_default().splice(0..0, messages);
    }

    /// Sends what was parked to the client's present session; without one it is gone with the session.
    pub(super) fn end(&self, client_id: &ClientId) {
        // The lock is held until all are sent, so that no later message overtakes them.
        let mut waiting = self.lock();
        for (from, publish) in waiting.remove(client_id).unwrap_or_default() {
            if let Err(error) = self.pass(client_id, from, publish) {
                tracing::debug!(%client_id, reason = %error.3, "message lost with its session");
            }
        }
    }

    /// Sends or parks a message. Fails if the client has no session.
    pub(super) fn send(
        &self,
        client_id: &ClientId,
        from: From,
        publish: Publish,
    ) -> Result<(), Box<Undelivered>> {
        // The lock is held while sending, so that nothing gets behind a takeover that begins now.
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
            return Err(Box::new((to, from, publish, Reason::from_static("there is no session"))));
        };
        match session.unbounded_send(Message::Forward(from, publish)) {
            Ok(()) => Ok(()),
            Err(error) => match error.into_inner() {
                Message::Forward(from, publish) => {
                    Err(Box::new((to, from, publish, Reason::from_static("the session has ended"))))
                }
                other => unreachable!("only messages are sent here, not {other:?}"),
            },
        }
    }
}
