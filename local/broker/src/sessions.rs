//! The store of all sessions: `rmqtt`'s own store with three differences, to behave like AWS IoT Core. Messages that
//! arrive during a takeover are parked, because `rmqtt` would lose them. QoS 0 messages are not queued for offline
//! clients. A resumed session delivers its unacknowledged messages in their original order.

mod entry;
mod parking;

use std::sync::Arc;

use async_trait::async_trait;
use rmqtt::Result;
use rmqtt::context::ServerContext;
use rmqtt::shared::{DefaultShared, Entry, RetainLoadCallback, Shared};
use rmqtt::types::{
    ForwardedCount, ForwardedRecipients, From, Id, MsgID, NodeId, Publish, QoS, SessionStatus, SubRelations,
    SubRelationsMap, SubsSearchParams, SubsSearchResult, SubscriptionOptions, TopicFilter,
};

use crate::config::Clock;
use crate::message_expiry::MessageExpiry;
use entry::{SessionEntry, TakeoverContext};
use parking::{Parking, Undelivered};

/// The store of all sessions, connected or offline.
#[derive(Clone)]
pub(crate) struct Sessions {
    engine: ServerContext,
    inner: DefaultShared,
    takeover: TakeoverContext,
}

impl Sessions {
    /// Replaces `rmqtt`'s store. Must be called before the first client connects.
    pub(crate) async fn install(engine: &ServerContext, expiry: MessageExpiry, clock: Clock) {
        let inner = DefaultShared::new(Some(engine.clone()));
        let parking = Arc::new(Parking::new(inner.clone()));
        let takeover = TakeoverContext { parking, expiry, clock };
        let sessions = Self { engine: engine.clone(), inner, takeover };
        *engine.extends.shared_mut().await = Box::new(sessions);
    }

    fn wrap(&self, inner: Box<dyn Entry>) -> Box<dyn Entry> {
        Box::new(SessionEntry::new(inner, self.takeover.clone()))
    }

    async fn connected(&self, client_id: &rmqtt::types::ClientId) -> bool {
        let id = Id::from(self.engine.node.id(), client_id.clone());
        self.inner.entry(id).is_connected().await
    }

    /// Returns the receivers of a message: its single target if it has one, otherwise the subscribers of its topic.
    async fn receivers(&self, from: &From, publish: &Publish) -> SubRelations {
        if let Some(target) = &publish.target_clientid {
            let mut options = SubscriptionOptions::default();
            options.set_qos(publish.qos);
            return vec![(publish.topic.clone(), target.clone(), options, None, None)];
        }
        match self.engine.extends.router().await.matches(from.id.clone(), &publish.topic).await {
            Ok(mut relations) => relations.remove(&self.engine.node.id()).unwrap_or_default(),
            Err(error) => {
                tracing::warn!(
                    topic = %publish.topic,
                    %error,
                    "subscriber lookup failed; the message is not delivered"
                );
                SubRelations::new()
            }
        }
    }
}

/// Returns the copy of a message for one subscription.
fn copy_for(
    publish: &Publish,
    options: &SubscriptionOptions,
    ids: Option<Vec<std::num::NonZeroU32>>,
) -> Publish {
    let mut copy = publish.clone();
    copy.dup = false;
    copy.retain = publish.retain && options.retain_as_published().unwrap_or(false);
    copy.qos = publish.qos.less_value(options.qos());
    copy.packet_id = None;
    if let (Some(ids), Some(properties)) = (ids, &mut copy.properties) {
        properties.subscription_ids = ids;
    }
    copy
}

#[async_trait]
impl Shared for Sessions {
    fn entry(&self, id: Id) -> Box<dyn Entry> {
        self.wrap(self.inner.entry(id))
    }

    fn exist(&self, client_id: &str) -> bool {
        self.inner.exist(client_id)
    }

    async fn forwards(
        &self,
        msg_id: Option<MsgID>,
        from: From,
        publish: Publish,
    ) -> std::result::Result<ForwardedCount, (ForwardedCount, Vec<Undelivered>)> {
        let receivers = self.receivers(&from, &publish).await;
        match self.forwards_to(from, &publish, receivers, msg_id).await {
            Ok(reached) => Ok(reached.len()),
            Err((reached, errors)) => Err((reached.len(), errors)),
        }
    }

    async fn forwards_and_get_shareds(
        &self,
        from: From,
        publish: Publish,
    ) -> std::result::Result<(SubRelationsMap, ForwardedRecipients), (ForwardedRecipients, Vec<Undelivered>)>
    {
        let receivers = self.receivers(&from, &publish).await;
        let reached = self.forwards_to(from, &publish, receivers, None).await?;
        Ok((SubRelationsMap::default(), reached))
    }

    async fn forwards_to(
        &self,
        from: From,
        publish: &Publish,
        relations: SubRelations,
        _msg_id: Option<MsgID>,
    ) -> std::result::Result<ForwardedRecipients, (ForwardedRecipients, Vec<Undelivered>)> {
        let mut reached = ForwardedRecipients::new();
        let mut errors = Vec::new();
        for (_, client_id, options, subscription_ids, _) in relations {
            let copy = copy_for(publish, &options, subscription_ids);
            if copy.qos == QoS::AtMostOnce && !self.connected(&client_id).await {
                continue;
            }
            match self.takeover.parking.send(&client_id, from.clone(), copy) {
                Ok(()) => reached.push((client_id, None)),
                Err(error) => errors.push(*error),
            }
        }
        if errors.is_empty() { Ok(reached) } else { Err((reached, errors)) }
    }

    fn iter(&self) -> Box<dyn Iterator<Item = Box<dyn Entry>> + Sync + Send + '_> {
        Box::new(self.inner.iter().map(|inner| self.wrap(inner)))
    }

    fn random_session(&self) -> Option<rmqtt::session::Session> {
        self.inner.random_session()
    }

    async fn session_status(&self, client_id: &str) -> Option<SessionStatus> {
        self.inner.session_status(client_id).await
    }

    async fn client_states_count(&self) -> usize {
        self.inner.client_states_count().await
    }

    fn sessions_count(&self) -> usize {
        self.inner.sessions_count()
    }

    async fn query_subscriptions(&self, query: &SubsSearchParams) -> Vec<SubsSearchResult> {
        self.inner.query_subscriptions(query).await
    }

    async fn subscriptions_count(&self) -> usize {
        self.inner.subscriptions_count().await
    }

    async fn retain_load_with(
        &self,
        topic_filter: &TopicFilter,
        callback: Arc<dyn RetainLoadCallback>,
    ) -> Result<Vec<(NodeId, MsgID)>> {
        self.inner.retain_load_with(topic_filter, callback).await
    }
}
