//! A client that sends MQTT 3.1.1 packets one by one and tells in words what the broker sends, for comparisons of brokers.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::within;

/// Message with which a test marks the end of what it waits for.
pub const END: &str = "end";

pub struct Packets {
    stream: TcpStream,
}

/// Fields of a CONNECT.
#[derive(Clone, Copy)]
pub struct Connect<'a> {
    pub client_id: &'a str,
    pub clean: bool,
    /// Topic of a last will with QoS 1 and the payload `will`.
    pub will: Option<&'a str>,
    pub level: u8,
}

impl<'a> Connect<'a> {
    /// A CONNECT with a persistent session.
    pub const fn persistent(client_id: &'a str) -> Self {
        Self { client_id, clean: false, will: None, level: 4 }
    }

    /// A CONNECT with a clean session.
    pub const fn clean(client_id: &'a str) -> Self {
        Self { clean: true, ..Self::persistent(client_id) }
    }

    fn body(&self) -> Vec<u8> {
        let mut flags = 0b1100_0000;
        if self.clean {
            flags |= 0b10;
        }
        if self.will.is_some() {
            flags |= 0b0000_1100;
        }
        let mut body = [&text("MQTT")[..], &[self.level, flags, 0, 60], &text(self.client_id)].concat();
        if let Some(topic) = self.will {
            body.extend([text(topic), text("will")].concat());
        }
        body.extend([text("name"), text("secret")].concat());
        body
    }
}

impl Packets {
    /// Opens a connection without a CONNECT.
    pub async fn open(broker: SocketAddr) -> Self {
        Self { stream: within(TcpStream::connect(broker)).await.expect("the broker listens") }
    }

    /// Connects, and returns the broker's answer.
    pub async fn connect(broker: SocketAddr, connect: Connect<'_>) -> (Self, String) {
        let mut client = Self::open(broker).await;
        client.send_connect(connect).await;
        let answer = client.next().await;
        (client, answer)
    }

    pub async fn send_connect(&mut self, connect: Connect<'_>) {
        self.send(0x10, &connect.body()).await;
    }

    /// Subscribes, and returns the broker's answer.
    pub async fn subscribe(&mut self, filter: &str, qos: u8) -> String {
        self.send(0x82, &[&[0, 1][..], &text(filter), &[qos]].concat()).await;
        self.next().await
    }

    /// Unsubscribes, and returns the broker's answer.
    pub async fn unsubscribe(&mut self, filter: &str) -> String {
        self.send(0xA2, &[&[0, 1][..], &text(filter)].concat()).await;
        self.next().await
    }

    /// Publishes, and returns the broker's answer; with QoS 0, the one to a PINGREQ behind it.
    pub async fn publish(&mut self, topic: &str, qos: u8, payload: &str) -> String {
        self.publish_with(topic, qos << 1, payload.as_bytes()).await
    }

    /// Publishes with these flags of the fixed header.
    pub async fn publish_with(&mut self, topic: &str, flags: u8, payload: &[u8]) -> String {
        let id: &[u8] = if flags & 0b110 == 0 { &[] } else { &[0, 9] };
        self.send(0x30 | flags, &[&text(topic)[..], id, payload].concat()).await;
        if id.is_empty() {
            return self.ping().await;
        }
        self.next().await
    }

    pub async fn ping(&mut self) -> String {
        self.send(0xC0, &[]).await;
        self.next().await
    }

    pub async fn disconnect(mut self) {
        self.send(0xE0, &[]).await;
        assert_eq!(self.next().await, "closed");
    }

    /// Reads and acknowledges messages up to [`END`].
    pub async fn messages(&mut self) -> Vec<String> {
        self.messages_with(true).await
    }

    /// Reads messages up to [`END`] without acknowledging them.
    pub async fn unacknowledged(&mut self) -> Vec<String> {
        self.messages_with(false).await
    }

    async fn messages_with(&mut self, acknowledges: bool) -> Vec<String> {
        let mut messages = Vec::new();
        loop {
            let (words, id) = self.read().await;
            if let Some(id) = id.filter(|_| acknowledges) {
                self.send(0x40, &id).await;
            }
            if words == "closed" || words.ends_with(&format!(" {END}")) {
                return messages;
            }
            messages.push(words);
        }
    }

    /// The next packet in words, or `closed`.
    pub async fn next(&mut self) -> String {
        self.read().await.0
    }

    async fn send(&mut self, first: u8, body: &[u8]) {
        let mut packet = vec![first];
        let mut left = body.len();
        loop {
            let byte = u8::try_from(left % 128).expect("seven bits");
            left /= 128;
            packet.push(if left > 0 { byte | 0x80 } else { byte });
            if left == 0 {
                break;
            }
        }
        packet.extend_from_slice(body);
        // It fails if the broker has closed the connection, which the next read shows.
        drop(self.stream.write_all(&packet).await);
    }

    /// The next packet in words, and the packet ID of a message.
    async fn read(&mut self) -> (String, Option<[u8; 2]>) {
        within(self.try_read()).await.unwrap_or(("closed".to_owned(), None))
    }

    async fn try_read(&mut self) -> Option<(String, Option<[u8; 2]>)> {
        let first = self.stream.read_u8().await.ok()?;
        let (mut length, mut shift) = (0, 0);
        loop {
            let byte = self.stream.read_u8().await.ok()?;
            length |= usize::from(byte & 0x7F) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.ok()?;
        Some(in_words(first, &body))
    }
}

fn in_words(first: u8, body: &[u8]) -> (String, Option<[u8; 2]>) {
    let words = match first >> 4 {
        2 => format!("CONNACK session={} code={}", body[0], body[1]),
        3 => return message(first, body),
        4 => "PUBACK".to_owned(),
        5 => "PUBREC".to_owned(),
        9 => format!("SUBACK {:?}", &body[2..]),
        11 => "UNSUBACK".to_owned(),
        13 => "PINGRESP".to_owned(),
        other => format!("packet {other}"),
    };
    (words, None)
}

fn message(first: u8, body: &[u8]) -> (String, Option<[u8; 2]>) {
    let (topic, rest) = body[2..].split_at(usize::from(u16::from_be_bytes([body[0], body[1]])));
    let qos = (first >> 1) & 3;
    let (id, payload) = if qos == 0 { (None, rest) } else { (Some([rest[0], rest[1]]), &rest[2..]) };
    let mut words = format!("{} qos={qos}", String::from_utf8_lossy(topic));
    for (flag, name) in [(0b1000, " dup"), (1, " retained")] {
        if first & flag != 0 {
            words.push_str(name);
        }
    }
    (format!("{words} {}", String::from_utf8_lossy(payload)), id)
}

/// A text with its length, as MQTT encodes it.
fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a short text");
    [&length.to_be_bytes()[..], text.as_bytes()].concat()
}
