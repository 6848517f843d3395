//! Tests that stored meetings are read as they were written, by this release and by the previous one.

use super::*;
use crate::ports::Stored;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use switchboard_core::{
    Action, ChannelPresence, Command, CreateCommand, DeviceStatus, Input, Invitee, Joiner, KnownDevice,
    MarkKind, MediaChange, Now, RtcCapabilities, Stamped, Standing, create, decide,
};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::EndReason;
use switchboard_protocol::id::BodyHash;
use switchboard_protocol::object::{JoinPolicy, Media, Mode, Policy, RejectReason, UserOrAll};
use switchboard_protocol::requests::{CreateMeeting, MediaReport, MuteMode};
use switchboard_protocol::storable::MAX_EXT_LEVELS;

/// Records that release 0.1 stored. With each meeting are the results of that release: its view on the wire,
/// its next deadlines without and with presence reports of the RTC service, its call history, and its view
/// after the deadlines.
const SCHEMA_1: &str = include_str!("schema-1.json");

fn id(text: &str) -> MeetingId {
    text.parse().expect("an id")
}

/// Returns the attribute `meeting` with this content.
fn attribute(content: &Value) -> AttributeValue {
    to_attribute_value(content).expect("plain JSON")
}

fn meeting(stored: Stored<Meeting>) -> Meeting {
    stored.into_meeting().expect("a meeting")
}

fn read_schema_1(record: &Value) -> Stored<Meeting> {
    let id = id(record["id"].as_str().expect("a text"));
    read(&id, Some(PREVIOUS), attribute(record), Reached::new()).expect("can be read")
}

fn examples(of: &str) -> Vec<Value> {
    let records: Value = serde_json::from_str(SCHEMA_1).expect("JSON");
    records[of].as_array().expect("a list").clone()
}

fn written_and_read(meeting: &Meeting) -> Meeting {
    let value = of_meeting(meeting).expect("can be written");
    let stored = read(&meeting.id, Some(SCHEMA), value, meeting.reached.clone()).expect("can be read");
    self::meeting(stored)
}

/// Returns a call history without the fields that releases after 0.1 set for each user instead of the
/// meeting: times and reason.
fn without_own_part(history: &Value) -> Value {
    let entries = history.as_array().expect("a list").iter().map(|entry| {
        let call = &entry[1];
        let kept = ["meeting_id", "direction", "peers", "mode", "media", "ended_ms"];
        json!([entry[0], kept.map(|name| call[name].clone())])
    });
    entries.collect()
}

// Proves: lossless-record
#[test]
fn a_meeting_of_schema_1_is_read_as_the_release_that_wrote_it_read_it() {
    for example in examples("meetings") {
        let meeting = meeting(read_schema_1(&example["meeting"]));
        let now = Now { ms: example["now_ms"].as_i64().expect("a time") };
        let mut view = json!(meeting.view(now.ms));
        // Later releases show these times, whose values were fixed.
        let fields = view.as_object_mut().expect("an object");
        let times = ["unused_seconds", "empty_seconds"].map(|name| fields.remove(name));
        assert_eq!(times, [Some(json!(300)), Some(json!(30))]);
        assert_eq!(view, example["view"]);
        let deadline = |reports_presence| {
            meeting.next_deadline_ms(RtcCapabilities { reports_presence, enforces_rights: false })
        };
        assert_eq!(json!([deadline(false), deadline(true)]), example["deadline"]);
        assert_eq!(without_own_part(&json!(meeting.call_history())), without_own_part(&example["history"]));
        assert_eq!(json!(meeting.new_parts()), example["parts"]);
        let ticked = decide(&meeting, &Input::Deadline, now, RtcCapabilities::default()).next;
        assert_eq!(json!(ticked.map(|meeting| meeting.view(now.ms))), example["ticked"]);
        assert_eq!(written_and_read(&meeting), meeting, "the next commit writes it with schema 2");
    }
}

#[test]
fn a_mark_of_schema_1_is_a_mark() {
    let marks = examples("marks").into_iter().map(|record| match read_schema_1(&record) {
        Stored::Mark(mark) => mark,
        Stored::Meeting(meeting) => panic!("not a mark: {meeting:?}"),
    });
    let marks: Vec<CreateMark> = marks.collect();
    assert_eq!(marks[0].kind, MarkKind::TakenBack);
    assert!(matches!(marks[1].kind, MarkKind::MergedInto(_)));
    assert_eq!(marks[0].end_reason(), EndReason::Cancelled);
    for mark in marks {
        let value = of_mark(&mark).expect("can be written");
        let stored = read(&mark.meeting_id, Some(SCHEMA), value, Reached::new()).expect("can be read");
        assert_eq!(stored, Stored::Mark(mark));
    }
}

#[test]
fn a_newer_schema_is_refused_and_so_is_an_unknown_one() {
    let value = || attribute(&json!({}));
    let refused = |schema| read(&id("m1"), schema, value(), Reached::new()).map(drop);
    assert!(matches!(refused(Some(SCHEMA + 1)), Err(RecordError::Newer(3))));
    assert!(matches!(refused(Some(0)), Err(RecordError::NoSchema)));
    assert!(matches!(refused(None), Err(RecordError::NoSchema)));
    assert!(matches!(refused(Some(SCHEMA)), Err(RecordError::Malformed(_))));
}

const USERS: [&str; 4] = ["alice", "bob", "carol", "dave"];
const START_MS: i64 = 1_795_366_084_000;

fn user(name: &str) -> UserId {
    name.parse().expect("an account")
}

fn device(name: &str, kind: &str) -> ClientId {
    format!("GID@@@{name}.{kind}").parse().expect("a client ID")
}

fn invitee(name: &str) -> Invitee {
    let known = |kind, queue_until_ms| KnownDevice {
        client_id: device(name, kind),
        seen_ms: START_MS,
        queue_until_ms,
    };
    Invitee {
        user_id: user(name),
        invite_id: format!("invite-{name}").parse().expect("an id"),
        name: Some(name.to_uppercase()),
        devices: vec![known("phone", Some(i64::MAX)), known("tablet", Some(0)), known("tv", None)],
        busy: false,
        access: switchboard_core::Access::Rings,
    }
}

fn new_meeting(mode: Mode, invitees: &[&str]) -> Meeting {
    let mut request =
        CreateMeeting::new(mode, Media::Video, invitees.iter().map(|name| user(name)).collect());
    request.policy = Some(Policy { join: JoinPolicy::Lobby, ..Policy::default() });
    request.ext = json!({"topic": [1, null]}).as_object().cloned();
    let command = CreateCommand {
        meeting_id: id("m1"),
        by: device("alice", "phone"),
        name: None,
        busy: None,
        request_id: "c1".parse().expect("an id"),
        hash: BodyHash::of(b"create"),
        invitees: invitees.iter().map(|name| invitee(name)).collect(),
        create: request,
    };
    create(&command, Now { ms: START_MS }, RtcCapabilities::default()).expect("valid").next.expect("new")
}

/// Returns an input, chosen by the numbers of the action and of its target user. All inputs together reach
/// every standing.
fn input(action: usize, by: usize, whom: usize, step: usize) -> Input {
    let name = USERS[by];
    let (client_id, target) =
        (device(name, if step.is_multiple_of(3) { "tablet" } else { "phone" }), user(USERS[whom]));
    let invite_id = format!("invite-{name}").parse().expect("an id");
    let action = match action {
        0 => Action::Ringing { invite_id },
        1 | 2 => Action::Accept { invite_id, media: Media::Audio, name: None, is_in_other_call: false },
        3 => Action::Reject { invite_id, reason: RejectReason::Declined, text: None },
        4 | 5 => Action::ReportMedia {
            state: MediaReport::Joined,
            media: MediaChange { audio: Some(true), ..MediaChange::default() },
            verified: true,
        },
        6 => Action::Leave,
        7 => Action::Join(Joiner {
            name: None,
            devices: Vec::new(),
            takeover: step.is_multiple_of(2),
            max_knocks: 3,
            media: Media::Audio,
        }),
        8 => Action::Admit { users: None },
        9 => Action::Deny { users: None, ban: false },
        10 => Action::Remove { user: target, ban: step.is_multiple_of(2), for_seconds: Some(60), text: None },
        11 => Action::Mute { target: UserOrAll::User(target), mode: MuteMode::Hard, for_seconds: Some(30) },
        12 => Action::RaiseHand,
        13 => Action::TransferHost { user: target },
        14 => Action::Invite { invitees: vec![invitee(USERS[whom])], ring_seconds: Some(20), ext: None },
        15 => return Input::Device { client_id, status: DeviceStatus::Disconnected },
        16 => return Input::Device { client_id, status: DeviceStatus::StillDisconnected },
        // Only some of the users are in the channel, so removed users may return.
        17 => {
            let users = USERS[..by].iter().map(|name| user(name)).collect();
            return Input::Presence(ChannelPresence::Exactly { users, rev: u64::MAX });
        }
        _ => return Input::Deadline,
    };
    let request_id = format!("r{step}").parse().expect("an id");
    Input::Command(Command {
        by: client_id,
        request_id,
        hash: BodyHash::of(b"request"),
        action,
        other_calls: BTreeMap::new(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    // Proves: lossless-record
    #[test]
    fn any_meeting_is_read_as_it_was_written(
        is_direct in any::<bool>(),
        reports_presence in any::<bool>(),
        steps in proptest::collection::vec((0..19_usize, 0..4_usize, 0..4_usize, 0..40_000_i64), 1..40),
    ) {
        let mut meeting =
            if is_direct { new_meeting(Mode::Direct, &["bob"]) } else { new_meeting(Mode::Group, &["bob", "carol"]) };
        let mut now = Now { ms: START_MS };
        for (step, (action, by, whom, wait_ms)) in steps.into_iter().enumerate() {
            now.ms += if wait_ms > 20_000 { wait_ms } else { 1 };
            let rtc = RtcCapabilities { reports_presence, enforces_rights: reports_presence };
            let decision = decide(&meeting, &input(action, by, whom, step), now, rtc);
            if let Some(next) = decision.next {
                meeting = next;
            }
            prop_assert_eq!(&written_and_read(&meeting), &meeting);
        }
    }
}

#[test]
fn a_removal_with_its_proof_is_read_as_it_was_written_and_one_of_before_has_none() {
    let rtc = RtcCapabilities { reports_presence: true, enforces_rights: true };
    let mut meeting = new_meeting(Mode::Group, &["bob"]);
    let now = Now { ms: START_MS + 1_000 };
    let listed = |names: &[&str]| {
        let users = names.iter().map(|name| user(name)).collect();
        Input::Presence(ChannelPresence::Exactly { users, rev: u64::MAX })
    };
    let remove = Action::Remove { user: user("bob"), ban: true, for_seconds: None, text: None };
    let accept = Action::Accept {
        invite_id: "invite-bob".parse().expect("an id"),
        media: Media::Audio,
        name: None,
        is_in_other_call: false,
    };
    let does = |by: &str, id: &str, action| {
        let request_id = id.parse().expect("an id");
        Input::Command(Command {
            by: device(by, "phone"),
            request_id,
            hash: BodyHash::of(b"request"),
            action,
            other_calls: BTreeMap::new(),
        })
    };
    for (at, input) in [
        does("bob", "r1", accept),
        does("alice", "r2", remove),
        listed(&["alice"]),
        listed(&["alice", "bob"]),
        listed(&["alice"]),
    ]
    .iter()
    .enumerate()
    {
        meeting = decide(&meeting, input, now, rtc).next.unwrap_or_else(|| panic!("step {at} commits"));
        assert_eq!(written_and_read(&meeting), meeting);
    }
    let proof = meeting.participants[&user("bob")].removal_proof.as_ref().expect("was removed");
    assert_eq!((proof.times_gone, *proof.gone_ms), (2, Some(now.ms)));

    let mut waiting = meeting.clone();
    let bob = waiting.participants.get_mut(&user("bob")).expect("has a part");
    bob.standing = Stamped::new(Standing::Lobby { devices: vec![device("bob", "phone")] }, meeting.rev);
    assert_eq!(written_and_read(&waiting), waiting, "with the proof of a user who knocks again");

    let mut record = serde_json::to_value(v2::MeetingRecord::from(&meeting)).expect("serialises");
    let standing = &mut record["participants"]["bob"]["standing"]["out"];
    assert!(standing.as_object_mut().expect("an exit").remove("proof").is_some());
    let stored = read(&meeting.id, Some(SCHEMA), attribute(&record), Reached::new()).expect("can be read");
    let older = self::meeting(stored);
    assert_eq!(older.participants[&user("bob")].removal_proof, None);
}

#[test]
fn every_object_that_a_request_may_have_is_read_as_it_was_written() {
    let nested = (1..MAX_EXT_LEVELS).fold(json!([]), |inner, _| json!({"a": inner}));
    for ext in [
        json!({"a": [], "b": {}, "c": null, "d": "", "e": 1e125, "f": -1e-129, "g": u64::MAX, "h": i64::MIN, "i": 0.1}),
        nested,
    ] {
        let mut meeting = new_meeting(Mode::Group, &["bob"]);
        meeting.ext = ext.as_object().cloned();
        assert_eq!(written_and_read(&meeting), meeting);
    }
}

#[test]
fn invitations_with_the_same_object_store_it_once() {
    let mut meeting = new_meeting(Mode::Group, &[]);
    let ext = json!({"text": "x".repeat(2_000)}).as_object().cloned();
    let guests: Vec<String> = (0..49).map(|at| format!("guest{at}")).collect();
    let invitees = guests.iter().map(|name| invitee(name)).collect();
    let action = Action::Invite { invitees, ring_seconds: None, ext: ext.clone() };
    let by = device("alice", "phone");
    let request_id = "r1".parse().expect("an id");
    let command =
        Command { by, request_id, hash: BodyHash::of(b"request"), action, other_calls: BTreeMap::new() };
    let now = Now { ms: START_MS };
    let decision = decide(&meeting, &Input::Command(command), now, RtcCapabilities::default());
    meeting = decision.next.expect("invites");
    let invitation = meeting.participants[&user("guest7")].invitation().expect("is invited");
    assert_eq!(invitation.ext, ext);
    let stored = serde_json::to_string(&v2::MeetingRecord::from(&meeting)).expect("serialises");
    assert_eq!(stored.matches("xxxx").count(), 500, "2,000 letters, once");
    assert_eq!(written_and_read(&meeting), meeting);
}
