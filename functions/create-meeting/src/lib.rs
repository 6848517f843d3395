//! Opens a meeting and rings its invitees, or answers with the one that this request already opened.
//!
//! Every hop may deliver twice, so the meeting's id is derived from the request: a second insert of the same
//! meeting fails and is answered from what the first one made.

use switchboard::address::UserId;
use switchboard::meeting::{Action, Decision, Meeting, Opening, SlotChange};
use switchboard::message::uplink::Create;
use switchboard::serve::{Failure, Outcome, People, Request, Service, Terms};
use switchboard::store::{Outcome as Committed, SlotWrite};

/// How often the users are read again because a call slot was taken in between.
const ATTEMPTS: usize = 4;

/// Serves `create_meeting`: one read of everything, one transaction, then the answer and the rings at once.
pub async fn create_meeting(request: Request<Create>, service: &Service) -> Result<Outcome, Failure> {
    let Create::CreateMeeting(create) = &request.envelope.request;
    let id = service.key.meeting(&request.by, &request.envelope.id);
    let users: Vec<UserId> = [request.by.user()].into_iter().chain(create.invitees.iter().cloned()).collect();
    let again = request.command(Action::CreateAgain);

    for _ in 0..ATTEMPTS {
        let mut people = service.people(&id, &users, request.now).await?;
        if let Some(existing) = people.meeting.take() {
            return service.change_loaded(existing, &again, request.now).await;
        }
        let decision = Meeting::open(&opening(&request, &people, service), request.now)?;
        match commit(&decision, &people, &request, service).await? {
            Committed::Done => return Ok(service.perform(None, decision, true, request.now).await),
            Committed::Lost(Some(existing)) => {
                return service.change_loaded(*existing, &again, request.now).await;
            }
            Committed::Lost(None) | Committed::SlotTaken | Committed::Conflict => {}
        }
    }
    Err(Failure::Contended)
}

fn opening(request: &Request<Create>, people: &People, service: &Service) -> Opening {
    let Create::CreateMeeting(create) = &request.envelope.request;
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
    request: &Request<Create>,
    service: &Service,
) -> Result<Committed, Failure> {
    let Some(next) = &decision.next else { return Err(Failure::Contended) };
    let slots = decision.slots.iter().map(|change| match change {
        SlotChange::Claim(user) => SlotWrite::Take { user: user.clone(), seen: people.slot_holder(user) },
        SlotChange::Free(user) => SlotWrite::Free(user.clone()),
    });
    let terms =
        Terms { seen: None, cause: request.cause(), slots: slots.collect(), guarded: true, now: request.now };
    service.commit(next, terms).await
}
