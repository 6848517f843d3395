//! One invitation that rings on this device, until somebody answers it or it is taken back.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard::id::{InviteId, MeetingId};
use switchboard::message::downlink::{MeetingOffer, Offer};
use switchboard::message::object::Media;
use switchboard::message::uplink::{Accept, Answer, Reject, RejectReason, Ringing};
use terminal::{Event, Received, RequestError};
use tokio::time::{Instant, MissedTickBehavior};

use crate::conversation::{Conversation, at};
use crate::failure::Failure;
use crate::keys::Key;
use crate::outcome::Outcome;
use crate::phone::{Input, Phone};

/// Time between two rings of the bell.
const BELL: Duration = Duration::from_secs(2);

/// What this device does about an invitation by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Waits for a person.
    Ring,
    /// Takes the call after that time.
    Accept(Duration),
    /// Rejects the call after that time.
    Reject(Duration, RejectReason),
}

/// How the ringing ended.
enum End {
    /// Nobody here had a say in it.
    Over(Outcome),
    /// The person, or the habit, takes the call.
    Accepted,
    /// The person, or the habit, does not.
    Rejected(RejectReason),
    /// The person has had enough of this command.
    Stopped,
}

/// An invitation that rings.
pub struct Ring<'a> {
    phone: &'a mut Phone,
    meeting_id: MeetingId,
    offer: Offer,
    until: Instant,
}

/// How an invitation ended, and whether the command shall end with it.
pub struct Rung {
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the person wants to stop.
    pub stopped: bool,
}

impl<'a> Ring<'a> {
    /// The invitation as it came, or as `sync` shows it.
    pub fn new(phone: &'a mut Phone, MeetingOffer { meeting_id, offer }: MeetingOffer) -> Self {
        let left = Duration::from_millis(u64::try_from(offer.deadline_in_ms).unwrap_or(0));
        Self { phone, meeting_id, until: Instant::now() + left, offer }
    }

    /// Rings, answers as the person or the habit wants it, and follows the call.
    ///
    /// # Errors
    /// The connection is gone for good.
    pub async fn run(mut self, habit: Habit) -> Result<Rung, Failure> {
        let end = self.ring(habit).await?;
        let (outcome, stopped) = match end {
            End::Over(outcome) => (outcome, false),
            End::Stopped => (Outcome::Done, true),
            End::Rejected(reason) => (self.reject(reason).await?, false),
            End::Accepted => (self.accept().await?, false),
        };
        Ok(Rung { outcome, stopped })
    }

    async fn ring(&mut self, habit: Habit) -> Result<End, Failure> {
        let ringing =
            Ringing { meeting_id: self.meeting_id.clone(), invite_id: self.offer.invite_id.clone() };
        let ringing = self.phone.line.tell(&Answer::from(ringing)).await?;
        self.announce(habit);
        let began = Instant::now();
        let (end, answer_at) = match habit {
            Habit::Ring => (End::Stopped, None),
            Habit::Accept(after) => (End::Accepted, began.checked_add(after)),
            Habit::Reject(after, reason) => (End::Rejected(reason), began.checked_add(after)),
        };
        let mut bell = tokio::time::interval(BELL);
        bell.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                // What was taken back before the habit's time is not answered.
                biased;
                input = self.phone.next() => match input? {
                    Input::Heard(event) => if let Some(outcome) = self.take(&event, ringing.id()) {
                        return Ok(End::Over(outcome));
                    },
                    Input::Key(Key::Accept) => return Ok(End::Accepted),
                    Input::Key(Key::Reject | Key::HangUp) => return Ok(End::Rejected(RejectReason::Declined)),
                    Input::Stop => return Ok(End::Stopped),
                },
                () = at(answer_at) => return Ok(end),
                () = tokio::time::sleep_until(self.until) => {
                    self.phone.line.output.note("rang_out", "nobody answered in time", json!({}));
                    return Ok(End::Over(Outcome::NoAnswer));
                }
                _ = bell.tick() => self.phone.line.output.bell(),
            }
        }
    }

    fn announce(&self, habit: Habit) {
        let (meeting_id, invite_id) = (&self.meeting_id, &self.offer.invite_id);
        let caller = self.offer.from.name.as_deref().unwrap_or(self.offer.from.user_id.as_str());
        let hint = match habit {
            Habit::Accept(_) => " and is taken".to_owned(),
            Habit::Reject(..) => " and is rejected".to_owned(),
            Habit::Ring if self.phone.keys.are_there() => "; a + Enter accepts, r + Enter rejects".to_owned(),
            Habit::Ring => {
                let user = self.phone.user();
                format!("; `call answer accept {invite_id} --as {user}` takes it")
            }
        };
        let fields = json!({"meeting_id": meeting_id, "invite_id": invite_id, "from": self.offer.from});
        self.phone.line.output.alert("rings", &format!("{caller} rings{hint}"), fields);
    }

    /// The outcome if the ringing is over by this event.
    fn take(&self, event: &Event, ringing: &str) -> Option<Outcome> {
        let Event::Message(news) = event else { return None };
        let text = |name: &str| news.body.get(name).and_then(Value::as_str).unwrap_or_default();
        match news.kind.as_str() {
            "invitation_closed" if text("invite_id") == self.offer.invite_id.as_str() => {
                Some(Outcome::of_ring(text("reason")))
            }
            "meeting_ended" if text("meeting_id") == self.meeting_id.as_str() => Some(Outcome::Cancelled),
            // Any error to `ringing` means: stop at once.
            "error" if news.answers() == Some(ringing) => Some(Outcome::of_ring(text("code"))),
            "invitation" if text("invite_id") != self.offer.invite_id.as_str() => {
                let words = "another call waits: it rings on, but not here";
                self.phone.line.output.note("waits", words, json!({"invite_id": text("invite_id")}));
                None
            }
            _ => None,
        }
    }

    async fn reject(&self, reason: RejectReason) -> Result<Outcome, Failure> {
        let (meeting_id, invite_id) = (self.meeting_id.clone(), self.offer.invite_id.clone());
        let reject = Reject { meeting_id, invite_id, reason, text: None };
        match self.phone.line.request(&Answer::from(reject)).await {
            Ok(_) => Ok(Outcome::Done),
            Err(error) => outcome_of(error),
        }
    }

    async fn accept(self) -> Result<Outcome, Failure> {
        let media = self.offer.media;
        accept(self.phone, self.meeting_id, self.offer.invite_id, media).await
    }
}

/// Takes a call, and follows it to its end.
///
/// # Errors
/// The connection is gone for good.
pub async fn accept(
    phone: &mut Phone,
    meeting_id: MeetingId,
    invite_id: InviteId,
    media: Media,
) -> Result<Outcome, Failure> {
    match phone.line.request(&Answer::from(Accept { meeting_id, invite_id, media })).await {
        Ok(accepted) => follow(phone, &accepted).await,
        Err(error) => outcome_of(error),
    }
}

async fn follow(phone: &mut Phone, accepted: &Received) -> Result<Outcome, Failure> {
    match Conversation::of(phone, accepted) {
        Some(conversation) => conversation.run().await,
        None => Err(Failure::new("the service's answer names no meeting")),
    }
}

/// A refusal ends the invitation, not the command: the next one may go better.
fn outcome_of(error: RequestError) -> Result<Outcome, Failure> {
    match error {
        RequestError::Disconnected => Err(error.into()),
        other => Ok(Failure::from(other).outcome),
    }
}
