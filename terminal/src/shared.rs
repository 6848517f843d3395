//! What the handle of a terminal and its connection share: the session, and who waits for what it hears.

use rumqttc::{AsyncClient, QoS};
use secrecy::SecretString;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::config::{Config, UplinkParents};
use crate::error::RequestError;
use crate::event::Event;
use crate::inbox::Dropped;
use crate::received::Received;
use crate::session::{Output, Session};
use crate::uplink::Uplink;

/// An answer, or how long it was waited for in vain.
pub(crate) type Answer = Result<Box<Received>, Duration>;

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
    waiting: HashMap<String, oneshot::Sender<Answer>>,
    to_send: Vec<Uplink>,
    /// Gone when the terminal has disconnected for good.
    events: Option<mpsc::UnboundedSender<Event>>,
}

impl Shared {
    pub fn new(config: &Config, events: mpsc::UnboundedSender<Event>) -> Self {
        let (session, waiting) = (Session::new(config.retry), HashMap::new());
        let state = State { session, waiting, to_send: Vec::new(), events: Some(events) };
        Self { state: Mutex::new(state), changed: Notify::new(), token: Mutex::new(config.token.clone()) }
    }

    /// Begins to ask.
    pub fn ask(&self, uplink: &Uplink) -> Result<Waiting<'_>, RequestError> {
        let (tell, answer) = oneshot::channel();
        self.with(|state| {
            if state.events.is_none() {
                return Err(RequestError::Disconnected);
            }
            state.session.ask(uplink.clone(), Instant::now()).map_err(|_| RequestError::SameId)?;
            state.waiting.insert(uplink.id().to_owned(), tell);
            Ok(())
        })?;
        Ok(Waiting { shared: self, id: uplink.id().to_owned(), answer })
    }

    /// Takes in a downlink; the reason if it is of no use.
    pub fn hear(&self, message: Received, now: Instant) -> Option<Dropped> {
        self.with(|state| state.session.hear(message, now))
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
    pub fn tell(&self, event: Event) {
        self.with(|state| state.tell(event));
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
                state.settle();
                (std::mem::take(&mut state.to_send), state.session.due())
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
        state.settle();
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
    fn settle(&mut self) {
        while let Some(output) = self.session.poll() {
            match output {
                Output::Send(uplink) => self.to_send.push(uplink),
                Output::Answer(answer) => {
                    let waiting = answer.answers().and_then(|request| self.waiting.remove(request));
                    if let Some(waiting) = waiting {
                        // Whoever stops waiting is not among them any more.
                        drop(waiting.send(Ok(answer)));
                    }
                }
                Output::Unanswered { request, after } => {
                    if let Some(waiting) = self.waiting.remove(&request) {
                        drop(waiting.send(Err(after)));
                    }
                }
                Output::News(message) => self.tell(Event::Message(message)),
                Output::Gap { meeting_id } => self.tell(Event::Gap { meeting_id }),
            }
        }
    }

    fn tell(&self, event: Event) {
        if let Some(events) = &self.events {
            // An owner that does not listen to events is free to do so.
            drop(events.send(event));
        }
    }
}

/// Waits for one answer; stops waiting, and asking, when it is dropped.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    shared: &'a Shared,
    id: String,
    /// Closed without an answer when the terminal disconnects.
    pub answer: oneshot::Receiver<Answer>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.shared.with(|state| {
            if state.waiting.remove(&self.id).is_some() {
                state.session.forget(&self.id, Instant::now());
            }
        });
    }
}
