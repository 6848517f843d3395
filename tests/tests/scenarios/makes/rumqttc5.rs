//! A terminal on the MQTT 5 client of rumqttc, over TCP: another connection under the session of the crate `terminal`, whose
//! own connection speaks MQTT 3.1.1.

use crate::device::DEADLINE;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rumqttc::NetworkOptions;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnectReturnCode, DisconnectReasonCode, Filter, Packet, Publish, SubAck, SubscribeReasonCode,
};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, StateError};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use terminal::session::{Session, SessionOutput};
use terminal::{RawMessage, ReceivedDownlink, Retry, Uplink, UplinkParents};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Session expiry interval, in seconds; the broker may shorten it.
const SESSION_SECONDS: u32 = 7 * 24 * 3600;
/// Limit of a packet, in bytes.
const PACKET_MAX_BYTES: u32 = 256 * 1024;
/// Number of refusals after which a login is not tried again.
const REFUSALS: u32 = 6;
/// Minimum duration of a connection before the waits start anew.
const STABLE: Duration = Duration::from_secs(5);

/// An event of the connection.
enum Network {
    Packet(Box<Packet>),
    Failed(ConnectionError),
}

/// The token, and how often it was renewed.
type Login = (String, u32);

struct Driver {
    session: Session,
    client: AsyncClient,
    reports: UnboundedSender<Value>,
    /// Messages that wait for a connection.
    unsent: Vec<(String, Vec<u8>)>,
    topics: Vec<String>,
    login: watch::Sender<Login>,
    is_first: bool,
    is_up: bool,
    session_present: bool,
    refused: u32,
}

/// Runs the terminal until it disconnects or its first connect fails. Dropping the future breaks the connection.
pub async fn run(mut commands: UnboundedReceiver<Value>, reports: UnboundedSender<Value>) {
    let first = commands.recv().await.expect("the first command");
    let connect = &first["connect"];
    let text = |name: &str| connect[name].as_str().expect("a text").to_owned();
    let number = |name: &str| connect[name].as_u64().expect("a number");
    let time = |name: &str| Duration::from_millis(number(name));
    let port = u16::try_from(number("port")).expect("a port");
    let mut options = MqttOptions::new(text("client_id"), text("host"), port);
    let mut network = NetworkOptions::new();
    network.set_connection_timeout(DEADLINE.as_secs());
    options.set_clean_start(false).set_session_expiry_interval(Some(SESSION_SECONDS));
    options.set_max_packet_size(Some(PACKET_MAX_BYTES)).set_network_options(network);
    options.set_keep_alive(Duration::from_secs(30));
    let retry = Retry {
        answer_within: time("answer_within_ms"),
        resends: number("resends").try_into().expect("a small number"),
        reconnect_after: time("reconnect_after_ms"),
        reconnect_at_most: time("reconnect_at_most_ms"),
    };
    let (client, mqtt) = AsyncClient::new(options, 1000);
    let (login, logins) = watch::channel((text("token"), 0));
    let (sender, mut network) = unbounded_channel();
    let mut connection = JoinSet::new();
    connection.spawn(stay_connected(mqtt, text("user_name"), logins, retry, sender));
    let topics = connect["topics"].as_array().expect("a list").iter();
    let mut driver = Driver {
        session: Session::new(retry),
        client,
        reports,
        unsent: Vec::new(),
        topics: topics.map(|topic| topic.as_str().expect("a text").to_owned()).collect(),
        login,
        is_first: true,
        is_up: false,
        session_present: false,
        refused: 0,
    };
    loop {
        let due = driver.session.next_deadline();
        let wake_up = async {
            match due {
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        let goes_on = tokio::select! {
            Some(command) = commands.recv() => driver.obey(&command),
            Some(event) = network.recv() => driver.take(event),
            () = wake_up => {
                driver.session.tick(Instant::now());
                true
            }
            else => false,
        };
        driver.put_out();
        if !goes_on {
            break;
        }
    }
    // After a requested disconnect, the connection ends by itself.
    drop(tokio::time::timeout(STABLE, connection.join_next()).await);
}

/// Polls the connection, and waits between attempts.
async fn stay_connected(
    mut mqtt: EventLoop,
    user_name: String,
    mut logins: watch::Receiver<Login>,
    retry: Retry,
    events: UnboundedSender<Network>,
) {
    let (mut wait, mut waited) = (retry.reconnect_after, Duration::ZERO);
    let mut refused = 0;
    let mut up_since = None;
    loop {
        let token = logins.borrow_and_update().0.clone();
        mqtt.options.set_credentials(&user_name, token);
        let error = loop {
            match mqtt.poll().await {
                Ok(Event::Incoming(packet)) => {
                    if matches!(packet, Packet::ConnAck(_)) {
                        (up_since, refused) = (Some(Instant::now()), 0);
                    }
                    if events.send(Network::Packet(Box::new(packet))).is_err() {
                        return;
                    }
                }
                Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) => return,
                Ok(Event::Outgoing(_)) => {}
                Err(error) => break error,
            }
        };
        if up_since.take().is_some_and(|since: Instant| since.elapsed() >= STABLE.max(waited * 2)) {
            wait = retry.reconnect_after;
        }
        let is_refused = refusal(&error).is_some();
        let is_final = is_taken_over(&error);
        refused += u32::from(is_refused);
        if events.send(Network::Failed(error)).is_err() || is_final {
            return;
        }
        let pause = async {
            if refused < REFUSALS {
                tokio::time::sleep(wait).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = pause => {}
            Ok(()) = logins.changed(), if is_refused => refused = 0,
        }
        waited = wait;
        wait = (wait * 2).min(retry.reconnect_at_most);
    }
}

impl Driver {
    fn say(&self, report: Value) {
        // It fails if the test has ended.
        drop(self.reports.send(report));
    }

    /// Returns false if the terminal has disconnected.
    fn obey(&mut self, command: &Value) -> bool {
        let (name, value) = command.as_object().and_then(|all| all.iter().next()).expect("one command");
        let text = |field: &str| value[field].as_str().unwrap_or_default();
        match name.as_str() {
            "request" => {
                let function = text("topic").rsplit('/').next().unwrap_or_default();
                let fields = serde_json::from_str(text("payload")).expect("an object");
                let uplink = Uplink::from_fields(function, fields);
                let uplink = if text("topic").starts_with("bulk") { uplink.bulk() } else { uplink };
                self.session.request(uplink, Instant::now()).expect("the test knows the ids that wait");
            }
            "cancel" => self.session.cancel(value.as_str().unwrap_or_default(), Instant::now()),
            "publish" => {
                let payload = BASE64_STANDARD.decode(text("base64")).expect("Base64");
                if self.is_up {
                    self.publish(text("topic"), payload);
                } else {
                    self.unsent.push((text("topic").to_owned(), payload));
                }
            }
            "renew" => self.login.send_modify(|login| {
                *login = (value.as_str().unwrap_or_default().to_owned(), login.1 + 1);
            }),
            "disconnect" => {
                self.client.try_disconnect().expect("the queue is not full");
                return false;
            }
            other => panic!("an unknown command `{other}`"),
        }
        true
    }

    /// Returns false if the first connect has failed.
    fn take(&mut self, event: Network) -> bool {
        let packet = match event {
            Network::Packet(packet) => *packet,
            Network::Failed(error) => return self.failed(&error),
        };
        match packet {
            Packet::ConnAck(ack) => {
                self.session_present = ack.session_present;
                let filters = self.topics.iter().map(|topic| Filter::new(topic, QoS::AtLeastOnce));
                self.client.try_subscribe_many(filters).expect("the queue is not full");
                true
            }
            Packet::SubAck(ack) => self.subscribed(&ack),
            Packet::Publish(publish) => {
                self.receive(&publish);
                true
            }
            _ => true,
        }
    }

    fn subscribed(&mut self, ack: &SubAck) -> bool {
        if !ack.return_codes.iter().all(|code| matches!(code, SubscribeReasonCode::Success(_))) {
            self.say(json!({"not_subscribed": true}));
            return false;
        }
        (self.is_first, self.is_up, self.refused) = (false, true, 0);
        self.say(json!({"connected": {"session_present": self.session_present}}));
        for (topic, payload) in std::mem::take(&mut self.unsent) {
            self.publish(&topic, payload);
        }
        self.session.connected(Instant::now());
        true
    }

    fn receive(&mut self, publish: &Publish) {
        let topic = String::from_utf8(publish.topic.to_vec()).expect("a topic is text");
        self.say(json!({"raw": {"topic": topic, "base64": BASE64_STANDARD.encode(&publish.payload)}}));
        let now = Instant::now();
        let raw = RawMessage { topic, payload: publish.payload.to_vec(), received_at: now };
        if let Ok(message) = ReceivedDownlink::read(&raw) {
            self.session.receive(message, now);
        }
    }

    fn failed(&mut self, error: &ConnectionError) -> bool {
        if self.is_first {
            self.say(match refusal(error) {
                Some(code) => json!({"refused": {"code": code, "reason": error.to_string()}}),
                None => json!({"unreachable": error.to_string()}),
            });
            return false;
        }
        if std::mem::take(&mut self.is_up) {
            self.session.disconnected();
            self.say(json!({"lost": error.to_string()}));
        }
        if refusal(error).is_some() {
            self.refused += 1;
            let (again, renewals) = (self.refused < REFUSALS, self.login.borrow().1);
            let refused = json!({"reason": error.to_string(), "tries_again": again, "renewals": renewals});
            self.say(json!({"login_refused": refused}));
        }
        true
    }

    /// Carries out what the session puts out.
    fn put_out(&mut self) {
        while let Some(output) = self.session.poll() {
            match output {
                SessionOutput::Send(uplink) => {
                    self.publish(&uplink.topic(&UplinkParents::default()), uplink.payload());
                }
                SessionOutput::Answer(answer) => {
                    let request = answer.answers().unwrap_or_default().to_owned();
                    self.say(json!({"answer": {"request": request, "message": answer.body}}));
                }
                SessionOutput::Unanswered { request, after } => {
                    let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                    self.say(json!({"unanswered": {"request": request, "after_ms": after_ms}}));
                }
                SessionOutput::Notice(notice) => self.say(json!({"notice": notice.body})),
                SessionOutput::Gap { meeting_id } => self.say(json!({"gap": meeting_id})),
            }
        }
    }

    fn publish(&self, topic: &str, payload: Vec<u8>) {
        let sent = self.client.try_publish(topic, QoS::AtLeastOnce, false, payload);
        sent.expect("the queue is not full");
    }
}

/// The return code of MQTT 3.1.1 for a refused login.
fn refusal(error: &ConnectionError) -> Option<u8> {
    match error {
        ConnectionError::ConnectionRefused(ConnectReturnCode::ClientIdentifierNotValid) => Some(2),
        ConnectionError::ConnectionRefused(ConnectReturnCode::BadUserNamePassword) => Some(4),
        ConnectionError::ConnectionRefused(ConnectReturnCode::NotAuthorized) => Some(5),
        _ => None,
    }
}

/// True if another client has connected with the same client ID, after which a terminal stops.
fn is_taken_over(error: &ConnectionError) -> bool {
    matches!(
        error,
        ConnectionError::MqttState(StateError::ServerDisconnect {
            reason_code: DisconnectReasonCode::SessionTakenOver,
            ..
        })
    )
}
