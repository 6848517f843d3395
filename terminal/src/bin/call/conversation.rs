//! A call in which this device has a seat: follows its messages until the meeting ends, and hangs up on
//! Ctrl-C.

mod other_participants;

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::requests::{DestroyMeeting, Leave, Reject, RejectReason, Rejoin, SyncState};
use terminal::{ReceivedDownlink, RequestError, TerminalEvent, Uplink};
use tokio::time::Instant;

use crate::clock::sleep_until;
use crate::error::CommandError;
use crate::keys::Key;
use crate::outcome::CommandOutcome;
use crate::phone::{Phone, PhoneInput};
use other_participants::{OtherParticipants, OwnEnd};

/// Time between two reads of the meeting's state.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

pub struct Conversation<'a> {
    phone: &'a mut Phone,
    meeting_id: MeetingId,
    is_direct: bool,
    others: OtherParticipants,
    /// True if a callee has answered.
    answered: bool,
    hang_up_after: Option<Duration>,
    hang_up_at: Option<Instant>,
    give_up_at: Option<Instant>,
    /// True if the connection was lost after this device last took its seat.
    was_disconnected: bool,
}

impl<'a> Conversation<'a> {
    /// Creates the conversation of the call whose answer (`meeting_created`, `invitation_accepted`, …) this
    /// device received; `None` if the answer has no valid meeting id.
    pub fn new(phone: &'a mut Phone, answer: &ReceivedDownlink) -> Option<Self> {
        let meeting_id = answer.meeting_id.as_deref()?.parse().ok()?;
        let user = phone.user();
        let mut conversation = Self {
            phone,
            others: OtherParticipants::new(user.as_str()),
            meeting_id,
            is_direct: true,
            answered: false,
            hang_up_after: None,
            hang_up_at: None,
            give_up_at: None,
            was_disconnected: false,
        };
        conversation.apply_meeting(&answer.body["meeting"]);
        conversation.answered = match answer.kind.as_str() {
            "meeting_created" => false,
            // The way back into a direct call that may still ring.
            "meeting_merged" | "joined" if conversation.is_direct => conversation.others.any_answered(),
            _ => true,
        };
        Some(conversation)
    }

    /// Makes the conversation hang up this long after the call was answered.
    pub fn hang_up_after(mut self, after: Option<Duration>) -> Self {
        self.hang_up_after = after;
        self
    }

    /// Makes the conversation hang up at that time if the call is not answered by then.
    pub fn give_up_at(mut self, at: Option<Instant>) -> Self {
        self.give_up_at = at;
        self
    }

    /// Follows the call until it ends. The error means that the terminal has permanently disconnected, or
    /// that a request to hang up failed.
    pub async fn run(mut self) -> Result<CommandOutcome, CommandError> {
        if self.answered {
            self.report_joined().await?;
        }
        let mut poll = tokio::time::interval_at(Instant::now() + POLL_INTERVAL, POLL_INTERVAL);
        loop {
            match self.others.own_end() {
                Some(OwnEnd::Left) => {
                    self.phone.client.printer.note("left", "left by another device", json!({}));
                    return Ok(if self.answered { CommandOutcome::Done } else { CommandOutcome::Cancelled });
                }
                Some(OwnEnd::Failed) => {
                    let words = "the service did not see this device in the media in time; a stack of `make run \
                                 MEDIA=off` lets terminals without media in";
                    self.phone.client.printer.note("failed", words, json!({"meeting_id": self.meeting_id}));
                    return Ok(CommandOutcome::Failed);
                }
                None => {}
            }
            if self.others.all_gone() && !self.is_direct {
                self.phone.client.printer.note("alone", "all others have left; hanging up", json!({}));
                return Ok(self.hang_up().await?.unwrap_or_else(|| self.others.outcome(self.answered)));
            }
            let hang_up_at = self.hang_up_at;
            let give_up_at = self.give_up_at.filter(|_| !self.answered);
            let ended = tokio::select! {
                input = self.phone.next() => match input? {
                    PhoneInput::Event(event) => self.handle_event(event).await?,
                    PhoneInput::Stop | PhoneInput::Key(Key::HangUp) => {
                        Some(self.hang_up_with(CommandOutcome::Cancelled).await?)
                    }
                    PhoneInput::Key(Key::Accept | Key::Reject) => None,
                },
                _ = poll.tick() => self.poll_state().await?,
                () = sleep_until(hang_up_at) => Some(self.hang_up_with(CommandOutcome::Cancelled).await?),
                () = sleep_until(give_up_at) => Some(self.hang_up_with(CommandOutcome::TimedOut).await?),
            };
            if let Some(outcome) = ended {
                return Ok(outcome);
            }
        }
    }

    /// Returns the outcome if the event ends the call.
    async fn handle_event(&mut self, event: TerminalEvent) -> Result<Option<CommandOutcome>, CommandError> {
        match event {
            TerminalEvent::Message(message)
                if message.meeting_id.as_deref() == Some(self.meeting_id.as_str()) =>
            {
                self.handle_message(&message).await
            }
            TerminalEvent::Message(message) if message.kind == "invitation" => {
                self.reject_as_busy(&message).await?;
                Ok(None)
            }
            TerminalEvent::Gap { meeting_id } if meeting_id == self.meeting_id.as_str() => {
                self.resync().await
            }
            TerminalEvent::Disconnected { .. } => {
                self.was_disconnected = true;
                Ok(None)
            }
            TerminalEvent::Connected { .. } if std::mem::take(&mut self.was_disconnected) => {
                self.rejoin().await
            }
            _ => Ok(None),
        }
    }

    async fn handle_message(
        &mut self,
        message: &ReceivedDownlink,
    ) -> Result<Option<CommandOutcome>, CommandError> {
        let text = |name: &str| message.body.get(name).and_then(Value::as_str).unwrap_or_default();
        match message.kind.as_str() {
            "meeting_ended" => return Ok(Some(CommandOutcome::of_meeting(text("reason"), self.answered))),
            "participant_removed" => return Ok(Some(CommandOutcome::Done)),
            "invitation_updated" => self.others.set_state(text("user_id"), text("state")),
            "participant_updated" => {
                if message.is_loss_of_seat(self.phone.user().as_str()) {
                    let fields = json!({"meeting_id": self.meeting_id});
                    self.phone.client.printer.note("lost", "this device was lost; coming back", fields);
                    return self.rejoin().await;
                }
                let participant = &message.body["participant"];
                self.others.set_state(
                    participant["user_id"].as_str().unwrap_or_default(),
                    participant["state"].as_str().unwrap_or_default(),
                );
            }
            "meeting_merged" => {
                self.apply_meeting(&message.body["meeting"]);
                self.others.mark_answered();
            }
            "meeting_updated" => self.apply_meeting(&message.body["meeting"]),
            _ => {}
        }
        if !self.answered && self.others.any_answered() {
            self.answered = true;
            self.report_joined().await?;
        }
        Ok(None)
    }

    /// Stores the mode and the participants of a meeting object.
    fn apply_meeting(&mut self, meeting: &Value) {
        if let Some(mode) = meeting["mode"].as_str() {
            self.is_direct = mode == "direct";
        }
        for participant in meeting["participants"].as_array().into_iter().flatten() {
            if let (Some(user), Some(state)) =
                (participant["user_id"].as_str(), participant["state"].as_str())
            {
                self.others.set_state(user, state);
            }
        }
    }

    /// Reports that this device is in the media, and starts the timer of `hang_up_after`.
    async fn report_joined(&mut self) -> Result<(), CommandError> {
        self.phone.client.report_joined(&self.meeting_id).await?;
        self.hang_up_at = self.hang_up_after.and_then(|after| Instant::now().checked_add(after));
        let hint = if self.phone.keys.is_available() { "; h + Enter or Ctrl-C hangs up" } else { "" };
        let fields = json!({"meeting_id": self.meeting_id});
        self.phone.client.printer.note("in_call", &format!("in the call{hint}"), fields);
        Ok(())
    }

    /// Reads the meeting's state without printing it. A notice may be lost without a later notice that
    /// reveals the gap.
    async fn poll_state(&mut self) -> Result<Option<CommandOutcome>, CommandError> {
        let sync = SyncState { meeting_id: Some(self.meeting_id.clone()), missed_since_ms: None };
        let state = self.phone.client.terminal.request(&sync).await;
        self.apply_state(state)
    }

    /// Reads the meeting's state after a lost notice.
    async fn resync(&mut self) -> Result<Option<CommandOutcome>, CommandError> {
        let state = self.phone.client.sync(Some(&self.meeting_id)).await;
        self.apply_state(state)
    }

    fn apply_state(
        &mut self,
        state: Result<ReceivedDownlink, RequestError>,
    ) -> Result<Option<CommandOutcome>, CommandError> {
        match state {
            Ok(state) => {
                let meetings = state.body.get("meetings").and_then(Value::as_array);
                for meeting in meetings.into_iter().flatten() {
                    self.apply_meeting(meeting);
                }
                Ok(None)
            }
            Err(error) => self.outcome_of_error(error),
        }
    }

    /// Takes the seat again after a reconnect, since the service may have given up the seat.
    async fn rejoin(&mut self) -> Result<Option<CommandOutcome>, CommandError> {
        if !self.answered {
            return self.resync().await;
        }
        let meeting_id = self.meeting_id.clone();
        match self.phone.client.request(&Rejoin { meeting_id }).await {
            Ok(joined) => {
                self.apply_meeting(&joined.body["meeting"]);
                self.phone.client.report_joined(&self.meeting_id).await?;
                Ok(None)
            }
            Err(error) => self.outcome_of_error(error),
        }
    }

    /// Returns the outcome if the error means that the call has ended; `None` if the call may continue.
    fn outcome_of_error(&self, error: RequestError) -> Result<Option<CommandOutcome>, CommandError> {
        match error {
            RequestError::Refused(refused) => match refused.code.as_str() {
                "meeting_ended" => {
                    let reason = refused.reason.as_deref().unwrap_or_default();
                    let words = format!("the meeting has ended: {reason}");
                    self.phone.client.printer.note("over", &words, json!({"reason": reason}));
                    Ok(Some(CommandOutcome::of_meeting(reason, self.answered)))
                }
                // The user has left on another device.
                "not_admitted" if self.answered => Ok(Some(CommandOutcome::Done)),
                "not_admitted" | "forbidden" | "meeting_not_found" => Ok(Some(CommandOutcome::Failed)),
                _ => Ok(None),
            },
            // A later notice, or the next reconnect, shows the state.
            RequestError::TimedOut(_) => Ok(None),
            other => Err(other.into()),
        }
    }

    /// Rejects a second invitation with the reason `busy`, since `call` is in one call at a time.
    async fn reject_as_busy(&mut self, invitation: &ReceivedDownlink) -> Result<(), CommandError> {
        let (Some(invite_id), Some(meeting_id)) =
            (invitation.field("invite_id"), invitation.field("meeting_id"))
        else {
            return Ok(());
        };
        let reject = Reject { meeting_id, invite_id, reason: RejectReason::Busy, text: None };
        match self.phone.client.request(&reject).await {
            Err(RequestError::Disconnected) => Err(RequestError::Disconnected.into()),
            _ => Ok(()),
        }
    }

    /// Hangs up. Returns the outcome `Done` for an answered call, otherwise `if_unanswered`.
    async fn hang_up_with(&mut self, if_unanswered: CommandOutcome) -> Result<CommandOutcome, CommandError> {
        let outcome = if self.answered { CommandOutcome::Done } else { if_unanswered };
        Ok(self.hang_up().await?.unwrap_or(outcome))
    }

    /// Leaves the meeting, or destroys a group that is not answered. Returns an outcome only after a second
    /// Ctrl-C.
    async fn hang_up(&mut self) -> Result<Option<CommandOutcome>, CommandError> {
        let meeting_id = self.meeting_id.clone();
        // Leaving ends a direct call, but a group would continue to ring.
        let request = if self.answered || self.is_direct {
            Uplink::new(&Leave { meeting_id })
        } else {
            let meeting_id = Some(meeting_id);
            Uplink::new(&DestroyMeeting { meeting_id, create_id: None, reason: None })
        };
        let request = request.map_err(RequestError::from)?;
        let answer = tokio::select! {
            answer = self.phone.client.request_uplink(&request) => answer,
            () = self.phone.stop.requested() => return Ok(Some(CommandOutcome::Failed)),
        };
        match answer {
            Ok(_) => Ok(None),
            Err(RequestError::Refused(refused)) if refused.code == "meeting_ended" => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
