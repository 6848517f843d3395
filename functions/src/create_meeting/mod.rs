//! Opens a meeting and rings its invitees, or answers with the one that this request already opened.
//!
//! Every hop may deliver twice, so the meeting's id is derived from the request: a second insert of the same
//! meeting fails and is answered from what the first one made.

mod merge;

use merge::{merge, merging, met};
use switchboard_core::{Action, Decision, Meeting, Opening, SlotChange};
use switchboard_protocol::address::UserId;
use switchboard_protocol::requests::CreateRequest;
use switchboard_service::serve::{Failure, Outcome, People, Request, Service, Terms, back_off};
use switchboard_service::store::{Loaded, Outcome as Committed, SlotWrite};

/// How often everything is read again because a call slot was taken, or a call that was met changed, in between.
const ATTEMPTS: u32 = 6;

/// Serves `create_meeting`: one read of everything, one transaction, then the answer and the rings at once.
pub async fn create_meeting(request: Request<CreateRequest>, service: &Service) -> Result<Outcome, Failure> {
    let CreateRequest::CreateMeeting(create) = &request.envelope.request;
    let id = service.key.meeting(&request.by, &request.envelope.id);
    let users: Vec<UserId> = [request.by.user()].into_iter().chain(create.invitees.iter().cloned()).collect();
    let path = |at: usize| at.checked_sub(1).map_or("client_id".to_owned(), |at| format!("invitees[{at}]"));
    service.check_users(&id, users.iter().enumerate().map(|(at, user)| (path(at), user)))?;

    for attempt in 1..=ATTEMPTS {
        let mut people = service.people(&id, &users, request.now).await?;
        if let Some(existing) = people.meeting.take() {
            return answer_again(existing, &request, service).await;
        }
        // Glare is decided before busy: who calls back while being rung is in no other call.
        if let Some(call) = met(create, &request, &people) {
            let opening = opening(&request, &people, service);
            if let Some(outcome) = merge(call, &opening, &request, service).await? {
                return Ok(outcome);
            }
        } else {
            let decision = Meeting::open(&opening(&request, &people, service), request.now)?;
            match commit(&decision, &people, &request, service).await? {
                Committed::Done => return Ok(service.perform(None, decision, true, request.now).await),
                Committed::Lost(Some(existing)) => return answer_again(*existing, &request, service).await,
                Committed::Lost(None) | Committed::SlotTaken | Committed::Conflict => {}
            }
        }
        back_off(attempt, id.as_str(), Some(&request.cause())).await;
    }
    Err(Failure::Contended)
}

/// Answers a create that was seen before, also one that met another call.
async fn answer_again(
    existing: Loaded,
    request: &Request<CreateRequest>,
    service: &Service,
) -> Result<Outcome, Failure> {
    let CreateRequest::CreateMeeting(create) = &request.envelope.request;
    match existing.meeting.merged_into.clone() {
        Some(met) => service.change(&met, &merging(create, request), request.now).await,
        None => service.change_loaded(existing, &request.command(Action::CreateAgain), request.now).await,
    }
}

fn opening(request: &Request<CreateRequest>, people: &People, service: &Service) -> Opening {
    let CreateRequest::CreateMeeting(create) = &request.envelope.request;
    let (by, id) = (&request.by, &request.envelope.id);
    let meeting_id = service.key.meeting(by, id);
    let invitee = |user: &UserId| people.invitee(user, service.key.invite(&meeting_id, by, id, user));
    let invitees = create.invitees.iter().map(invitee).collect();
    Opening {
        by: by.clone(),
        name: people.name(&by.user()),
        busy: people.is_busy(&by.user()),
        request_id: id.clone(),
        hash: request.envelope.hash.clone(),
        create: create.clone(),
        invitees,
        meeting_id,
    }
}

async fn commit(
    decision: &Decision,
    people: &People,
    request: &Request<CreateRequest>,
    service: &Service,
) -> Result<Committed, Failure> {
    let Some(next) = &decision.next else { return Err(Failure::Contended) };
    // Before the commit: a meeting whose channel cannot be made is none. A channel without a meeting is closed by the
    // sweep.
    service.register(next, request.now).await?;
    let slots = decision.slots.iter().map(|change| match change {
        SlotChange::Claim(user) => SlotWrite::Take { user: user.clone(), seen: people.slot_holder(user) },
        SlotChange::Free(user) => SlotWrite::Free(user.clone()),
    });
    let terms = Terms {
        seen: None,
        mark: None,
        cause: request.cause(),
        slots: slots.collect(),
        guarded: true,
        now: request.now,
    };
    service.commit(next, terms).await
}
