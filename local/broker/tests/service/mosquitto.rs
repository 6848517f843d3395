//! The same packets to this broker and to mosquitto. Where the answers differ, the list says why; docs/reliability.md has the
//! same list. AWS: "MQTT" and "Quotas" in the developer guide of AWS IoT Core.

use std::net::SocketAddr;
use std::pin::Pin;
use std::process::Stdio;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::support::packets::{Connect, END, Packets};
use crate::support::{TestBroker, until};

/// A running mosquitto on loopback that allows everything.
pub struct Mosquitto {
    address: SocketAddr,
    _process: Child,
}

impl Mosquitto {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        drop(listener);
        let file = std::env::temp_dir().join(format!("mosquitto-{}", address.port()));
        let settings = format!(
            "listener {} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 1000\n",
            address.port()
        );
        std::fs::write(&file, settings).expect("a scratch file");
        let process = Command::new(program())
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("mosquitto runs: tests/system.sh installs it");
        until(async || TcpStream::connect(address).await.is_ok()).await;
        std::fs::remove_file(&file).expect("it was read");
        Self { address, _process: process }
    }
}

/// Debian has it where only root looks.
fn program() -> &'static str {
    if std::path::Path::new("/usr/sbin/mosquitto").is_file() { "/usr/sbin/mosquitto" } else { "mosquitto" }
}

type Trace = Pin<Box<dyn Future<Output = Vec<String>>>>;

/// A script of packets, with what the broker sends.
struct Script {
    name: &'static str,
    play: fn(SocketAddr) -> Trace,
    /// The answer of this broker and the reason, where mosquitto sends something else.
    differs: Option<(&'static [&'static str], &'static str)>,
}

macro_rules! script {
    ($name:literal, $play:expr) => {
        script!($name, $play, None)
    };
    ($name:literal, $play:expr, $differs:expr) => {
        Script { name: $name, play: |broker| Box::pin(($play)(broker)), differs: $differs }
    };
}

fn scripts() -> Vec<Script> {
    vec![
        script!("a session is kept for a client that asks for it", keeps_sessions),
        script!("messages of QoS 1 wait in order, those of QoS 0 do not", queues),
        script!("what was not acknowledged comes again, marked, before the rest", repeats),
        script!("a newer connection closes the older one", takes_over),
        script!("a will goes out when the connection breaks", will_of_a_broken_connection),
        script!("no will goes out after DISCONNECT", no_will_after_disconnect),
        script!("the lower QoS counts", lower_qos),
        script!("filters with wildcards match as MQTT says, and not $ topics", wildcards),
        script!("no message comes after UNSUBSCRIBE", unsubscribes),
        script!("a second CONNECT ends the connection", second_connect),
        script!("a topic with a wildcard ends the connection", wildcard_topic),
        script!("a client without a client ID gets one", empty_client_id),
        script!("a packet before CONNECT ends the connection", no_connect),
        script!(
            "a will when the session is taken over",
            will_of_a_takeover,
            Some((&["wills qos=1 will"], "AWS: the connection of the older client ends without DISCONNECT"))
        ),
        script!(
            "two filters that match one message",
            overlapping,
            Some((
                &["a/b qos=1 x", "a/b qos=1 x"],
                "not documented by AWS; MQTT allows one copy for each subscription"
            ))
        ),
        script!("publish with QoS 2", qos_2, Some((&["closed"], "AWS: QoS 2 is not supported"))),
        script!(
            "subscribe with QoS 2",
            |broker| subscribe_with(broker, 2),
            Some((
                &["SUBACK [1]"],
                "AWS: QoS 2 is not supported, and no SUBACK is sent; here, the lower QoS is granted"
            ))
        ),
        script!(
            "a topic with eight slashes",
            many_levels,
            Some((&["closed"], "AWS: a topic has at most seven slashes"))
        ),
        script!(
            "a payload of more than 128 KB",
            large_payload,
            Some((&["closed"], "AWS: a payload has at most 128 KB"))
        ),
        script!(
            "an unknown protocol level",
            unknown_level,
            Some((
                &["closed"],
                "not documented by AWS; MQTT 3.1.1 asks for the return code 1 before the close"
            ))
        ),
    ]
}

async fn keeps_sessions(broker: SocketAddr) -> Vec<String> {
    let mut answers = Vec::new();
    let (persistent, clean) = (Connect::persistent("a"), Connect::clean("a"));
    for connect in [persistent, persistent, clean, persistent] {
        let (client, answer) = Packets::connect(broker, connect).await;
        answers.push(answer);
        client.disconnect().await;
    }
    answers
}

/// A client with a subscription, and one that publishes.
async fn pair(broker: SocketAddr, filter: &str, qos: u8) -> (Packets, Packets) {
    let (mut receiver, _) = Packets::connect(broker, Connect::persistent("receiver")).await;
    receiver.subscribe(filter, qos).await;
    let (sender, _) = Packets::connect(broker, Connect::clean("sender")).await;
    (receiver, sender)
}

async fn queues(broker: SocketAddr) -> Vec<String> {
    let (receiver, mut sender) = pair(broker, "t", 1).await;
    receiver.disconnect().await;
    for (qos, payload) in [(1, "first"), (0, "passing"), (1, "second"), (1, "third"), (1, END)] {
        sender.publish("t", qos, payload).await;
    }
    let (mut receiver, answer) = Packets::connect(broker, Connect::persistent("receiver")).await;
    [vec![answer], receiver.messages().await].concat()
}

async fn repeats(broker: SocketAddr) -> Vec<String> {
    let (mut receiver, mut sender) = pair(broker, "t", 1).await;
    for payload in ["first", "second", END] {
        sender.publish("t", 1, payload).await;
    }
    let mut heard = receiver.unacknowledged().await;
    drop(receiver);
    sender.publish("t", 1, "third").await;
    let (mut receiver, _) = Packets::connect(broker, Connect::persistent("receiver")).await;
    // The end comes again with the others; the message behind it is the last one.
    heard.extend(receiver.messages().await);
    heard.push(receiver.next().await);
    heard
}

async fn takes_over(broker: SocketAddr) -> Vec<String> {
    let (mut older, first) = Packets::connect(broker, Connect::persistent("a")).await;
    let (mut newer, second) = Packets::connect(broker, Connect::persistent("a")).await;
    vec![first, second, older.next().await, newer.ping().await]
}

/// A client with a will, and one that listens to it.
async fn will_and_listener(broker: SocketAddr) -> (Packets, Packets, Packets) {
    let (listener, sender) = pair(broker, "wills", 1).await;
    let will = Connect { will: Some("wills"), ..Connect::persistent("mortal") };
    (Packets::connect(broker, will).await.0, listener, sender)
}

async fn will_of_a_broken_connection(broker: SocketAddr) -> Vec<String> {
    let (mortal, mut listener, _) = will_and_listener(broker).await;
    drop(mortal);
    vec![listener.next().await]
}

async fn no_will_after_disconnect(broker: SocketAddr) -> Vec<String> {
    let (mortal, mut listener, mut sender) = will_and_listener(broker).await;
    mortal.disconnect().await;
    sender.publish("wills", 1, END).await;
    listener.messages().await
}

async fn will_of_a_takeover(broker: SocketAddr) -> Vec<String> {
    let (_mortal, mut listener, mut sender) = will_and_listener(broker).await;
    let (_newer, _) = Packets::connect(broker, Connect::persistent("mortal")).await;
    sender.publish("wills", 1, END).await;
    listener.messages().await
}

async fn lower_qos(broker: SocketAddr) -> Vec<String> {
    let (mut receiver, mut sender) = pair(broker, "t", 0).await;
    sender.publish("t", 1, "x").await;
    sender.publish("t", 0, "y").await;
    vec![receiver.next().await, receiver.next().await]
}

async fn wildcards(broker: SocketAddr) -> Vec<String> {
    let mut heard = Vec::new();
    for filter in ["a/+", "a/#", "+/b", "#", "a/+/c"] {
        let (mut receiver, mut sender) = pair(broker, filter, 1).await;
        receiver.subscribe("end", 1).await;
        for topic in ["a", "a/b", "a/b/c", "b/b", "$x/b"] {
            sender.publish(topic, 1, filter).await;
        }
        sender.publish("end", 1, END).await;
        heard.extend(receiver.messages().await);
        // The next one begins without a session.
        drop(receiver);
        Packets::connect(broker, Connect::clean("receiver")).await.0.disconnect().await;
    }
    heard
}

async fn unsubscribes(broker: SocketAddr) -> Vec<String> {
    let (mut receiver, mut sender) = pair(broker, "t", 1).await;
    let answer = receiver.unsubscribe("t").await;
    receiver.subscribe("end", 1).await;
    sender.publish("t", 1, "x").await;
    sender.publish("end", 1, END).await;
    [vec![answer], receiver.messages().await].concat()
}

async fn second_connect(broker: SocketAddr) -> Vec<String> {
    let (mut client, _) = Packets::connect(broker, Connect::persistent("a")).await;
    client.send_connect(Connect::persistent("a")).await;
    vec![client.next().await]
}

async fn publishes(broker: SocketAddr, topic: &str, flags: u8, payload: &[u8]) -> Vec<String> {
    let (mut client, _) = Packets::connect(broker, Connect::clean("a")).await;
    vec![client.publish_with(topic, flags, payload).await]
}

async fn wildcard_topic(broker: SocketAddr) -> Vec<String> {
    publishes(broker, "a/#", 0b10, b"x").await
}

async fn unknown_level(broker: SocketAddr) -> Vec<String> {
    let (_, answer) = Packets::connect(broker, Connect { level: 9, ..Connect::clean("a") }).await;
    vec![answer]
}

async fn no_connect(broker: SocketAddr) -> Vec<String> {
    vec![Packets::open(broker).await.ping().await]
}

async fn overlapping(broker: SocketAddr) -> Vec<String> {
    let (mut receiver, mut sender) = pair(broker, "a/+", 1).await;
    receiver.subscribe("a/b", 1).await;
    sender.publish("a/b", 1, "x").await;
    sender.publish("a/b", 1, END).await;
    receiver.messages().await
}

async fn qos_2(broker: SocketAddr) -> Vec<String> {
    publishes(broker, "t", 0b100, b"x").await
}

async fn subscribe_with(broker: SocketAddr, qos: u8) -> Vec<String> {
    let (mut client, _) = Packets::connect(broker, Connect::clean("a")).await;
    vec![client.subscribe("t", qos).await]
}

async fn many_levels(broker: SocketAddr) -> Vec<String> {
    publishes(broker, "1/2/3/4/5/6/7/8/9", 0b10, b"x").await
}

async fn large_payload(broker: SocketAddr) -> Vec<String> {
    publishes(broker, "t", 0b10, &vec![b'x'; 128 * 1024 + 1]).await
}

async fn empty_client_id(broker: SocketAddr) -> Vec<String> {
    vec![Packets::connect(broker, Connect::clean("")).await.1]
}

#[tokio::test]
async fn this_broker_and_mosquitto_differ_only_where_the_list_says_so() {
    let mut wrong = Vec::new();
    for Script { name, play, differs } in scripts() {
        // Each script has brokers of its own, so that none finds the sessions of another.
        let (own, other) = (TestBroker::start().await, Mosquitto::start().await);
        let (ours, theirs) = (play(own.handle.mqtt_addr()).await, play(other.address).await);
        let is_right = match differs {
            None => ours == theirs,
            Some((expected, _)) => ours == expected && theirs != ours,
        };
        if !is_right {
            wrong.push(format!("{name}: this broker {ours:?}, mosquitto {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
