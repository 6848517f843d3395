//! What hooks, data plane and clockwork share: rmqtt, the clients, the rules' queue, and how to publish.

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
use crate::direct::Directs;
use crate::expiry::Expiry;
use crate::outbox::Outbox;
use crate::policy::Arns;
use crate::presence::Event;
use crate::registry::Registry;

/// Sender of what the service itself publishes, as rmqtt sees it.
const SERVICE: &str = "$service";

pub(crate) struct Core {
    pub(crate) config: BrokerConfig,
    pub(crate) cloud: Arc<dyn Cloud>,
    pub(crate) engine: ServerContext,
    pub(crate) registry: Registry,
    pub(crate) outbox: Outbox,
    pub(crate) directs: Directs,
    pub(crate) expiry: Expiry,
    pub(crate) arns: Arns,
}

/// A message that does not come from an MQTT client.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    pub(crate) qos: QoS,
    /// Seconds; `None` never expires.
    pub(crate) expiry_seconds: Option<NonZeroU32>,
    /// The other MQTT 5 properties.
    pub(crate) properties: PublishProperties,
}

impl Core {
    pub(crate) fn now_ms(&self) -> i64 {
        (self.config.clock)()
    }

    /// Publishes to all subscribers, connected or not, and to the topic rules.
    pub(crate) async fn publish(&self, message: Outgoing) -> rmqtt::Result<()> {
        self.outbox.put(Published {
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

    /// Sends to one client, whatever it subscribed to; `sender` names the message.
    pub(crate) async fn send(&self, sender: &str, message: Outgoing, client_id: &str) -> rmqtt::Result<()> {
        self.forward(sender, message, Some(ClientId::from(client_id))).await
    }

    /// Publishes a lifecycle event.
    pub(crate) async fn announce(&self, event: Event) {
        let topic = event.topic.clone();
        let outgoing = Outgoing {
            topic: event.topic,
            payload: event.body.to_string().into(),
            qos: QoS::AtLeastOnce,
            expiry_seconds: None,
            properties: PublishProperties::default(),
        };
        if let Err(error) = self.publish(outgoing).await {
            tracing::warn!(topic, %error, "lifecycle event not published");
        }
    }

    async fn forward(&self, sender: &str, message: Outgoing, target: Option<ClientId>) -> rmqtt::Result<()> {
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

    /// Hands a message of a client to the topic rules.
    pub(crate) fn to_rules(&self, connection: &Connection, publish: &Publish) {
        self.outbox.put(Published {
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

    /// Ends a connection and keeps its session; the first cause that is given counts. Nothing happens if the
    /// client's present connection is another one.
    pub(crate) async fn disconnect(&self, connection: &Connection, cause: DisconnectReason, will: bool) {
        let entry = self.session(&connection.client_id).await;
        if entry.session().is_none_or(|session| session.id != connection.id) {
            return;
        }
        if !will {
            connection.will_settled.store(true, Ordering::Release);
        }
        // A cause that is there already was the first one.
        let _ = connection.cause.set(cause);
        if let Some(session) = entry.tx() {
            // Fails only when the connection has just ended by itself.
            let _ = session.unbounded_send(Message::Closed(Reason::ConnectKicked(true)));
        }
    }

    /// Deletes a client's session, ending its connection if there is one.
    pub(crate) async fn delete_session(&self, client_id: &str) {
        self.registry.session_deleted(client_id);
        let mut entry = self.session(client_id).await;
        if entry.exist()
            && let Err(error) = entry.kick(true, true, true).await
        {
            tracing::warn!(client_id, %error, "session not deleted");
        }
    }
}
