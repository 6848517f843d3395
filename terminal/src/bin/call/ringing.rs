//! One invitation that rings on this device, until somebody answers it or it is taken back.

use std::time::Duration;

use serde_json::json;
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::object::Media;
use switchboard_protocol::requests::{Accept, AnswerRequest, Reject, RejectReason};
use terminal::{ReceivedDownlink, RequestError};
use tokio::time::{Instant, MissedTickBehavior};

use crate::conversation::{Conversation, at};
use crate::failure::Failure;
use crate::incoming::{Call, Happened, Incoming};
use crate::keys::Key;
use crate::outcome::Outcome;
use crate::phone::Phone;

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

/// How an invitation ended, and whether the command shall end with it.
pub struct Rung {
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the person wants to stop.
    pub stopped: bool,
}

/// Rings, answers as the person or the habit wants it, and follows the call.
///
/// # Errors
/// The connection is gone for good.
pub async fn ring(incoming: &mut Incoming<'_>, call: Call, habit: Habit) -> Result<Rung, Failure> {
    let end = until_answered(incoming, &call, habit).await?;
    let (outcome, stopped) = match end {
        End::Over(outcome) => (outcome, false),
        End::Stopped => (Outcome::Done, true),
        End::Rejected(reason) => {
            let Call { meeting_id, invite_id, .. } = call;
            let reject = Reject { meeting_id, invite_id, reason, text: None };
            (incoming.answer(&reject.into()).await.map_or_else(outcome_of, |_| Ok(Outcome::Done))?, false)
        }
        End::Accepted => {
            let Call { meeting_id, invite_id, media, .. } = call;
            let accept = Accept { meeting_id, invite_id, media };
            let answer = incoming.answer(&accept.into()).await;
            (follow(incoming.phone(), answer).await?, false)
        }
    };
    Ok(Rung { outcome, stopped })
}

async fn until_answered(incoming: &mut Incoming<'_>, call: &Call, habit: Habit) -> Result<End, Failure> {
    announce(incoming.phone(), call, habit);
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
            happened = incoming.next() => match happened? {
                Happened::Heard { stopped } => {
                    if let Some(stop) = stopped.iter().find(|stop| stop.invite_id == call.invite_id.as_str()) {
                        return Ok(End::Over(Outcome::of_ring(&stop.reason)));
                    }
                }
                Happened::Key(Key::Accept) => return Ok(End::Accepted),
                Happened::Key(Key::Reject | Key::HangUp) => return Ok(End::Rejected(RejectReason::Declined)),
                Happened::Stop => return Ok(End::Stopped),
            },
            () = at(answer_at) => return Ok(end),
            _ = bell.tick() => incoming.phone().line.output.bell(),
        }
    }
}

fn announce(phone: &Phone, call: &Call, habit: Habit) {
    let Call { meeting_id, invite_id, caller, from, .. } = call;
    let hint = match habit {
        Habit::Accept(_) => " and is taken".to_owned(),
        Habit::Reject(..) => " and is rejected".to_owned(),
        Habit::Ring if phone.keys.are_there() => "; a + Enter accepts, r + Enter rejects".to_owned(),
        Habit::Ring => format!("; `call answer accept {invite_id} --as {}` takes it", phone.user()),
    };
    let fields = json!({"meeting_id": meeting_id, "invite_id": invite_id, "from": from});
    phone.line.output.alert("rings", &format!("{caller} rings{hint}"), fields);
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
    let answer = phone.line.request(&AnswerRequest::from(Accept { meeting_id, invite_id, media })).await;
    follow(phone, answer).await
}

async fn follow(
    phone: &mut Phone,
    answer: Result<ReceivedDownlink, RequestError>,
) -> Result<Outcome, Failure> {
    match answer.map(|accepted| Conversation::of(phone, &accepted)) {
        Ok(Some(conversation)) => conversation.run().await,
        Ok(None) => Err(Failure::new("the service's answer names no meeting")),
        Err(error) => outcome_of(error),
    }
}

/// A refusal ends the invitation, not the command: the next one may go better.
fn outcome_of(error: RequestError) -> Result<Outcome, Failure> {
    match error {
        RequestError::Disconnected => Err(error.into()),
        other => Ok(Failure::from(other).outcome),
    }
}
