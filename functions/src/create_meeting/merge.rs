//! A create request that merges with an existing call of the same two users (T16, T17). It makes no second
//! meeting and stores a create mark, which leads every repeat of the request to that call.

use super::CreateRequest;
use switchboard_core::{Action, Command, CreateCommand, CreateMark, Input, MarkKind, decide};
use switchboard_protocol::code::Code;
use switchboard_protocol::object::BusyPolicy;
use switchboard_protocol::requests::CreateMeeting;
use switchboard_service::ports::{CommitResult, Loaded, Ports, SlotWrite};
use switchboard_service::{CommitTerms, InvocationReport, KnownUsers, ReceivedRequest, ServeError, Service};

/// Returns the call with which this create request may merge: the call in the caller's slot, if it is between
/// the same two users.
pub(super) fn met<'a, P: Ports>(
    create: &CreateMeeting,
    request: &ReceivedRequest<CreateRequest>,
    users: &'a KnownUsers,
    service: &Service<P>,
) -> Option<&'a Loaded> {
    let call = users.call_of(&request.by.user())?;
    call.meeting.merges_with(&request.by, create, request.now, service.rtc_capabilities()).then_some(call)
}

/// Returns the command that applies the create request to the existing call.
pub(super) fn merging(create: &CreateMeeting, request: &ReceivedRequest<CreateRequest>) -> Command {
    let busy = create.policy.map_or(BusyPolicy::default(), |policy| policy.busy);
    // A create request that merges is direct and has one invitee. For any other request, the caller is used
    // as the peer, which matches no call.
    let peer = create.invitees.first().cloned().unwrap_or_else(|| request.by.user());
    request.command(Action::Merge { peer, busy, media: create.media })
}

/// Applies the request to the call, in one transaction with the mark. Returns `None` if the call changed in
/// the meantime: then the caller of this function has to read and decide again.
pub(super) async fn merge<P: Ports>(
    call: &Loaded,
    opening: &CreateCommand,
    request: &ReceivedRequest<CreateRequest>,
    service: &Service<P>,
) -> Result<Option<InvocationReport>, ServeError> {
    let merge = Input::Command(merging(&opening.create, request));
    let decision = decide(&call.meeting, &merge, request.now, service.rtc_capabilities());
    if decision.refused == Some(Code::StateConflict) {
        return Ok(None);
    }
    let Some(next) = decision.next.clone() else { return Ok(None) };
    let mark = CreateMark {
        meeting_id: opening.meeting_id.clone(),
        caller: request.by.user(),
        at_ms: request.now.ms,
        kind: MarkKind::MergedInto(call.meeting.id.clone()),
    };
    let terms = CommitTerms {
        seen: Some(call),
        mark: Some(&mark),
        cause: request.cause(),
        slots: decision.slots.iter().map(SlotWrite::from).collect(),
        rings: None,
        guarded: false,
        now: request.now,
    };
    match service.commit_decision(&next, terms).await? {
        CommitResult::Done => Ok(Some(service.run_effects(Some(call), decision, false, request.now).await)),
        CommitResult::Lost(_) | CommitResult::SlotTaken | CommitResult::Conflict => Ok(None),
    }
}
