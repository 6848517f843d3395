//! Rings for one invitation until it is answered on this device, closed or expired. After an accept, follows
//! the call.

use std::time::Duration;

use serde_json::json;
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::object::Media;
use switchboard_protocol::requests::{Accept, Reject, RejectReason};
use terminal::{ReceivedDownlink, RequestError};
use tokio::time::{Instant, MissedTickBehavior};

use crate::clock::sleep_until;
use crate::conversation::Conversation;
use crate::error::CommandError;
use crate::incoming::{IncomingCall, IncomingCalls, ListenInput};
use crate::keys::Key;
use crate::outcome::CommandOutcome;
use crate::phone::Phone;

/// Time between two rings of the bell.
const BELL_INTERVAL: Duration = Duration::from_secs(2);

/// The answer that the command sends by itself after the given time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoAnswer {
    Off,
    Accept(Duration),
    Reject(Duration, RejectReason),
}

enum RingEnd {
    /// The ring stopped without an answer on this device.
    Stopped(CommandOutcome),
    Accepted,
    Rejected(RejectReason),
    /// Ctrl-C or SIGTERM.
    Interrupted,
}

pub struct RingResult {
    pub outcome: CommandOutcome,
    /// True if Ctrl-C or SIGTERM ended the ring, and the command has to end, too.
    pub interrupted: bool,
}

/// Rings, answers, and follows an accepted call until it ends. The error means that the terminal has
/// permanently disconnected.
pub async fn ring(
    incoming: &mut IncomingCalls<'_>,
    call: IncomingCall,
    auto_answer: AutoAnswer,
) -> Result<RingResult, CommandError> {
    let end = ring_until_answered(incoming, &call, auto_answer).await?;
    let (outcome, interrupted) = match end {
        RingEnd::Stopped(outcome) => (outcome, false),
        RingEnd::Interrupted => (CommandOutcome::Done, true),
        RingEnd::Rejected(reason) => {
            let IncomingCall { meeting_id, invite_id, .. } = call;
            let reject = Reject { meeting_id, invite_id, reason, text: None };
            let answer = incoming.answer(&reject).await;
            (answer.map_or_else(outcome_of, |_| Ok(CommandOutcome::Done))?, false)
        }
        RingEnd::Accepted => {
            let IncomingCall { meeting_id, invite_id, media, .. } = call;
            let accept = Accept { meeting_id, invite_id, media };
            let answer = incoming.answer(&accept).await;
            (follow(incoming.phone(), answer).await?, false)
        }
    };
    Ok(RingResult { outcome, interrupted })
}

async fn ring_until_answered(
    incoming: &mut IncomingCalls<'_>,
    call: &IncomingCall,
    auto_answer: AutoAnswer,
) -> Result<RingEnd, CommandError> {
    print_ring(incoming.phone(), call, auto_answer);
    let began = Instant::now();
    let (end, answer_at) = match auto_answer {
        // This value is never used: without a time, the automatic answer is not sent.
        AutoAnswer::Off => (RingEnd::Interrupted, None),
        AutoAnswer::Accept(after) => (RingEnd::Accepted, began.checked_add(after)),
        AutoAnswer::Reject(after, reason) => (RingEnd::Rejected(reason), began.checked_add(after)),
    };
    let mut bell = tokio::time::interval(BELL_INTERVAL);
    bell.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            // The branches have this order so that an invitation that closed before the automatic answer is
            // not answered.
            biased;
            input = incoming.next() => match input? {
                ListenInput::Processed { stopped } => {
                    if let Some(stop) = stopped.iter().find(|stop| stop.invite_id == call.invite_id.as_str()) {
                        return Ok(RingEnd::Stopped(CommandOutcome::of_ring(&stop.reason)));
                    }
                }
                ListenInput::Key(Key::Accept) => return Ok(RingEnd::Accepted),
                ListenInput::Key(Key::Reject | Key::HangUp) => {
                    return Ok(RingEnd::Rejected(RejectReason::Declined));
                }
                ListenInput::Stop => return Ok(RingEnd::Interrupted),
            },
            () = sleep_until(answer_at) => return Ok(end),
            _ = bell.tick() => incoming.phone().client.printer.bell(),
        }
    }
}

fn print_ring(phone: &Phone, call: &IncomingCall, auto_answer: AutoAnswer) {
    let IncomingCall { meeting_id, invite_id, caller, from, .. } = call;
    let hint = match auto_answer {
        AutoAnswer::Accept(_) => "; accepted automatically".to_owned(),
        AutoAnswer::Reject(..) => "; rejected automatically".to_owned(),
        AutoAnswer::Off if phone.keys.is_available() => "; a + Enter accepts, r + Enter rejects".to_owned(),
        AutoAnswer::Off => format!("; `call answer accept {invite_id} --as {}` accepts", phone.user()),
    };
    let fields = json!({"meeting_id": meeting_id, "invite_id": invite_id, "from": from});
    phone.client.printer.alert("rings", &format!("call from {caller}{hint}"), fields);
}

/// Accepts an invitation and follows the call until it ends. The error means that the terminal has
/// permanently disconnected.
pub async fn accept(
    phone: &mut Phone,
    meeting_id: MeetingId,
    invite_id: InviteId,
    media: Media,
) -> Result<CommandOutcome, CommandError> {
    let answer = phone.client.request(&Accept { meeting_id, invite_id, media }).await;
    follow(phone, answer).await
}

async fn follow(
    phone: &mut Phone,
    answer: Result<ReceivedDownlink, RequestError>,
) -> Result<CommandOutcome, CommandError> {
    match answer.map(|accepted| Conversation::new(phone, &accepted)) {
        Ok(Some(conversation)) => conversation.run().await,
        Ok(None) => Err(CommandError::new("the service's answer has no meeting_id")),
        Err(error) => outcome_of(error),
    }
}

/// Returns the outcome of a failed request. Only a disconnected terminal is an error: after a refusal,
/// `listen` waits for the next call.
fn outcome_of(error: RequestError) -> Result<CommandOutcome, CommandError> {
    match error {
        RequestError::Disconnected => Err(error.into()),
        other => Ok(CommandError::from(other).outcome),
    }
}
