//! Situations in which requests are sent. In a message, `$MEETING` stands for the meeting and `$INVITE` for
//! the sender's invitation.

use crate::testing::device;
use serde_json::Value;
use switchboard_service::Service;
use switchboard_service::fake::FakePorts;

/// A situation, and the request types that are sent in it.
pub(super) struct Scene {
    /// Request types.
    pub(super) kinds: &'static [&'static str],
    /// Earlier requests: milliseconds after the beginning, device, message.
    pub(super) before: &'static [(i64, &'static str, &'static str)],
    /// Device that sends the request.
    pub(super) by: &'static str,
    /// Milliseconds after the beginning at which the request is sent.
    pub(super) at_ms: i64,
}

const GROUP: (i64, &str, &str) = (
    0,
    "alice.phone",
    r#"{"v":1,"type":"create_meeting","id":"c1","mode":"group","media":"video","invitees":["bob"],"policy":{"join":"lobby"}}"#,
);
const BOB_ACCEPTS: (i64, &str, &str) = (
    1_000,
    "bob.phone",
    r#"{"v":1,"type":"accept","id":"a1","meeting_id":"$MEETING","invite_id":"$INVITE","media":"audio"}"#,
);
const CAROL_WAITS: (i64, &str, &str) =
    (2_000, "carol.phone", r#"{"v":1,"type":"join","id":"j1","meeting_id":"$MEETING","media":"audio"}"#);
const DAVE_WAITS: (i64, &str, &str) =
    (2_000, "dave.phone", r#"{"v":1,"type":"join","id":"j2","meeting_id":"$MEETING","media":"audio"}"#);
const ALICE_BLOCKS_BOB: (i64, &str, &str) =
    (0, "alice.phone", r#"{"v":1,"type":"block_user","id":"b1","user_id":"bob"}"#);
const DIRECT_1: (i64, &str, &str) = (
    0,
    "alice.phone",
    r#"{"v":1,"type":"create_meeting","id":"c1","mode":"direct","media":"audio","invitees":["bob"]}"#,
);
const DIRECT_1_ENDS: (i64, &str, &str) =
    (1_000, "alice.phone", r#"{"v":1,"type":"leave","id":"l1","meeting_id":"$MEETING"}"#);
const DIRECT_2: (i64, &str, &str) = (
    2_000,
    "alice.phone",
    r#"{"v":1,"type":"create_meeting","id":"c2","mode":"direct","media":"audio","invitees":["bob"]}"#,
);
const DIRECT_2_ENDS: (i64, &str, &str) =
    (3_000, "alice.phone", r#"{"v":1,"type":"destroy_meeting","id":"d2","create_id":"c2"}"#);

/// Every situation. Several situations may use the same request type.
pub(super) const SCENES: &[Scene] = &[
    Scene { kinds: &["create_meeting"], before: &[], by: "alice.phone", at_ms: 1_000 },
    Scene {
        kinds: &["ringing", "accept", "reject", "silence", "sync"],
        before: &[GROUP],
        by: "bob.phone",
        at_ms: 1_000,
    },
    Scene {
        kinds: &[
            "invite",
            "cancel_invite",
            "report_media",
            "refresh_token",
            "rejoin",
            "raise_hand",
            "lower_hand",
            "unmute_self",
            "leave",
            "mute",
            "allow_speech",
            "remove",
            "transfer_host",
            "set_role",
            "update_meeting",
            "destroy_meeting",
        ],
        before: &[GROUP, BOB_ACCEPTS],
        by: "alice.phone",
        at_ms: 5_000,
    },
    Scene { kinds: &["cancel_invite"], before: &[GROUP], by: "alice.phone", at_ms: 5_000 },
    // Sent from other devices of a member and of an invitee.
    Scene { kinds: &["join"], before: &[GROUP, BOB_ACCEPTS], by: "bob.tablet", at_ms: 5_000 },
    Scene { kinds: &["join"], before: &[GROUP], by: "bob.phone", at_ms: 5_000 },
    Scene {
        kinds: &["admit", "deny"],
        before: &[GROUP, CAROL_WAITS, DAVE_WAITS],
        by: "alice.phone",
        at_ms: 5_000,
    },
    Scene { kinds: &["sync"], before: &[DIRECT_1, DIRECT_1_ENDS], by: "bob.phone", at_ms: 5_000 },
    Scene {
        kinds: &["block_user", "unblock_user", "set_availability", "settings"],
        before: &[ALICE_BLOCKS_BOB],
        by: "alice.phone",
        at_ms: 1_000,
    },
    Scene {
        kinds: &["history"],
        before: &[DIRECT_1, DIRECT_1_ENDS, DIRECT_2, DIRECT_2_ENDS],
        by: "alice.phone",
        at_ms: 5_000,
    },
];

/// Stands for the sweep, in place of a device.
pub(super) const NO_USER: &str = "sweep";

/// Requests that follow in every situation: milliseconds after the request, device, message. A request may be
/// refused.
pub(super) const AFTERWARDS: &[(i64, &str, &str)] = &[
    (3_000, "alice.phone", r#"{"v":1,"type":"sync","id":"f1","missed_since_ms":0}"#),
    (3_000, "bob.phone", r#"{"v":1,"type":"sync","id":"f2","missed_since_ms":0}"#),
    (4_000, "carol.phone", r#"{"v":1,"type":"join","id":"f3","meeting_id":"$MEETING","media":"audio"}"#),
    (5_000, "alice.phone", r#"{"v":1,"type":"leave","id":"f4","meeting_id":"$MEETING"}"#),
    (60_000, NO_USER, ""),
    (400_000, NO_USER, ""),
    (400_000, "alice.phone", r#"{"v":1,"type":"destroy_meeting","id":"f5","create_id":"c1"}"#),
    (401_000, "alice.phone", r#"{"v":1,"type":"history","id":"f6"}"#),
    (401_000, "bob.phone", r#"{"v":1,"type":"history","id":"f7"}"#),
];

/// Replaces the placeholders in `message` by the ids of the scene's meeting.
pub(super) fn filled(message: &str, service: &Service<FakePorts>) -> Value {
    let state = service.table.state.borrow();
    let meeting = state.meetings.values().next().map(|stored| &stored.meeting);
    let id = meeting.map_or("m0", |meeting| meeting.id.as_str());
    let invitee = device("bob.phone").user();
    let invitation = meeting.and_then(|meeting| meeting.participants.get(&invitee)?.invitation());
    let invite_id = invitation.map_or("i0", |invitation| invitation.id.as_str());
    let filled = message.replace("$MEETING", id).replace("$INVITE", invite_id);
    serde_json::from_str(&filled).expect("a message is JSON")
}
