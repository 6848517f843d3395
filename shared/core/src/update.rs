//! Changing a meeting that goes on: its lock, rules, title and end.

use super::Refusal;
use super::change::Change;
use super::reply::{Outcome, Reply};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::limits::MAX_MINUTES;
use switchboard_protocol::object::PolicyChange;

/// What a host changes; what is absent stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Update {
    /// Whether it takes nobody in.
    pub locked: Option<bool>,
    /// The rules.
    pub policy: Option<PolicyChange>,
    /// The title.
    pub title: Option<String>,
    /// Minutes by which it ends later.
    pub extend_minutes: Option<u32>,
}

impl Change {
    /// By a host or cohost. Refused with `bad_request` if the meeting would last longer than [`MAX_MINUTES`].
    pub(super) fn update_meeting(&mut self, by: &ClientId, update: &Update) -> Outcome {
        self.must_be_hosting(by)?;
        let meeting = &self.meeting;
        let ends_at_ms = meeting.ends_at_ms + i64::from(update.extend_minutes.unwrap_or(0)) * 60_000;
        if ends_at_ms > meeting.ends_at_ms.max(meeting.created_ms + i64::from(MAX_MINUTES) * 60_000) {
            let words = format!("a meeting lasts at most {MAX_MINUTES} minutes in all");
            let path = Some("extend_minutes".to_owned());
            return Err(Refusal { path, ..Refusal::new(Code::BadRequest, words) });
        }
        let locked = update.locked.unwrap_or(meeting.locked);
        let policy = update.policy.map_or(meeting.policy, |change| change.over(meeting.policy));
        let title = update.title.clone().or_else(|| meeting.title.clone());
        let present = (meeting.locked, meeting.policy, &meeting.title, meeting.ends_at_ms);
        if present != (locked, policy, &title, ends_at_ms) {
            let later = ends_at_ms > meeting.ends_at_ms;
            self.meeting.locked = locked;
            self.meeting.policy = policy;
            self.meeting.title = title;
            self.meeting.ends_at_ms = ends_at_ms;
            self.meeting.updated_rev = self.rev;
            self.changed = true;
            if later {
                self.forget_warnings();
            }
            self.settle();
        }
        Ok(MEETING_UPDATED)
    }
}

/// The answer to an update.
pub(super) const MEETING_UPDATED: Reply =
    Reply::Meeting(|meeting, now_ms| Body::MeetingUpdated { meeting: meeting.view(now_ms) });
