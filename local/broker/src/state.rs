//! State shared by hooks, data plane and timers: the `rmqtt` engine, the clients and the queue of the topic rules,
//! with the operations on them.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use rmqtt::codec::types::Publish as Packet;
use rmqtt::codec::v5::PublishProperties;
use rmqtt::context::ServerContext;
use rmqtt::session::SessionState;
use rmqtt::shared::Entry;
use rmqtt::types::{ClientId, From, Id, Message, Publish, QoS, Reason};

use crate::cloud::{Cloud, Published};
use crate::config::BrokerConfig;
use crate::connection::{Connection, DisconnectReason};
use crate::direct_messages::DirectMessages;
use crate::message_expiry::MessageExpiry;
use crate::policy::Arns;
use crate::presence::LifecycleMessage;
use crate::registry::Registry;
use crate::rule_queue::RuleQueue;

/// Client ID that `rmqtt` records as the sender of messages published by the broker itself.
const SERVICE: &str = "$service";

pub(crate) struct BrokerState {
    pub(crate) config: BrokerConfig,
    pub(crate) cloud: Arc<dyn Cloud>,
    pub(crate) engine: ServerContext,
    pub(crate) registry: Registry,
    pub(crate) rule_queue: RuleQueue,
    pub(crate) direct_messages: DirectMessages,
    pub(crate) expiry: MessageExpiry,
    pub(crate) arns: Arns,
}

/// A message from the data plane or from the broker itself.
#[derive(Debug, Clone)]
pub(crate) struct OutgoingMessage {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    pub(crate) qos: QoS,
    /// `None` means that the message never expires.
    pub(crate) expiry_seconds: Option<NonZeroU32>,
    /// MQTT 5 properties other than the expiry interval.
    pub(crate) properties: PublishProperties,
}

impl BrokerState {
    pub(crate) fn now_ms(&self) -> i64 {
        (self.config.clock)()
    }

    /// Publishes a message to all subscribers, including offline sessions, and to the topic rules.
    pub(crate) async fn publish(&self, message: OutgoingMessage) -> rmqtt::Result<()> {
        self.rule_queue.enqueue(Published {
            topic: message.topic.clone(),
            payload: message.payload.clone(),
            client_id: None,
            principal: None,
            source_ip: None,
            trace_id: None,
            received_ms: self.now_ms(),
        });
        self.forward(SERVICE, message, None).await
    }

    /// Sends a message to one client regardless of its subscriptions. `sender` identifies the message in later
    /// acknowledgements.
    pub(crate) async fn send(
        &self,
        sender: &str,
        message: OutgoingMessage,
        client_id: &str,
    ) -> rmqtt::Result<()> {
        self.forward(sender, message, Some(ClientId::from(client_id))).await
    }

    /// Publishes a lifecycle event.
    pub(crate) async fn publish_lifecycle(&self, message: LifecycleMessage) {
        let topic = message.topic.clone();
        let outgoing = OutgoingMessage {
            topic: message.topic,
            payload: message.body.to_string().into(),
            qos: QoS::AtLeastOnce,
            expiry_seconds: None,
            properties: PublishProperties::default(),
        };
        if let Err(error) = self.publish(outgoing).await {
            tracing::warn!(topic, %error, "lifecycle event not published; it is lost");
        }
    }

    async fn forward(
        &self,
        sender: &str,
        message: OutgoingMessage,
        target: Option<ClientId>,
    ) -> rmqtt::Result<()> {
        let mut publish = Publish::from(Packet {
            dup: false,
            retain: false,
            qos: message.qos,
            topic: message.topic.into(),
            packet_id: None,
            payload: message.payload,
            properties: Some(PublishProperties {
                message_expiry_interval: message.expiry_seconds,
                ..message.properties
            }),
        });
        publish.target_clientid = target;
        self.expiry.stamp(&mut publish, self.now_ms());
        let from = From::from_system(Id::from(self.engine.node.id(), ClientId::from(sender)));
        SessionState::forwards(&self.engine, from, publish, false, None).await
    }

    /// Queues a client's message for the topic rules.
    pub(crate) fn enqueue_for_rules(&self, connection: &Connection, publish: &Publish) {
        self.rule_queue.enqueue(Published {
            topic: publish.topic.to_string(),
            payload: publish.payload.clone(),
            client_id: Some(connection.client_id.clone()),
            principal: Some(connection.principal.clone()),
            source_ip: connection.source_ip(),
            trace_id: Some(uuid::Uuid::new_v4().to_string()),
            received_ms: self.now_ms(),
        });
    }

    pub(crate) async fn session(&self, client_id: &str) -> Box<dyn Entry> {
        let id = Id::from(self.engine.node.id(), ClientId::from(client_id));
        self.engine.extends.shared().await.entry(id)
    }

    /// Ends a connection and keeps its session. The first recorded cause counts. Does nothing if another connection
    /// has replaced this one. `will` decides whether the last will may be published.
    pub(crate) async fn disconnect(&self, connection: &Connection, cause: DisconnectReason, will: bool) {
        let entry = self.session(&connection.client_id).await;
        if entry.session().is_none_or(|session| session.id != connection.id) {
            return;
        }
        if !will {
            connection.will_claimed.store(true, Ordering::Release);
        }
        // Fails if an earlier cause is recorded; the first cause counts.
        let _ = connection.cause.set(cause);
        if let Some(session) = entry.tx() {
            // Fails only if the connection has just ended.
            let _ = session.unbounded_send(Message::Closed(Reason::ConnectKicked(true)));
        }
    }

    /// Deletes a client's session and ends its connection, if connected.
    pub(crate) async fn delete_session(&self, client_id: &str) {
        self.registry.session_deleted(client_id);
        let mut entry = self.session(client_id).await;
        if entry.exist()
            && let Err(error) = entry.kick(true, true, true).await
        {
            tracing::warn!(client_id, %error, "session not deleted; the client may resume it");
        }
    }
}
