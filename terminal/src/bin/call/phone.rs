//! A connected device that prints what it sends and receives.

use std::time::Duration;

use serde_json::json;
use switchboard_protocol::address::UserId;
use switchboard_protocol::downlink::{Body, MeetingOffer};
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::requests::{MediaReport, ReportMedia, Request, SyncState};
use terminal::{
    ConnectError, Events, RawMessage, ReceivedDownlink, RequestError, Terminal, TerminalEvent, Uplink,
};
use tokio::sync::mpsc::UnboundedSender;

use crate::error::CommandError;
use crate::keys::{Key, Keys};
use crate::login::Login;
use crate::options::CommonOptions;
use crate::printer::{Printer, wait_words};
use crate::signals::StopSignals;

/// A terminal that prints its requests, their answers and its events.
#[derive(Debug, Clone)]
pub struct Client {
    pub terminal: Terminal,
    pub printer: Printer,
}

/// A client with its events, and with the signals and keys of the person at the shell.
pub struct Phone {
    pub client: Client,
    pub events: Events,
    pub stop: StopSignals,
    pub keys: Keys,
    login: Login,
}

#[derive(Debug)]
pub enum PhoneInput {
    Event(TerminalEvent),
    Key(Key),
    /// Ctrl-C or SIGTERM.
    Stop,
}

impl Phone {
    /// Connects the device of the command line. `instance` is used if the command line names none. `tap` gets
    /// every message as it arrived. The error says what to do.
    pub async fn connect(
        common: &CommonOptions,
        instance: Option<&str>,
        tap: Option<UnboundedSender<RawMessage>>,
    ) -> Result<Self, CommandError> {
        let printer = Printer { json: common.json };
        let client_id = common.identity.client_id(instance)?;
        let account = client_id.user().as_str().to_owned();
        let token = common.identity.token(&account)?;
        let login = Login::new(common.identity.clone(), account, token.clone());
        let mut config = common.broker.config(client_id, token)?;
        config.tap = tap;
        let broker = format!("{}:{}", config.host, config.port);
        // Signals are caught before the connect, so that Ctrl-C always causes an orderly disconnect.
        let stop = StopSignals::listen().map_err(|error| CommandError::new(error.to_string()))?;
        let connected = Terminal::connect(config).await;
        let (terminal, events) = connected.map_err(|error| connect_error(&error, &broker, common))?;
        let client_id = terminal.client_id();
        printer.note(
            "connected",
            &format!("connected to {broker} as {client_id}"),
            json!({"client_id": client_id, "broker": broker}),
        );
        Ok(Self { client: Client { terminal, printer }, events, stop, keys: Keys::disabled(), login })
    }

    /// Returns the user of this device.
    pub fn user(&self) -> UserId {
        self.client.terminal.client_id().user()
    }

    /// Returns the next input: an event of the terminal, which is printed, a key, or a signal. The error
    /// means that the terminal has permanently disconnected.
    pub async fn next(&mut self) -> Result<PhoneInput, CommandError> {
        tokio::select! {
            // The branches have this order so that a stream of events cannot delay Ctrl-C.
            biased;
            () = self.stop.requested() => Ok(PhoneInput::Stop),
            key = self.keys.next() => Ok(PhoneInput::Key(key)),
            event = self.events.next() => match event {
                Some(event) => {
                    self.process(&event)?;
                    Ok(PhoneInput::Event(event))
                }
                None => Err(RequestError::Disconnected.into()),
            },
        }
    }
}

impl Phone {
    /// Prints an event. If the event reports that the login was refused, reads the token again. The error
    /// means that no usable token is left.
    pub fn process(&mut self, event: &TerminalEvent) -> Result<(), CommandError> {
        self.client.print_event(event);
        self.login.follow(event, |token| self.client.terminal.renew_token(token), self.client.printer)
    }
}

/// Number of times that a rate-limited request is repeated.
const RATE_LIMIT_RETRIES: u32 = 2;
/// Longest wait before such a repeat, in milliseconds.
const MAX_WAIT_MS: u64 = 5_000;

/// Returns the time to wait before the request is repeated; `None` if it is not to be repeated.
fn short_wait(answer: &Result<ReceivedDownlink, RequestError>) -> Option<Duration> {
    match answer {
        Err(RequestError::Refused(refused)) if refused.code == "rate_limited" => {
            refused.retry_after_ms.filter(|ms| *ms <= MAX_WAIT_MS).map(Duration::from_millis)
        }
        _ => None,
    }
}

impl Client {
    /// Sends a request and waits for its answer. Prints both.
    pub async fn request<R: Request>(&self, request: &R) -> Result<ReceivedDownlink, RequestError> {
        self.request_uplink(&Uplink::new(request)?).await
    }

    /// Does the same as [`request`](Self::request), for a prepared uplink. If the service refuses the request
    /// because of its rate and asks for a short wait, waits and repeats it; a longer wait is left to the
    /// user.
    pub async fn request_uplink(&self, uplink: &Uplink) -> Result<ReceivedDownlink, RequestError> {
        for _ in 0..RATE_LIMIT_RETRIES {
            let answer = self.request_once(uplink).await;
            match short_wait(&answer) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return answer,
            }
        }
        self.request_once(uplink).await
    }

    async fn request_once(&self, uplink: &Uplink) -> Result<ReceivedDownlink, RequestError> {
        self.printer.sent(uplink);
        let answer = self.terminal.request_uplink(uplink).await;
        match &answer {
            Ok(answer) => self.printer.received(answer),
            Err(RequestError::Refused(refused)) => {
                let fields = json!({"re": uplink.id(), "code": refused.code, "message": refused.message,
                    "path": refused.path, "reason": refused.reason, "retryable": refused.retryable,
                    "retry_after_ms": refused.retry_after_ms});
                let wait = refused.retry_after_ms.map_or_else(String::new, wait_words);
                self.printer.note("refused", &format!("{:<20} {refused}{wait}", "refused"), fields);
            }
            Err(_) => {}
        }
        answer
    }

    /// Sends a request of a type that is never answered, and prints it.
    pub async fn send<R: Request>(&self, request: &R) -> Result<(), RequestError> {
        self.send_uplink(&Uplink::new(request)?).await
    }

    /// Does the same as [`send`](Self::send), for a prepared uplink.
    pub async fn send_uplink(&self, uplink: &Uplink) -> Result<(), RequestError> {
        self.printer.sent(uplink);
        self.terminal.send_uplink(uplink).await
    }

    /// Reports that this device is in the media.
    pub async fn report_joined(&self, meeting_id: &MeetingId) -> Result<(), RequestError> {
        let meeting_id = meeting_id.clone();
        let report = ReportMedia {
            meeting_id,
            state: MediaReport::Joined,
            audio: Some(true),
            video: None,
            screen: None,
        };
        self.send(&report).await
    }

    /// Requests the present state of one meeting, or of all meetings.
    pub async fn sync(&self, meeting_id: Option<&MeetingId>) -> Result<ReceivedDownlink, RequestError> {
        self.request(&SyncState { meeting_id: meeting_id.cloned(), missed_since_ms: None }).await
    }

    /// Requests the open invitations of the user.
    pub async fn open_offers(&self) -> Result<Vec<MeetingOffer>, RequestError> {
        let state = self.sync(None).await?;
        Ok(match state.downlink().map(|downlink| downlink.body) {
            Some(Body::State { invitations, .. }) => invitations,
            _ => Vec::new(),
        })
    }

    /// Returns the named meeting or, without a name, the only meeting of the user. Returns an error if the
    /// user has no meeting, or several.
    pub async fn named_or_only_meeting(&self, named: Option<&MeetingId>) -> Result<MeetingId, CommandError> {
        if let Some(meeting_id) = named {
            return Ok(meeting_id.clone());
        }
        let state = self.sync(None).await?;
        let meetings = match state.downlink().map(|downlink| downlink.body) {
            Some(Body::State { meetings, .. }) => meetings,
            _ => Vec::new(),
        };
        match <[_; 1]>::try_from(meetings) {
            Ok([meeting]) => Ok(meeting.meeting_id),
            Err(meetings) if meetings.is_empty() => {
                Err(CommandError::new("you are not in a meeting; name one with --meeting"))
            }
            Err(_) => Err(CommandError::new("you are in more than one meeting; name one with --meeting")),
        }
    }

    pub fn print_event(&self, event: &TerminalEvent) {
        match event {
            TerminalEvent::Message(message) => self.printer.received(message),
            TerminalEvent::Gap { meeting_id } => {
                let words = format!("a message about meeting {meeting_id} was missed");
                self.printer.note("gap", &words, json!({"meeting_id": meeting_id}));
            }
            TerminalEvent::Connected { session_present } => {
                let fields = json!({"session_present": session_present});
                self.printer.note("reconnected", "connected again", fields);
            }
            TerminalEvent::Disconnected { reason } => {
                let words = format!("connection lost: {reason}; reconnecting");
                self.printer.note("disconnected", &words, json!({"reason": reason}));
            }
            TerminalEvent::UsedElsewhere { times } => {
                let words = format!(
                    "the broker closed {times} connections in a row; if another program uses the client ID {}, give one of \
                     them another instance with --as",
                    self.terminal.client_id()
                );
                self.printer.note("used_elsewhere", &words, json!({"times": times}));
            }
            // `Login` prints the event, once for each outage.
            TerminalEvent::LoginRefused { .. } => {}
            other => self.printer.note("other", &format!("{other:?}"), json!({})),
        }
    }
}

fn connect_error(error: &ConnectError, broker: &str, common: &CommonOptions) -> CommandError {
    let advice = match error {
        ConnectError::Address(_) => "use a shorter account, instance or group",
        ConnectError::Refused(_) | ConnectError::NotSubscribed => {
            "the token must belong to this account, be valid (`call token --decode TOKEN` explains it), and be signed with \
             the secret of the service (--secret, SWITCHBOARD_JWT_SECRET)"
        }
        ConnectError::Unreachable(_) => common.broker.advice(),
    };
    CommandError::new(format!("no connection to {broker}: {error}; {advice}"))
}
