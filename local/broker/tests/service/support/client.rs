//! An MQTT 3.1.1 client that does not reconnect and hides no events.

use std::time::Duration;

use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, Incoming, LastWill, MqttOptions, Publish, QoS,
    SubscribeReasonCode,
};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::JoinSet;

use super::{TestBroker, within};

pub struct Client {
    pub mqtt: AsyncClient,
    pub session_present: bool,
    packets: UnboundedReceiver<Incoming>,
    /// Drives the connection; dropping it drops the connection.
    driver: JoinSet<()>,
}

/// Options of a connection.
pub struct Connect<'a> {
    broker: &'a TestBroker,
    options: MqttOptions,
}

impl Client {
    /// Prepares a connection with a persistent session.
    pub fn of<'a>(broker: &'a TestBroker, client_id: &str) -> Connect<'a> {
        let address = broker.handle.mqtt_addr();
        let mut options = MqttOptions::new(client_id, address.ip().to_string(), address.port());
        options.set_clean_session(false).set_credentials("name", "secret");
        options.set_keep_alive(Duration::from_mins(1));
        options.set_max_packet_size(1 << 20, 1 << 20);
        Connect { broker, options }
    }

    /// Connects with a persistent session.
    pub async fn connect(broker: &TestBroker, client_id: &str) -> Self {
        Self::of(broker, client_id).connect().await
    }

    pub async fn subscribe(&mut self, filter: &str) -> SubscribeReasonCode {
        self.mqtt.subscribe(filter, QoS::AtLeastOnce).await.expect("the client runs");
        self.until(|packet| match packet {
            Incoming::SubAck(ack) => Some(ack.return_codes[0]),
            _ => None,
        })
        .await
    }

    /// Publishes with QoS 1 and waits for the PUBACK.
    pub async fn publish(&mut self, topic: &str, payload: &str) {
        self.send(topic, payload).await;
        self.until(|packet| matches!(packet, Incoming::PubAck(_)).then_some(())).await;
    }

    /// Publishes with QoS 1.
    pub async fn send(&self, topic: &str, payload: impl Into<Vec<u8>>) {
        self.mqtt.publish(topic, QoS::AtLeastOnce, false, payload).await.expect("the client runs");
    }

    /// Returns the next message.
    pub async fn receive(&mut self) -> Publish {
        self.until(|packet| match packet {
            Incoming::Publish(publish) => Some(publish.clone()),
            _ => None,
        })
        .await
    }

    /// Returns the payload of the next message.
    pub async fn receive_text(&mut self) -> String {
        String::from_utf8(self.receive().await.payload.to_vec()).expect("text")
    }

    async fn until<T>(&mut self, matches: impl Fn(&Incoming) -> Option<T>) -> T {
        within(async {
            loop {
                let packet = self.packets.recv().await.expect("the client is still connected");
                if let Some(found) = matches(&packet) {
                    return found;
                }
            }
        })
        .await
    }

    /// Waits until the broker has closed the connection.
    pub async fn wait_closed(mut self) {
        within(self.driver.join_next()).await;
    }

    /// Waits until the broker has closed the connection. Returns the payloads of the messages received before.
    pub async fn last_texts(mut self) -> Vec<String> {
        within(self.driver.join_next()).await;
        let mut texts = Vec::new();
        while let Ok(packet) = self.packets.try_recv() {
            if let Incoming::Publish(publish) = packet {
                texts.push(String::from_utf8(publish.payload.to_vec()).expect("text"));
            }
        }
        texts
    }

    /// Sends DISCONNECT and waits until the broker has closed the connection.
    pub async fn disconnect(self) {
        self.mqtt.disconnect().await.expect("the client runs");
        self.wait_closed().await;
    }

    /// Drops the connection without a DISCONNECT.
    pub async fn cut(mut self) {
        self.driver.shutdown().await;
    }
}

impl Connect<'_> {
    pub fn clean(mut self) -> Self {
        self.options.set_clean_session(true);
        self
    }

    /// Disables automatic acknowledgements.
    pub fn without_acks(mut self) -> Self {
        self.options.set_manual_acks(true);
        self
    }

    pub fn will(self, topic: &str, payload: &str) -> Self {
        self.will_of(LastWill::new(topic, payload, QoS::AtLeastOnce, false))
    }

    pub fn will_of(mut self, will: LastWill) -> Self {
        self.options.set_last_will(will);
        self
    }

    pub async fn connect(self) -> Client {
        self.try_connect().await.expect("the client may connect")
    }

    /// Connects, expects a refusal and returns its code.
    pub async fn refused(self) -> ConnectReturnCode {
        match self.try_connect().await {
            Ok(_) => panic!("the connection was accepted"),
            Err(ConnectionError::ConnectionRefused(code)) => code,
            Err(error) => panic!("expected a return code, got {error}"),
        }
    }

    async fn try_connect(self) -> Result<Client, ConnectionError> {
        let client_id = self.options.client_id();
        let (mqtt, mut connection) = AsyncClient::new(self.options, 1000);
        let session_present = match within(connection.poll()).await? {
            Event::Incoming(Incoming::ConnAck(ack)) => ack.session_present,
            other => panic!("expected a CONNACK, got {other:?}"),
        };
        let (sender, packets) = mpsc::unbounded_channel();
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            while let Ok(event) = connection.poll().await {
                if let Event::Incoming(packet) = event {
                    drop(sender.send(packet));
                }
            }
            for event in connection.state.events.drain(..) {
                if let Event::Incoming(packet) = event {
                    drop(sender.send(packet));
                }
            }
        });
        assert!(self.broker.handle.connected(&client_id).await);
        Ok(Client { mqtt, session_present, packets, driver })
    }
}
