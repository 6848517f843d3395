//! New users, and meetings as the core makes them.

use switchboard_core::{
    Cause, CreateCommand, CreateMark, End, Invitee, KnownDevice, MarkKind, Meeting, Now, Phase,
    RtcCapabilities, Settings, Stamped, create,
};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::EndReason;
use switchboard_protocol::id::{BodyHash, InviteId, MeetingId, RequestId};
use switchboard_protocol::object::{Media, Mode};
use switchboard_protocol::requests::CreateMeeting;
use switchboard_service::dynamodb::Table;
use switchboard_service::ports::{Commit, CommitResult, Loaded, Pending, SlotWrite, Stored};
use uuid::Uuid;

/// The creation time of every meeting in these tests: the start of the year 2100, so that neither the sweep of the stack
/// that has the table nor the table's own expiry finds one of them due.
pub const START_MS: i64 = 4_102_444_800_000;

/// The time for which a device can be rung after it was last seen: the broker keeps a session for a week at most.
pub const SESSION_LIFE_MS: i64 = 7 * 24 * 3_600 * 1_000;

/// Random characters, for names that no other test uses.
fn unique() -> String {
    Uuid::new_v4().simple().to_string()
}

/// A new account.
pub fn user(name: &str) -> UserId {
    format!("{name}-{}", &unique()[..12]).parse().expect("letters and digits")
}

/// This number of new accounts.
pub fn users(count: usize) -> Vec<UserId> {
    (0..count).map(|_| user("user")).collect()
}

/// The client ID of a user's device.
pub fn device(user: &UserId, instance: &str) -> ClientId {
    format!("GID_test@@@{user}.{instance}").parse().expect("letters and digits")
}

/// The meeting that a create request of `caller` makes with `invitees`, each of whom has a phone and a tablet.
pub fn meeting(mode: Mode, caller: &UserId, invitees: &[UserId]) -> Meeting {
    let request_id: RequestId = unique().parse().expect("letters and digits");
    let invitee = |user: &UserId| Invitee {
        user_id: user.clone(),
        invite_id: unique().parse().expect("letters and digits"),
        name: None,
        devices: ["phone", "tablet"]
            .map(|kind| KnownDevice {
                client_id: device(user, kind),
                seen_ms: START_MS - 1,
                queue_until_ms: None,
            })
            .to_vec(),
        busy: false,
        access: switchboard_core::Access::Rings,
    };
    let command = CreateCommand {
        meeting_id: unique().parse().expect("letters and digits"),
        by: device(caller, "phone"),
        name: Some("Alice".to_owned()),
        busy: None,
        request_id,
        hash: BodyHash::of(b"create"),
        invitees: invitees.iter().map(invitee).collect(),
        create: CreateMeeting {
            max_participants: Some(100),
            ..CreateMeeting::new(mode, Media::Audio, invitees.to_vec())
        },
    };
    let decision = create(&command, Now { ms: START_MS }, RtcCapabilities::default())
        .expect("the create request is valid");
    decision.next.expect("a new meeting is written")
}

/// A direct call of two new users.
pub fn direct() -> Meeting {
    meeting(Mode::Direct, &user("alice"), &[user("bob")])
}

/// The same meeting at its next revision.
pub fn next(meeting: &Meeting, title: &str) -> Meeting {
    Meeting { rev: meeting.rev + 1, ..titled(meeting, title) }
}

/// The same meeting with another title.
pub fn titled(meeting: &Meeting, title: &str) -> Meeting {
    let settings = Settings { title: Some(title.to_owned()), ..Settings::clone(&meeting.settings) };
    Meeting { settings: Stamped::new(settings, meeting.settings.rev()), ..meeting.clone() }
}

/// The record of a create request that merged with another meeting.
pub fn mark() -> CreateMark {
    CreateMark {
        meeting_id: unique().parse().expect("letters and digits"),
        caller: user("alice"),
        at_ms: START_MS,
        kind: MarkKind::MergedInto(unique().parse().expect("letters and digits")),
    }
}

/// The meeting under this id.
pub async fn loaded(table: &Table, id: &MeetingId) -> Option<Loaded> {
    table.meeting(id).await.expect("the table answers").and_then(Stored::into_meeting)
}

/// The same meeting, ended at its next revision.
pub fn ended(meeting: &Meeting) -> Meeting {
    let rev = meeting.rev + 1;
    let phase = Phase::Ended(End { reason: EndReason::Completed, at_ms: START_MS + 1_000, rev });
    Meeting { rev, phase, ..meeting.clone() }
}

/// The invitation of an invitee, and the client ID of the phone that it rings.
pub fn leg(meeting: &Meeting, user: &UserId) -> (InviteId, ClientId) {
    let invitation = meeting.participants[user].invitation().expect("the user is invited");
    (invitation.id.clone(), device(user, "phone"))
}

/// The first invitee.
pub fn invitee(meeting: &Meeting) -> UserId {
    meeting.participants.values().find(|part| part.invitation().is_some()).expect("somebody").user_id.clone()
}

/// Effects that are not done yet.
pub fn pending(rev: u64, meeting: &Meeting) -> Pending {
    let cause = Cause::Deadline { meeting_id: meeting.id.clone(), rev };
    Pending { cause, due_ms: START_MS + 5_000 }
}

/// A commit of `next`, decided from the revision before it, of the meeting's record alone.
pub fn commit(next: &Meeting) -> Commit<'_> {
    Commit {
        next,
        seen_rev: next.rev - 1,
        slots: Vec::new(),
        pending: None,
        due_at_ms: None,
        parts: Vec::new(),
        gone_parts: Vec::new(),
        forgotten: Vec::new(),
        dropped_pending: Vec::new(),
        now_ms: START_MS,
        mark: None,
        rings: None,
    }
}

/// The change that takes a free slot.
pub fn take(user: &UserId) -> SlotWrite {
    SlotWrite::Take { user: user.clone(), seen: None }
}

/// Commits a change that must succeed.
pub async fn write(table: &Table, commit: &Commit<'_>) {
    let outcome = table.commit(commit).await.expect("the table answers");
    assert!(matches!(outcome, CommitResult::Done), "{outcome:?}");
}

/// The meeting in a user's slot.
pub async fn holder(table: &Table, user: &UserId) -> Option<String> {
    let slot = table.slot(user).await.expect("the table answers");
    slot.map(|slot| slot.meeting_id.to_string())
}
