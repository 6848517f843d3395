//! A create that meets a call of the same two (T16, T17): no second meeting is made, and the mark of the request leads
//! there whenever it comes again.

use super::CreateRequest;
use switchboard_core::{Action, Command, Opening, SlotChange, decide};
use switchboard_protocol::code::Code;
use switchboard_protocol::object::BusyPolicy;
use switchboard_protocol::requests::CreateMeeting;
use switchboard_service::serve::{Failure, Outcome, People, Request, Service, Terms};
use switchboard_service::store::{Loaded, Outcome as Committed, SlotWrite};

/// The call that this create meets: the one that holds the caller's slot, if it is one of the same two.
pub(super) fn met<'a>(
    create: &CreateMeeting,
    request: &Request<CreateRequest>,
    people: &'a People,
) -> Option<&'a Loaded> {
    let call = people.call_of(&request.by.user())?;
    call.meeting.meets(&request.by, create, request.now).then_some(call)
}

/// What the create asks of the call that it meets.
pub(super) fn merging(create: &CreateMeeting, request: &Request<CreateRequest>) -> Command {
    let busy = create.policy.map_or(BusyPolicy::default(), |policy| policy.busy);
    // A create that meets a call is direct, and so has one invitee; for any other the caller stands in, who is met by
    // no call.
    let peer = create.invitees.first().cloned().unwrap_or_else(|| request.by.user());
    request.command(Action::Merge { peer, busy })
}

/// Takes that call, in one transaction with the mark. `None` if it changed meanwhile: then everything is read and
/// decided anew.
pub(super) async fn merge(
    call: &Loaded,
    opening: &Opening,
    request: &Request<CreateRequest>,
    service: &Service,
) -> Result<Option<Outcome>, Failure> {
    let decision = decide(&call.meeting, &merging(&opening.create, request), request.now);
    if decision.refused == Some(Code::StateConflict) {
        return Ok(None);
    }
    let Some(next) = decision.next.clone() else { return Ok(None) };
    let mark = call.meeting.merged_mark(opening, request.now);
    let slots = decision.slots.iter().map(|change| match change {
        SlotChange::Claim(user) => SlotWrite::Overwrite(user.clone()),
        SlotChange::Free(user) => SlotWrite::Free(user.clone()),
    });
    let terms = Terms {
        seen: Some(call),
        mark: Some(&mark),
        cause: request.cause(),
        slots: slots.collect(),
        guarded: false,
        now: request.now,
    };
    match service.commit(&next, terms).await? {
        Committed::Done => Ok(Some(service.perform(Some(&call.meeting), decision, false, request.now).await)),
        Committed::Lost(_) | Committed::SlotTaken | Committed::Conflict => Ok(None),
    }
}
