//! The invitations that ring on this device. When one begins and stops is decided by the library's [`Ringer`], which the
//! vectors in `tests/conformance` hold to the protocol; here it gets what comes in, and what it wants done is done.

use std::collections::VecDeque;

use serde_json::{Value, json};
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::object::Media;
use switchboard_protocol::requests::{AnswerRequest, SyncRequest, SyncState};
use terminal::ringer::{Ringer, RingerStep};
use terminal::{ReceivedDownlink, RequestError, TerminalEvent, Uplink};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::conversation::at;
use crate::failure::Failure;
use crate::keys::Key;
use crate::phone::{Input, Phone};

/// An invitation that rings.
#[derive(Debug, Clone)]
pub struct Call {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// The invitation.
    pub invite_id: InviteId,
    /// How a person calls who calls.
    pub caller: String,
    /// Who calls, as on the wire.
    pub from: Value,
    /// What is called for.
    pub media: Media,
}

/// A ring that is over.
#[derive(Debug)]
pub struct Stopped {
    /// The invitation.
    pub invite_id: String,
    /// Why, in a word of the protocol or of the ringer.
    pub reason: String,
}

/// What happens to a device that waits for calls.
#[derive(Debug)]
pub enum Happened {
    /// Something came, or its time did; these rings are over by it.
    Heard {
        /// Those that stopped.
        stopped: Vec<Stopped>,
    },
    /// The person types.
    Key(Key),
    /// The person wants this command to stop.
    Stop,
}

/// A phone with what rings on it.
pub struct Incoming<'a> {
    phone: &'a mut Phone,
    ringer: Ringer,
    /// What rings, in the order in which it began.
    calls: VecDeque<Call>,
    /// What the ringer asks, until it has the answers.
    asking: JoinSet<(Uplink, Result<ReceivedDownlink, RequestError>)>,
    /// What it tells, until it is sent.
    telling: JoinSet<()>,
}

impl<'a> Incoming<'a> {
    /// A phone on which nothing rings yet.
    pub fn new(phone: &'a mut Phone) -> Self {
        let (asking, telling) = (JoinSet::new(), JoinSet::new());
        Self { phone, ringer: Ringer::default(), calls: VecDeque::new(), asking, telling }
    }

    /// The phone itself.
    pub fn phone(&mut self) -> &mut Phone {
        self.phone
    }

    /// What has rung for longest.
    pub fn first(&self) -> Option<Call> {
        self.calls.front().cloned()
    }

    /// Asks what is open, and rings for that and nothing else.
    ///
    /// # Errors
    /// A refusal, or why there is no answer.
    pub async fn look(&mut self) -> Result<(), RequestError> {
        let sync = Uplink::new(&SyncRequest::from(SyncState { meeting_id: None }))?;
        let answer = self.asks(&sync).await;
        self.ringer.tick(Instant::now().into_std());
        if let Ok(state) = &answer {
            self.take(state);
        }
        self.follow_ringer();
        answer.map(drop)
    }

    /// Answers an invitation, which stops ringing here.
    ///
    /// # Errors
    /// A refusal, or why there is no answer.
    pub async fn answer(&mut self, answer: &AnswerRequest) -> Result<ReceivedDownlink, RequestError> {
        // That it rings is not said after it was answered.
        while self.telling.join_next().await.is_some() {}
        self.asks(&Uplink::new(answer)?).await
    }

    /// Asks what the person wants, as the ringer knows.
    async fn asks(&mut self, uplink: &Uplink) -> Result<ReceivedDownlink, RequestError> {
        self.ringer.user_requests(uplink).expect("what rings was not answered yet");
        self.follow_ringer();
        let answer = self.phone.line.ask(uplink).await;
        if answer.is_err() {
            self.ringer.request_failed(uplink.id());
        }
        answer
    }

    /// What happens next. It may be dropped while it waits; nothing is lost by that.
    ///
    /// # Errors
    /// The terminal has disconnected for good.
    pub async fn next(&mut self) -> Result<Happened, Failure> {
        let due = self.ringer.next_deadline().map(Instant::from_std);
        tokio::select! {
            // News that came before an answer is taken in before it.
            biased;
            input = self.phone.next() => match input? {
                Input::Heard(event) => self.hear(event),
                Input::Key(key) => return Ok(Happened::Key(key)),
                Input::Stop => return Ok(Happened::Stop),
            },
            Some(asked) = self.asking.join_next() => match asked {
                Ok((_, Ok(answer))) => self.take(&answer),
                Ok((uplink, Err(error))) => {
                    self.ringer.request_failed(uplink.id());
                    self.is_unknown(&error);
                }
                // It was neither cancelled nor does it panic.
                Err(_) => {}
            },
            () = at(due) => self.ringer.tick(Instant::now().into_std()),
        }
        Ok(Happened::Heard { stopped: self.follow_ringer() })
    }

    /// Says that the service does not say what is open; the next invitation comes by itself.
    pub fn is_unknown(&self, error: &RequestError) {
        let words = format!("the present state is not known: {error}");
        self.phone.line.output.note("no_state", &words, json!({}));
    }

    fn hear(&mut self, event: TerminalEvent) {
        match event {
            TerminalEvent::Message(message) => self.take(&message),
            TerminalEvent::Gap { meeting_id } => self.ringer.gap(&meeting_id),
            TerminalEvent::Connected { .. } => self.ringer.reconnected(),
            _ => {}
        }
    }

    /// The ringer hears everything; what is of interest to anybody else was shown when it came.
    fn take(&mut self, message: &ReceivedDownlink) {
        self.ringer.receive(message, Instant::now().into_std());
    }

    /// Does what the ringer wants done; gives what stopped.
    fn follow_ringer(&mut self) -> Vec<Stopped> {
        let mut stopped = Vec::new();
        while let Some(step) = self.ringer.poll() {
            let line = self.phone.line.clone();
            match step {
                RingerStep::Ring { meeting_id, invite_id, offer } => {
                    let Some(call) = call(&meeting_id, &invite_id, &offer) else { continue };
                    if !self.calls.is_empty() {
                        line.output.note("waits", "another call waits", json!({"invite_id": invite_id}));
                    }
                    self.calls.push_back(call);
                }
                RingerStep::Stop { invite_id, reason } => {
                    self.calls.retain(|call| call.invite_id.as_str() != invite_id);
                    let fields = json!({"invite_id": invite_id, "reason": reason});
                    line.output.note("stops", &format!("stops ringing: {reason}"), fields);
                    stopped.push(Stopped { invite_id, reason });
                }
                RingerStep::Request(uplink) => {
                    self.asking.spawn(async move {
                        let answer = line.ask(&uplink).await;
                        (uplink, answer)
                    });
                }
                RingerStep::Send(uplink) => {
                    // If it cannot be sent the connection is down, which is news of its own.
                    self.telling.spawn(async move { drop(line.say(&uplink).await) });
                }
            }
        }
        stopped
    }
}

/// An offer that rings; `None` if its ids are none of this protocol.
fn call(meeting_id: &str, invite_id: &str, offer: &Value) -> Option<Call> {
    let from = offer["from"].clone();
    let caller = from["name"].as_str().or(from["user_id"].as_str()).unwrap_or("somebody").to_owned();
    // What this version does not know is answered by what every device can do.
    let media = serde_json::from_value(offer["media"].clone()).unwrap_or(Media::Audio);
    Some(Call {
        meeting_id: meeting_id.parse().ok()?,
        invite_id: invite_id.parse().ok()?,
        caller,
        from,
        media,
    })
}
