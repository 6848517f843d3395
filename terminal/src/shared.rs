//! What the handle of a terminal and its connection share: the session, and who waits for what it hears.

use rumqttc::{AsyncClient, QoS};
use secrecy::SecretString;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::config::{Config, UplinkParents};
use crate::error::RequestError;
use crate::event::TerminalEvent;
use crate::inbox::DropReason;
use crate::received::ReceivedDownlink;
use crate::session::{Session, SessionOutput};
use crate::uplink::Uplink;

/// An answer, or how long it was waited for in vain.
pub(crate) type AnswerResult = Result<Box<ReceivedDownlink>, Duration>;

#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Told when there is something to send, or another time to wake up at.
    changed: Notify,
    /// The token of the next connect.
    pub token: Mutex<SecretString>,
}

#[derive(Debug)]
struct State {
    session: Session,
    /// Who waits for the answer to which request.
    waiting: HashMap<String, oneshot::Sender<AnswerResult>>,
    to_send: Vec<Uplink>,
    /// Gone when the terminal has disconnected for good.
    events: Option<mpsc::UnboundedSender<TerminalEvent>>,
}

impl Shared {
    pub fn new(config: &Config, events: mpsc::UnboundedSender<TerminalEvent>) -> Self {
        let (session, waiting) = (Session::new(config.retry), HashMap::new());
        let state = State { session, waiting, to_send: Vec::new(), events: Some(events) };
        Self { state: Mutex::new(state), changed: Notify::new(), token: Mutex::new(config.token.clone()) }
    }

    /// Begins to ask.
    pub fn begin_request(&self, uplink: &Uplink) -> Result<PendingAnswer<'_>, RequestError> {
        let (tell, answer) = oneshot::channel();
        self.with(|state| {
            if state.events.is_none() {
                return Err(RequestError::Disconnected);
            }
            state.session.request(uplink.clone(), Instant::now()).map_err(|_| RequestError::DuplicateId)?;
            state.waiting.insert(uplink.id().to_owned(), tell);
            Ok(())
        })?;
        Ok(PendingAnswer { shared: self, id: uplink.id().to_owned(), answer })
    }

    /// Takes in a downlink; the reason if it is of no use.
    pub fn receive(&self, message: ReceivedDownlink, now: Instant) -> Option<DropReason> {
        self.with(|state| state.session.receive(message, now))
    }

    /// The terminal is connected, and listens.
    pub fn connected(&self) {
        self.with(|state| state.session.connected(Instant::now()));
    }

    /// The connection is lost.
    pub fn disconnected(&self) {
        self.with(|state| state.session.disconnected());
    }

    /// Tells the owner.
    pub fn emit(&self, event: TerminalEvent) {
        self.with(|state| state.emit(event));
    }

    /// Lets everybody who waits know that nothing will come.
    pub fn close(&self) {
        self.with(|state| {
            state.events = None;
            state.waiting.clear();
        });
    }

    /// Sends what is to be sent, when it is. Never returns.
    pub async fn drive(&self, mqtt: &AsyncClient, parents: &UplinkParents) {
        loop {
            let (to_send, due) = {
                let mut state = self.lock();
                state.session.tick(Instant::now());
                state.dispatch_outputs();
                (std::mem::take(&mut state.to_send), state.session.next_deadline())
            };
            for uplink in to_send {
                // It fails only when the connection is gone for good, and this task with it.
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
    /// Hands out what the session has to say.
    fn dispatch_outputs(&mut self) {
        while let Some(output) = self.session.poll() {
            match output {
                SessionOutput::Send(uplink) => self.to_send.push(uplink),
                SessionOutput::Answer(answer) => {
                    let waiting = answer.answers().and_then(|request| self.waiting.remove(request));
                    if let Some(waiting) = waiting {
                        // Whoever stops waiting is not among them any more.
                        drop(waiting.send(Ok(answer)));
                    }
                }
                SessionOutput::Unanswered { request, after } => {
                    if let Some(waiting) = self.waiting.remove(&request) {
                        drop(waiting.send(Err(after)));
                    }
                }
                SessionOutput::News(message) => self.emit(TerminalEvent::Message(message)),
                SessionOutput::Gap { meeting_id } => self.emit(TerminalEvent::Gap { meeting_id }),
            }
        }
    }

    fn emit(&self, event: TerminalEvent) {
        if let Some(events) = &self.events {
            // An owner that does not listen to events is free to do so.
            drop(events.send(event));
        }
    }
}

/// Waits for one answer; stops waiting, and asking, when it is dropped.
#[derive(Debug)]
pub(crate) struct PendingAnswer<'a> {
    shared: &'a Shared,
    id: String,
    /// Closed without an answer when the terminal disconnects.
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
