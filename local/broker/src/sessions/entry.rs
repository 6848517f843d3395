//! One session of the store. A takeover parks the messages of the session, older messages before newer ones.

use std::sync::Arc;

use async_trait::async_trait;
use rmqtt::Result;
use rmqtt::session::{OfflineInfo, Session};
use rmqtt::shared::Entry;
use rmqtt::types::{
    From, Id, IsAdmin, OfflineSession, Publish, QoS, Reason, SubsSearchResult, Subscribe, SubscribeReturn,
    Tx, Unsubscribe,
};

use super::parking::Parking;
use crate::config::Clock;
use crate::direct_messages;
use crate::message_expiry::MessageExpiry;

/// Dependencies of a takeover.
#[derive(Clone)]
pub(super) struct TakeoverContext {
    pub(super) parking: Arc<Parking>,
    pub(super) expiry: MessageExpiry,
    pub(super) clock: Clock,
}

/// Wrapper of `rmqtt`'s entry. Messages for the client are parked from [`Entry::kick`] until the entry is dropped,
/// which `rmqtt` does at the end of the handshake.
pub(super) struct SessionEntry {
    inner: Box<dyn Entry>,
    takeover: TakeoverContext,
    parks: bool,
}

impl SessionEntry {
    pub(super) fn new(inner: Box<dyn Entry>, takeover: TakeoverContext) -> Self {
        Self { inner, takeover, parks: false }
    }

    /// Removes the messages from a session that is taken over, to park them before messages that arrive meanwhile:
    /// the unacknowledged messages first, then the queued ones. (`rmqtt` would send both after the newer messages,
    /// and the unacknowledged ones in reverse order.)
    ///
    /// Drops QoS 0 messages, direct messages and expired messages, and reduces the expiry interval of the others to
    /// the time left.
    fn take_messages(&self, session: &mut OfflineInfo) -> Vec<(From, Publish)> {
        let now_ms = (self.takeover.clock)();
        let expiry = self.takeover.expiry;
        let unacknowledged = session.inflight_messages.drain(..).map(|message| {
            let mut publish = message.publish;
            publish.dup = true;
            (message.from, publish)
        });
        unacknowledged
            .chain(session.offline_messages.drain(..))
            .filter(|(from, publish)| {
                publish.qos != QoS::AtMostOnce
                    && !direct_messages::is_direct(from)
                    && !expiry.expired(publish, now_ms)
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
            self.takeover.parking.end(&self.inner.id().client_id);
        }
    }
}

#[async_trait]
impl Entry for SessionEntry {
    async fn try_lock(&self) -> Result<Box<dyn Entry>> {
        let inner = self.inner.try_lock().await?;
        Ok(Box::new(Self::new(inner, self.takeover.clone())))
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
        self.takeover.parking.begin(&self.inner.id().client_id);
        self.parks = true;
        let mut session = self.inner.kick(clean_start, clear_subscriptions, is_admin).await?;
        if let OfflineSession::Exist(Some(session)) = &mut session {
            let messages = self.take_messages(session);
            self.takeover.parking.put_first(&self.inner.id().client_id, messages);
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
