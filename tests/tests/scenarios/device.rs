//! A connected device of a user, with claims about the messages that it received.

use crate::journal;
use crate::makes::{AnyEvents, AnyTerminal};
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use std::time::Duration;
use terminal::{Config, RawMessage, ReceivedDownlink, Refused, RequestError, TerminalEvent, Uplink};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Time limit of each step, so that a failing test does not hang.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A connected device.
pub struct Device {
    /// The terminal of the device.
    pub terminal: AnyTerminal,
    /// The stack to which it is connected.
    pub stack: Stack,
    events: AnyEvents,
    tapped: UnboundedReceiver<RawMessage>,
    /// Notices that no claim has consumed yet.
    unclaimed: VecDeque<ReceivedDownlink>,
    /// Every received message with its topic, duplicates included.
    copies: Vec<(String, Value)>,
}

impl Device {
    /// Connects a device of that user.
    pub async fn connect(user: &User, instance: &str) -> Self {
        Self::connect_with(user, user.config(instance)).await
    }

    /// Connects a device that does not reconnect.
    pub async fn connect_once(user: &User, instance: &str) -> Self {
        let mut config = user.config(instance);
        config.retry.reconnect_after = Duration::from_hours(1);
        config.retry.reconnect_at_most = config.retry.reconnect_after;
        Self::connect_with(user, config).await
    }

    async fn connect_with(user: &User, mut config: Config) -> Self {
        let (tap, tapped) = unbounded_channel();
        config.tap = Some(tap);
        // A slow machine must not cause repeated requests.
        config.retry.answer_within = DEADLINE;
        let (terminal, events) =
            AnyTerminal::connect(config, &user.stack).await.expect("the broker accepts a known user");
        Self {
            terminal,
            stack: user.stack.clone(),
            events,
            tapped,
            unclaimed: VecDeque::new(),
            copies: Vec::new(),
        }
    }

    /// The device's client ID.
    pub fn client_id(&self) -> &str {
        self.terminal.client_id().as_str()
    }

    /// Waits for a notice of this type; other notices are kept for later claims.
    pub async fn receives(&mut self, kind: &str) -> ReceivedDownlink {
        self.receives_that(kind, |_| true).await
    }

    /// Waits for a notice of this type for which `claim` is true.
    pub async fn receives_that(
        &mut self,
        kind: &str,
        claim: impl Fn(&ReceivedDownlink) -> bool,
    ) -> ReceivedDownlink {
        let is_it = |news: &ReceivedDownlink| news.kind == kind && claim(news);
        if let Some(at) = self.unclaimed.iter().position(is_it) {
            return self.unclaimed.remove(at).expect("its position was just found");
        }
        let deadline = tokio::time::Instant::now() + DEADLINE;
        loop {
            let Ok(event) = tokio::time::timeout_at(deadline, self.events.next()).await else {
                panic!("{} did not receive `{kind}`, but {:?}", self.client_id(), self.unclaimed)
            };
            match event {
                Some(TerminalEvent::Message(news)) if is_it(&news) => return *news,
                Some(TerminalEvent::Message(news)) => self.unclaimed.push_back(*news),
                Some(TerminalEvent::Gap { .. }) => {}
                other => panic!("{} waits for `{kind}`: {other:?}", self.client_id()),
            }
        }
    }

    /// Sends a request and returns its answer.
    pub async fn requests(&self, function: &str, fields: Value) -> ReceivedDownlink {
        self.sends(&request(function, fields)).await
    }

    /// Sends a prepared request and returns its answer.
    pub async fn sends(&self, uplink: &Uplink) -> ReceivedDownlink {
        self.terminal
            .request_uplink(uplink)
            .await
            .unwrap_or_else(|error| panic!("`{}`: {error}", uplink.kind()))
    }

    /// Sends a request and returns its refusal.
    pub async fn is_refused(&self, function: &str, fields: Value) -> Refused {
        let outcome = self.terminal.request_uplink(&request(function, fields.clone())).await;
        assert!(outcome.is_err(), "{fields} is not refused: {outcome:?}");
        refusal(outcome)
    }

    /// Sends a request that is never answered, and waits until it is handled.
    pub async fn sends_once(&self, function: &str, fields: Value) {
        let handled = journal::of(&self.stack, self.client_id()).await.len();
        self.terminal.send_uplink(&request(function, fields)).await.expect("connected");
        journal::until_at(&self.stack, self.client_id(), |invocations| invocations.len() > handled).await;
    }

    /// Publishes bytes to a function and returns the error, which names no request.
    pub async fn is_refused_bytes(&mut self, function: &str, payload: &[u8]) -> ReceivedDownlink {
        self.terminal.publish(&format!("call-up/{function}"), payload.to_vec()).await.expect("connected");
        let error = self.receives("error").await;
        assert_eq!(error.body.get("re"), Some(&Value::Null), "{error:?}");
        error
    }

    /// Waits for the answer to the request with this id, which the test published as bytes.
    pub async fn answer_to(&mut self, id: &str) -> Value {
        let deadline = tokio::time::Instant::now() + DEADLINE;
        loop {
            if let Some((_, answer)) = self.copies.iter().find(|(_, copy)| copy["re"] == id) {
                return answer.clone();
            }
            let tapped = tokio::time::timeout_at(deadline, self.tapped.recv()).await;
            let raw =
                tapped.ok().flatten().unwrap_or_else(|| panic!("`{id}` has no answer: {:?}", self.copies));
            let copy = serde_json::from_slice(&raw.payload).expect("downlinks are JSON");
            self.copies.push((raw.topic, copy));
        }
    }

    /// The types of all notices that no claim has consumed, once all requests of the devices `causes` are handled.
    pub async fn remaining_notices(&mut self, causes: &[&str]) -> Vec<String> {
        for client_id in causes {
            journal::until_at(&self.stack, client_id, |_| true).await;
        }
        self.receives_pending().await;
        self.unclaimed.drain(..).map(|news| news.kind).collect()
    }

    /// Every copy of the messages of this type received so far, as it arrived.
    pub async fn copies_of(&mut self, kind: &str) -> Vec<Value> {
        self.receives_pending().await;
        self.received_so_far(kind).map(|(_, copy)| copy.clone()).collect()
    }

    /// The topics on which messages of this type arrived so far.
    pub fn topics_of(&mut self, kind: &str) -> Vec<String> {
        self.received_so_far(kind).map(|(topic, _)| topic.clone()).collect()
    }

    fn received_so_far<'a>(&'a mut self, kind: &'a str) -> impl Iterator<Item = &'a (String, Value)> {
        while let Ok(raw) = self.tapped.try_recv() {
            let copy = serde_json::from_slice(&raw.payload).expect("downlinks are JSON");
            self.copies.push((raw.topic, copy));
        }
        self.copies.iter().filter(move |(_, copy)| copy["type"] == kind)
    }

    /// Sends a request without waiting for an answer, only until every invocation for this device has ended, failed ones
    /// included.
    pub async fn sends_unanswered(&self, uplink: &Uplink) {
        let before = journal::of(&self.stack, self.client_id()).await.len();
        self.terminal.send_uplink(uplink).await.expect("connected");
        journal::until_at(&self.stack, self.client_id(), |invocations| invocations.len() > before).await;
    }

    /// Checks that every request of this device was handled without a failure, and that nothing was written.
    pub async fn wrote_nothing(&self) {
        for invocation in journal::until_at(&self.stack, self.client_id(), |done| !done.is_empty()).await {
            assert_eq!(invocation.status(), Some("returned"), "{invocation:#?}");
            assert_eq!(invocation.writes(), Vec::<&str>::new(), "{invocation:#?}");
        }
    }

    /// The user's meetings and open invitations according to the service.
    pub async fn syncs(&self) -> Value {
        let state = self.sends(&request("sync", json!({"type": "sync"})).bulk()).await;
        assert_eq!(state.kind, "state");
        json_of(&state)
    }

    /// Breaks the connection, and waits until the service has noticed.
    pub async fn disconnects(self) {
        let (stack, client_id) = (self.stack.clone(), self.client_id().to_owned());
        let before = stack.presence_events("disconnected", &client_id).await;
        drop(self);
        stack.until_presence_event("disconnected", &client_id, before).await;
    }

    /// Receives all messages that the broker had for this device before now. Messages keep their order, so the answer
    /// to a new request comes after them.
    async fn receives_pending(&mut self) {
        let refused =
            self.is_refused("destroy", json!({"type": "destroy_meeting", "meeting_id": "none"})).await;
        assert_eq!(refused.code, "meeting_not_found");
        while let Some(event) = self.events.try_next() {
            if let TerminalEvent::Message(news) = event {
                self.unclaimed.push_back(*news);
            }
        }
    }
}

/// A request from its type and fields; `id` and `v` are filled in if they are missing.
pub fn request(function: &str, fields: Value) -> Uplink {
    let fields: Map<String, Value> = serde_json::from_value(fields).expect("an object");
    let uplink = Uplink::from_fields(function, fields);
    if function == "sync" { uplink.bulk() } else { uplink }
}

/// The refusal in a result that must have one.
pub fn refusal(outcome: Result<ReceivedDownlink, RequestError>) -> Refused {
    match outcome {
        Err(RequestError::Refused(refused)) => *refused,
        other => panic!("a refusal was expected, not {other:?}"),
    }
}

/// The value of [`Device::remaining_notices`] without notices.
pub fn none() -> Vec<String> {
    Vec::new()
}

/// The ids of some copies, in their order.
pub fn ids(copies: &[Value]) -> Vec<&str> {
    copies.iter().filter_map(|copy| copy["id"].as_str()).collect()
}

/// A message as JSON.
pub fn json_of(message: &ReceivedDownlink) -> Value {
    Value::Object(message.body.clone())
}
