//! Terminals of all makes on another broker: mosquitto, without rules, functions and policies.

use crate::controls::until;
use crate::device::DEADLINE;
use crate::makes::{AnyEvents, AnyTerminal, Make, WebSocket};
use crate::user::User;
use rumqttc::{AsyncClient, MqttOptions, QoS};
use serde_json::json;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use terminal::{Config, TerminalEvent};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use uuid::Uuid;

/// A running mosquitto on loopback, with MQTT over TCP and over WebSocket.
struct Mosquitto {
    tcp: u16,
    web_socket: u16,
    _process: Child,
}

impl Mosquitto {
    async fn start() -> Self {
        let port = || {
            TcpListener::bind("127.0.0.1:0")
                .and_then(|listener| listener.local_addr())
                .expect("a free port")
                .port()
        };
        let (tcp, web_socket) = (port(), port());
        let settings = format!(
            "allow_anonymous true\npersistence false\nlistener {tcp} 127.0.0.1\n\
             listener {web_socket} 127.0.0.1\nprotocol websockets\n"
        );
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mosquitto-{tcp}.conf"));
        std::fs::write(&file, settings).expect("the build directory can be written");
        let installed = Path::new("/usr/sbin/mosquitto");
        // Debian has it where only root looks.
        let program = if installed.is_file() { installed } else { Path::new("mosquitto") };
        let process = Command::new(program)
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("mosquitto is installed: run `make test`");
        for port in [tcp, web_socket] {
            until("mosquitto listens", async || TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
        }
        std::fs::remove_file(&file).expect("it was read");
        Self { tcp, web_socket, _process: process }
    }

    /// Connects a terminal.
    async fn connects(&self, make: Make, user: &User) -> (AnyTerminal, AnyEvents) {
        let config = Config { port: self.tcp, ..user.config("phone") };
        let url = format!("ws://127.0.0.1:{}/mqtt", self.web_socket);
        let web_socket = WebSocket { url, virtual_host: None };
        AnyTerminal::connect_make(make, config, web_socket).await.expect("it may connect")
    }
}

/// Sends downlinks in place of the service.
struct Service {
    mqtt: AsyncClient,
    _connection: JoinSet<()>,
}

impl Service {
    fn at(broker: &Mosquitto) -> Self {
        let options = MqttOptions::new(Uuid::new_v4().to_string(), "127.0.0.1", broker.tcp);
        let (mqtt, mut events) = AsyncClient::new(options, 8);
        let mut connection = JoinSet::new();
        connection.spawn(async move { while events.poll().await.is_ok() {} });
        Self { mqtt, _connection: connection }
    }

    async fn tells(&self, user: &User, id: &str) {
        let downlink = json!({"v": 1, "type": "invitation_closed", "id": id, "server_ms": 0, "invite_id": id, "reason": "cancelled"});
        let topic = format!("call-dn/p2p/{}", user.client_id("phone"));
        self.mqtt.publish(topic, QoS::AtLeastOnce, false, downlink.to_string()).await.expect("it is queued");
    }
}

/// The id of the next message.
async fn hears(events: &mut AnyEvents) -> String {
    match tokio::time::timeout(DEADLINE, events.next()).await.expect("a message comes in time") {
        Some(TerminalEvent::Message(message)) => message.id,
        other => panic!("a message was expected, not {other:?}"),
    }
}

async fn is_disconnected(events: &mut AnyEvents) {
    let event =
        tokio::time::timeout(DEADLINE, events.next()).await.expect("the broker closes the connection");
    assert!(matches!(event, Some(TerminalEvent::Disconnected { .. })), "{event:?}");
}

/// A terminal gets what is sent, what waited for it, in order and once, and loses its connection to a newer one.
async fn works_on_mosquitto(make: Make) {
    let (broker, user) = (Mosquitto::start().await, User::new("Bob"));
    let service = Service::at(&broker);
    let (mut terminal, mut events) = broker.connects(make, &user).await;
    service.tells(&user, "live").await;
    assert_eq!(hears(&mut events).await, "live");
    for end in ["in good order", "by a broken connection"] {
        if end == "in good order" {
            terminal.disconnect().await;
        }
        drop((terminal, events));
        let names = ["first", "second", "third"].map(|name| format!("{name}, {end}"));
        for name in &names {
            service.tells(&user, name).await;
        }
        (terminal, events) = broker.connects(make, &user).await;
        for name in names {
            assert_eq!(hears(&mut events).await, name);
        }
    }
    let (_newer, mut newer_events) = broker.connects(make, &user).await;
    is_disconnected(&mut events).await;
    drop((terminal, events));
    service.tells(&user, "to the newer one").await;
    loop {
        // The older one may have reconnected before it was dropped.
        match tokio::time::timeout(DEADLINE, newer_events.next()).await.expect("it goes on") {
            Some(TerminalEvent::Message(message)) => return assert_eq!(message.id, "to the newer one"),
            Some(_) => {}
            None => panic!("the newer terminal has ended"),
        }
    }
}

// Proves: foreign-terminals
#[tokio::test]
async fn this_projects_terminal_works_on_mosquitto() {
    works_on_mosquitto(Make::Own).await;
}

// Proves: foreign-terminals
#[tokio::test]
async fn the_browser_library_works_on_mosquitto() {
    works_on_mosquitto(Make::MqttJs).await;
}

// Proves: foreign-terminals
#[tokio::test]
async fn terminals_of_another_make_work_on_mosquitto() {
    works_on_mosquitto(Make::Paho).await;
    works_on_mosquitto(Make::Rumqttc).await;
}
