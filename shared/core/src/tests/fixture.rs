//! A meeting under test: commands by short names, and what every device was told.

use crate::{Action, Command, Decision, Device, Invitee, Meeting, Now, Opening, Refusal, decide, tick};
use secrecy::SecretString;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::id::{BodyHash, IdKey, InviteId};
use switchboard_protocol::object::{Media, MediaFlags, Mode, ParticipantState};
use switchboard_protocol::requests::{CreateMeeting, MediaReport};

/// The moment at which every meeting under test is made.
pub(crate) const START_MS: i64 = 1_795_366_084_000;

pub(crate) fn key() -> IdKey {
    IdKey::new(SecretString::from("an id key for tests only"))
}

pub(crate) fn now(after_ms: i64) -> Now {
    Now { ms: START_MS + after_ms, ..Now::default() }
}

pub(crate) fn client(device: &str) -> ClientId {
    format!("GID@@@{device}").parse().expect("a device of the tests")
}

pub(crate) fn user(name: &str) -> UserId {
    name.parse().expect("an account of the tests")
}

pub(crate) fn create(mode: Mode, invitees: &[&str]) -> CreateMeeting {
    CreateMeeting {
        mode,
        media: Media::Audio,
        invitees: invitees.iter().map(|name| user(name)).collect(),
        title: None,
        policy: None,
        ring_seconds: None,
        max_participants: None,
        max_minutes: None,
        ext: None,
    }
}

/// Alice on her phone asks; every invitee has a phone and a tablet.
pub(crate) fn opening(create: CreateMeeting) -> Opening {
    let devices = |name: &UserId| {
        ["phone", "tablet"]
            .map(|kind| Device { client_id: client(&format!("{name}.{kind}")), seen_ms: START_MS - 1 })
            .to_vec()
    };
    let invitee = |name: &UserId| Invitee {
        user_id: name.clone(),
        invite_id: format!("invite-{name}").parse().expect("an id"),
        name: None,
        devices: devices(name),
        busy: false,
    };
    Opening {
        meeting_id: key().meeting(&client("alice.phone"), &"c1".parse().expect("an id")),
        by: client("alice.phone"),
        name: Some("Alice".to_owned()),
        busy: false,
        request_id: "c1".parse().expect("an id"),
        hash: BodyHash::of(b"create"),
        invitees: create.invitees.iter().map(invitee).collect(),
        create,
    }
}

/// A meeting, and what its devices hear of each step.
pub(crate) struct Call {
    pub(crate) meeting: Meeting,
    pub(crate) last: Decision,
    pub(crate) now: Now,
    requests: u32,
}

impl Call {
    pub(crate) fn open(opening: &Opening) -> Self {
        let decision = Meeting::open(opening, now(0)).expect("may be opened");
        let meeting = decision.next.clone().expect("a new meeting is committed");
        Self { meeting, last: decision, now: now(0), requests: 0 }
    }

    pub(crate) fn direct() -> Self {
        Self::open(&opening(create(Mode::Direct, &["bob"])))
    }

    pub(crate) fn group() -> Self {
        Self::open(&opening(create(Mode::Group, &["bob", "carol"])))
    }

    /// A meeting that was made in another way.
    pub(crate) fn of(meeting: Meeting) -> Self {
        Self { meeting, ..Self::direct() }
    }

    pub(crate) fn at(&mut self, after_ms: i64) -> &mut Self {
        self.now.ms = START_MS + after_ms;
        self
    }

    /// The device asks something new; the code if it is refused.
    pub(crate) fn does(&mut self, device: &str, action: Action) -> Result<(), Code> {
        self.requests += 1;
        let id = format!("r{}", self.requests);
        self.asks(device, &id, &id, action)
    }

    /// The device sends the request `id` with the body `body`.
    pub(crate) fn asks(&mut self, device: &str, id: &str, body: &str, action: Action) -> Result<(), Code> {
        let command = Command {
            by: client(device),
            request_id: id.parse().expect("an id"),
            hash: BodyHash::of(body.as_bytes()),
            action,
        };
        self.last = decide(&self.meeting, &command, self.now);
        if self.last.refused.is_some() {
            let time = tick(&self.meeting, self.now);
            assert_eq!(self.last.next, time.next, "a refused command changes nothing that time did not");
            assert_eq!(
                (&self.last.slots, &self.last.media),
                (&time.slots, &time.media),
                "nor asks for anything"
            );
        }
        if let Some(next) = &self.last.next {
            assert_eq!(next.rev, self.meeting.rev + 1, "every commit is one revision");
            self.meeting = next.clone();
        }
        self.last.refused.map_or(Ok(()), Err)
    }

    pub(crate) fn invite_id(&self, name: &str) -> InviteId {
        let invitation = self.meeting.participants[&user(name)].invitation.as_ref();
        invitation.expect("was invited").id.clone()
    }

    pub(crate) fn rings(&mut self, device: &str) -> Result<(), Code> {
        let invite_id = self.invite_id(account(device));
        self.does(device, Action::Ringing { invite_id })
    }

    pub(crate) fn accepts(&mut self, device: &str) -> Result<(), Code> {
        let invite_id = self.invite_id(account(device));
        self.does(device, Action::Accept { invite_id })
    }

    pub(crate) fn rejects(&mut self, device: &str) -> Result<(), Code> {
        let invite_id = self.invite_id(account(device));
        self.does(device, Action::Reject { invite_id })
    }

    pub(crate) fn joins_media(&mut self, device: &str) -> Result<(), Code> {
        let media = MediaFlags { audio: true, ..MediaFlags::default() };
        self.does(device, Action::ReportMedia { state: MediaReport::Joined, media, verified: true })
    }

    pub(crate) fn leaves(&mut self, device: &str) -> Result<(), Code> {
        self.does(device, Action::Leave)
    }

    pub(crate) fn state(&self, name: &str) -> ParticipantState {
        self.meeting.participants[&user(name)].state
    }

    /// What everybody was told by the last step, as `device: type detail`, sorted; the answer is marked `=`.
    pub(crate) fn told(&self) -> Vec<String> {
        let line = |tell: &crate::Tell| {
            let device = tell.to.as_str().trim_start_matches("GID@@@");
            let body = serde_json::to_value(&tell.body).expect("serialises");
            let detail = ["reason", "state", "code"]
                .iter()
                .find_map(|name| body.get(name)?.as_str().map(str::to_owned));
            let detail = detail.or_else(|| body["participant"]["state"].as_str().map(str::to_owned));
            let mark = if tell.is_answer { "=" } else { ":" };
            format!("{device}{mark} {} {}", tell.body.kind(), detail.unwrap_or_default())
                .trim_end()
                .to_owned()
        };
        let mut lines: Vec<String> = self.last.tells.iter().chain(&self.last.answer).map(line).collect();
        lines.sort();
        lines
    }
}

/// Whatever is written is read back as it was, in JSON and in the form that the table has.
pub(super) fn reads_back(meeting: &Meeting) {
    let same = |mut read: Meeting| {
        // Kept beside the record.
        read.reached.clone_from(&meeting.reached);
        assert_eq!(&read, meeting);
    };
    let text = serde_json::to_string(meeting).expect("serialises");
    same(serde_json::from_str(&text).expect("reads back"));
    let value: serde_dynamo::AttributeValue = serde_dynamo::to_attribute_value(meeting).expect("serialises");
    same(serde_dynamo::from_attribute_value(value).expect("reads back"));
}

/// Nothing that is told promises what does not hold: a way in for who is out, or a ring for an offer that is closed.
pub(super) fn is_honest(decision: &Decision, meeting: &Meeting) {
    for tell in decision.tells.iter().chain(&decision.answer) {
        let state = meeting.participants.get(&tell.to.user()).map(|p| p.state);
        if tell.offers().is_some() {
            assert!(state.is_some_and(ParticipantState::is_pending), "rings for nothing: {tell:?}");
        }
        if tell.grant.is_some() {
            assert!(state.is_some_and(ParticipantState::is_member), "a way in only for who is in: {tell:?}");
        }
    }
}

pub(crate) fn account(device: &str) -> &str {
    device.split('.').next().unwrap_or(device)
}

/// The refusal of a create.
pub(crate) fn refused(opening: &Opening) -> Refusal {
    Meeting::open(opening, now(0)).expect_err("must be refused")
}
