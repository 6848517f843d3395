//! A connected device that shows what it says and hears.

use serde::Serialize;
use serde_json::json;
use switchboard_protocol::address::UserId;
use switchboard_protocol::downlink::{Body, MeetingOffer};
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::requests::{
    AttendRequest, MediaReport, ReportMedia, Requests, SyncRequest, SyncState,
};
use terminal::{
    ConnectError, Events, RawMessage, ReceivedDownlink, RequestError, Terminal, TerminalEvent, Uplink,
};
use tokio::sync::mpsc::UnboundedSender;

use crate::cli::Common;
use crate::failure::Failure;
use crate::keys::{Key, Keys};
use crate::output::Output;
use crate::stop::Stop;

/// What asks and tells. Everything goes through here, so that everything is shown.
#[derive(Debug, Clone)]
pub struct Line {
    /// The device.
    pub terminal: Terminal,
    /// Where it is shown.
    pub output: Output,
}

/// A line, what comes in on it, and the person who holds it.
pub struct Phone {
    /// What asks and tells.
    pub line: Line,
    /// What comes in.
    pub events: Events,
    /// Ctrl-C.
    pub stop: Stop,
    /// What the person types.
    pub keys: Keys,
}

/// What happens to a phone.
#[derive(Debug)]
pub enum Input {
    /// Something on the line.
    Heard(TerminalEvent),
    /// The person types.
    Key(Key),
    /// The person wants this command to stop.
    Stop,
}

impl Phone {
    /// Connects the device of the command line; `instance` is taken where it names none. A `tap` gets every message as it
    /// came.
    ///
    /// # Errors
    /// Nobody is there, or lets this device in; the message says what to do.
    pub async fn connect(
        common: &Common,
        instance: Option<&str>,
        tap: Option<UnboundedSender<RawMessage>>,
    ) -> Result<Self, Failure> {
        let output = Output { json: common.json };
        let client_id = common.who.client_id(instance)?;
        let token = common.who.token(client_id.user().as_str())?;
        let mut config = common.place.config(client_id, token)?;
        config.tap = tap;
        let broker = format!("{}:{}", config.host, config.port);
        // From here on, Ctrl-C hangs up in good order.
        let stop = Stop::listen().map_err(|error| Failure::new(error.to_string()))?;
        let connected = Terminal::connect(config).await;
        let (terminal, events) = connected.map_err(|error| not_connected(&error, &broker, common))?;
        let client_id = terminal.client_id();
        output.note(
            "connected",
            &format!("connected to {broker} as {client_id}"),
            json!({"client_id": client_id, "broker": broker}),
        );
        Ok(Self { line: Line { terminal, output }, events, stop, keys: Keys::none() })
    }

    /// Who this device speaks for.
    pub fn user(&self) -> UserId {
        self.line.terminal.client_id().user()
    }

    /// What happens next: on the line, which is shown, or in front of the phone.
    ///
    /// # Errors
    /// The terminal has disconnected for good.
    pub async fn next(&mut self) -> Result<Input, Failure> {
        tokio::select! {
            // Whoever wants to stop does not wait for a chatty service.
            biased;
            () = self.stop.requested() => Ok(Input::Stop),
            key = self.keys.next() => Ok(Input::Key(key)),
            event = self.events.next() => match event {
                Some(event) => {
                    self.line.show(&event);
                    Ok(Input::Heard(event))
                }
                None => Err(RequestError::Disconnected.into()),
            },
        }
    }
}

impl Line {
    /// Asks, and shows question and answer.
    ///
    /// # Errors
    /// A refusal, or why there is no answer.
    pub async fn request<R: Requests + Serialize>(
        &self,
        request: &R,
    ) -> Result<ReceivedDownlink, RequestError> {
        self.ask(&Uplink::new(request)?).await
    }

    /// The same with a request that is made already.
    ///
    /// # Errors
    /// As [`request`](Self::request).
    pub async fn ask(&self, uplink: &Uplink) -> Result<ReceivedDownlink, RequestError> {
        self.output.sent(uplink);
        let answer = self.terminal.request_uplink(uplink).await;
        match &answer {
            Ok(answer) => self.output.heard(answer),
            Err(RequestError::Refused(refused)) => {
                let fields = json!({"re": uplink.id(), "code": refused.code, "message": refused.message,
                    "path": refused.path, "reason": refused.reason, "retryable": refused.retryable});
                self.output.note("refused", &format!("{:<20} {refused}", "refused"), fields);
            }
            Err(_) => {}
        }
        answer
    }

    /// Tells something that is never answered.
    ///
    /// # Errors
    /// Why it could not be sent.
    pub async fn tell<R: Requests + Serialize>(&self, request: &R) -> Result<(), RequestError> {
        self.say(&Uplink::new(request)?).await
    }

    /// The same with a request that is made already.
    ///
    /// # Errors
    /// As [`tell`](Self::tell).
    pub async fn say(&self, uplink: &Uplink) -> Result<(), RequestError> {
        self.output.sent(uplink);
        self.terminal.send_uplink(uplink).await
    }

    /// Says that this device is in the media.
    ///
    /// # Errors
    /// Why it could not be said.
    pub async fn report_joined(&self, meeting_id: &MeetingId) -> Result<(), RequestError> {
        let meeting_id = meeting_id.clone();
        let report = ReportMedia {
            meeting_id,
            state: MediaReport::Joined,
            audio: Some(true),
            video: None,
            screen: None,
        };
        self.tell(&AttendRequest::from(report)).await
    }

    /// Asks for the present state of one meeting, or of all.
    ///
    /// # Errors
    /// A refusal, or why there is no answer.
    pub async fn sync(&self, meeting_id: Option<&MeetingId>) -> Result<ReceivedDownlink, RequestError> {
        self.request(&SyncRequest::from(SyncState { meeting_id: meeting_id.cloned() })).await
    }

    /// The invitations that may be answered now.
    ///
    /// # Errors
    /// A refusal, or why there is no answer.
    pub async fn open_offers(&self) -> Result<Vec<MeetingOffer>, RequestError> {
        let state = self.sync(None).await?;
        Ok(match state.downlink().map(|downlink| downlink.body) {
            Some(Body::State { invitations, .. }) => invitations,
            _ => Vec::new(),
        })
    }

    /// The meeting that was named, or the only one that the user is in.
    ///
    /// # Errors
    /// There is none or more than one, or no answer.
    pub async fn meeting(&self, named: Option<&MeetingId>) -> Result<MeetingId, Failure> {
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
            Err(meetings) if meetings.is_empty() => Err(Failure::new("you are in no meeting")),
            Err(_) => Err(Failure::new("you are in more than one meeting; name one with --meeting")),
        }
    }

    /// Shows what came.
    pub fn show(&self, event: &TerminalEvent) {
        match event {
            TerminalEvent::Message(message) => self.output.heard(message),
            TerminalEvent::Gap { meeting_id } => {
                self.output.note("gap", "something was missed", json!({"meeting_id": meeting_id}));
            }
            TerminalEvent::Connected { session_present } => {
                let fields = json!({"session_present": session_present});
                self.output.note("reconnected", "connected again", fields);
            }
            TerminalEvent::Disconnected { reason } => {
                let words = format!("connection lost: {reason}; trying again");
                self.output.note("disconnected", &words, json!({"reason": reason}));
            }
            other => self.output.note("other", &format!("{other:?}"), json!({})),
        }
    }
}

fn not_connected(error: &ConnectError, broker: &str, common: &Common) -> Failure {
    let advice = match error {
        ConnectError::Address(_) => "take a shorter account, instance or group",
        ConnectError::Refused(_) | ConnectError::NotSubscribed => {
            "the token must be of this account and valid (`call token --decode TOKEN` explains it), and signed with the \
             secret of the service (--secret, SWITCHBOARD_JWT_SECRET)"
        }
        ConnectError::Unreachable(_) => common.place.advice(),
    };
    Failure::new(format!("no connection to {broker}: {error}; {advice}"))
}
