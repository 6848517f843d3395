//! One session of the store, as rmqtt takes hold of it: at a takeover its messages are parked, new ones behind old.

use async_trait::async_trait;
use rmqtt::Result;
use rmqtt::session::{OfflineInfo, Session};
use rmqtt::shared::Entry;
use rmqtt::types::{
    From, Id, IsAdmin, OfflineSession, Publish, QoS, Reason, SubsSearchResult, Subscribe, SubscribeReturn,
    Tx, Unsubscribe,
};

use super::Sessions;
use crate::direct;

/// Wraps rmqtt's entry. From [`Entry::kick`] until it is dropped, at the end of the handshake, messages for the
/// client are parked.
pub(super) struct SessionEntry {
    inner: Box<dyn Entry>,
    sessions: Sessions,
    parks: bool,
}

impl SessionEntry {
    pub(super) fn new(inner: Box<dyn Entry>, sessions: Sessions) -> Self {
        Self { inner, sessions, parks: false }
    }

    /// Takes the messages out of a session that is handed over, to park them ahead of those that come meanwhile:
    /// first the unacknowledged ones, then those that waited. (rmqtt would send them after the newer ones, and the
    /// unacknowledged ones backwards.) What must not outlive the connection that it was meant for is dropped, and so
    /// is what is past its time; the rest gets the time that is left.
    fn take_messages(&self, session: &mut OfflineInfo) -> Vec<(From, Publish)> {
        let now_ms = (self.sessions.clock)();
        let expiry = self.sessions.expiry;
        let unacknowledged = session.inflight_messages.drain(..).map(|message| {
            let mut publish = message.publish;
            publish.dup = true;
            (message.from, publish)
        });
        unacknowledged
            .chain(session.offline_messages.drain(..))
            .filter(|(from, publish)| {
                publish.qos != QoS::AtMostOnce && !direct::is_direct(from) && !expiry.expired(publish, now_ms)
            })
            .map(|(from, mut publish)| {
                expiry.refresh(&mut publish, now_ms);
                (from, publish)
            })
            .collect()
    }
}

impl Drop for SessionEntry {
    fn drop(&mut self) {
        if self.parks {
            self.sessions.parking.end(&self.inner.id().client_id);
        }
    }
}

#[async_trait]
impl Entry for SessionEntry {
    async fn try_lock(&self) -> Result<Box<dyn Entry>> {
        Ok(self.sessions.wrap(self.inner.try_lock().await?))
    }

    fn id(&self) -> Id {
        self.inner.id()
    }

    fn id_same(&self) -> Option<bool> {
        self.inner.id_same()
    }

    async fn set(&mut self, session: Session, tx: Tx) -> Result<()> {
        self.inner.set(session, tx).await
    }

    async fn remove(&mut self) -> Result<Option<(Session, Tx)>> {
        self.inner.remove().await
    }

    async fn remove_with(&mut self, id: &Id) -> Result<Option<(Session, Tx)>> {
        self.inner.remove_with(id).await
    }

    async fn kick(
        &mut self,
        clean_start: bool,
        clear_subscriptions: bool,
        is_admin: IsAdmin,
    ) -> Result<OfflineSession> {
        self.sessions.parking.begin(&self.inner.id().client_id);
        self.parks = true;
        let mut session = self.inner.kick(clean_start, clear_subscriptions, is_admin).await?;
        if let OfflineSession::Exist(Some(session)) = &mut session {
            let messages = self.take_messages(session);
            self.sessions.parking.put_first(&self.inner.id().client_id, messages);
        }
        Ok(session)
    }

    async fn online(&self) -> bool {
        self.inner.online().await
    }

    async fn is_connected(&self) -> bool {
        self.inner.is_connected().await
    }

    fn session(&self) -> Option<Session> {
        self.inner.session()
    }

    fn exist(&self) -> bool {
        self.inner.exist()
    }

    fn tx(&self) -> Option<Tx> {
        self.inner.tx()
    }

    async fn subscribe(&self, subscribe: &Subscribe) -> Result<SubscribeReturn> {
        self.inner.subscribe(subscribe).await
    }

    async fn unsubscribe(&self, unsubscribe: &Unsubscribe) -> Result<bool> {
        self.inner.unsubscribe(unsubscribe).await
    }

    async fn publish(
        &self,
        from: From,
        publish: Publish,
    ) -> std::result::Result<(), (From, Publish, Reason)> {
        self.inner.publish(from, publish).await
    }

    async fn subscriptions(&self) -> Option<Vec<SubsSearchResult>> {
        self.inner.subscriptions().await
    }
}
