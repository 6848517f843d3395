//! `update_meeting`: a host changes the meeting's lock, policy, title or end.

use crate::change::Change;
use crate::input::SettingsChange;
use crate::meeting::Settings;
use crate::outgoing::{Reply, ReplyResult};
use crate::refusal::Refusal;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::limits::MAX_MINUTES;

const MEETING_UPDATED: Reply =
    Reply::FromCommitted(|meeting, now_ms| Body::MeetingUpdated { meeting: meeting.brief_view(now_ms) });

/// Answered by `meeting_updated`. Refuses with `bad_request` if the meeting would last longer than [`MAX_MINUTES`].
pub(crate) fn apply(change: &mut Change, by: &ClientId, wanted: &SettingsChange) -> ReplyResult {
    change.require_host_set(by)?;
    let created_ms = change.meeting.created_ms;
    let present = &change.meeting.settings;
    let ends_at_ms = present.ends_at_ms + i64::from(wanted.extend_minutes.unwrap_or(0)) * 60_000;
    if ends_at_ms > present.ends_at_ms.max(created_ms + i64::from(MAX_MINUTES) * 60_000) {
        let message = format!("a meeting lasts at most {MAX_MINUTES} minutes in all; extend it by less");
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

#[cfg(test)]
mod tests {
    use crate::SettingsChange;
    use crate::tests::fixture::START_MS;
    use crate::tests::scenes::{MINUTE, timed_group, update_settings, wakes_with_warning};
    use switchboard_protocol::code::Code;
    use switchboard_protocol::downlink::Body;
    use switchboard_protocol::object::{JoinPolicy, PolicyChange};

    #[test]
    fn a_host_changes_lock_title_and_rules_and_everybody_sees_it() {
        let mut call = timed_group(60);
        let policy = PolicyChange { join: Some(JoinPolicy::Open), ..PolicyChange::default() };
        let all = SettingsChange {
            locked: Some(true),
            policy: Some(policy),
            title: Some("Standup".to_owned()),
            extend_minutes: Some(5),
        };
        assert_eq!(update_settings(&mut call, "bob.phone", all.clone()), Err(Code::NotHost));
        assert_eq!(update_settings(&mut call, "mallory", all.clone()), Err(Code::Forbidden));
        let before = call.meeting.settings.policy;
        update_settings(&mut call, "alice.phone", all).expect("the host has the right");
        assert_eq!(
            call.downlinks(),
            ["alice.phone= meeting_updated active", "bob.phone: meeting_updated active"]
                .map(|line| line.trim_end_matches(" active"))
        );
        let meeting = &call.meeting;
        assert!(meeting.settings.locked && meeting.settings.title.as_deref() == Some("Standup"));
        assert_eq!(
            (meeting.settings.policy.join, meeting.settings.policy.host_leave),
            (JoinPolicy::Open, before.host_leave)
        );
        assert_eq!(meeting.settings.ends_at_ms, START_MS + 65 * MINUTE);
        update_settings(
            &mut call,
            "alice.phone",
            SettingsChange { locked: Some(true), ..SettingsChange::default() },
        )
        .expect("the meeting is locked already");
        assert!(call.last.next.is_none());
        assert_eq!(call.downlinks(), ["alice.phone= meeting_updated"]);
    }

    #[test]
    fn a_meeting_is_extended_to_a_day_at_most() {
        let mut call = timed_group(1_400);
        let extend = |minutes| SettingsChange { extend_minutes: Some(minutes), ..SettingsChange::default() };
        assert_eq!(update_settings(&mut call, "alice.phone", extend(41)), Err(Code::BadRequest));
        assert!(call.last.next.is_none());
        update_settings(&mut call, "alice.phone", extend(40)).expect("a meeting may last a day");
        assert_eq!(update_settings(&mut call, "alice.phone", extend(1)), Err(Code::BadRequest));
    }

    #[test]
    fn t44_an_extended_meeting_warns_of_its_new_end() {
        let mut call = timed_group(60);
        assert_eq!(wakes_with_warning(&mut call, 59 * MINUTE), Some(60_000));
        update_settings(
            &mut call,
            "alice.phone",
            SettingsChange { extend_minutes: Some(2), ..SettingsChange::default() },
        )
        .expect("the host extends the meeting");
        assert_eq!(
            wakes_with_warning(&mut call, 59 * MINUTE + 1),
            None,
            "three minutes are left, and the notice of the new end said so"
        );
        assert_eq!(wakes_with_warning(&mut call, 61 * MINUTE), Some(60_000));
        update_settings(
            &mut call,
            "alice.phone",
            SettingsChange { extend_minutes: Some(30), ..SettingsChange::default() },
        )
        .expect("the host extends the meeting");
        assert_eq!(call.next_deadline_ms(), Some(START_MS + 87 * MINUTE));
        assert_eq!(wakes_with_warning(&mut call, 87 * MINUTE), Some(300_000));
    }

    #[test]
    fn t44_a_new_title_does_not_take_back_a_warning() {
        let mut call = timed_group(60);
        assert_eq!(wakes_with_warning(&mut call, 55 * MINUTE), Some(5 * MINUTE));
        let (rev, cause) = (call.meeting.rev, call.deadline_cause());
        let title = SettingsChange { title: Some("Standup".to_owned()), ..SettingsChange::default() };
        update_settings(&mut call, "alice.phone", title).expect("the host has the right");
        let repeated = call.repeat_effects(rev, &cause);
        assert!(repeated.notices.iter().any(|notice| matches!(notice.body, Body::MeetingEnding { .. })));
    }
}
