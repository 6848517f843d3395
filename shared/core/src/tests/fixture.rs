//! A meeting under test: requests with short names, and the downlinks that each step sends.

use crate::create as create_meeting;
use crate::{
    Action, Cause, ChannelPresence, Command, CreateCommand, Decision, DeliveryClass, DeviceStatus, Exit,
    Former, Input, Invitee, KnownDevice, MediaChange, Meeting, Now, OutReason, Outgoing, Participant,
    Refusal, Remark, RtcCapabilities, Settings, Standing, decide, repeat_effects,
};
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeMap;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::id::{BodyHash, IdKey, InviteId};
use switchboard_protocol::object::{Media, MediaFlags, Mode, ParticipantState, RejectReason};
use switchboard_protocol::requests::{CreateMeeting, MediaReport};

/// Time at which every meeting under test is created.
pub(crate) const START_MS: i64 = 1_795_366_084_000;

pub(crate) fn key() -> IdKey {
    IdKey::new(SecretString::from("an id key for tests only"))
}

pub(crate) fn now(after_ms: i64) -> Now {
    Now { ms: START_MS + after_ms }
}

pub(crate) fn client(device: &str) -> ClientId {
    format!("GID@@@{device}").parse().expect("a valid client id")
}

pub(crate) fn user(name: &str) -> UserId {
    name.parse().expect("a valid account")
}

pub(crate) fn create(mode: Mode, invitees: &[&str]) -> CreateMeeting {
    CreateMeeting::new(mode, Media::Audio, invitees.iter().map(|name| user(name)).collect())
}

/// Returns the create request of Alice's phone. Every invitee has a phone and a tablet.
pub(crate) fn opening(create: CreateMeeting) -> CreateCommand {
    let devices = |name: &UserId| {
        ["phone", "tablet"]
            .map(|kind| KnownDevice {
                client_id: client(&format!("{name}.{kind}")),
                seen_ms: START_MS - 1,
                queue_until_ms: None,
            })
            .to_vec()
    };
    let invitee = |name: &UserId| Invitee {
        user_id: name.clone(),
        invite_id: format!("invite-{name}").parse().expect("a valid id"),
        name: None,
        devices: devices(name),
        busy: false,
        access: crate::Access::Rings,
    };
    CreateCommand {
        meeting_id: key().meeting(&client("alice.phone"), &"c1".parse().expect("a valid id")),
        by: client("alice.phone"),
        name: Some("Alice".to_owned()),
        busy: None,
        request_id: "c1".parse().expect("a valid id"),
        hash: BodyHash::of(b"create"),
        invitees: create.invitees.iter().map(invitee).collect(),
        create,
    }
}

/// Returns the request `id` of a device, with the body `body`.
pub(crate) fn command(device: &str, id: &str, body: &str, action: Action) -> Command {
    Command {
        by: client(device),
        request_id: id.parse().expect("a valid id"),
        hash: BodyHash::of(body.as_bytes()),
        action,
        other_calls: BTreeMap::new(),
    }
}

/// A meeting, and the decision of its last step.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) meeting: Meeting,
    pub(crate) last: Decision,
    pub(crate) now: Now,
    pub(crate) rtc: RtcCapabilities,
    requests: u32,
}

impl Call {
    pub(crate) fn open(opening: &CreateCommand) -> Self {
        let decision = create_meeting(opening, now(0), RtcCapabilities::default()).expect("is not refused");
        let meeting = decision.next.clone().expect("a new meeting is committed");
        Self { meeting, last: decision, now: now(0), rtc: RtcCapabilities::default(), requests: 0 }
    }

    pub(crate) fn direct() -> Self {
        Self::open(&opening(create(Mode::Direct, &["bob"])))
    }

    pub(crate) fn group() -> Self {
        Self::open(&opening(create(Mode::Group, &["bob", "carol"])))
    }

    pub(crate) fn at(&mut self, after_ms: i64) -> &mut Self {
        self.now.ms = START_MS + after_ms;
        self
    }

    /// Sends a new request; returns the code if it is refused.
    pub(crate) fn does(&mut self, device: &str, action: Action) -> Result<(), Code> {
        self.requests += 1;
        let id = format!("r{}", self.requests);
        self.sends(device, &id, &id, action)
    }

    /// Sends the request `id` with the body `body`; returns the code if it is refused.
    pub(crate) fn sends(&mut self, device: &str, id: &str, body: &str, action: Action) -> Result<(), Code> {
        let before = self.meeting.rev;
        let deadlines = self.decide(&Input::Deadline);
        self.takes(&Input::Command(command(device, id, body, action)));
        if self.last.refused.is_some() {
            assert_eq!(
                self.last.next, deadlines.next,
                "a refused request commits the deadlines and nothing else"
            );
            assert_eq!(
                (&self.last.slots, &self.last.rtc_actions),
                (&deadlines.slots, &deadlines.rtc_actions),
                "a refused request has the effects of the deadlines and no others"
            );
        }
        if let Some(next) = &self.last.next {
            assert_eq!(next.rev, before + 1, "every commit is one revision");
        }
        self.last.refused.map_or(Ok(()), Err)
    }

    /// Decides an input on the present meeting.
    pub(crate) fn decide(&self, input: &Input) -> Decision {
        decide(&self.meeting, input, self.now, self.rtc)
    }

    /// Decides an input and commits the result.
    pub(crate) fn takes(&mut self, input: &Input) -> &Decision {
        self.last = self.decide(input).tell_again();
        if let Some(next) = &self.last.next {
            self.meeting = next.clone();
        }
        &self.last
    }

    /// Applies the deadlines that have passed, as `wake` does.
    pub(crate) fn wakes(&mut self) -> &Decision {
        self.takes(&Input::Deadline)
    }

    /// Applies the status of a device, as the broker reports it.
    pub(crate) fn device_is(&mut self, device: &str, status: DeviceStatus) -> &Decision {
        self.takes(&Input::Device { client_id: client(device), status })
    }

    /// Applies the broker's event of a device's connection, which began `since_ms` after the start.
    pub(crate) fn connects_anew(&mut self, device: &str, since_ms: i64) -> &Decision {
        self.device_is(device, DeviceStatus::ConnectedAnew { since_ms: START_MS + since_ms })
    }

    /// Applies the users in the channel, as the RTC service reports them.
    pub(crate) fn rtc_reports(&mut self, seen: ChannelPresence) -> &Decision {
        self.takes(&Input::Presence(seen))
    }

    /// Repeats the effects of the revision `rev`.
    pub(crate) fn repeat_effects(&self, rev: u64, cause: &Cause) -> Decision {
        repeat_effects(&self.meeting, rev, cause, self.now, self.rtc)
    }

    /// Returns the deadline of the present revision as a cause.
    pub(crate) fn deadline_cause(&self) -> Cause {
        Cause::Deadline { meeting_id: self.meeting.id.clone(), rev: self.meeting.rev }
    }

    pub(crate) fn next_deadline_ms(&self) -> Option<i64> {
        self.meeting.next_deadline_ms(self.rtc)
    }

    pub(crate) fn due_checks(&self) -> Vec<ClientId> {
        self.meeting.due_checks(self.now, self.rtc)
    }

    pub(crate) fn participant(&self, name: &str) -> &Participant {
        &self.meeting.participants[&user(name)]
    }

    /// Returns the participant, for a change without a commit.
    pub(crate) fn participant_mut(&mut self, name: &str) -> &mut Participant {
        self.meeting.participants.get_mut(&user(name)).expect("has a part in the meeting")
    }

    /// Returns the settings, for a change without a commit.
    pub(crate) const fn settings_mut(&mut self) -> &mut Settings {
        self.meeting.settings.amend()
    }

    /// Ends the part of a participant without a commit. The exit keeps the participant's former standing.
    pub(crate) fn put_out(&mut self, name: &str, reason: OutReason) {
        let standing = self.participant_mut(name).standing.amend();
        let from = match standing.clone() {
            Standing::Invited(pending) => Former::Invitation(pending.invitation),
            Standing::Lobby { devices } => Former::Lobby(devices),
            Standing::Seated(seat) => Former::Seat(seat),
            Standing::Out(exit) => exit.from,
        };
        *standing = Standing::Out(Exit { reason, from, remark: Remark::default() });
    }

    pub(crate) fn invite_id(&self, name: &str) -> InviteId {
        self.participant(name).invitation().expect("was invited").id.clone()
    }

    pub(crate) fn rings(&mut self, device: &str) -> Result<(), Code> {
        let invite_id = self.invite_id(account(device));
        self.does(device, Action::Ringing { invite_id })
    }

    pub(crate) fn accepts(&mut self, device: &str) -> Result<(), Code> {
        let invite_id = self.invite_id(account(device));
        self.does(
            device,
            Action::Accept { invite_id, media: Media::Audio, name: None, is_in_other_call: false },
        )
    }

    pub(crate) fn rejects(&mut self, device: &str) -> Result<(), Code> {
        let invite_id = self.invite_id(account(device));
        self.does(device, Action::Reject { invite_id, reason: RejectReason::Declined, text: None })
    }

    pub(crate) fn joins_media(&mut self, device: &str) -> Result<(), Code> {
        let media = MediaChange { audio: Some(true), ..MediaChange::default() };
        self.does(device, Action::ReportMedia { state: MediaReport::Joined, media, verified: true })
    }

    pub(crate) fn leaves(&mut self, device: &str) -> Result<(), Code> {
        self.does(device, Action::Leave)
    }

    pub(crate) fn state(&self, name: &str) -> ParticipantState {
        self.participant(name).state()
    }

    /// Returns the reason of the end, if the meeting has ended.
    pub(crate) fn end_reason(&self) -> Option<EndReason> {
        self.meeting.end().map(|end| end.reason)
    }

    /// Returns the media that the other members see of a participant.
    pub(crate) fn media_of(&self, name: &str) -> MediaFlags {
        self.participant(name).view(self.now.ms).media
    }

    /// Returns the bodies of the type `kind` that the last step sent to `device`.
    pub(crate) fn sent_to(&self, device: &str, kind: &str) -> Vec<Value> {
        let all = self.last.notices.iter().chain(&self.last.answer);
        let bodies = all.filter(|downlink| downlink.to == client(device) && downlink.body.kind() == kind);
        bodies.map(|downlink| serde_json::to_value(&downlink.body).expect("serialises")).collect()
    }

    /// Returns the downlinks of the last step, in the form of [`downlinks`].
    pub(crate) fn downlinks(&self) -> Vec<String> {
        downlinks(&self.last)
    }
}

/// Returns all downlinks of a decision that are sent, as `device: type detail`, sorted. The answer has the
/// mark `=`.
pub(crate) fn downlinks(decision: &Decision) -> Vec<String> {
    let line = |downlink: &Outgoing| {
        let device = downlink.to.as_str().trim_start_matches("GID@@@");
        let body = serde_json::to_value(&downlink.body).expect("serialises");
        let detail =
            ["reason", "state", "code"].iter().find_map(|name| body.get(name)?.as_str().map(str::to_owned));
        let detail = detail.or_else(|| body["participant"]["state"].as_str().map(str::to_owned));
        let mark = if downlink.is_answer { "=" } else { ":" };
        format!("{device}{mark} {} {}", downlink.body.kind(), detail.unwrap_or_default())
            .trim_end()
            .to_owned()
    };
    let all = decision.notices.iter().chain(&decision.answer);
    let sent = all.filter(|downlink| downlink.class != DeliveryClass::Withheld);
    let mut lines: Vec<String> = sent.map(line).collect();
    lines.sort();
    lines
}

/// Checks every downlink against the state: only pending participants get an offer, and only members a join
/// token.
pub(super) fn assert_downlinks_hold(decision: &Decision, meeting: &Meeting) {
    for downlink in decision.notices.iter().chain(&decision.answer) {
        let state = meeting.participants.get(&downlink.to.user()).map(|p| p.state());
        if downlink.offered_invitation().is_some() {
            assert!(
                state.is_some_and(ParticipantState::is_pending),
                "an offer needs an open invitation: {downlink:?}"
            );
        }
        if downlink.grant.is_some() {
            assert!(
                state.is_some_and(ParticipantState::is_member),
                "a join token needs a seat: {downlink:?}"
            );
        }
    }
}

pub(crate) fn account(device: &str) -> &str {
    device.split('.').next().unwrap_or(device)
}

/// Returns the refusal of a create request.
pub(crate) fn refused(opening: &CreateCommand) -> Refusal {
    create_meeting(opening, now(0), RtcCapabilities::default()).expect_err("is refused")
}
