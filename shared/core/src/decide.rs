//! The one entrance to the core: one input, one decision. The deadlines that are over are applied first, then the input;
//! the commit reads the notices from the state that results.

use crate::actions;
use crate::cause::Cause;
use crate::change::Change;
use crate::deadlines;
use crate::decision::Decision;
use crate::events::{admin, callback, device, presence};
use crate::input::{Command, Input, Now, RtcCapabilities};
use crate::limits::MAX_REQUESTS_PER_DEVICE;
use crate::media_acts::media_acts;
use crate::meeting::{AppliedRequest, Meeting};
use crate::notices::notices;
use crate::outgoing::Outgoing;
use crate::refusal::Refusal;
use crate::reply::ReplyResult;
use crate::stamped::Stamped;

/// Decides `input` on `meeting`. The deadlines that are over are committed even if a command is refused.
#[must_use]
pub fn decide(meeting: &Meeting, input: &Input, now: Now, rtc: RtcCapabilities) -> Decision {
    match input {
        Input::Command(command) => decide_command(Change::of(meeting, now, rtc), command),
        Input::Deadline => deadlines::applied(meeting, now, rtc),
        Input::Device { client_id, status } => {
            device::apply(Change::of(meeting, now, rtc), client_id, *status)
        }
        Input::Presence(seen) => presence::apply(Change::of(meeting, now, rtc), seen),
        Input::Callback { event, user } => {
            callback::apply(Change::of(meeting, now, rtc), event, user.as_ref())
        }
        Input::AdminEnd => admin::apply(Change::of(meeting, now, rtc)),
    }
}

fn decide_command(mut change: Change, command: &Command) -> Decision {
    change.apply_deadlines();
    let cause = Cause::Request { client_id: command.by.clone(), request_id: command.request_id.clone() };
    match applied(&change.meeting, command) {
        Some(known) if known.hash != command.hash => {
            let refusal =
                Refusal::bad_field("id", "this id was used for another request; give each request its own");
            finish(change, command, &cause, Err(refusal))
        }
        Some(known) => {
            let rev = known.rev();
            repeat(change, command, &cause, rev)
        }
        None => {
            let had_deadlines = std::mem::replace(&mut change.is_changed, false);
            let reply = actions::apply(&mut change, command);
            if reply.is_ok() && change.is_changed {
                keep_as_applied(&mut change, command);
            }
            change.is_changed |= had_deadlines;
            finish(change, command, &cause, reply)
        }
    }
}

/// Answers a repeat of the request that made the revision `rev`, and repeats its effects as far as they still hold.
fn repeat(change: Change, command: &Command, cause: &Cause, rev: u64) -> Decision {
    let reply = actions::answer_again(&change, command, rev);
    let notices = notices(&change.meeting, rev, cause, change.now.ms, change.rtc);
    let acts = media_acts(&change.meeting, rev);
    let mut decision = finish(change, command, cause, reply);
    decision.media.extend(acts);
    // Members may have had these notices before, so the last revision that they know is not known: no `prev_rev`.
    decision.notices.extend(notices.into_iter().map(|notice| Outgoing { prev_rev: None, ..notice }));
    decision.drop_echoes(&command.by);
    decision
}

fn applied<'a>(meeting: &'a Meeting, command: &Command) -> Option<&'a Stamped<AppliedRequest>> {
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
}

/// Commits, and answers the sender.
fn finish(change: Change, command: &Command, cause: &Cause, reply: ReplyResult) -> Decision {
    let by = &command.by;
    let mut decision = match reply {
        Ok(reply) => {
            let now_ms = change.now.ms;
            let answer = |meeting: &Meeting| Outgoing::reply(by, cause, reply, meeting, now_ms);
            if change.is_changed {
                let decision = change.commit(Some(cause));
                Decision { answer: decision.next.as_ref().and_then(answer), ..decision }
            } else {
                Decision { answer: answer(&change.meeting), ..Decision::default() }
            }
        }
        Err(refusal) => {
            let code = refusal.code;
            let notice = actions::notice_of_refusal(&change, command, code, cause);
            let mut decision = change.commit(None);
            decision.notices.extend(notice);
            let answer = Some(Outgoing::answer(by, cause, refusal.into_body()));
            Decision { answer, refused: Some(code), ..decision }
        }
    };
    decision.drop_echoes(by);
    decision
}
