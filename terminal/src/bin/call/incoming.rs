//! The invitations that ring on this device. The library's [`Ringer`] decides when a ring starts and stops
//! (the vectors in `tests/conformance` test it). This module passes input to the ringer and carries out its
//! steps.

use std::collections::VecDeque;

use serde_json::{Value, json};
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::object::Media;
use switchboard_protocol::requests::{Request, SyncState};
use terminal::ringer::{Ringer, RingerStep};
use terminal::{ReceivedDownlink, RequestError, TerminalEvent, Uplink};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::clock::sleep_until;
use crate::error::CommandError;
use crate::keys::Key;
use crate::phone::{Phone, PhoneInput};
use crate::printable;

/// An invitation that rings.
#[derive(Debug, Clone)]
pub struct IncomingCall {
    pub meeting_id: MeetingId,
    pub invite_id: InviteId,
    /// Display name of the caller, or the account if there is no name.
    pub caller: String,
    /// The caller in the form of the wire.
    pub from: Value,
    pub media: Media,
}

#[derive(Debug)]
pub struct StoppedRing {
    pub invite_id: String,
    /// A reason or code of the protocol, or a word of the ringer.
    pub reason: String,
}

#[derive(Debug)]
pub enum ListenInput {
    /// A message, an answer or a deadline was processed, which stopped these rings.
    Processed {
        stopped: Vec<StoppedRing>,
    },
    Key(Key),
    /// Ctrl-C or SIGTERM.
    Stop,
}

/// A phone with the calls that ring on it.
pub struct IncomingCalls<'a> {
    phone: &'a mut Phone,
    ringer: Ringer,
    /// The ringing calls, in the order in which they began to ring.
    calls: VecDeque<IncomingCall>,
    /// Requests of the ringer that wait for an answer.
    requests: JoinSet<(Uplink, Result<ReceivedDownlink, RequestError>)>,
    /// Messages of the ringer that are being sent.
    sends: JoinSet<()>,
}

impl<'a> IncomingCalls<'a> {
    pub fn new(phone: &'a mut Phone) -> Self {
        let mut ringer = Ringer::default();
        // The command stores nothing between two runs.
        ringer.list_missed_since(0);
        Self { phone, ringer, calls: VecDeque::new(), requests: JoinSet::new(), sends: JoinSet::new() }
    }

    pub fn phone(&mut self) -> &mut Phone {
        self.phone
    }

    /// Returns the call that has rung longest.
    pub fn first(&self) -> Option<IncomingCall> {
        self.calls.front().cloned()
    }

    /// Requests the open invitations, and the calls missed since the last time. Starts to ring for new
    /// invitations, and stops rings whose invitations are no longer open.
    pub async fn sync(&mut self) -> Result<(), RequestError> {
        let missed_since_ms = self.ringer.missed_since_ms();
        let sync = Uplink::new(&SyncState { meeting_id: None, missed_since_ms })?;
        let answer = self.request_for_user(&sync).await;
        self.ringer.tick(Instant::now().into_std());
        if let Ok(state) = &answer {
            self.give_to_ringer(state);
        }
        self.run_ringer_steps();
        answer.map(drop)
    }

    /// Answers an invitation, which stops its ring on this device.
    pub async fn answer(&mut self, answer: &impl Request) -> Result<ReceivedDownlink, RequestError> {
        // A `ringing` must not reach the service after the answer.
        while self.sends.join_next().await.is_some() {}
        self.request_for_user(&Uplink::new(answer)?).await
    }

    /// Sends a request of the user, after informing the ringer of it.
    async fn request_for_user(&mut self, uplink: &Uplink) -> Result<ReceivedDownlink, RequestError> {
        self.ringer.user_requests(uplink).expect("a call that rings was not answered yet");
        self.run_ringer_steps();
        let answer = self.phone.client.request_uplink(uplink).await;
        if answer.is_err() {
            self.ringer.request_failed(uplink.id());
        }
        answer
    }

    /// Returns the next input. Cancel safe. The error means that the terminal has permanently disconnected.
    pub async fn next(&mut self) -> Result<ListenInput, CommandError> {
        let deadline = self.ringer.next_deadline().map(Instant::from_std);
        tokio::select! {
            // The branches have this order so that a notice that arrived before an answer is processed first.
            biased;
            input = self.phone.next() => match input? {
                PhoneInput::Event(event) => self.handle_event(event),
                PhoneInput::Key(key) => return Ok(ListenInput::Key(key)),
                PhoneInput::Stop => return Ok(ListenInput::Stop),
            },
            Some(request) = self.requests.join_next() => match request {
                Ok((_, Ok(answer))) => self.give_to_ringer(&answer),
                Ok((uplink, Err(error))) => {
                    self.ringer.request_failed(uplink.id());
                    self.note_sync_failed(&error);
                }
                // These tasks are never cancelled and do not panic.
                Err(_) => {}
            },
            () = sleep_until(deadline) => self.ringer.tick(Instant::now().into_std()),
        }
        Ok(ListenInput::Processed { stopped: self.run_ringer_steps() })
    }

    /// Prints that the open invitations could not be read. The command continues, since new invitations
    /// arrive without a request.
    pub fn note_sync_failed(&self, error: &RequestError) {
        let words = format!("the open invitations could not be read: {error}");
        self.phone.client.printer.note("no_state", &words, json!({}));
    }

    fn handle_event(&mut self, event: TerminalEvent) {
        match event {
            TerminalEvent::Message(message) => self.give_to_ringer(&message),
            TerminalEvent::Gap { meeting_id } => self.ringer.gap(&meeting_id),
            TerminalEvent::Connected { .. } => self.ringer.reconnected(),
            _ => {}
        }
    }

    /// Passes a message to the ringer. The message was printed on arrival.
    fn give_to_ringer(&mut self, message: &ReceivedDownlink) {
        self.ringer.receive(message, Instant::now().into_std());
    }

    /// Carries out the steps of the ringer and returns the rings that stopped.
    fn run_ringer_steps(&mut self) -> Vec<StoppedRing> {
        let mut stopped = Vec::new();
        while let Some(step) = self.ringer.poll() {
            let client = self.phone.client.clone();
            match step {
                RingerStep::Ring { meeting_id, invite_id, offer } => {
                    let Some(call) = incoming_call(&meeting_id, &invite_id, &offer) else { continue };
                    if !self.calls.is_empty() {
                        client.printer.note("waits", "another call waits", json!({"invite_id": invite_id}));
                    }
                    self.calls.push_back(call);
                }
                RingerStep::Stop { invite_id, reason } => {
                    self.calls.retain(|call| call.invite_id.as_str() != invite_id);
                    let fields = json!({"invite_id": invite_id, "reason": reason});
                    client.printer.note("stops", &format!("stops ringing: {reason}"), fields);
                    stopped.push(StoppedRing { invite_id, reason });
                }
                RingerStep::Request(uplink) => {
                    self.requests.spawn(async move {
                        let answer = client.request_uplink(&uplink).await;
                        (uplink, answer)
                    });
                }
                RingerStep::Send(uplink) => {
                    // The call fails only without a connection, which the terminal reports by an event.
                    self.sends.spawn(async move { drop(client.send_uplink(&uplink).await) });
                }
            }
        }
        stopped
    }
}

/// Reads an offer; `None` if its ids are invalid.
fn incoming_call(meeting_id: &str, invite_id: &str, offer: &Value) -> Option<IncomingCall> {
    let from = offer["from"].clone();
    let account = from["user_id"].as_str().unwrap_or("an unknown caller");
    let caller = printable::name(&from["name"]).unwrap_or_else(|| printable::line(account));
    // Media that this version does not know are accepted as audio, which every device supports.
    let media = serde_json::from_value(offer["media"].clone()).unwrap_or(Media::Audio);
    Some(IncomingCall {
        meeting_id: meeting_id.parse().ok()?,
        invite_id: invite_id.parse().ok()?,
        caller,
        from,
        media,
    })
}
