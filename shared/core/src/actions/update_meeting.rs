//! `update_meeting`: a host changes the meeting's lock, policy, title or end.

use crate::change::Change;
use crate::input::SettingsChange;
use crate::meeting::Settings;
use crate::refusal::Refusal;
use crate::reply::{Reply, ReplyResult};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::limits::MAX_MINUTES;

const MEETING_UPDATED: Reply =
    Reply::Meeting(|meeting, now_ms| Body::MeetingUpdated { meeting: meeting.view(now_ms) });

/// Answered by `meeting_updated`. Refuses with `bad_request` if the meeting would last longer than [`MAX_MINUTES`].
pub(crate) fn apply(change: &mut Change, by: &ClientId, wanted: &SettingsChange) -> ReplyResult {
    change.require_host_set(by)?;
    let created_ms = change.meeting.created_ms;
    let present = &change.meeting.settings;
    let ends_at_ms = present.ends_at_ms + i64::from(wanted.extend_minutes.unwrap_or(0)) * 60_000;
    if ends_at_ms > present.ends_at_ms.max(created_ms + i64::from(MAX_MINUTES) * 60_000) {
        let message = format!("a meeting lasts at most {MAX_MINUTES} minutes in all");
        return Err(Refusal::bad_field("extend_minutes", message));
    }
    let settings = Settings {
        locked: wanted.locked.unwrap_or(present.locked),
        policy: wanted.policy.map_or(present.policy, |policy| policy.over(present.policy)),
        title: wanted.title.clone().or_else(|| present.title.clone()).filter(|title| !title.is_empty()),
        ends_at_ms,
    };
    if settings != **present {
        let is_extended = ends_at_ms > present.ends_at_ms;
        change.meeting.settings.set(settings, change.rev);
        change.is_changed = true;
        if is_extended {
            change.replan_warnings();
        }
        change.update_phase();
    }
    Ok(MEETING_UPDATED)
}

pub(crate) fn answer_again() -> ReplyResult {
    Ok(MEETING_UPDATED)
}
