//! Notices about the meeting itself: settings, host, roles, moves, hands, and the warning of its end.

use super::Notices;
use switchboard_protocol::code::EndReason;
use switchboard_protocol::downlink::Body;

impl Notices<'_> {
    /// Adds these notices. `has_many` means that the whole meeting replaces the notices of many participants.
    pub(super) fn of_meeting(&mut self, has_many: bool) {
        let (meeting, rev, now_ms) = (self.meeting, self.rev, self.now_ms);
        if has_many || meeting.mode.is_from(rev) || meeting.settings.is_from(rev) {
            // The view is built once, because a large meeting is serialised to measure its size.
            let view = meeting.brief_view(now_ms);
            self.notify_all_members("", || Body::MeetingUpdated { meeting: view.clone() });
        }
        for participant in meeting.participants.values() {
            self.of_removal_proof(participant);
            self.of_role(participant);
            self.of_media(participant);
            self.of_move(participant);
        }
        if let (Some(previous), Some(body)) = (&meeting.previous_host, meeting.host_changed())
            && previous.is_from(rev)
        {
            self.notify_all_members("", || body.clone());
        }
        if let Some(until_ms) = meeting.host_away_until_ms.filter(|until_ms| until_ms.is_from(rev)) {
            self.of_coming_end("host", *until_ms, EndReason::HostLeft);
        }
        if meeting.warning_before_ms.is_some_and(|before_ms| before_ms.is_from(rev)) {
            self.of_coming_end("time", meeting.settings.ends_at_ms, EndReason::MaxDuration);
        }
        if meeting.members().any(|p| p.seat().is_some_and(|seat| seat.hand.is_from(rev))) {
            self.notify_all_members("", || meeting.hand_changed());
        }
    }

    /// T30, T44: adds the warning of an end. The subject is part of the downlink's id, since one revision may
    /// announce two ends.
    fn of_coming_end(&mut self, subject: &str, at_ms: i64, reason: EndReason) {
        let in_ms = (at_ms - self.now_ms).max(0);
        self.notify_all_members(subject, || Body::MeetingEnding { in_ms, reason });
    }
}
