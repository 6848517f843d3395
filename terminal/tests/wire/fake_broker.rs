//! A broker for one client. The test scripts each packet that it reads, acknowledges, sends or drops.

use bytes::BytesMut;
use rumqttc::{
    ConnAck, Connect, ConnectReturnCode, Packet, PubAck, Publish, QoS, SubAck, Subscribe, SubscribeReasonCode,
};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use terminal::{Config, Retry, development_jwt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The client that every test connects.
pub const CLIENT: &str = "GID@@@alice.phone";
/// Time limit of each step, so that a failing test does not hang.
const DEADLINE: Duration = Duration::from_secs(20);
const PACKET_MAX: usize = 512 * 1024;

/// A listening broker.
pub struct FakeBroker(TcpListener);

/// One connection of the client.
pub struct Peer {
    stream: TcpStream,
    buffer: BytesMut,
    next_packet_id: u16,
    /// The client's `CONNECT` packet.
    pub connect: Connect,
    /// The topics of its subscription.
    pub subscribed: Vec<String>,
}

impl FakeBroker {
    pub async fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.expect("a free port"))
    }

    /// Returns the address on which the broker listens.
    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("it listens")
    }

    /// Returns a configuration whose requests time out after 120 ms.
    pub fn impatient(&self) -> Config {
        let millis = Duration::from_millis;
        let retry = Retry { answer_within: millis(40), ..self.patient().retry };
        Config { retry, ..self.patient() }
    }

    /// Returns a configuration whose requests are not repeated during a test.
    pub fn patient(&self) -> Config {
        let port = self.address().port();
        let token = development_jwt("secret", "alice", None, 4_000_000_000);
        let mut config = Config::new(CLIENT.parse().expect("a client ID"), "127.0.0.1", port, token);
        config.retry.answer_within = DEADLINE;
        config.retry.reconnect_after = Duration::from_millis(10);
        config
    }

    /// Accepts the connection and grants the subscription.
    pub async fn accept(&self, session_present: bool) -> Peer {
        let mut peer = self.answer_connect(ConnAck::new(ConnectReturnCode::Success, session_present)).await;
        let subscribe = peer.subscription().await;
        let codes = vec![SubscribeReasonCode::Success(QoS::AtLeastOnce); subscribe.filters.len()];
        peer.write(Packet::SubAck(SubAck::new(subscribe.pkid, codes))).await;
        peer
    }

    /// Answers the client's `CONNECT` with this packet.
    pub async fn answer_connect(&self, answer: ConnAck) -> Peer {
        let (stream, _) = within(self.0.accept()).await.expect("the client connects");
        let (buffer, subscribed) = (BytesMut::new(), Vec::new());
        let mut peer = Peer { stream, buffer, next_packet_id: 1, connect: Connect::new(""), subscribed };
        let Packet::Connect(connect) = peer.read().await else { panic!("a connect comes first") };
        peer.connect = connect;
        peer.write(Packet::ConnAck(answer)).await;
        peer
    }
}

impl Peer {
    /// Reads the client's `SUBSCRIBE` without answering it.
    pub async fn subscription(&mut self) -> Subscribe {
        let Packet::Subscribe(subscribe) = self.read().await else { panic!("a subscription comes first") };
        self.subscribed = subscribe.filters.iter().map(|filter| filter.path.clone()).collect();
        subscribe
    }

    /// Refuses all topics of a subscription.
    pub async fn refuse_subscription(&mut self, subscribe: &Subscribe) {
        let codes = vec![SubscribeReasonCode::Failure; subscribe.filters.len()];
        self.write(Packet::SubAck(SubAck::new(subscribe.pkid, codes))).await;
    }

    /// Reads the next `PUBLISH` of the client and acknowledges it.
    pub async fn next_publish(&mut self) -> Publish {
        let publish = self.next_publish_without_ack().await;
        self.write(Packet::PubAck(PubAck::new(publish.pkid))).await;
        publish
    }

    /// Reads the next `PUBLISH` of the client without acknowledging it.
    pub async fn next_publish_without_ack(&mut self) -> Publish {
        loop {
            match self.read().await {
                Packet::Publish(publish) => return publish,
                Packet::PubAck(_) => {}
                Packet::PingReq => self.write(Packet::PingResp).await,
                other => panic!("a publish was expected, not {other:?}"),
            }
        }
    }

    /// Waits for the client's `DISCONNECT`.
    pub async fn disconnect_packet(&mut self) {
        while self.read().await != Packet::Disconnect {}
    }

    /// Sends a downlink on the client's control topic.
    pub async fn send(&mut self, message: &Value) {
        self.send_bytes(message.to_string().as_bytes()).await;
    }

    /// Sends a payload on the client's control topic.
    pub async fn send_bytes(&mut self, payload: &[u8]) {
        let mut publish = Publish::new(format!("call-dn/p2p/{CLIENT}"), QoS::AtLeastOnce, payload);
        publish.pkid = self.next_packet_id;
        self.next_packet_id += 1;
        self.write(Packet::Publish(publish)).await;
    }

    async fn read(&mut self) -> Packet {
        loop {
            if let Ok(packet) = Packet::read(&mut self.buffer, PACKET_MAX) {
                return packet;
            }
            let read = within(self.stream.read_buf(&mut self.buffer)).await.expect("the connection is open");
            assert_ne!(read, 0, "the client closed the connection");
        }
    }

    async fn write(&mut self, packet: Packet) {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, PACKET_MAX).expect("a packet of moderate size");
        self.stream.write_all(&bytes).await.expect("the client reads");
    }
}

/// Runs a step within [`DEADLINE`].
pub async fn within<T>(step: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, step).await.expect("this step took too long")
}
