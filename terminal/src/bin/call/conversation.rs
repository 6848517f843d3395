//! A call from this side, from the ring at the other end to its end: what comes is followed, Ctrl-C hangs up.

mod people;

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::requests::{
    AnswerRequest, AttendRequest, DestroyMeeting, DestroyRequest, Leave, Reject, RejectReason, Rejoin,
    SyncRequest, SyncState,
};
use terminal::{ReceivedDownlink, RequestError, TerminalEvent, Uplink};
use tokio::time::Instant;

use crate::failure::Failure;
use crate::keys::Key;
use crate::outcome::Outcome;
use crate::phone::{Input, Phone};
use people::People;

/// Time between two looks at the meeting.
const LOOK: Duration = Duration::from_secs(5);

/// A call that this device has a part in.
pub struct Conversation<'a> {
    phone: &'a mut Phone,
    meeting_id: MeetingId,
    is_direct: bool,
    others: People,
    /// Whether anybody has answered.
    answered: bool,
    hang_up_after: Option<Duration>,
    hang_up_at: Option<Instant>,
    give_up_at: Option<Instant>,
    /// Whether the connection was lost since this device was last in.
    was_lost: bool,
}

impl<'a> Conversation<'a> {
    /// Follows the call whose answer (`meeting_created`, `invitation_accepted`, …) came to this device. `None` if the
    /// answer names no meeting.
    pub fn of(phone: &'a mut Phone, answer: &ReceivedDownlink) -> Option<Self> {
        let meeting_id = answer.meeting_id.as_deref()?.parse().ok()?;
        let user = phone.user();
        let mut conversation = Self {
            phone,
            others: People::without(user.as_str()),
            meeting_id,
            is_direct: true,
            answered: answer.kind != "meeting_created",
            hang_up_after: None,
            hang_up_at: None,
            give_up_at: None,
            was_lost: false,
        };
        conversation.learn(&answer.body["meeting"]);
        Some(conversation)
    }

    /// Hangs up so long after the answer.
    pub fn hang_up_after(mut self, after: Option<Duration>) -> Self {
        self.hang_up_after = after;
        self
    }

    /// Gives up at that time if nobody has answered by then.
    pub fn give_up_at(mut self, at: Option<Instant>) -> Self {
        self.give_up_at = at;
        self
    }

    /// Follows the call to its end.
    ///
    /// # Errors
    /// The connection is gone for good.
    pub async fn run(mut self) -> Result<Outcome, Failure> {
        if self.answered {
            self.enter().await?;
        }
        let mut look = tokio::time::interval_at(Instant::now() + LOOK, LOOK);
        loop {
            if self.others.are_left_alone() {
                self.phone.line.output.note("left", "left by another device", json!({}));
                return Ok(if self.answered { Outcome::Done } else { Outcome::Cancelled });
            }
            if self.others.are_gone() && !self.is_direct {
                self.phone.line.output.note("alone", "nobody else is left", json!({}));
                return Ok(self.hang_up().await?.unwrap_or_else(|| self.others.outcome(self.answered)));
            }
            let hang_up_at = self.hang_up_at;
            let give_up_at = self.give_up_at.filter(|_| !self.answered);
            let ended = tokio::select! {
                input = self.phone.next() => match input? {
                    Input::Heard(event) => self.take(event).await?,
                    Input::Stop | Input::Key(Key::HangUp) => Some(self.hang_up_as(Outcome::Cancelled).await?),
                    Input::Key(Key::Accept | Key::Reject) => None,
                },
                _ = look.tick() => self.look().await?,
                () = at(hang_up_at) => Some(self.hang_up_as(Outcome::Cancelled).await?),
                () = at(give_up_at) => Some(self.hang_up_as(Outcome::TimedOut).await?),
            };
            if let Some(outcome) = ended {
                return Ok(outcome);
            }
        }
    }

    /// Takes in what happened; the outcome if the call is over by it.
    async fn take(&mut self, event: TerminalEvent) -> Result<Option<Outcome>, Failure> {
        match event {
            TerminalEvent::Message(news) if news.meeting_id.as_deref() == Some(self.meeting_id.as_str()) => {
                self.hear(&news).await
            }
            TerminalEvent::Message(news) if news.kind == "invitation" => {
                self.turn_down(&news).await?;
                Ok(None)
            }
            TerminalEvent::Gap { meeting_id } if meeting_id == self.meeting_id.as_str() => {
                self.catch_up().await
            }
            TerminalEvent::Disconnected { .. } => {
                self.was_lost = true;
                Ok(None)
            }
            TerminalEvent::Connected { .. } if std::mem::take(&mut self.was_lost) => self.come_back().await,
            _ => Ok(None),
        }
    }

    async fn hear(&mut self, news: &ReceivedDownlink) -> Result<Option<Outcome>, Failure> {
        let text = |name: &str| news.body.get(name).and_then(Value::as_str).unwrap_or_default();
        match news.kind.as_str() {
            "meeting_ended" => return Ok(Some(Outcome::of_meeting(text("reason"), self.answered))),
            "participant_removed" => return Ok(Some(Outcome::Done)),
            "invitation_updated" => self.others.note(text("user_id"), text("state")),
            "participant_updated" => {
                let participant = &news.body["participant"];
                self.others.note(
                    participant["user_id"].as_str().unwrap_or_default(),
                    participant["state"].as_str().unwrap_or_default(),
                );
            }
            "meeting_merged" => {
                self.learn(&news.body["meeting"]);
                self.others.somebody_answered();
            }
            "meeting_updated" => self.learn(&news.body["meeting"]),
            _ => {}
        }
        if !self.answered && self.others.has_anybody_answered() {
            self.answered = true;
            self.enter().await?;
        }
        Ok(None)
    }

    /// Takes in a whole meeting.
    fn learn(&mut self, meeting: &Value) {
        if let Some(mode) = meeting["mode"].as_str() {
            self.is_direct = mode == "direct";
        }
        for participant in meeting["participants"].as_array().into_iter().flatten() {
            if let (Some(user), Some(state)) =
                (participant["user_id"].as_str(), participant["state"].as_str())
            {
                self.others.note(user, state);
            }
        }
    }

    /// This device is in the call.
    async fn enter(&mut self) -> Result<(), Failure> {
        self.phone.line.report_joined(&self.meeting_id).await?;
        self.hang_up_at = self.hang_up_after.and_then(|after| Instant::now().checked_add(after));
        let hint = if self.phone.keys.are_there() { "; h + Enter or Ctrl-C hangs up" } else { "" };
        let fields = json!({"meeting_id": self.meeting_id});
        self.phone.line.output.note("in_call", &format!("in the call{hint}"), fields);
        Ok(())
    }

    /// What is told may be missed, and this device is alone with it, so it looks from time to time, without a word.
    async fn look(&mut self) -> Result<Option<Outcome>, Failure> {
        let sync = SyncRequest::from(SyncState { meeting_id: Some(self.meeting_id.clone()) });
        let state = self.phone.line.terminal.request(&sync).await;
        self.compare(state)
    }

    /// Something was missed.
    async fn catch_up(&mut self) -> Result<Option<Outcome>, Failure> {
        let state = self.phone.line.sync(Some(&self.meeting_id)).await;
        self.compare(state)
    }

    fn compare(&mut self, state: Result<ReceivedDownlink, RequestError>) -> Result<Option<Outcome>, Failure> {
        match state {
            Ok(state) => {
                let meetings = state.body.get("meetings").and_then(Value::as_array);
                for meeting in meetings.into_iter().flatten() {
                    self.learn(meeting);
                }
                Ok(None)
            }
            Err(error) => self.over(error),
        }
    }

    /// The connection was lost and is there again: the seat may have been given up in the meantime.
    async fn come_back(&mut self) -> Result<Option<Outcome>, Failure> {
        if !self.answered {
            return self.catch_up().await;
        }
        let meeting_id = self.meeting_id.clone();
        match self.phone.line.request(&AttendRequest::from(Rejoin { meeting_id })).await {
            Ok(joined) => {
                self.learn(&joined.body["meeting"]);
                self.phone.line.report_joined(&self.meeting_id).await?;
                Ok(None)
            }
            Err(error) => self.over(error),
        }
    }

    /// Reads out of a refusal whether the call is over.
    fn over(&self, error: RequestError) -> Result<Option<Outcome>, Failure> {
        match error {
            RequestError::Refused(refused) => match refused.code.as_str() {
                "meeting_ended" => {
                    let reason = refused.reason.as_deref().unwrap_or_default();
                    let words = format!("the meeting is over: {reason}");
                    self.phone.line.output.note("over", &words, json!({"reason": reason}));
                    Ok(Some(Outcome::of_meeting(reason, self.answered)))
                }
                // The user has left by another device.
                "not_admitted" if self.answered => Ok(Some(Outcome::Done)),
                "not_admitted" | "forbidden" | "meeting_not_found" => Ok(Some(Outcome::Failed)),
                _ => Ok(None),
            },
            // The next connection, or the next news, will tell.
            RequestError::TimedOut(_) => Ok(None),
            other => Err(other.into()),
        }
    }

    /// One call at a time: who calls now hears that this user is busy.
    async fn turn_down(&self, invitation: &ReceivedDownlink) -> Result<(), Failure> {
        let (Some(invite_id), Some(meeting_id)) =
            (invitation.field("invite_id"), invitation.field("meeting_id"))
        else {
            return Ok(());
        };
        let reject = Reject { meeting_id, invite_id, reason: RejectReason::Busy, text: None };
        match self.phone.line.request(&AnswerRequest::from(reject)).await {
            Err(RequestError::Disconnected) => Err(RequestError::Disconnected.into()),
            _ => Ok(()),
        }
    }

    /// Hangs up; an answered call is done by it, another one ends as `unanswered` says.
    async fn hang_up_as(&mut self, unanswered: Outcome) -> Result<Outcome, Failure> {
        let wanted = if self.answered { Outcome::Done } else { unanswered };
        Ok(self.hang_up().await?.unwrap_or(wanted))
    }

    /// Leaves, or ends what nobody has answered; the outcome if that was not possible.
    async fn hang_up(&mut self) -> Result<Option<Outcome>, Failure> {
        let meeting_id = self.meeting_id.clone();
        // Leaving a direct call ends it; a group would go on ringing.
        let request = if self.answered || self.is_direct {
            Uplink::new(&AttendRequest::from(Leave { meeting_id }))
        } else {
            let meeting_id = Some(meeting_id);
            Uplink::new(&DestroyRequest::from(DestroyMeeting { meeting_id, create_id: None, reason: None }))
        };
        let request = request.map_err(RequestError::from)?;
        let answer = tokio::select! {
            answer = self.phone.line.ask(&request) => answer,
            // Twice Ctrl-C does not wait for the answer.
            () = self.phone.stop.requested() => return Ok(Some(Outcome::Failed)),
        };
        match answer {
            Ok(_) => Ok(None),
            // It was over already.
            Err(RequestError::Refused(refused)) if refused.code == "meeting_ended" => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Returns at that time; never if there is none.
pub async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
