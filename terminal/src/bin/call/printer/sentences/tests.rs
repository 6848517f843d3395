//! Tests of the sentences for messages of the wire.

use serde_json::json;
use switchboard_protocol::downlink::{DOWNLINKS, EXAMPLES};

use super::*;

#[test]
fn an_invitation_names_the_caller_and_the_invitation_id() {
    let invitation = json!({
        "v": 1, "type": "invitation", "id": "d", "meeting_id": "m1", "invite_id": "i7",
        "from": {"user_id": "alice", "name": "Alice"}, "mode": "group", "media": "video", "title": "Sync",
        "group": ["carol"], "deadline_in_ms": 45_000, "delivery": "queued",
    });
    assert_eq!(
        sentence(&invitation),
        "Alice (alice) calls: group video, rings for 45 s, “Sync”, with carol, from the queue; invitation i7"
    );
}

#[test]
fn a_join_names_the_channel_and_the_rights_and_not_the_token() {
    let accepted = json!({
        "type": "invitation_accepted",
        "join": {
            "provider": "livekit", "url": "ws://h", "channel_id": "m1", "user_id": "bob", "token": "SECRET",
            "token_expires_in_ms": 14_400_000,
            "rights": {"microphone": true, "camera": false, "screen": false, "data": true, "subscribe": true},
        },
    });
    assert_eq!(
        sentence(&accepted),
        "you may join livekit channel m1 (microphone, data, subscribe; token for 4 h)"
    );
}

#[test]
fn an_unknown_type_shows_its_fields_without_tokens() {
    let news = json!({"v": 1, "type": "newer", "id": "d", "who": "bob", "n": 3, "access_token": "SECRET"});
    assert_eq!(sentence(&news), "access_token=(not shown) n=3 who=bob");
}

#[test]
fn a_malformed_message_is_shown_too() {
    for kind in ["invitation", "participant_updated", "meeting_created", "state", "meeting_ended", "error"] {
        let message =
            json!({"type": kind, "participant": 5, "meeting": [], "invitations": "x", "from": null});
        assert!(!sentence(&message).is_empty(), "{kind}");
        assert_eq!(details(&message), Vec::<String>::new(), "{kind}");
    }
    assert_eq!(sentence(&json!([])), "");
}

#[test]
fn a_state_lists_meetings_people_and_open_invitations() {
    let state = json!({
        "type": "state",
        "meetings": [{"meeting_id": "m1", "mode": "direct", "media": "audio", "state": "active", "participants": [
            {"user_id": "alice", "role": "host", "state": "joined", "speech": {"mode": "free"}},
            {"user_id": "bob", "role": "member", "state": "reconnecting", "speech": {"mode": "hard"}},
        ]}],
        "invitations": [{"meeting_id": "m2", "invite_id": "i2", "from": {"user_id": "carol"}, "mode": "direct",
            "media": "audio", "group": [], "deadline_in_ms": 900, "delivery": "live"}],
    });
    assert_eq!(sentence(&state), "1 live, 1 to answer");
    assert_eq!(
        details(&state),
        [
            "direct audio meeting m1 is active",
            "  alice joined, host",
            "  bob reconnecting, muted (hard)",
            "carol calls: direct audio, rings for 900 ms; invitation i2 (meeting m2)",
        ]
    );
}

#[test]
fn durations_use_the_largest_readable_unit() {
    let words = [-5, 0, 999, 1_000, 119_999, 120_000, 7_199_999, 7_200_000].map(|ms| duration(&json!(ms)));
    assert_eq!(words, ["0 ms", "0 ms", "999 ms", "1 s", "119 s", "2 min", "119 min", "2 h"]);
}

#[test]
fn every_downlink_type_has_a_sentence_of_its_own() {
    let examples: Value = serde_json::from_str(EXAMPLES).expect("examples are JSON");
    for downlink in DOWNLINKS {
        let example = &examples[downlink.kind];
        assert_ne!(sentence(example), rest(example, &ENVELOPE), "add `{}` to `sentence`", downlink.kind);
    }
    assert_eq!(sentence(&examples["lobby_updated"]), "erin admitted, frank not admitted: meeting full");
}

#[test]
fn the_words_of_a_user_are_quoted() {
    let declined = json!({"type": "invitation_updated", "user_id": "bob", "state": "declined", "reach": "delivered",
        "reason": "do_not_disturb", "text": "At night"});
    assert_eq!(sentence(&declined), "bob is declined, do not disturb: “At night” (reach: delivered)");
    let removed = json!({"type": "participant_removed", "reason": "banned", "text": "Not invited"});
    assert_eq!(sentence(&removed), "you are banned: “Not invited”");
    let ended = json!({"type": "meeting_ended", "reason": "host_ended", "duration_ms": 3_000, "text": "Wrong number"});
    assert_eq!(sentence(&ended), "host ended, after 3 s: “Wrong number”");
}

#[test]
fn the_code_of_an_end_is_shown_where_it_says_more_than_the_state() {
    let ended = |state: &str, code: &str| {
        sentence(
            &json!({"type": "invitation_updated", "user_id": "bob", "state": state, "code": code, "reach": "unknown"}),
        )
    };
    assert_eq!(ended("unreachable", "do_not_disturb"), "bob is unreachable, do not disturb (reach: unknown)");
    assert_eq!(ended("no_answer", "no_answer"), "bob is no answer (reach: unknown)");
}

#[test]
fn the_users_who_were_not_invited_are_named_with_the_reason() {
    let result = |invitations: Value, not_invited: Value| {
        sentence(
            &json!({"type": "invitation_result", "invitations": invitations, "not_invited": not_invited}),
        )
    };
    let banned = json!([{"user_id": "mallory", "state": "banned", "code": "banned"}, {"user_id": "zed", "code": "user_not_found"}]);
    assert_eq!(result(json!([]), banned), "mallory not invited: banned, zed not invited: user not found");
    let member = json!([{"user_id": "alice", "state": "joined"}]);
    let silent = json!([{"user_id": "bob", "state": "unreachable", "code": "do_not_disturb"}]);
    assert_eq!(result(silent, member), "bob unreachable, do not disturb, alice not invited: joined");
}

#[test]
fn a_ban_and_a_block_say_how_long_they_hold() {
    let removed = |fields: Value| {
        let mut body = json!({"type": "participant_removed", "reason": "banned"});
        body.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        sentence(&body)
    };
    assert_eq!(removed(json!({})), "you are banned");
    assert_eq!(removed(json!({"until_in_ms": 60_000, "text": "Rude"})), "you are banned for 60 s: “Rude”");
    let speech = |mode: &str, enforced: bool| {
        let body = json!({"type": "speech_changed", "user_id": "bob", "mode": mode, "by": "alice", "enforced": enforced,
            "until_in_ms": if mode == "hard" { json!(60_000) } else { Value::Null }});
        sentence(&body)
    };
    assert_eq!(speech("hard", true), "bob may speak: hard for 60 s (by alice, enforced by the RTC service)");
    assert_eq!(
        speech("hard", false),
        "bob may speak: hard for 60 s (by alice, not enforced by the RTC service)"
    );
    assert_eq!(speech("soft", false), "bob may speak: soft (by alice)");
    let blocked = json!({"user_id": "bob", "role": "member", "state": "joined", "speech": {"mode": "hard", "until_in_ms": 60_000}});
    assert_eq!(participant_words(&blocked), "bob joined, muted (hard for 60 s)");
}

#[test]
fn a_knock_names_the_user_and_a_refusal_its_reason_and_the_wait() {
    assert_eq!(
        sentence(&json!({"type": "lobby_request", "user_id": "dave", "name": "Dave"})),
        "Dave (dave) asks to come in"
    );
    assert_eq!(sentence(&json!({"type": "lobby_request", "user_id": "dave"})), "dave asks to come in");
    let ended = json!({"type": "error", "code": "meeting_ended", "reason": "completed", "message": "the meeting is over"});
    assert_eq!(sentence(&ended), "meeting_ended (completed): the meeting is over");
    let limited =
        json!({"type": "error", "code": "rate_limited", "message": "wait", "retry_after_ms": 1_200});
    assert_eq!(sentence(&limited), "rate_limited: wait; again in 2 s");
}

#[test]
fn a_past_call_is_shown_with_the_words_of_its_end() {
    let past = json!({"direction": "out", "peers": ["bob"], "mode": "direct", "media": "audio", "reason": "all_declined",
        "ended_ms": 0, "duration_ms": 0, "meeting_id": "m1", "text": "In a meeting"});
    assert!(
        past_call_sentence(&past).ends_with("bob: direct audio, all declined, 0 ms: “In a meeting” (m1)"),
        "{past}"
    );
}

#[test]
fn a_participant_is_shown_with_what_the_device_sends() {
    let participant = json!({"user_id": "bob", "role": "member", "state": "joined", "speech": {"mode": "free"},
        "media": {"audio": true, "video": false, "screen": true}});
    assert_eq!(participant_words(&participant), "bob joined, sends audio and screen");
}

#[test]
fn t62_t63_a_removal_says_whether_its_user_is_out_of_the_media() {
    let words = |proof: Value| {
        let mut participant = json!({"user_id": "bob", "role": "member", "state": "removed"});
        participant.as_object_mut().expect("an object").extend(proof.as_object().expect("an object").clone());
        sentence(&json!({"type": "participant_updated", "participant": participant}))
    };
    assert_eq!(words(json!({})), "bob removed", "an RTC service that cannot tell");
    assert_eq!(words(json!({"removed_ms": 1_000})), "bob removed, not yet confirmed to be out of the media");
    assert_eq!(
        words(json!({"removed_ms": 1_000, "confirmed_gone_ms": 1_400})),
        "bob removed, out of the media (confirmed after 400 ms)"
    );
    assert_eq!(
        words(json!({"removed_ms": 1_000, "confirmed_gone_ms": 61_000, "reentries_stopped": 2})),
        "bob removed, out of the media (confirmed after 60 s); came back 2 times and was stopped"
    );
}

#[test]
fn missed_calls_are_counted_and_the_newest_are_named() {
    let missed = json!({"meeting_id": "m1", "from": {"user_id": "alice", "name": "Alice"}, "reason": "no_answer",
        "at_ms": 0, "mode": "direct", "media": "video"});
    let state =
        json!({"type": "state", "meetings": [], "invitations": [], "missed": vec![missed; MISSED_LINES + 1]});
    assert_eq!(sentence(&state), "0 live, 0 to answer, 6 missed");
    let lines = details(&state);
    assert_eq!(lines.len(), MISSED_LINES + 1, "{lines:?}");
    assert!(lines[0].ends_with("missed: Alice (alice), video, no answer (m1)"), "{lines:?}");
    assert_eq!(lines[MISSED_LINES], "more with `call history`");
    let past = json!({"direction": "in", "peers": ["alice"], "mode": "direct", "media": "audio", "reason": "cancelled",
        "ended_ms": 0, "duration_ms": 0, "meeting_id": "m1", "missed": {"at_ms": 0}});
    assert!(past_call_sentence(&past).contains("direct audio, missed, cancelled"), "{past}");
}
