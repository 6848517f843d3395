//! A terminal of another make, behind its commands and reports.

use super::{Make, WebSocket, process, rumqttc5};
use crate::device::DEADLINE;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rumqttc::ConnectReturnCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use switchboard_protocol::address::ClientId;
use terminal::{
    Config, ConnectError, RawMessage, ReceivedDownlink, Refused, RequestError, TerminalEvent, Uplink,
    UplinkParents,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

/// The answer to a request, or the time after which it was given up.
type Answer = Result<Value, Duration>;

/// A connected terminal. When the last clone is dropped, its connection breaks.
#[derive(Debug, Clone)]
pub struct Other(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client_id: ClientId,
    commands: UnboundedSender<Value>,
    waiting: Mutex<HashMap<String, oneshot::Sender<Answer>>>,
    ended: watch::Receiver<bool>,
    /// The terminal itself, and the task that reads its reports.
    _tasks: Mutex<JoinSet<()>>,
}

/// The receivers of the reports of a terminal.
struct Reader {
    terminal: std::sync::Weak<Inner>,
    events: UnboundedSender<TerminalEvent>,
    tap: Option<UnboundedSender<RawMessage>>,
    ended: watch::Sender<bool>,
}

impl Other {
    /// Starts a terminal, and returns when it is connected and subscribed.
    pub async fn connect(
        make: Make,
        config: Config,
        web_socket: &WebSocket,
    ) -> Result<(Self, UnboundedReceiver<TerminalEvent>), ConnectError> {
        config.downlinks.check(&config.client_id)?;
        let (commands, for_terminal) = unbounded_channel();
        let (from_terminal, mut reports) = unbounded_channel();
        commands.send(json!({"connect": connect(&config, web_socket)})).expect("the receiver exists");
        let mut tasks = JoinSet::new();
        match make {
            Make::Paho => tasks.spawn(process::run(process::paho(), for_terminal, from_terminal)),
            Make::MqttJs => tasks.spawn(process::run(process::mqttjs(), for_terminal, from_terminal)),
            Make::Rumqttc => tasks.spawn(rumqttc5::run(for_terminal, from_terminal)),
            Make::Own => unreachable!("the crate `terminal` is no other make"),
        };
        // Messages that the broker has queued may come before it grants the subscription.
        let mut early = Vec::new();
        loop {
            let report = tokio::time::timeout(DEADLINE, reports.recv()).await.ok().flatten();
            let report = report.unwrap_or_else(|| panic!("{make:?} does not connect"));
            match first_result(&report) {
                Some(result) => break result?,
                None => early.push(report),
            }
        }
        let (events, received) = unbounded_channel();
        let (ended, has_ended) = watch::channel(false);
        let terminal = Arc::new_cyclic(|terminal| {
            let reader = Reader { terminal: terminal.clone(), events, tap: config.tap, ended };
            tasks.spawn(reader.run(early, reports));
            Inner {
                client_id: config.client_id,
                commands,
                waiting: Mutex::default(),
                ended: has_ended,
                _tasks: Mutex::new(tasks),
            }
        });
        Ok((Self(terminal), received))
    }

    pub fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    pub async fn request(&self, uplink: &Uplink) -> Result<ReceivedDownlink, RequestError> {
        if !uplink.is_answered() {
            return Err(RequestError::NeverAnswered(uplink.kind().to_owned()));
        }
        let id = uplink.id().to_owned();
        let (sender, answer) = oneshot::channel();
        {
            let mut waiting = self.0.waiting.lock().expect("no test panics with it");
            if waiting.contains_key(&id) {
                return Err(RequestError::DuplicateId);
            }
            waiting.insert(id.clone(), sender);
        }
        let _cancelled = Cancel { terminal: self, id: &id };
        let payload = String::from_utf8(uplink.payload()).expect("JSON is UTF-8");
        self.command(json!({"request": {"id": id, "topic": topic(uplink), "payload": payload}}))?;
        match answer.await {
            Ok(Ok(answer)) => answer_or_refusal(&answer),
            Ok(Err(after)) => Err(RequestError::TimedOut(after)),
            Err(_) => Err(RequestError::Disconnected),
        }
    }

    pub fn publish(&self, topic: &str, payload: &[u8]) -> Result<(), RequestError> {
        self.command(json!({"publish": {"topic": topic, "base64": BASE64_STANDARD.encode(payload)}}))
    }

    pub fn renew_token(&self, token: &SecretString) {
        drop(self.command(json!({"renew": token.expose_secret()})));
    }

    pub async fn disconnect(&self) {
        if self.command(json!({"disconnect": true})).is_ok() {
            let mut ended = self.0.ended.clone();
            let ended = tokio::time::timeout(DEADLINE, ended.wait_for(|ended| *ended)).await;
            drop(ended.expect("it disconnects in time"));
        }
    }

    fn command(&self, command: Value) -> Result<(), RequestError> {
        if *self.0.ended.borrow() {
            return Err(RequestError::Disconnected);
        }
        self.0.commands.send(command).map_err(|_| RequestError::Disconnected)
    }
}

/// Ends a request whose future is dropped.
struct Cancel<'a> {
    terminal: &'a Other,
    id: &'a str,
}

impl Drop for Cancel<'_> {
    fn drop(&mut self) {
        let waited = self.terminal.0.waiting.lock().expect("no test panics with it").remove(self.id);
        if waited.is_some() {
            drop(self.terminal.command(json!({"cancel": self.id})));
        }
    }
}

impl Reader {
    async fn run(self, early: Vec<Value>, mut reports: UnboundedReceiver<Value>) {
        let mut early = early.into_iter();
        loop {
            let next = match early.next() {
                Some(report) => Some(report),
                None => reports.recv().await,
            };
            let Some(report) = next else { break };
            let Some(terminal) = self.terminal.upgrade() else { return };
            self.take(&terminal, &report);
        }
        if let Some(terminal) = self.terminal.upgrade() {
            terminal.waiting.lock().expect("no test panics with it").clear();
        }
        self.ended.send_replace(true);
    }

    fn take(&self, terminal: &Inner, report: &Value) {
        let (name, value) = report.as_object().and_then(|report| report.iter().next()).expect("one report");
        let text = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
        let event = match name.as_str() {
            "raw" => {
                if let Some(tap) = &self.tap {
                    let payload = BASE64_STANDARD.decode(text("base64")).expect("Base64");
                    drop(tap.send(raw(text("topic"), payload)));
                }
                return;
            }
            "answer" => return terminal.answers(&text("request"), Ok(value["message"].clone())),
            "unanswered" => {
                let after = Duration::from_millis(value["after_ms"].as_u64().unwrap_or_default());
                return terminal.answers(&text("request"), Err(after));
            }
            "notice" => TerminalEvent::Message(Box::new(downlink(value))),
            "gap" => TerminalEvent::Gap { meeting_id: value.as_str().unwrap_or_default().to_owned() },
            "connected" => TerminalEvent::Connected { session_present: value["session_present"] == true },
            "lost" => TerminalEvent::Disconnected { reason: value.as_str().unwrap_or_default().to_owned() },
            "login_refused" => TerminalEvent::LoginRefused {
                reason: text("reason"),
                tries_again: value["tries_again"] == true,
                renewals: value["renewals"].as_u64().and_then(|n| n.try_into().ok()).unwrap_or_default(),
            },
            "closed" => return,
            other => panic!("an unknown report `{other}`"),
        };
        // It fails if the test has dropped the events.
        drop(self.events.send(event));
    }
}

impl Inner {
    fn answers(&self, request: &str, answer: Answer) {
        let waiting = self.waiting.lock().expect("no test panics with it").remove(request);
        if let Some(waiting) = waiting {
            drop(waiting.send(answer));
        }
    }
}

/// The topic of a request.
pub fn topic(uplink: &Uplink) -> String {
    uplink.topic(&UplinkParents::default())
}

/// The first command: what the terminal is to connect to, and how.
fn connect(config: &Config, web_socket: &WebSocket) -> Value {
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let topics =
        [config.downlinks.control_topic(&config.client_id), config.downlinks.bulk_topic(&config.client_id)];
    json!({
        "host": config.host,
        "port": config.port,
        "web_socket": web_socket.url,
        "virtual_host": web_socket.virtual_host,
        "client_id": config.client_id,
        "user_name": config.user_name,
        "token": config.token.expose_secret(),
        "topics": topics,
        "answer_within_ms": milliseconds(config.retry.answer_within),
        "resends": config.retry.resends,
        "reconnect_after_ms": milliseconds(config.retry.reconnect_after),
        "reconnect_at_most_ms": milliseconds(config.retry.reconnect_at_most),
    })
}

/// The result of the first connect; `None` for a report about something else.
fn first_result(report: &Value) -> Option<Result<(), ConnectError>> {
    let (name, value) = report.as_object().and_then(|report| report.iter().next()).expect("one report");
    Some(match name.as_str() {
        "connected" => Ok(()),
        "refused" => Err(ConnectError::Refused(match value["code"].as_u64() {
            Some(1) => ConnectReturnCode::RefusedProtocolVersion,
            Some(2) => ConnectReturnCode::BadClientId,
            Some(3) => ConnectReturnCode::ServiceUnavailable,
            Some(4) => ConnectReturnCode::BadUserNamePassword,
            Some(5) => ConnectReturnCode::NotAuthorized,
            _ => panic!("an unknown refusal: {value}"),
        })),
        "not_subscribed" => Err(ConnectError::NotSubscribed),
        "unreachable" => Err(ConnectError::Unreachable(value.as_str().unwrap_or_default().to_owned())),
        _ => return None,
    })
}

fn raw(topic: String, payload: Vec<u8>) -> RawMessage {
    RawMessage { topic, payload, received_at: Instant::now() }
}

fn downlink(message: &Value) -> ReceivedDownlink {
    ReceivedDownlink::read(&raw(String::new(), message.to_string().into_bytes())).expect("it was sorted")
}

fn answer_or_refusal(answer: &Value) -> Result<ReceivedDownlink, RequestError> {
    if answer["type"] != "error" {
        return Ok(downlink(answer));
    }
    let refused: Refused =
        serde_json::from_value(answer.clone()).expect("an `error` has the fields of a refusal");
    Err(RequestError::Refused(Box::new(refused)))
}
