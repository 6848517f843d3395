//! Function `create-meeting`: creates a meeting and offers it to its invitees. A repeat is answered with the
//! existing meeting.
//!
//! A request may arrive twice. Since the meeting's id is derived from the request, a second insert of the
//! same meeting fails, and the answer shows the meeting that the first insert made.

mod merge;

use merge::{merge, merging, met};
use switchboard_core::create as create_meeting_from;
use switchboard_core::{Action, CreateCommand, CreateMark, Decision, MarkKind, SlotChange};
use switchboard_protocol::address::UserId;
use switchboard_protocol::requests::CreateRequest;
use switchboard_service::inviter::Inviter;
use switchboard_service::ports::{CommitResult, Loaded, Ports, RingsWrite, SlotWrite, Stored};
use switchboard_service::{
    CommitTerms, InvocationReport, KnownUsers, ReceivedRequest, ServeError, Service, back_off,
};

/// Largest number of attempts, if a call slot, or a call with which the request may merge, changes between
/// read and commit every time.
const ATTEMPTS: u32 = 6;

/// Serves `create_meeting`: one read, one transaction, then the answer and the offers at the same time.
pub async fn create_meeting<P: Ports>(
    request: ReceivedRequest<CreateRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let CreateRequest::CreateMeeting(create) = &request.envelope.request;
    let id = service.key.meeting(&request.by, &request.envelope.id);
    let caller = request.by.user();
    let users: Vec<UserId> = [caller.clone()].into_iter().chain(create.invitees.iter().cloned()).collect();
    let path = |at: usize| at.checked_sub(1).map_or("client_id".to_owned(), |at| format!("invitees[{at}]"));
    service.check_users(&id, users.iter().enumerate().map(|(at, user)| (path(at), user)))?;

    let mut hang_up_waits = 1..=service.hang_up_waits;
    for attempt in 1..=ATTEMPTS {
        let mut known = service.load_users(&id, &users, &caller, request.now).await?;
        while may_have_hung_up(&known, &request)
            && let Some(wait) = hang_up_waits.next()
        {
            back_off(wait, id.as_str(), Some(&request.cause())).await;
            known = service.load_users(&id, &users, &caller, request.now).await?;
        }
        if let Some(existing) = known.meeting.take() {
            return answer_again(existing, &request, service).await;
        }
        // Glare is decided before busy: a user who calls back while their device rings is in no other call.
        if let Some(call) = met(create, &request, &known, service) {
            let opening = opening(&request, &known, service);
            if let Some(report) = merge(call, &opening, &request, service).await? {
                return Ok(report);
            }
        } else {
            let command = opening(&request, &known, service);
            let decision = create_meeting_from(&command, request.now, service.rtc_capabilities())?;
            let (user, rings) = (caller.clone(), known.rings.clone());
            let inviter = Inviter { user, rings, invitees: &command.invitees };
            let rings = service.count_rings(&inviter, &decision, request.now).await?;
            service.keep_findable(&request.by.user(), command.busy.clone(), request.now).await?;
            match commit_new_meeting(&decision, rings, &known, &request, service).await? {
                CommitResult::Done => {
                    return Ok(service.run_effects(None, decision, true, request.now).await);
                }
                CommitResult::Lost(Some(existing)) => {
                    return answer_again(*existing, &request, service).await;
                }
                CommitResult::Lost(None) | CommitResult::SlotTaken | CommitResult::Conflict => {}
            }
        }
        back_off(attempt, id.as_str(), Some(&request.cause())).await;
    }
    Err(ServeError::Contended)
}

/// Returns whether the sender's own device is in a call and is not known to have left it. The device may have
/// hung up just before this request. Since requests to two functions may overtake each other, the function
/// then waits for the hang-up.
fn may_have_hung_up(known: &KnownUsers, request: &ReceivedRequest<CreateRequest>) -> bool {
    let user = request.by.user();
    let is_in = |call: &Loaded| {
        let seat = call.meeting.participants.get(&user).and_then(|p| p.seat());
        seat.is_some_and(|seat| seat.device == request.by && seat.check_at_ms.is_none() && !seat.is_away())
    };
    known.meeting.is_none() && known.is_busy(&user) && known.call_of(&user).is_some_and(is_in)
}

/// Answers a repeated create request, including one that was merged with another call.
async fn answer_again<P: Ports>(
    existing: Stored,
    request: &ReceivedRequest<CreateRequest>,
    service: &Service<P>,
) -> Result<InvocationReport, ServeError> {
    let CreateRequest::CreateMeeting(create) = &request.envelope.request;
    match existing {
        Stored::Mark(CreateMark { kind: MarkKind::MergedInto(met), .. }) => {
            service.change(&met, merging(create, request), request.now).await
        }
        existing => service.change_stored(existing, request.command(Action::CreateAgain), request.now).await,
    }
}

fn opening<P: Ports>(
    request: &ReceivedRequest<CreateRequest>,
    known: &KnownUsers,
    service: &Service<P>,
) -> CreateCommand {
    let CreateRequest::CreateMeeting(create) = &request.envelope.request;
    let (by, id) = (&request.by, &request.envelope.id);
    let meeting_id = service.key.meeting(by, id);
    let invitee = |user: &UserId| known.invitee(user, service.key.invite(&meeting_id, by, id, user));
    let invitees = create.invitees.iter().map(invitee).collect();
    CreateCommand {
        by: by.clone(),
        name: known.name(&by.user()),
        busy: known.busy_in(&by.user()),
        request_id: id.clone(),
        hash: request.envelope.hash.clone(),
        create: create.clone(),
        invitees,
        meeting_id,
    }
}

async fn commit_new_meeting<P: Ports>(
    decision: &Decision,
    rings: Option<RingsWrite>,
    known: &KnownUsers,
    request: &ReceivedRequest<CreateRequest>,
    service: &Service<P>,
) -> Result<CommitResult, ServeError> {
    let Some(next) = &decision.next else { return Err(ServeError::Contended) };
    // The channel is created before the commit, so that every meeting has a channel. The sweep closes
    // channels without a meeting.
    service.register(next, request.now).await?;
    let slots = decision.slots.iter().map(|change| match change {
        SlotChange::Claim(user) => SlotWrite::Take { user: user.clone(), seen: known.slot_meeting(user) },
        change => SlotWrite::from(change),
    });
    let terms = CommitTerms {
        seen: None,
        mark: None,
        cause: request.cause(),
        slots: slots.collect(),
        rings,
        guarded: true,
        now: request.now,
    };
    service.commit_decision(next, terms).await
}

#[cfg(test)]
mod access_tests;
#[cfg(test)]
mod rate_tests;
#[cfg(test)]
mod tests;
