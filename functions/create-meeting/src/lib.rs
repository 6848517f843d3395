//! Opens a meeting and rings its invitees, or answers with the one that this request already opened.
//!
//! Every hop may deliver twice, so the meeting's id is derived from the request: a second insert of the same
//! meeting fails and is answered from what the first one made.

use std::collections::BTreeMap;
use switchboard::address::UserId;
use switchboard::id::MeetingId;
use switchboard::meeting::{Action, Decision, Invitee, Meeting, Now, Opening, SlotChange};
use switchboard::message::uplink::{Create, CreateMeeting};
use switchboard::serve::{Failure, Outcome, Request, Service, Terms};
use switchboard::store::{Loaded, OpeningView, Outcome as Committed, SlotWrite, StoreError, UserRecord};

/// How often the users are read again because a call slot was taken in between.
const ATTEMPTS: usize = 4;

/// Serves `create_meeting`: one read of everything, one transaction, then the answer and the rings at once.
pub async fn create_meeting(request: Request<Create>, service: &Service) -> Result<Outcome, Failure> {
    let Create::CreateMeeting(create) = &request.envelope.request;
    let id = service.key.meeting(&request.by, &request.envelope.id);
    let users: Vec<UserId> = [request.by.user()].into_iter().chain(create.invitees.iter().cloned()).collect();
    let again = request.command(Action::CreateAgain);

    for _ in 0..ATTEMPTS {
        let view = service.table.opening(&id, &users, request.now.ms).await?;
        if let Some(existing) = view.meeting {
            return service.change_loaded(existing, &again, request.now).await;
        }
        let occupied = occupied(&view, service, request.now).await?;
        let opening = opening(&request, create, &view, &occupied);
        let decision = Meeting::open(&opening, request.now)?;
        match commit(&decision, &view, &request, service).await? {
            Committed::Done => return Ok(service.perform(None, decision, true, request.now).await),
            Committed::Lost(Some(existing)) => return service.change_loaded(*existing, &again, request.now).await,
            Committed::Lost(None) | Committed::SlotTaken | Committed::Conflict => {}
        }
    }
    Err(Failure::Contended)
}

/// Who really is in another call. A held slot is believed only after its meeting was looked at, so that a crash
/// never leaves anybody busy for good.
async fn occupied(view: &OpeningView, service: &Service, now: Now) -> Result<BTreeMap<UserId, bool>, StoreError> {
    let mut occupied = BTreeMap::new();
    let mut seen: BTreeMap<MeetingId, Option<Loaded>> = BTreeMap::new();
    for (user, record) in &view.users {
        let Some(slot) = &record.slot else { continue };
        if !seen.contains_key(&slot.meeting_id) {
            seen.insert(slot.meeting_id.clone(), service.table.meeting(&slot.meeting_id).await?);
        }
        let holder = seen.get(&slot.meeting_id).and_then(Option::as_ref);
        occupied.insert(user.clone(), holder.is_some_and(|holder| holder.meeting.occupies(user, now)));
    }
    Ok(occupied)
}

fn opening(
    request: &Request<Create>,
    create: &CreateMeeting,
    view: &OpeningView,
    occupied: &BTreeMap<UserId, bool>,
) -> Opening {
    let busy = |user: &UserId| occupied.get(user).copied().unwrap_or(false);
    let known = |user: &UserId| view.users.get(user).cloned().unwrap_or_default();
    let caller = request.by.user();
    Opening {
        by: request.by.clone(),
        name: known(&caller).name,
        busy: busy(&caller),
        request_id: request.envelope.id.clone(),
        hash: request.envelope.hash.clone(),
        create: create.clone(),
        invitees: create
            .invitees
            .iter()
            .map(|user| {
                let UserRecord { name, devices, .. } = known(user);
                Invitee { user_id: user.clone(), name, devices, busy: busy(user) }
            })
            .collect(),
    }
}

async fn commit(
    decision: &Decision,
    view: &OpeningView,
    request: &Request<Create>,
    service: &Service,
) -> Result<Committed, Failure> {
    let Some(next) = &decision.next else { return Err(Failure::Contended) };
    let seen = |user: &UserId| view.users.get(user).and_then(|record| record.slot.as_ref()).map(|slot| slot.meeting_id.clone());
    let slots = decision.slots.iter().map(|change| match change {
        SlotChange::Claim(user) => SlotWrite::Take { user: user.clone(), seen: seen(user) },
        SlotChange::Free(user) => SlotWrite::Free(user.clone()),
    });
    let terms = Terms { seen: None, cause: request.cause(), slots: slots.collect(), guarded: true, now: request.now };
    service.commit(next, terms).await
}
