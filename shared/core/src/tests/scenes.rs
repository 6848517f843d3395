//! Meetings to start from, requests with short names, and the contents of their answers.

use super::fixture::{Call, START_MS, account, client, create, opening, user};
use crate::{Action, Invitee, Joiner, KnownDevice, MediaChange, Outgoing, RtcAction, SettingsChange};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{HostLeavePolicy, JoinPolicy, Media, Mode, Policy, Role, SpeechMode};
use switchboard_protocol::requests::{MediaReport, MuteMode};

/// Milliseconds of a minute.
pub(crate) const MINUTE: i64 = 60_000;

/// Returns an invitation of these users, each with one phone.
pub(crate) fn inviting(names: &[&str]) -> Action {
    let invitee = |name: &&str| Invitee {
        user_id: user(name),
        invite_id: format!("again-{name}").parse().expect("a valid id"),
        name: None,
        devices: vec![KnownDevice {
            client_id: client(&format!("{name}.phone")),
            seen_ms: START_MS,
            queue_until_ms: None,
        }],
        busy: false,
        access: crate::Access::Rings,
    };
    Action::Invite { invitees: names.iter().map(invitee).collect(), ring_seconds: None, ext: None }
}

/// Returns a join of a user with a phone and a tablet.
pub(crate) fn joining(name: &str, takeover: bool) -> Action {
    let device = |kind: &str| KnownDevice {
        client_id: client(&format!("{name}.{kind}")),
        seen_ms: START_MS,
        queue_until_ms: None,
    };
    let devices = ["phone", "tablet"].map(device).to_vec();
    Action::Join(Joiner {
        name: Some(name.to_owned()),
        devices,
        takeover,
        max_knocks: 3,
        media: Media::Audio,
    })
}

/// Returns a join of a user with a phone and a tablet, whose device will send audio and video at first.
pub(crate) fn joining_with_video(name: &str) -> Action {
    match joining(name, false) {
        Action::Join(joiner) => Action::Join(Joiner { media: Media::Video, ..joiner }),
        other => other,
    }
}

pub(crate) fn join(call: &mut Call, device: &str) -> Result<(), Code> {
    call.does(device, joining(account(device), false))
}

pub(crate) fn take_over(call: &mut Call, device: &str) -> Result<(), Code> {
    call.does(device, joining(account(device), true))
}

/// Returns a group with Alice in the media and invitations of Bob and Carol.
pub(crate) fn group_with_entry(join: JoinPolicy) -> Call {
    let mut create = create(Mode::Group, &["bob", "carol"]);
    create.policy = Some(Policy { join, ..Policy::default() });
    let mut call = Call::open(&opening(create));
    call.joins_media("alice.phone").expect("joins");
    call
}

pub(crate) fn admit(names: Option<&[&str]>) -> Action {
    Action::Admit { users: names.map(|names| names.iter().map(|name| user(name)).collect()) }
}

pub(crate) fn deny(names: Option<&[&str]>) -> Action {
    Action::Deny { users: names.map(|names| names.iter().map(|name| user(name)).collect()), ban: false }
}

/// Returns the decision about each user in the answer to `admit` or `deny`.
pub(crate) fn decided(call: &Call) -> Vec<(String, bool, Option<Code>)> {
    match call.last.answer.as_ref().map(|answer| &answer.body) {
        Some(Body::LobbyUpdated { users }) => {
            users.iter().map(|user| (user.user_id.to_string(), user.admitted, user.code)).collect()
        }
        other => panic!("the answer is not lobby_updated: {other:?}"),
    }
}

/// Returns a group of Alice, Bob and Carol with this policy. Alice and Bob are in the media.
pub(crate) fn hosted_group(host_leave: HostLeavePolicy) -> Call {
    let mut create = create(Mode::Group, &["bob", "carol"]);
    create.policy = Some(Policy { host_leave, ..Policy::default() });
    let mut call = Call::open(&opening(create));
    call.joins_media("alice.phone").expect("joins");
    call.at(1_000).accepts("carol.phone").expect("accepts");
    call.at(2_000).accepts("bob.phone").expect("accepts");
    call.joins_media("bob.phone").expect("joins");
    call
}

pub(crate) fn set_role(call: &mut Call, by: &str, name: &str, role: Role) -> Result<(), Code> {
    call.does(by, Action::SetRole { user: user(name), role })
}

pub(crate) fn role(call: &Call, name: &str) -> Role {
    *call.participant(name).role
}

/// Returns a direct call of Alice and Bob, both in the media.
pub(crate) fn active_call() -> Call {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("alice.phone").expect("joins");
    call.joins_media("bob.phone").expect("joins");
    call
}

/// Returns a group of Alice, Bob and Carol, all in the media.
pub(crate) fn active_group() -> Call {
    let mut call = Call::group();
    for device in ["bob.phone", "carol.phone"] {
        call.accepts(device).expect("accepts");
    }
    for device in ["alice.phone", "bob.phone", "carol.phone"] {
        call.joins_media(device).expect("joins");
    }
    call
}

pub(crate) fn mute(
    call: &mut Call,
    by: &str,
    target: &str,
    mode: MuteMode,
    for_seconds: Option<u32>,
) -> Result<(), Code> {
    let target = target.to_owned().try_into().expect("an account or *");
    call.does(by, Action::Mute { target, mode, for_seconds })
}

pub(crate) fn allow(call: &mut Call, by: &str, target: &str) -> Result<(), Code> {
    let target = target.to_owned().try_into().expect("an account or *");
    call.does(by, Action::AllowSpeech { target })
}

pub(crate) fn speech_mode(call: &Call, name: &str) -> SpeechMode {
    *call.participant(name).speech.mode
}

/// Returns the downlinks about speech as `device: user mode`, sorted. The answer has the mark `=`.
pub(crate) fn speech_downlinks(call: &Call) -> Vec<String> {
    let line = |downlink: &Outgoing| {
        let Body::SpeechChanged { user_id, mode, enforced, .. } = &downlink.body else { return None };
        let device = downlink.to.as_str().trim_start_matches("GID@@@");
        let mark = if downlink.is_answer { "=" } else { ":" };
        let enforced = if *enforced { " enforced" } else { "" };
        Some(format!("{device}{mark} {} {mode:?}{enforced}", String::from(user_id.clone())))
    };
    let mut lines: Vec<String> = call.last.notices.iter().chain(&call.last.answer).filter_map(line).collect();
    lines.sort();
    lines
}

/// Returns the users whose rights the last step sets at the RTC service, and whether they may use the
/// microphone.
pub(crate) fn restricted(call: &Call) -> Vec<(String, bool)> {
    let of = |action: &RtcAction| match action {
        RtcAction::Restrict { user, rights, .. } => Some((user.to_string(), rights.microphone)),
        _ => None,
    };
    call.last.rtc_actions.iter().filter_map(of).collect()
}

/// Returns a group of Alice and Bob that lasts `max_minutes`. Alice is in the media, and Carol has declined.
pub(crate) fn timed_group(max_minutes: u32) -> Call {
    let mut create = create(Mode::Group, &["bob", "carol"]);
    create.max_minutes = Some(max_minutes);
    let mut call = Call::open(&opening(create));
    call.accepts("bob.phone").expect("accepts");
    call.rejects("carol.phone").expect("rejects");
    call.joins_media("alice.phone").expect("joins");
    call
}

pub(crate) fn update_settings(call: &mut Call, device: &str, update: SettingsChange) -> Result<(), Code> {
    call.does(device, Action::UpdateMeeting(update))
}

/// Applies the deadlines. Returns the milliseconds before the end that the members are warned of.
pub(crate) fn wakes_with_warning(call: &mut Call, after_ms: i64) -> Option<i64> {
    call.at(after_ms).wakes();
    call.last.notices.iter().find_map(|downlink| match downlink.body {
        Body::MeetingEnding { in_ms, reason: EndReason::MaxDuration } => Some(in_ms),
        _ => None,
    })
}

/// Returns a cancellation of the invitations of these users; of all users if absent.
pub(crate) fn cancel(names: Option<&[&str]>) -> Action {
    Action::CancelInvite { invitees: names.map(|names| names.iter().map(|name| user(name)).collect()) }
}

/// Returns a video call of Alice's phone.
pub(crate) fn video(mode: Mode, invitees: &[&str]) -> Call {
    let mut create = create(mode, invitees);
    create.media = Media::Video;
    Call::open(&opening(create))
}

/// Sends a report of the device's media, which the RTC service confirms.
pub(crate) fn reports(call: &mut Call, device: &str, media: MediaChange) -> Result<(), Code> {
    call.does(device, Action::ReportMedia { state: MediaReport::Joined, media, verified: true })
}
