//! The state that the handle of a terminal and its connection share: the session, and the receivers of its
//! outputs.

use rumqttc::{AsyncClient, QoS};
use secrecy::SecretString;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::config::{Config, UplinkParents};
use crate::error::RequestError;
use crate::event::TerminalEvent;
use crate::inbox::DropReason;
use crate::received::ReceivedDownlink;
use crate::session::{Session, SessionOutput};
use crate::uplink::Uplink;

/// An answer, or the time after which the request timed out.
pub(crate) type AnswerResult = Result<Box<ReceivedDownlink>, Duration>;

#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Notified when a request has to be sent, or the next deadline changes.
    changed: Notify,
    /// The token for the next connect.
    pub token: watch::Sender<LoginToken>,
}

/// A token, and the number of renewals before it.
#[derive(Debug, Clone)]
pub(crate) struct LoginToken {
    pub token: SecretString,
    pub renewals: u32,
}

#[derive(Debug)]
struct State {
    session: Session,
    /// The receivers of answers, by request id.
    waiting: HashMap<String, oneshot::Sender<AnswerResult>>,
    to_send: Vec<Uplink>,
    /// The receiver of events; `None` when the terminal has permanently disconnected.
    events: Option<mpsc::UnboundedSender<TerminalEvent>>,
}

impl Shared {
    pub fn new(config: &Config, events: mpsc::UnboundedSender<TerminalEvent>) -> Self {
        let (session, waiting) = (Session::new(config.retry), HashMap::new());
        let state = State { session, waiting, to_send: Vec::new(), events: Some(events) };
        Self {
            state: Mutex::new(state),
            changed: Notify::new(),
            token: watch::Sender::new(LoginToken { token: config.token.clone(), renewals: 0 }),
        }
    }

    /// Starts a request.
    pub fn begin_request(&self, uplink: &Uplink) -> Result<PendingAnswer<'_>, RequestError> {
        let (sender, answer) = oneshot::channel();
        self.with(|state| {
            if state.events.is_none() {
                return Err(RequestError::Disconnected);
            }
            state.session.request(uplink.clone(), Instant::now()).map_err(|_| RequestError::DuplicateId)?;
            state.waiting.insert(uplink.id().to_owned(), sender);
            Ok(())
        })?;
        Ok(PendingAnswer { shared: self, id: uplink.id().to_owned(), answer })
    }

    /// Processes a downlink. Returns the reason if the downlink is dropped.
    pub fn receive(&self, message: ReceivedDownlink, now: Instant) -> Option<DropReason> {
        self.with(|state| state.session.receive(message, now))
    }

    /// Records a connection with its subscriptions.
    pub fn connected(&self) {
        self.with(|state| state.session.connected(Instant::now()));
    }

    /// Records a lost connection.
    pub fn disconnected(&self) {
        self.with(|state| state.session.disconnected());
    }

    /// Sends an event to the owner.
    pub fn emit(&self, event: TerminalEvent) {
        self.with(|state| state.emit(event));
    }

    /// Ends the stream of events and all waiting requests.
    pub fn close(&self) {
        self.with(|state| {
            state.events = None;
            state.waiting.clear();
        });
    }

    /// Publishes requests when they are due. Never returns.
    pub async fn drive(&self, mqtt: &AsyncClient, parents: &UplinkParents) {
        loop {
            let (to_send, due) = {
                let mut state = self.lock();
                state.session.tick(Instant::now());
                state.dispatch_outputs();
                (std::mem::take(&mut state.to_send), state.session.next_deadline())
            };
            for uplink in to_send {
                // Publishing fails only when the connection has permanently ended, and this task ends with
                // it.
                drop(mqtt.publish(uplink.topic(parents), QoS::AtLeastOnce, false, uplink.payload()).await);
            }
            let wake_up = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.changed.notified() => {}
                () = wake_up => {}
            }
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state);
        state.dispatch_outputs();
        drop(state);
        self.changed.notify_one();
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Passes the outputs of the session to their receivers.
    fn dispatch_outputs(&mut self) {
        while let Some(output) = self.session.poll() {
            match output {
                SessionOutput::Send(uplink) => self.to_send.push(uplink),
                SessionOutput::Answer(answer) => {
                    let waiting = answer.answers().and_then(|request| self.waiting.remove(request));
                    if let Some(waiting) = waiting {
                        // Sending cannot fail, since a dropped receiver removes its sender first.
                        drop(waiting.send(Ok(answer)));
                    }
                }
                SessionOutput::Unanswered { request, after } => {
                    if let Some(waiting) = self.waiting.remove(&request) {
                        drop(waiting.send(Err(after)));
                    }
                }
                SessionOutput::Notice(message) => self.emit(TerminalEvent::Message(message)),
                SessionOutput::Gap { meeting_id } => self.emit(TerminalEvent::Gap { meeting_id }),
            }
        }
    }

    fn emit(&self, event: TerminalEvent) {
        if let Some(events) = &self.events {
            // Sending fails if the owner has dropped the stream of events.
            drop(events.send(event));
        }
    }
}

/// A waiting request. Dropping it ends the request.
#[derive(Debug)]
pub(crate) struct PendingAnswer<'a> {
    shared: &'a Shared,
    id: String,
    /// Receives the answer. Closed without an answer when the terminal disconnects.
    pub answer: oneshot::Receiver<AnswerResult>,
}

impl Drop for PendingAnswer<'_> {
    fn drop(&mut self) {
        self.shared.with(|state| {
            if state.waiting.remove(&self.id).is_some() {
                state.session.cancel(&self.id, Instant::now());
            }
        });
    }
}
