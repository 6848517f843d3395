//! The largest meeting that valid requests can make: every text, list and id has its largest size.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use switchboard_core::{
    Action, Command, CreateCommand, Decision, Input, Invitee, Joiner, KnownDevice, MAX_PEOPLE, Meeting, Now,
    RtcCapabilities, SettingsChange, create, decide,
};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::id::{BodyHash, InviteId};
use switchboard_protocol::limits::{MAX_EXT_BYTES, MAX_SEATS, MAX_TEXT_CHARS};
use switchboard_protocol::media_event::{MediaEvent, MediaEventKind, ServiceTime, Stay};
use switchboard_protocol::object::{
    JoinPolicy, Media, Mode, Policy, PolicyChange, Reach, RejectReason, UserOrAll,
};
use switchboard_protocol::requests::{CreateMeeting, FirstRole, MuteMode};

/// Largest size of a display name in bytes, as the authorizer keeps it.
pub const MAX_NAME_BYTES: usize = 256;
/// Time at which the meeting is created.
pub const START_MS: i64 = 1_795_366_084_000;
/// Number of the host.
pub const HOST: usize = 0;
const CAPABILITIES: RtcCapabilities = RtcCapabilities { reports_presence: true, enforces_rights: true };

/// Returns an account of the largest length for which a device has an address.
///
/// # Panics
/// If the test's request is invalid.
#[must_use]
pub fn account(number: usize) -> UserId {
    format!("{number:0>57}").parse().expect("an account")
}

/// Returns a client ID of 64 characters.
///
/// # Panics
/// If the test's request is invalid.
#[must_use]
pub fn device(number: usize, instance: usize) -> ClientId {
    format!("G@@@{}.{instance:0>2}", account(number)).parse().expect("a client ID")
}

/// Returns a text of the largest length, with four bytes for each character.
#[must_use]
pub fn longest_text() -> String {
    "\u{1d11e}".repeat(MAX_TEXT_CHARS)
}

/// Returns the object of an app that takes the most bytes in the table: a list of digits.
///
/// # Panics
/// If the test's request is invalid.
#[must_use]
pub fn largest_ext(number: usize) -> Map<String, Value> {
    let fill = |count: usize| json!({"n": number, "a": vec![1; count]});
    let frame = fill(1).to_string().len();
    let ext = fill((MAX_EXT_BYTES - frame) / 2);
    ext.as_object().expect("an object").clone()
}

/// Returns a user with ten devices, for the request with the number `seq`.
fn invitee(number: usize, seq: usize) -> Invitee {
    let known = |at| KnownDevice { client_id: device(number, at), seen_ms: START_MS, queue_until_ms: None };
    Invitee {
        user_id: account(number),
        invite_id: format!("{seq:0>13}{number:0>13}").parse().expect("an id"),
        name: Some(longest_name()),
        devices: (0..10).map(known).collect(),
        busy: false,
        access: switchboard_core::Access::Rings,
    }
}

/// A meeting that grows by requests.
#[derive(Debug, Clone)]
pub struct Crowd {
    /// The meeting as committed.
    pub meeting: Meeting,
    /// Time of the next input.
    pub now: Now,
    requests: usize,
}

impl Crowd {
    /// Makes the meeting with only the host, and with 100 seats.
    ///
    /// # Panics
    /// If the test's request is invalid.
    #[must_use]
    pub fn new() -> Self {
        Self::created(&[]).0
    }

    /// Makes the meeting with invitations of these users, and with 100 seats. Returns also the decision.
    ///
    /// # Panics
    /// If the test's request is invalid.
    #[must_use]
    pub fn created(users: &[usize]) -> (Self, Decision) {
        let seats = MAX_SEATS as usize;
        let many = |from: usize| (from..from + seats).map(account);
        let create_request = CreateMeeting {
            title: Some(longest_text()),
            policy: Some(Policy { join: JoinPolicy::Open, ..Policy::default() }),
            max_participants: Some(MAX_SEATS),
            max_minutes: Some(1_440),
            roles: Some(many(1).map(|user| (user, FirstRole::Cohost)).collect()),
            succession: Some(many(1).collect()),
            ext: Some(largest_ext(0)),
            ..CreateMeeting::new(Mode::Group, Media::Video, users.iter().copied().map(account).collect())
        };
        let command = CreateCommand {
            meeting_id: "m".repeat(26).parse().expect("an id"),
            by: device(HOST, 0),
            name: Some(longest_name()),
            busy: None,
            request_id: "c".repeat(64).parse().expect("an id"),
            hash: BodyHash::of(b"create"),
            invitees: users.iter().map(|number| invitee(*number, 0)).collect(),
            create: create_request,
        };
        let now = Now { ms: START_MS };
        let decision = create(&command, now, CAPABILITIES).expect("is legal");
        let meeting = decision.next.clone().expect("a new meeting");
        (Self { meeting, now, requests: 0 }, decision)
    }

    /// Applies an input and commits its decision.
    pub fn take(&mut self, input: &Input) -> Decision {
        self.now.ms += 10;
        let decision = decide(&self.meeting, input, self.now, CAPABILITIES);
        if let Some(next) = &decision.next {
            self.meeting = next.clone();
        }
        decision
    }

    /// Sends a request with an id of 64 characters.
    ///
    /// # Panics
    /// If the test's request is invalid.
    pub fn act(&mut self, by: &ClientId, action: Action) -> Decision {
        self.requests += 1;
        let request_id = format!("{:0>64}", self.requests).parse().expect("an id");
        let hash = BodyHash::of(b"request");
        self.take(&Input::Command(Command {
            by: by.clone(),
            request_id,
            hash,
            action,
            other_calls: BTreeMap::new(),
        }))
    }

    /// Invites users who have ten devices each, with one of the eight objects for which a meeting's
    /// invitations have room.
    ///
    /// # Panics
    /// If the test's request is invalid.
    pub fn invite(&mut self, users: &[usize]) -> Decision {
        let seq = self.requests;
        let invitees = users.iter().map(|number| invitee(*number, seq)).collect();
        let action = Action::Invite { invitees, ring_seconds: Some(180), ext: Some(largest_ext(seq % 8)) };
        let decision = self.act(&device(HOST, 0), action);
        assert_eq!(decision.refused, None, "the invitation is legal");
        // The effects of the commit store the reach of the commit's offers.
        for number in users {
            let Some(invitation) = self.meeting.participants[&account(*number)].invitation() else {
                continue;
            };
            let legs = invitation.legs.keys().map(|device| (device.clone(), Reach::Delivered)).collect();
            self.meeting.reached.insert(invitation.id.clone(), legs);
        }
        decision
    }

    /// Returns the user's invitation.
    ///
    /// # Panics
    /// If the test's request is invalid.
    #[must_use]
    pub fn invite_id(&self, number: usize) -> InviteId {
        self.meeting.participants[&account(number)].invitation().expect("is invited").id.clone()
    }

    /// Lets an invited user ring on devices without an offer, accept on another one, join the media, and move
    /// to another device. The user raises and lowers the hand on each device, and is then blocked.
    pub fn enter(&mut self, number: usize, toggles: usize) {
        let invite_id = self.invite_id(number);
        for at in 8..12 {
            self.act(&device(number, at), Action::Ringing { invite_id: invite_id.clone() });
        }
        self.act(
            &device(number, 20),
            Action::Accept { invite_id, media: Media::Video, name: None, is_in_other_call: false },
        );
        self.seen_in_media(number);
        for at in 21..23 {
            let joiner = Joiner {
                name: Some(longest_name()),
                devices: Vec::new(),
                takeover: true,
                max_knocks: 3,
                media: Media::Audio,
            };
            self.act(&device(number, at), Action::Join(joiner));
            for toggle in 0..toggles {
                let action = if toggle % 2 == 0 { Action::RaiseHand } else { Action::LowerHand };
                self.act(&device(number, at), action);
            }
        }
        let target = UserOrAll::User(account(number));
        self.act(&device(HOST, 0), Action::Mute { target, mode: MuteMode::Hard, for_seconds: Some(86_400) });
    }

    /// Applies the RTC service's report that the user joined the channel.
    pub fn seen_in_media(&mut self, number: usize) {
        let stay = Some(Stay { id: "P".repeat(64), since_ms: self.now.ms });
        let event = MediaEvent {
            id: String::new(),
            channel_id: String::new(),
            at: ServiceTime { ms: self.now.ms, seq: 999 },
            kind: MediaEventKind::Joined { media_id: String::new(), stay },
        };
        self.take(&Input::Callback { event, user: Some(account(number)) });
    }

    /// Lets strangers knock at the lobby until the record has no room for another user.
    ///
    /// # Panics
    /// If the test's request is invalid.
    pub fn fill_lobby(&mut self) {
        let policy = PolicyChange { join: Some(JoinPolicy::Lobby), ..PolicyChange::default() };
        let change = SettingsChange { policy: Some(policy), ..SettingsChange::default() };
        self.act(&device(HOST, 0), Action::UpdateMeeting(change));
        for number in self.meeting.participants.len()..MAX_PEOPLE {
            let joiner = Joiner {
                name: Some(longest_name()),
                devices: Vec::new(),
                takeover: false,
                max_knocks: 3,
                media: Media::Video,
            };
            let decision = self.act(&device(number, 0), Action::Join(joiner));
            assert_eq!(decision.refused, None, "the lobby has room");
        }
    }

    /// Lets an invited user decline with the longest text.
    pub fn decline(&mut self, number: usize) {
        let invite_id = self.invite_id(number);
        let text = Some(longest_text());
        let reason = RejectReason::DoNotDisturb;
        self.act(&device(number, 0), Action::Reject { invite_id, reason, text });
    }

    /// Returns the meeting with 100 members, all in the media, most of whom are blocked.
    #[must_use]
    pub fn full() -> Self {
        let mut crowd = Self::new();
        crowd.seen_in_media(HOST);
        for group in (1..MAX_SEATS as usize).collect::<Vec<_>>().chunks(10) {
            crowd.invite(group);
            for number in group {
                crowd.enter(*number, 2);
            }
        }
        crowd
    }
}

impl Default for Crowd {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns a name of the largest size in bytes.
#[must_use]
pub fn longest_name() -> String {
    "\u{1d11e}".repeat(MAX_NAME_BYTES / 4)
}
