//! Tests that any sequence of requests, repeats, pauses and events keeps the invariants.

use super::any_action::{VARIANTS, actions};
use super::fixture::{Call, account, assert_downlinks_hold, create, opening, user};
use super::scenes::joining;
use crate::{Action, ChannelPresence, DeviceStatus, Leg, Meeting, Phase, RtcAction, RtcCapabilities};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeSet;
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::{Mode, ParticipantState as State};

const DEVICES: [&str; 7] = [
    "alice.phone",
    "alice.laptop",
    "bob.phone",
    "bob.tablet",
    "carol.phone",
    "carol.tablet",
    "mallory.phone",
];

const USERS: [&str; 4] = ["alice", "bob", "carol", "mallory"];

#[derive(Debug, Clone)]
enum Step {
    Request { device: usize, id: u8, action: Index, target: usize, variant: u8 },
    Wait { ms: i64 },
    Device { device: usize, status: DeviceStatus },
    Presence { user: usize, seen: u8 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let request = (0..DEVICES.len(), 0..12_u8, any::<Index>(), 0..USERS.len(), 0..VARIANTS).prop_map(
        |(device, id, action, target, variant)| Step::Request { device, id, action, target, variant },
    );
    let wait = prop_oneof![0..3_000_i64, 20_000..60_000_i64, 200_000..15_000_000_i64]
        .prop_map(|ms| Step::Wait { ms });
    let status = prop_oneof![
        Just(DeviceStatus::Disconnected),
        Just(DeviceStatus::StillDisconnected),
        Just(DeviceStatus::Connected)
    ];
    let device = (0..DEVICES.len(), status).prop_map(|(device, status)| Step::Device { device, status });
    let presence = (0..USERS.len(), 0..5_u8).prop_map(|(user, seen)| Step::Presence { user, seen });
    proptest::collection::vec(prop_oneof![6 => request, 1 => wait, 2 => device, 2 => presence], 1..60)
}

fn presence(call: &Call, name: &str, seen: u8) -> ChannelPresence {
    let rev = call.meeting.rev;
    match seen {
        0 | 1 => ChannelPresence::Joined { user: user(name) },
        2 => ChannelPresence::Left { user: user(name), clean: true },
        3 => ChannelPresence::Left { user: user(name), clean: false },
        _ => ChannelPresence::Exactly { users: BTreeSet::from([user(name)]), rev },
    }
}

fn assert_invariants(meeting: &Meeting) {
    for p in meeting.participants.values() {
        let is_open = p.state().is_pending();
        let legs = p.invitation().into_iter().flat_map(|invitation| invitation.legs.values());
        assert!(
            legs.clone().filter(|leg| **leg == Leg::Won).count() <= 1,
            "one device at most accepted an invitation: {p:?}"
        );
        assert!(
            is_open || legs.clone().all(|leg| !matches!(leg, Leg::Offered | Leg::Alerting)),
            "no device rings for a closed invitation: {p:?}"
        );
        assert!(
            !(p.is_silent() && p.is_pending()) || (legs.clone().next().is_none() && !p.holds_slot()),
            "a silent invitation is offered to no device and takes no slot: {p:?}"
        );
        assert!(!p.state().is_member() || p.seat().is_some(), "a member has a seat: {p:?}");
        assert!(p.speech.until_ms.is_none() || !p.speech.has_right(), "only a block has an end: {p:?}");
        assert!(
            !p.holds_slot() || is_open || p.state().is_member(),
            "only a pending participant or a member holds a call slot: {p:?}"
        );
    }
    assert!(meeting.members().count() <= meeting.max_participants as usize, "no more members than seats");
    for participant in meeting.members().filter(|p| !p.speech.has_right()) {
        assert!(
            !participant.view(meeting.created_ms).media.audio,
            "a blocked microphone is off: {participant:?}"
        );
    }
    if meeting.end().is_some() {
        assert!(
            meeting.participants.values().all(|p| !p.state().is_member() && !p.state().is_pending()),
            "an ended meeting has no member and no open invitation"
        );
        let reports = RtcCapabilities { reports_presence: true, enforces_rights: true };
        assert_eq!(meeting.next_deadline_ms(reports), None, "an ended meeting has no deadline");
    } else if *meeting.mode == Mode::Direct {
        assert!(
            meeting.members().count() == 2 || meeting.pending().count() == 1,
            "a direct call has two sides"
        );
    }
}

fn is_removal(action: &RtcAction, removed: &UserId) -> bool {
    matches!(action, RtcAction::Remove { user, .. } if user == removed)
}

fn play(mode: Mode, invitees: &[&str], reports_presence: bool, steps: Vec<Step>) {
    let mut call = Call::open(&opening(create(mode, invitees)));
    call.rtc.reports_presence = reports_presence;
    let mut after_ms = 0;
    for step in steps {
        let before = call.meeting.clone();
        match step {
            Step::Wait { ms } => {
                after_ms += ms;
                call.at(after_ms);
            }
            Step::Device { device, status } => {
                call.device_is(DEVICES[device], status);
            }
            Step::Presence { user: name, seen } => {
                let seen = presence(&call, USERS[name], seen);
                call.rtc_reports(seen.clone());
                if let (ChannelPresence::Joined { user }, Some(p)) =
                    (&seen, before.participants.get(&user(USERS[name])))
                {
                    let mut actions = call.last.rtc_actions.iter();
                    let is_put_out =
                        actions.any(|action| *action == RtcAction::Close || is_removal(action, user));
                    assert!(
                        p.state().is_member() || is_put_out,
                        "no user without a seat stays in the media: {p:?}"
                    );
                }
            }
            Step::Request { device, id, action, target, variant } => {
                // Also tries the invitation of a user other than the sender.
                let is_first = variant % 2 == 0 || *call.meeting.mode == Mode::Direct;
                let invitee = if is_first { "bob" } else { "carol" };
                let action = action.get(&actions(&call, invitee, USERS[target], variant)).clone();
                // The devices in the lobby are the sender's own, since the table lists devices by the
                // sender's account.
                let action = match action {
                    Action::Join(joiner) => joining(account(DEVICES[device]), joiner.takeover),
                    other => other,
                };
                // The body contains the action, so a reused id with another action is a conflict.
                let body = format!("{action:?}");
                let refused = call.sends(DEVICES[device], &format!("p{id}"), &body, action.clone()).is_err();
                let repeat = call.sends(DEVICES[device], &format!("p{id}"), &body, action);
                assert!(call.last.next.is_none(), "a repeat of the request changes nothing");
                assert_downlinks_hold(&call.last, &call.meeting);
                if refused {
                    assert!(repeat.is_err(), "a refused request stays refused while nothing changes");
                }
            }
        }
        assert_invariants(&call.meeting);
        if before.end().is_some() {
            assert_eq!(
                (before.phase, before.rev),
                (call.meeting.phase, call.meeting.rev),
                "an ended meeting never changes"
            );
        }
        if matches!(call.meeting.phase, Phase::Active) {
            let is_there = |p: &crate::Participant| matches!(p.state(), State::Joined | State::Reconnecting);
            assert!(
                call.meeting.participants.values().any(is_there) || *call.meeting.mode == Mode::Group,
                "a participant of an active direct call is in the media or dropped out of it"
            );
        }
    }
    assert!(call.meeting.participants.contains_key(&user("alice")), "the creator stays a participant");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    // Proves: pure-core
    #[test]
    fn any_direct_call_keeps_the_invariants(reports_presence in any::<bool>(), steps in steps()) {
        play(Mode::Direct, &["bob"], reports_presence, steps);
    }

    // Proves: pure-core
    #[test]
    fn any_group_keeps_the_invariants(reports_presence in any::<bool>(), steps in steps()) {
        play(Mode::Group, &["bob", "carol"], reports_presence, steps);
    }
}
