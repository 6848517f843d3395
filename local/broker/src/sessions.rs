//! The broker's sessions: rmqtt's own store, with three differences. Messages for a client whose connection is being
//! taken over are parked, as rmqtt would lose those that arrive in between; QoS 0 is not queued for a client that
//! is not connected; and a session hands over its unacknowledged messages in their order.

mod entry;
mod parking;

use std::sync::Arc;

use async_trait::async_trait;
use rmqtt::Result;
use rmqtt::context::ServerContext;
use rmqtt::shared::{DefaultShared, Entry, RetainLoadCallback, Shared};
use rmqtt::types::{
    ForwardedCount, ForwardedRecipients, From, Id, MsgID, NodeId, Publish, QoS, Reason, SessionStatus,
    SubRelations, SubRelationsMap, SubsSearchParams, SubsSearchResult, SubscriptionOptions, To, TopicFilter,
};

use crate::config::Clock;
use crate::expiry::Expiry;
use entry::SessionEntry;
use parking::Parking;

/// A message that could not be handed to its receiver, and why.
type Undelivered = (To, From, Publish, Reason);

/// The store of all sessions, connected or not.
#[derive(Clone)]
pub(crate) struct Sessions {
    engine: ServerContext,
    inner: DefaultShared,
    parking: Arc<Parking>,
    expiry: Expiry,
    clock: Clock,
}

impl Sessions {
    /// Puts itself in the place of rmqtt's store. To be called before the first client connects.
    pub(crate) async fn install(engine: &ServerContext, expiry: Expiry, clock: Clock) {
        let inner = DefaultShared::new(Some(engine.clone()));
        let parking = Arc::new(Parking::new(inner.clone()));
        let sessions = Self { engine: engine.clone(), inner, parking, expiry, clock };
        *engine.extends.shared_mut().await = Box::new(sessions);
    }

    fn wrap(&self, inner: Box<dyn Entry>) -> Box<dyn Entry> {
        Box::new(SessionEntry::new(inner, self.clone()))
    }

    async fn connected(&self, client_id: &rmqtt::types::ClientId) -> bool {
        let id = Id::from(self.engine.node.id(), client_id.clone());
        self.inner.entry(id).is_connected().await
    }

    /// Who gets a message: its one target, or the subscribers of its topic.
    async fn receivers(&self, from: &From, publish: &Publish) -> SubRelations {
        if let Some(target) = &publish.target_clientid {
            let mut options = SubscriptionOptions::default();
            options.set_qos(publish.qos);
            return vec![(publish.topic.clone(), target.clone(), options, None, None)];
        }
        match self.engine.extends.router().await.matches(from.id.clone(), &publish.topic).await {
            Ok(mut relations) => relations.remove(&self.engine.node.id()).unwrap_or_default(),
            Err(error) => {
                tracing::warn!(topic = %publish.topic, %error, "subscribers cannot be found");
                SubRelations::new()
            }
        }
    }
}

/// The message as one subscription gets it.
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
            match self.parking.send(&client_id, from.clone(), copy) {
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
