//! The notices of a commit, read from the state for one revision (decision 0001).
//!
//! Every value that a commit changed carries the commit's revision. So the notices can be repeated later (a request was repeated, a
//! function crashed), and only those that still hold are repeated. One file per subject: a [`participant`] (also the invitation),
//! the [`meeting`] itself, the [`lobby`], [`speech`], and the [`end`].

mod end;
mod lobby;
mod meeting;
mod participant;
mod speech;

use crate::cause::Cause;
use crate::grant::Grant;
use crate::input::RtcCapabilities;
use crate::meeting::Meeting;
use crate::outgoing::Outgoing;
use crate::participant::Participant;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::Role;

/// Most participants of whose change in one commit all members are notified one by one. With more, each member gets the whole
/// meeting instead: otherwise one request of a meeting of 100 would publish 10,000 downlinks.
const MAX_TOLD_SINGLY: usize = 8;

/// The notices of the commit that made `rev`, as far as they still hold.
pub(crate) fn notices(
    meeting: &Meeting,
    rev: u64,
    cause: &Cause,
    now_ms: i64,
    rtc: RtcCapabilities,
) -> Vec<Outgoing> {
    let mut notices = Notices { meeting, rev, cause, now_ms, rtc, list: Vec::new() };
    let is_end = meeting.end().is_some_and(|end| end.rev == rev);
    let changed = meeting.participants.values().filter(|p| p.standing.is_from(rev));
    let has_many = changed.filter(|p| notices.is_roster(p)).count() > MAX_TOLD_SINGLY;
    for participant in meeting.participants.values().filter(|p| p.standing.is_from(rev)) {
        notices.of_invitation(participant);
        notices.of_removal(participant);
        if !is_end {
            if !has_many {
                notices.of_roster(participant);
            }
            notices.of_own_loss(participant);
        }
    }
    for participant in meeting.participants.values().filter(|p| !p.standing.is_from(rev)) {
        notices.of_lost_offers(participant);
    }
    if is_end {
        notices.of_end();
    } else {
        let has_many = notices.of_speech() || has_many;
        notices.of_meeting(has_many);
        notices.of_lobby();
    }
    notices.list
}

/// The notices of one revision, as they are collected.
struct Notices<'a> {
    meeting: &'a Meeting,
    rev: u64,
    cause: &'a Cause,
    now_ms: i64,
    rtc: RtcCapabilities,
    list: Vec<Outgoing>,
}

impl Notices<'_> {
    fn notify_device(&mut self, to: &ClientId, subject: &str, body: Body) {
        self.list.push(Outgoing::notice(self.meeting, to, self.cause, subject, body));
    }

    /// One member's copy of a notice to all members: its `prev_rev` reveals a gap.
    fn notify_member(&mut self, member: &Participant, subject: &str, body: Body) {
        let Some(seat) = member.seat() else { return };
        let grant = matches!(body, Body::MeetingMerged { .. }).then(|| Grant::of(self.meeting, member));
        let notice = Outgoing::notice(self.meeting, &seat.device, self.cause, subject, body);
        self.list.push(Outgoing { prev_rev: Some(self.meeting.notified_rev), grant, ..notice });
    }

    fn notify_all_members(&mut self, subject: &str, body: impl Fn() -> Body) {
        let meeting = self.meeting;
        for member in meeting.members() {
            self.notify_member(member, subject, body());
        }
    }

    fn notify_host_set(&mut self, subject: &str, body: impl Fn() -> Body) {
        let meeting = self.meeting;
        for seat in meeting.members().filter(|p| *p.role != Role::Member).filter_map(Participant::seat) {
            self.notify_device(&seat.device, subject, body());
        }
    }
}
