//! A client that ignores the protocol of terminals: it connects, subscribes and publishes as the test requires.

use crate::device::DEADLINE;
use crate::user::User;
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, Incoming, MqttOptions, NetworkOptions, QoS,
    SubscribeReasonCode,
};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::collections::VecDeque;

/// Time limit of a connect, so that a slow machine is not taken for a refusal.
pub fn patient() -> NetworkOptions {
    let mut network = NetworkOptions::new();
    network.set_connection_timeout(DEADLINE.as_secs());
    network
}

/// A client with a valid token of a user.
pub struct Raw {
    client: AsyncClient,
    mqtt: EventLoop,
    /// Messages that arrived during another wait.
    messages: VecDeque<Value>,
}

impl Raw {
    /// Connects with a clean session under that client ID, or returns the refusal.
    pub async fn connect(user: &User, client_id: &str) -> Result<Self, ConnectionError> {
        Self::connect_with(user, client_id, |_| {}).await
    }

    /// Connects with a persistent session, without acknowledging messages.
    pub async fn that_never_acknowledges(user: &User, client_id: &str) -> Self {
        let mute = |options: &mut MqttOptions| {
            options.set_manual_acks(true).set_clean_session(false);
        };
        Self::connect_with(user, client_id, mute).await.expect("the broker accepts a known user")
    }

    async fn connect_with(
        user: &User,
        client_id: &str,
        set: impl Fn(&mut MqttOptions),
    ) -> Result<Self, ConnectionError> {
        let config = user.config("phone");
        let mut options = MqttOptions::new(client_id, config.host, config.port);
        options.set_credentials("switchboard", user.token().expose_secret());
        set(&mut options);
        let (client, mut mqtt) = AsyncClient::new(options, 8);
        mqtt.set_network_options(patient());
        let mut raw = Self { client, mqtt, messages: VecDeque::new() };
        loop {
            if let Event::Incoming(Incoming::ConnAck(_)) = raw.next().await? {
                return Ok(raw);
            }
        }
    }

    /// Returns `true` if the broker grants the subscription; `false` also if the broker closes the connection.
    pub async fn subscribes(&mut self, filter: &str) -> bool {
        self.client.subscribe(filter, QoS::AtLeastOnce).await.expect("the request is queued");
        loop {
            match self.next().await {
                Ok(Event::Incoming(Incoming::SubAck(ack))) => {
                    return !ack.return_codes.contains(&SubscribeReasonCode::Failure);
                }
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    /// Returns `true` if the broker accepts a message to that topic; otherwise the broker closes the connection.
    pub async fn publishes(&mut self, topic: &str, retain: bool, payload: &Value) -> bool {
        let payload = payload.to_string();
        self.client.publish(topic, QoS::AtLeastOnce, retain, payload).await.expect("the request is queued");
        loop {
            match self.next().await {
                Ok(Event::Incoming(Incoming::PubAck(_))) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    /// The next message.
    pub async fn receives(&mut self) -> Value {
        loop {
            if let Some(message) = self.messages.pop_front() {
                return message;
            }
            self.next().await.expect("connected");
        }
    }

    async fn next(&mut self) -> Result<Event, ConnectionError> {
        let event = tokio::time::timeout(DEADLINE, self.mqtt.poll()).await.expect("the broker answers")?;
        // The broker, not the service, repeats unacknowledged messages after a while.
        if let Event::Incoming(Incoming::Publish(message)) = &event
            && !message.dup
        {
            self.messages.push_back(serde_json::from_slice(&message.payload).expect("downlinks are JSON"));
        }
        Ok(event)
    }
}
