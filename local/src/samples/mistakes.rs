//! Samples of malformed input and of refusals. Each is answered by an `error` with a stable code and changes nothing.

use switchboard_protocol::MAX_UPLINK_BYTES;
use switchboard_protocol::limits::MAX_INVITEES;
use switchboard_protocol::requests::sample::{ALICE, BOB};

use super::sample::{LONG_AGO_MS, Origin, Sample};

/// Makes a payload of more than 16 KB.
fn too_large() -> String {
    let title = "x".repeat(MAX_UPLINK_BYTES);
    format!(
        r#"{{"v":1,"type":"create_meeting","id":"sample-too-large","mode":"direct","media":"audio","invitees":["bob"],"title":"{title}"}}"#
    )
}

/// Makes a create request with one invitee too many.
fn too_many_invitees() -> String {
    let invitees: Vec<String> = (1..=MAX_INVITEES + 1).map(|number| format!(r#""guest{number}""#)).collect();
    let invitees = invitees.join(",");
    format!(
        r#"{{"v":1,"type":"create_meeting","id":"sample-too-many","mode":"group","media":"audio","invitees":[{invitees}]}}"#
    )
}

/// A valid create request, for samples in which only the rule's fields are wrong.
const CREATE: &str = r#"{"v":1,"type":"create_meeting","id":"sample-other","mode":"direct","media":"audio","invitees":["bob"]}"#;

/// Returns the samples of mistakes.
pub(super) fn samples() -> Vec<Sample> {
    let mut samples = envelopes();
    samples.extend(fields());
    samples.extend(refusals());
    samples
}

/// Returns samples with a wrong envelope.
fn envelopes() -> Vec<Sample> {
    let expired = Origin::Message {
        sender: Some(ALICE),
        topic: None,
        payload: CREATE.to_owned(),
        received_ms: LONG_AGO_MS,
    };
    let mut no_sender = Sample::message("create-meeting.no-sender", ALICE, CREATE);
    if let Origin::Message { sender, .. } = &mut no_sender.origin {
        *sender = None;
    }
    vec![
        Sample::message("create-meeting.empty", ALICE, "").about("no payload at all").refused("bad_request"),
        Sample::message("create-meeting.not-json", ALICE, "Hello, Bob?")
            .about("not JSON")
            .refused("bad_request"),
        Sample::message("create-meeting.not-an-object", ALICE, "[1, 2, 3]")
            .about("JSON, but not an object")
            .refused("bad_request"),
        Sample::message("create-meeting.no-id", ALICE, r#"{"v":1,"type":"create_meeting","mode":"direct"}"#)
            .about("no request id")
            .refused_at("id", "bad_request"),
        Sample::message(
            "create-meeting.wrong-id",
            ALICE,
            r#"{"v":1,"type":"create_meeting","id":"not an id!"}"#,
        )
        .about("a request id with wrong characters")
        .refused_at("id", "bad_request"),
        Sample::message(
            "create-meeting.no-version",
            ALICE,
            r#"{"type":"create_meeting","id":"sample-no-version"}"#,
        )
        .about("no protocol version")
        .refused_at("v", "bad_request"),
        Sample::message(
            "create-meeting.wrong-version",
            ALICE,
            r#"{"v":2,"type":"create_meeting","id":"sample-version"}"#,
        )
        .about("an unknown protocol version")
        .refused_at("v", "unsupported_version"),
        Sample::message("create-meeting.no-type", ALICE, r#"{"v":1,"id":"sample-no-type"}"#)
            .about("no type")
            .refused_at("type", "bad_request"),
        Sample::message(
            "create-meeting.unknown-type",
            ALICE,
            r#"{"v":1,"type":"dance","id":"sample-dance"}"#,
        )
        .about("an unknown type on this topic")
        .refused_at("type", "bad_request"),
        Sample::message(
            "create-meeting.wrong-ttl",
            ALICE,
            r#"{"v":1,"type":"create_meeting","id":"sample-ttl","ttl_ms":600000}"#,
        )
        .about("a lifetime of ten minutes; the maximum is one")
        .refused_at("ttl_ms", "bad_request"),
        Sample::message("create-meeting.too-large", ALICE, too_large())
            .about("more than 16 KB")
            .refused("too_large"),
        Sample { origin: expired, ..Sample::message("create-meeting.expired", ALICE, "") }
            .about("received long ago")
            .refused("request_expired"),
        no_sender.about("not sent over MQTT, so there is no device to answer"),
    ]
}

/// Returns samples with a missing or wrong field.
fn fields() -> Vec<Sample> {
    vec![
        Sample::message(
            "create-meeting.missing-field",
            ALICE,
            r#"{"v":1,"type":"create_meeting","id":"sample-missing","mode":"direct","invitees":["bob"]}"#,
        )
        .about("`media` is missing")
        .refused_at("media", "bad_request"),
        Sample::message(
            "create-meeting.wrong-field",
            ALICE,
            r#"{"v":1,"type":"create_meeting","id":"sample-wrong","mode":"direct","media":"audio","invitees":["bob","not a user!"]}"#,
        )
        .about("an invitee that is not a user id")
        .refused_at("invitees[1]", "bad_request"),
        Sample::message(
            "create-meeting.wrong-nested-field",
            ALICE,
            r#"{"v":1,"type":"create_meeting","id":"sample-nested","mode":"group","media":"audio","invitees":["bob"],"policy":{"join":"everybody"}}"#,
        )
        .about("an unknown value inside `policy`")
        .refused_at("policy.join", "bad_request"),
        Sample::message(
            "create-meeting.out-of-range",
            ALICE,
            r#"{"v":1,"type":"create_meeting","id":"sample-range","mode":"direct","media":"audio","invitees":["bob"],"ring_seconds":3600}"#,
        )
        .about("a ring of an hour; the maximum is three minutes")
        .refused_at("ring_seconds", "bad_request"),
        Sample::message(
            "create-meeting.duplicate-invitee",
            ALICE,
            r#"{"v":1,"type":"create_meeting","id":"sample-twice","mode":"group","media":"audio","invitees":["bob","bob"]}"#,
        )
        .about("a user is invited twice")
        .refused_at("invitees[1]", "bad_request"),
        Sample::message(
            "create-meeting.oneself",
            ALICE,
            r#"{"v":1,"type":"create_meeting","id":"sample-oneself","mode":"direct","media":"audio","invitees":["alice"]}"#,
        )
        .about("Alice invites Alice")
        .refused_at("invitees[0]", "bad_request"),
        Sample::message("create-meeting.too-many-invitees", ALICE, too_many_invitees())
            .about("50 invitees; the maximum is 49")
            .refused_at("invitees", "too_many_invitees"),
        Sample::message(
            "answer.missing-field",
            BOB,
            r#"{"v":1,"type":"accept","id":"sample-no-invite","meeting_id":"$MEETING","media":"audio"}"#,
        )
        .about("`invite_id` is missing")
        .refused_at("invite_id", "bad_request"),
    ]
}

/// Returns well-formed requests that conflict with the present state.
fn refusals() -> Vec<Sample> {
    vec![
        Sample::message(
            "create-meeting.same-id-other-body",
            ALICE,
            r#"{"v":1,"type":"create_meeting","id":"sample-create","mode":"direct","media":"video","invitees":["bob"]}"#,
        )
        .about("the id of another request")
        .after("create-meeting")
        .refused_at("id", "bad_request"),
        Sample::message(
            "answer.no-such-meeting",
            BOB,
            r#"{"v":1,"type":"accept","id":"sample-nowhere","meeting_id":"no-such-meeting","invite_id":"$INVITE","media":"audio"}"#,
        )
        .about("an unknown meeting")
        .refused("meeting_not_found"),
        Sample::message(
            "answer.no-such-invitation",
            BOB,
            r#"{"v":1,"type":"accept","id":"sample-nothing","meeting_id":"$MEETING","invite_id":"no-such-invitation","media":"audio"}"#,
        )
        .about("an unknown invitation")
        .after("create-meeting")
        .refused("invitation_not_found"),
        Sample::message(
            "destroy.not-host",
            BOB,
            r#"{"v":1,"type":"destroy_meeting","id":"sample-bob-destroys","meeting_id":"$MEETING"}"#,
        )
        .about("Bob may not end Alice's meeting")
        .after("answer.accept")
        .refused("not_host"),
        Sample::message(
            "attend.after-the-end",
            BOB,
            r#"{"v":1,"type":"refresh_token","id":"sample-late-token","meeting_id":"$MEETING"}"#,
        )
        .about("the meeting has ended")
        .after("destroy")
        .refused("meeting_ended"),
    ]
}
