//! A device of the demo: a terminal with a label, which waits for the messages that the script expects.

use std::time::{Duration, Instant};

use terminal::{Config, Events, ReceivedDownlink, Terminal, TerminalEvent, development_jwt};

use super::error::{DemoError, Step as _};
use super::timeline::Line;

/// Time limit for an expected message.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(15);
/// Lifetime of a JWT, in seconds.
const JWT_LIFETIME_SECONDS: i64 = 3600;

/// Broker, secret and time that every device needs to connect.
pub struct Login<'a> {
    /// Host and port of the broker.
    pub mqtt: &'a str,
    /// Secret with which JWTs are signed.
    pub secret: &'a str,
    /// Current time, in milliseconds since the Unix epoch.
    pub now_ms: i64,
}

/// A connected device.
pub struct Device {
    /// Label on the timeline.
    pub label: &'static str,
    /// Terminal of the device.
    pub terminal: Terminal,
    events: Events,
}

impl Device {
    /// Connects a device of a user to the stack.
    pub async fn connect(
        login: &Login<'_>,
        label: &'static str,
        user: &str,
        instance: &str,
    ) -> Result<Self, DemoError> {
        let step = format!("connect {label}");
        let (host, port) =
            login.mqtt.rsplit_once(':').ok_or("the broker's address has no port").step(&step)?;
        let port = port.parse::<u16>().step(&step)?;
        let account = user.to_ascii_lowercase();
        let token =
            development_jwt(login.secret, &account, Some(user), login.now_ms / 1000 + JWT_LIFETIME_SECONDS);
        let client_id = format!("GID_demo@@@{account}.{instance}").parse().step(&step)?;
        let connected = Terminal::connect(Config::new(client_id, host, port, token)).await;
        let (terminal, events) = connected.step(&step)?;
        Ok(Self { label, terminal, events })
    }

    /// Waits for the next message of this type and skips all others.
    pub async fn expect_message(&mut self, kind: &str) -> Result<ReceivedDownlink, DemoError> {
        self.expect_matching(kind, |_| true).await
    }

    /// Waits for the next message of this type that matches, and skips all others.
    pub async fn expect_matching(
        &mut self,
        kind: &str,
        matches: impl Fn(&ReceivedDownlink) -> bool,
    ) -> Result<ReceivedDownlink, DemoError> {
        let received = async {
            loop {
                match self.events.next().await {
                    Some(TerminalEvent::Message(message)) if message.kind == kind && matches(&message) => {
                        return Ok(*message);
                    }
                    Some(TerminalEvent::Disconnected { reason }) => {
                        return Err(format!("the connection was lost: {reason}"));
                    }
                    Some(_) => {}
                    None => return Err("the terminal disconnected".to_owned()),
                }
            }
        };
        let step = format!("{} receives {kind}", self.label);
        match tokio::time::timeout(MESSAGE_TIMEOUT, received).await {
            Ok(received) => received.step(&step),
            Err(_) => Err(format!("no such message within {} s", MESSAGE_TIMEOUT.as_secs())).step(&step),
        }
    }

    /// Timeline line for a message that this device published.
    pub fn sent_line(&self, message: &str, at: Instant, note: &str) -> Line {
        Line {
            at,
            device: self.label,
            sent: true,
            message: message.to_owned(),
            after: None,
            note: note.to_owned(),
        }
    }

    /// Timeline line for a message that this device received; `published` is the time at which its cause was published.
    pub fn received_line(&self, message: &ReceivedDownlink, published: Instant, note: &str) -> Line {
        let after = message.received_at.saturating_duration_since(published);
        Line {
            at: message.received_at,
            device: self.label,
            sent: false,
            message: message.kind.clone(),
            after: Some(after),
            note: note.to_owned(),
        }
    }
}
