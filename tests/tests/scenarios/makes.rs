//! Terminals of several makes under one interface. The environment variable `SWITCHBOARD_TERMINAL` selects the one that
//! the devices of all scenarios use: without it, the crate `terminal`; else one of another make, which `tests/foreign`
//! describes. Their reports and commands are the lines of JSON that are described there.

// With their paths, as another test includes this file.
#[path = "makes/other.rs"]
mod other;
#[path = "makes/process.rs"]
pub mod process;
#[path = "makes/rumqttc5.rs"]
mod rumqttc5;

use crate::stack::Stack;
use other::Other;
use secrecy::SecretString;
use std::time::Instant;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::requests::Request;
use terminal::{ConnectError, Events, ReceivedDownlink, RequestError, Terminal, TerminalEvent, Uplink};
use tokio::sync::mpsc::UnboundedReceiver;

/// A make of terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    /// The crate `terminal`.
    Own,
    /// `tests/foreign/paho_terminal.py`.
    Paho,
    /// `tests/foreign/mqttjs_terminal.js`.
    MqttJs,
    /// The MQTT 5 client of rumqttc.
    Rumqttc,
}

impl Make {
    /// The make of this run of the tests.
    pub fn of_this_run() -> Self {
        match std::env::var("SWITCHBOARD_TERMINAL").as_deref() {
            Err(_) | Ok("" | "own") => Self::Own,
            Ok("paho") => Self::Paho,
            Ok("mqttjs") => Self::MqttJs,
            Ok("rumqttc") => Self::Rumqttc,
            Ok(name) => panic!("SWITCHBOARD_TERMINAL={name}: not one of own, paho, mqttjs, rumqttc"),
        }
    }
}

/// The WebSocket of a broker, for makes that use one.
#[derive(Debug, Clone)]
pub struct WebSocket {
    pub url: String,
    /// The `Host` that the broker is asked for, where that is not its address. It makes paho use the WebSocket.
    pub virtual_host: Option<String>,
}

/// A connected terminal of any make, with the promises of [`Terminal`].
#[derive(Debug, Clone)]
pub enum AnyTerminal {
    /// The crate `terminal`.
    Own(Terminal),
    /// Another make.
    Other(Other),
}

/// The events of a terminal, as those of [`Events`].
#[derive(Debug)]
pub enum AnyEvents {
    /// Of the crate `terminal`.
    Own(Events),
    /// Of another make.
    Other(UnboundedReceiver<TerminalEvent>),
}

impl AnyTerminal {
    /// Connects a terminal of the make of this run.
    pub async fn connect(config: terminal::Config, stack: &Stack) -> Result<(Self, AnyEvents), ConnectError> {
        let web_socket = format!("{}/mqtt", stack.http.replacen("http", "ws", 1));
        Self::connect_make(Make::of_this_run(), config, WebSocket { url: web_socket, virtual_host: None })
            .await
    }

    /// Connects a terminal of that make.
    pub async fn connect_make(
        make: Make,
        config: terminal::Config,
        web_socket: WebSocket,
    ) -> Result<(Self, AnyEvents), ConnectError> {
        match make {
            Make::Own => {
                let (terminal, events) = Terminal::connect(config).await?;
                Ok((Self::Own(terminal), AnyEvents::Own(events)))
            }
            make => {
                let (terminal, events) = Other::connect(make, config, &web_socket).await?;
                Ok((Self::Other(terminal), AnyEvents::Other(events)))
            }
        }
    }

    /// The client ID of this device.
    pub fn client_id(&self) -> &ClientId {
        match self {
            Self::Own(terminal) => terminal.client_id(),
            Self::Other(terminal) => terminal.client_id(),
        }
    }

    /// Sends a request and waits for its answer.
    pub async fn request<R: Request>(&self, request: &R) -> Result<ReceivedDownlink, RequestError> {
        self.request_uplink(&Uplink::new(request)?).await
    }

    /// As [`Terminal::request_uplink`].
    pub async fn request_uplink(&self, uplink: &Uplink) -> Result<ReceivedDownlink, RequestError> {
        match self {
            Self::Own(terminal) => terminal.request_uplink(uplink).await,
            Self::Other(terminal) => terminal.request(uplink).await,
        }
    }

    /// As [`Terminal::send_uplink`].
    pub async fn send_uplink(&self, uplink: &Uplink) -> Result<(), RequestError> {
        match self {
            Self::Own(terminal) => terminal.send_uplink(uplink).await,
            Self::Other(terminal) => terminal.publish(&other::topic(uplink), &uplink.payload()),
        }
    }

    /// As [`Terminal::publish`].
    pub async fn publish(&self, topic: &str, payload: Vec<u8>) -> Result<(), RequestError> {
        match self {
            Self::Own(terminal) => terminal.publish(topic, payload).await,
            Self::Other(terminal) => terminal.publish(topic, &payload),
        }
    }

    /// As [`Terminal::renew_token`].
    pub fn renew_token(&self, token: SecretString) {
        match self {
            Self::Own(terminal) => terminal.renew_token(token),
            Self::Other(terminal) => terminal.renew_token(&token),
        }
    }

    /// As [`Terminal::disconnect`].
    pub async fn disconnect(&self) {
        match self {
            Self::Own(terminal) => terminal.disconnect().await,
            Self::Other(terminal) => terminal.disconnect().await,
        }
    }
}

impl AnyEvents {
    /// As [`Events::next`].
    pub async fn next(&mut self) -> Option<TerminalEvent> {
        match self {
            Self::Own(events) => events.next().await,
            Self::Other(events) => loop {
                let event = events.recv().await?;
                if !is_expired(&event) {
                    return Some(event);
                }
            },
        }
    }

    /// As [`Events::try_next`].
    pub fn try_next(&mut self) -> Option<TerminalEvent> {
        match self {
            Self::Own(events) => events.try_next(),
            Self::Other(events) => loop {
                let event = events.try_recv().ok()?;
                if !is_expired(&event) {
                    return Some(event);
                }
            },
        }
    }
}

fn is_expired(event: &TerminalEvent) -> bool {
    matches!(event, TerminalEvent::Message(message) if message.is_expired(Instant::now()))
}
