//! The generator of random actions for the property tests, and the proof that it includes every action.

use super::fixture::{Call, START_MS, client, user};
use super::scenes::joining;
use crate::{Access, Action, Invitee, KnownDevice, MediaChange, SettingsChange};
use std::collections::BTreeSet;
use switchboard_protocol::object::{
    BusyPolicy, HostLeavePolicy, JoinPolicy, Media, PolicyChange, RejectReason, Role, UserOrAll,
};
use switchboard_protocol::requests::{MediaReport, MuteMode};

macro_rules! kinds {
    ($($name:ident),* $(,)?) => {
        /// Names of all actions.
        const KINDS: &[&str] = &[$(stringify!($name)),*];

        /// Returns the name of an action. A new action does not compile until it is listed below.
        fn kind(action: &Action) -> &'static str {
            match action {
                $(Action::$name { .. } => stringify!($name)),*
            }
        }
    };
}

kinds![
    CreateAgain,
    Ringing,
    Accept,
    Reject,
    Silence,
    Invite,
    CancelInvite,
    Merge,
    TakeBack,
    Join,
    Rejoin,
    ReportMedia,
    RefreshToken,
    RaiseHand,
    LowerHand,
    UnmuteSelf,
    Leave,
    Mute,
    AllowSpeech,
    Remove,
    Admit,
    Deny,
    TransferHost,
    SetRole,
    UpdateMeeting,
    Destroy,
    DestroyCreated,
];

/// Number of variants of each action.
pub(super) const VARIANTS: u8 = 6;

pub(super) fn policies(variant: u8) -> (JoinPolicy, HostLeavePolicy) {
    let join = [JoinPolicy::Open, JoinPolicy::Lobby, JoinPolicy::Invited][usize::from(variant) % 3];
    let leave = [
        HostLeavePolicy::Transfer,
        HostLeavePolicy::GraceEnd,
        HostLeavePolicy::Continue,
        HostLeavePolicy::End,
    ];
    (join, leave[usize::from(variant) % 4])
}

/// Returns the actions to choose from. An action that is listed twice is chosen twice as often.
pub(super) fn actions(call: &Call, sender: &str, target: &str, variant: u8) -> Vec<Action> {
    let invitation = call.meeting.participants.get(&user(sender)).and_then(|p| p.invitation());
    let invite_id =
        invitation.map_or_else(|| "unknown".parse().expect("a valid id"), |invitation| invitation.id.clone());
    let media = MediaChange { video: Some(variant > 2), ..MediaChange::default() };
    let text = (variant > 1).then(|| "words".to_owned());
    let reason = if variant % 2 == 1 { RejectReason::Busy } else { RejectReason::Declined };
    let is_high = variant > 2;
    let named = is_high.then(|| vec![user(target)]);
    let target_or_all = if is_high { UserOrAll::All } else { UserOrAll::User(user(target)) };
    let (join, host_leave) = policies(variant);
    let policy = PolicyChange {
        join: Some(join),
        host_leave: Some(host_leave),
        entry_muted: Some(variant > 3),
        ..PolicyChange::default()
    };
    let seconds = u32::from(variant) + 1;
    vec![
        Action::Ringing { invite_id: invite_id.clone() },
        Action::Accept {
            invite_id: invite_id.clone(),
            media: Media::Audio,
            name: None,
            is_in_other_call: is_high,
        },
        Action::Reject { invite_id: invite_id.clone(), reason, text: text.clone() },
        Action::Silence { invite_id },
        Action::Invite { invitees: vec![invitee(target, variant)], ring_seconds: None, ext: None },
        Action::CancelInvite { invitees: named.clone() },
        joining(sender, is_high),
        joining(sender, is_high),
        joining(sender, is_high),
        Action::Rejoin,
        Action::ReportMedia { state: MediaReport::Joined, media, verified: true },
        Action::ReportMedia { state: MediaReport::Joined, media, verified: true },
        Action::ReportMedia { state: MediaReport::Left, media, verified: is_high },
        Action::RefreshToken,
        if is_high { Action::RaiseHand } else { Action::LowerHand },
        Action::UnmuteSelf,
        Action::Leave,
        Action::Mute { target: UserOrAll::User(user(target)), mode: MuteMode::Hard, for_seconds: None },
        Action::Mute { target: UserOrAll::All, mode: MuteMode::Hard, for_seconds: Some(seconds) },
        Action::AllowSpeech { target: target_or_all },
        Action::Remove {
            user: user(target),
            ban: variant > 3,
            for_seconds: (variant == 5).then_some(60),
            text: text.clone(),
        },
        Action::Admit { users: named.clone() },
        Action::Deny { users: named, ban: is_high },
        Action::TransferHost { user: user(target) },
        Action::SetRole { user: user(target), role: if is_high { Role::Cohost } else { Role::Member } },
        Action::UpdateMeeting(SettingsChange { policy: Some(policy), ..SettingsChange::default() }),
        Action::UpdateMeeting(SettingsChange {
            locked: Some(variant == 0),
            extend_minutes: (variant > 3).then_some(u32::from(variant)),
            ..SettingsChange::default()
        }),
        match variant {
            0 => Action::Destroy { text },
            1 => Action::TakeBack { text },
            2 => Action::CreateAgain,
            3 => Action::DestroyCreated { text },
            _ => Action::Merge { peer: user(target), busy: BusyPolicy::Reject, media: Media::Audio },
        },
    ]
}

#[test]
fn every_action_is_generated() {
    let call = Call::group();
    let all: Vec<_> = (0..VARIANTS).flat_map(|variant| actions(&call, "bob", "carol", variant)).collect();
    let generated: BTreeSet<_> = all.iter().map(kind).collect();
    let missing: Vec<_> = KINDS.iter().filter(|kind| !generated.contains(**kind)).collect();
    assert!(missing.is_empty(), "the generator misses these actions: {missing:?}");
}

fn invitee(name: &str, variant: u8) -> Invitee {
    let devices = ["phone", "tablet"].map(|kind| KnownDevice {
        client_id: client(&format!("{name}.{kind}")),
        seen_ms: START_MS,
        queue_until_ms: None,
    });
    let invite_id = format!("again-{name}-{variant}").parse().expect("a valid id");
    Invitee {
        user_id: user(name),
        invite_id,
        name: None,
        devices: devices.to_vec(),
        busy: false,
        access: match variant {
            3 => Access::Silent,
            4 => Access::DoNotDisturb,
            _ => Access::Rings,
        },
    }
}
