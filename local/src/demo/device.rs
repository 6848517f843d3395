//! A device of the demo: a terminal with a name, which waits for what the script says it hears next.

use std::time::{Duration, Instant};

use terminal::{Config, Events, ReceivedDownlink, Terminal, TerminalEvent, development_jwt};

use super::timeline::Line;
use super::{Failed, Step as _};

/// How long the demo waits for a message before it fails.
const PATIENCE: Duration = Duration::from_secs(15);
/// Life of a login, seconds.
const LOGIN_SECONDS: i64 = 3600;

/// What every device needs to connect.
pub struct Login<'a> {
    /// Host and port of the broker.
    pub mqtt: &'a str,
    /// What JWTs are signed with.
    pub secret: &'a str,
    /// The time, in milliseconds since the epoch.
    pub now_ms: i64,
}

/// A connected device.
pub struct Device {
    /// What the timeline calls it.
    pub label: &'static str,
    /// The device.
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
    ) -> Result<Self, Failed> {
        let step = format!("connect {label}");
        let (host, port) =
            login.mqtt.rsplit_once(':').ok_or("the broker's address has no port").step(&step)?;
        let port = port.parse::<u16>().step(&step)?;
        let account = user.to_ascii_lowercase();
        let token = development_jwt(login.secret, &account, Some(user), login.now_ms / 1000 + LOGIN_SECONDS);
        let client_id = format!("GID_demo@@@{account}.{instance}").parse().step(&step)?;
        let connected = Terminal::connect(Config::new(client_id, host, port, token)).await;
        let (terminal, events) = connected.step(&step)?;
        Ok(Self { label, terminal, events })
    }

    /// Waits for the next message of this type; others are passed over.
    pub async fn hears(&mut self, kind: &str) -> Result<ReceivedDownlink, Failed> {
        self.hears_that(kind, |_| true).await
    }

    /// Waits for the next message of this type of which `is_it` is true; others are passed over.
    pub async fn hears_that(
        &mut self,
        kind: &str,
        is_it: impl Fn(&ReceivedDownlink) -> bool,
    ) -> Result<ReceivedDownlink, Failed> {
        let heard = async {
            loop {
                match self.events.next().await {
                    Some(TerminalEvent::Message(news)) if news.kind == kind && is_it(&news) => {
                        return Ok(*news);
                    }
                    Some(TerminalEvent::Disconnected { reason }) => {
                        return Err(format!("the connection is lost: {reason}"));
                    }
                    Some(_) => {}
                    None => return Err("the terminal has disconnected".to_owned()),
                }
            }
        };
        let step = format!("{} hears {kind}", self.label);
        match tokio::time::timeout(PATIENCE, heard).await {
            Ok(heard) => heard.step(&step),
            Err(_) => Err(format!("nothing came within {} s", PATIENCE.as_secs())).step(&step),
        }
    }

    /// The timeline's line for what this device published.
    pub fn sent(&self, message: &str, at: Instant, note: &str) -> Line {
        Line {
            at,
            device: self.label,
            sent: true,
            message: message.to_owned(),
            after: None,
            note: note.to_owned(),
        }
    }

    /// The timeline's line for what this device heard, `published` being when its cause was published.
    pub fn heard(&self, message: &ReceivedDownlink, published: Instant, note: &str) -> Line {
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
