//! An MQTT 5 client that does not reconnect and hides no events.

use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnectReturnCode, Packet, Publish, PublishProperties, SubscribeReasonCode,
};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, MqttOptions};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::JoinSet;

use super::{TestBroker, within};

pub struct Client5 {
    pub session_present: bool,
    mqtt: AsyncClient,
    packets: UnboundedReceiver<Packet>,
    /// Drives the connection; dropping it drops the connection.
    driver: JoinSet<()>,
}

impl Client5 {
    /// Connects with a session that outlives the connection by `expiry_seconds`.
    pub async fn connect(broker: &TestBroker, client_id: &str, expiry_seconds: u32) -> Self {
        Self::try_connect(broker, client_id, expiry_seconds).await.expect("the client may connect")
    }

    /// Connects, expects a refusal and returns its code.
    pub async fn refused(broker: &TestBroker, client_id: &str) -> ConnectReturnCode {
        match Self::try_connect(broker, client_id, 0).await {
            Ok(_) => panic!("the connection was accepted"),
            Err(ConnectionError::ConnectionRefused(code)) => code,
            Err(error) => panic!("expected a reason code, got {error}"),
        }
    }

    async fn try_connect(
        broker: &TestBroker,
        client_id: &str,
        expiry_seconds: u32,
    ) -> Result<Self, ConnectionError> {
        let address = broker.handle.mqtt_addr();
        let mut options = MqttOptions::new(client_id, address.ip().to_string(), address.port());
        options.set_clean_start(false).set_session_expiry_interval(Some(expiry_seconds));
        options.set_credentials("name", "secret").set_keep_alive(Duration::from_mins(1));
        let (mqtt, mut connection) = AsyncClient::new(options, 100);
        let session_present = match within(connection.poll()).await? {
            Event::Incoming(Packet::ConnAck(ack)) => ack.session_present,
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
        });
        Ok(Self { session_present, mqtt, packets, driver })
    }

    pub async fn subscribe(&mut self, filter: &str) -> SubscribeReasonCode {
        self.mqtt.subscribe(filter, QoS::AtLeastOnce).await.expect("the client runs");
        self.until(|packet| match packet {
            Packet::SubAck(ack) => Some(ack.return_codes[0]),
            _ => None,
        })
        .await
    }

    /// Publishes with QoS 1 and an expiry interval, and waits for the PUBACK.
    pub async fn publish(&mut self, topic: &str, payload: &str, expiry_seconds: u32) {
        let properties = PublishProperties {
            message_expiry_interval: Some(expiry_seconds),
            ..PublishProperties::default()
        };
        let payload = payload.to_owned();
        self.mqtt
            .publish_with_properties(topic, QoS::AtLeastOnce, false, payload, properties)
            .await
            .expect("the client runs");
        self.until(|packet| matches!(packet, Packet::PubAck(_)).then_some(())).await;
    }

    /// Returns the next message.
    pub async fn receive(&mut self) -> Publish {
        self.until(|packet| match packet {
            Packet::Publish(publish) => Some(publish.clone()),
            _ => None,
        })
        .await
    }

    async fn until<T>(&mut self, matches: impl Fn(&Packet) -> Option<T>) -> T {
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

    /// Drops the connection without a DISCONNECT.
    pub async fn cut(mut self) {
        self.driver.shutdown().await;
    }
}
