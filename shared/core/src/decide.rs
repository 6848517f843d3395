//! The one entrance to the core is [`decide`]. It first applies the deadlines that have passed, and then the
//! input.
//!
//! `actions.rs` passes a request to the file of its action, which changes the working copy of the meeting.
//! `change.rs` makes the decision from the working copy.

use crate::actions::Action;
use crate::cause::Cause;
use crate::change::Change;
use crate::deadlines;
use crate::decision::Decision;
use crate::events::{admin, callback, device, other_call, presence};
use crate::input::{ChannelPresence, DeviceStatus, Now, RtcCapabilities};
use crate::limits::MAX_REQUESTS_PER_DEVICE;
use crate::meeting::{AppliedRequest, Meeting};
use crate::outgoing::ReplyResult;
use crate::refusal::Refusal;
use crate::repeat::repeated_effects;
use crate::stamped::Stamped;
use std::collections::BTreeMap;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::id::{BodyHash, MeetingId, RequestId};
use switchboard_protocol::media_event::MediaEvent;

/// One input to a meeting.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A request of a terminal.
    Command(Command),
    /// A deadline has passed. Every other input applies deadlines, too.
    Deadline,
    /// The broker connected or disconnected a device.
    Device {
        /// The device.
        client_id: ClientId,
        /// Its status.
        status: DeviceStatus,
    },
    /// The RTC service reported the users in the channel.
    Presence(ChannelPresence),
    /// A signed callback of the RTC service.
    Callback {
        /// The event.
        event: MediaEvent,
        /// The participant that the event is about; `None` for an event about the channel or an unknown user.
        user: Option<UserId>,
    },
    /// The user accepted another call, and therefore leaves this call.
    LeftForOtherCall {
        /// Account.
        user: UserId,
        /// The other call. The commit requires that the user's call slot names it.
        call: MeetingId,
    },
    /// The user, who is in this call as well, left another call, which had the user's call slot.
    LeftOtherCall {
        /// Account.
        user: UserId,
        /// The other call.
        call: MeetingId,
    },
    /// The operator of the service ends the meeting (T46).
    AdminEnd,
}

/// A request of one device to a meeting that exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The sender's device, whose identity the broker has verified.
    pub by: ClientId,
    /// The request's id.
    pub request_id: RequestId,
    /// Hash of the request's body.
    pub hash: BodyHash,
    /// The action that the sender requests.
    pub action: Action,
    /// The other calls that the call slots of users named when the request was read: of the users to whom the
    /// action may give a seat.
    pub other_calls: BTreeMap<UserId, MeetingId>,
}

impl Command {
    /// Returns the command with the other call of `user`, if there is one.
    #[must_use]
    pub fn with_other_call(mut self, user: &UserId, call: Option<MeetingId>) -> Self {
        self.other_calls.extend(call.map(|call| (user.clone(), call)));
        self
    }
}

/// Decides `input` on `meeting`. Deadlines that have passed are committed even if a command is refused.
#[must_use]
pub fn decide(meeting: &Meeting, input: &Input, now: Now, rtc: RtcCapabilities) -> Decision {
    match input {
        Input::Command(command) => decide_command(command, || {
            let mut change = Change::of(meeting, now, rtc);
            change.apply_deadlines();
            change
        }),
        Input::Deadline => deadlines::applied(meeting, now, rtc),
        Input::Device { client_id, status } => {
            device::apply(Change::of(meeting, now, rtc), client_id, *status)
        }
        Input::Presence(seen) => presence::apply_report(Change::of(meeting, now, rtc), seen),
        Input::Callback { event, user } => {
            callback::apply(Change::of(meeting, now, rtc), event, user.as_ref())
        }
        Input::LeftForOtherCall { user, call } => {
            other_call::apply(Change::of(meeting, now, rtc), user, call)
        }
        Input::LeftOtherCall { user, call } => {
            other_call::take_slot_back(Change::of(meeting, now, rtc), user, call)
        }
        Input::AdminEnd => admin::apply(Change::of(meeting, now, rtc)),
    }
}

/// Decides a request. `after_deadlines` returns a working copy to which the deadlines that have passed are
/// applied.
fn decide_command(command: &Command, after_deadlines: impl Fn() -> Change) -> Decision {
    let mut change = after_deadlines();
    let cause = Cause::request(&command.by, &command.request_id);
    match find_applied(&change.meeting, command) {
        Some(known) if known.hash != command.hash => {
            let refusal = Refusal::bad_field(
                "id",
                "this id was used for another request; give each request its own id",
            );
            finish(change, command, &cause, Err(refusal))
        }
        Some(known) => {
            let rev = known.rev();
            repeat(change, command, &cause, rev)
        }
        None => {
            let had_deadlines = std::mem::replace(&mut change.is_changed, false);
            // Calls the `apply` of the action's own file, such as `actions/accept.rs`.
            let reply = command.action.apply(&mut change, &command.by);
            if reply.is_ok() {
                // Any request shows that a device which connected anew still knows its seat. A new seat needs no
                // confirmation.
                let is_report = matches!(command.action, Action::ReportMedia { .. } | Action::Rejoin);
                change.confirm_seat(&command.by, is_report);
                change.keep_admitted_seat(&command.by);
                change.note_other_calls(&command.other_calls);
                if change.is_changed {
                    keep_as_applied(&mut change, command);
                }
            } else if change.is_changed {
                // A refusal commits nothing, although an action may change the working copy before it
                // refuses.
                change = after_deadlines();
            }
            change.is_changed |= had_deadlines;
            finish(change, command, &cause, reply)
        }
    }
}

/// Answers a repeat of the request that made the revision `rev`. The decision has those of its effects that
/// still apply, as effects that may be repeated.
fn repeat(change: Change, command: &Command, cause: &Cause, rev: u64) -> Decision {
    let reply = command.action.answer_again(&change, &command.by, rev);
    let was_put_out = command.action.is_out_of_sight(&change, &command.by)
        || matches!(&reply, Err(refusal) if matches!(refusal.code, Code::Banned | Code::Forbidden));
    if was_put_out {
        // The old notices are not repeated for a user who is no longer in the meeting.
        return finish(change, command, cause, reply);
    }
    let repeated = repeated_effects(&change.meeting, rev, cause, change.now, change.rtc);
    Decision { repeated: repeated.map(Box::new), ..finish(change, command, cause, reply) }
}

fn find_applied<'a>(meeting: &'a Meeting, command: &Command) -> Option<&'a Stamped<AppliedRequest>> {
    let creation = &meeting.created_by;
    if creation.client_id == command.by && creation.request.id == command.request_id {
        return Some(&creation.request);
    }
    meeting.requests.get(&command.by)?.iter().find(|request| request.id == command.request_id)
}

fn keep_as_applied(change: &mut Change, command: &Command) {
    let requests = change.meeting.requests.entry(command.by.clone()).or_default();
    if requests.len() >= MAX_REQUESTS_PER_DEVICE {
        requests.remove(0);
    }
    let request = AppliedRequest { id: command.request_id.clone(), hash: command.hash.clone() };
    requests.push(Stamped::new(request, change.rev));
    change.bound_requests(&command.by.user());
}

/// Returns the decision on a request, with its answer and the notice that accompanies a refusal.
fn finish(change: Change, command: &Command, cause: &Cause, reply: ReplyResult) -> Decision {
    let by = &command.by;
    let refusal = reply.as_ref().err();
    let notice =
        refusal.and_then(|refusal| command.action.notice_of_refusal(&change, by, refusal.code, cause));
    let mut decision = change.into_answered_decision(by, cause, reply);
    decision.notices.extend(notice);
    decision.drop_echoes(by);
    decision
}
