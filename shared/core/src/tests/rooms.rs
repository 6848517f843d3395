//! Tests that any sequence of actions of users in a group keeps the invariants, with any policy.

use super::any_action::{VARIANTS, actions, policies};
use super::fixture::{Call, assert_downlinks_hold, create, opening, user};
use crate::{ChannelPresence, DeviceStatus, Input, OutReason, Participant, Phase};
use proptest::prelude::*;
use proptest::sample::Index;
use switchboard_protocol::object::{
    HostLeavePolicy, Mode, ParticipantState as State, Policy, Role, SpeechMode,
};

const USERS: [&str; 5] = ["alice", "bob", "carol", "dave", "eve"];
const SEATS: u32 = 3;

#[derive(Debug, Clone)]
enum Step {
    Request { sender: usize, is_tablet: bool, action: Index, target: usize, variant: u8 },
    Wait { ms: i64 },
    Device { user: usize, comes_back: bool },
    Presence { user: usize, seen: u8 },
    AdminEnd,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let request = (0..USERS.len(), any::<bool>(), any::<Index>(), 0..USERS.len(), 0..VARIANTS).prop_map(
        |(sender, is_tablet, action, target, variant)| Step::Request {
            sender,
            is_tablet,
            action,
            target,
            variant,
        },
    );
    let wait = prop_oneof![0..3_000_i64, 20_000..130_000_i64, 200_000..4_000_000_i64]
        .prop_map(|ms| Step::Wait { ms });
    let device =
        (0..USERS.len(), any::<bool>()).prop_map(|(user, comes_back)| Step::Device { user, comes_back });
    let presence = (0..USERS.len(), 0..5_u8).prop_map(|(user, seen)| Step::Presence { user, seen });
    let step =
        prop_oneof![150 => request, 16 => wait, 16 => device, 16 => presence, 1 => Just(Step::AdminEnd)];
    proptest::collection::vec(step, 1..60)
}

fn assert_invariants(call: &Call) {
    let meeting = &call.meeting;
    assert!(meeting.members().count() <= meeting.max_participants as usize, "no more members than seats");
    let hosts: Vec<_> = meeting.participants.values().filter(|p| *p.role == Role::Host).collect();
    assert!(hosts.len() == 1 && hosts[0].user_id == meeting.host, "a meeting has one host: {hosts:?}");
    let host_is_in = hosts[0].state().is_member();
    assert!(!host_is_in || *hosts[0].speech.mode != SpeechMode::Hard, "the host may speak");
    for p in meeting.participants.values() {
        let has_part = p.state().is_member() || p.state().is_pending();
        assert!(
            !p.holds_slot() || has_part,
            "only a pending participant or a member holds a call slot: {p:?}"
        );
        let has_hand_up = p.last_seat().is_some_and(|seat| *seat.hand);
        assert!(!has_hand_up || p.state().is_member(), "only members have a hand up: {p:?}");
        let is_in_lobby = p.state() == State::Lobby;
        assert!(
            !is_in_lobby || !p.lobby_devices().is_empty(),
            "a user in the lobby has a device to notify: {p:?}"
        );
        assert!(!is_in_lobby || p.invitation().is_none(), "a user in the lobby has no invitation: {p:?}");
        assert!(
            !p.state().is_member() || p.seat().is_some_and(|seat| seat.device.user() == p.user_id),
            "a member has a seat on a device of the same account: {p:?}"
        );
    }
    if meeting.end().is_some() {
        let has_part = |state: State| state.is_member() || state.is_pending() || state == State::Lobby;
        assert!(
            !meeting.participants.values().any(|p| has_part(p.state())),
            "no participant has a part in an ended meeting"
        );
        assert_eq!(call.next_deadline_ms(), None, "an ended meeting has no deadline");
        return;
    }
    if *meeting.mode == Mode::Group && !host_is_in {
        match meeting.settings.policy.host_leave {
            HostLeavePolicy::Transfer => {
                assert_eq!(meeting.members().count(), 0, "a group with members has a host who is a member");
            }
            HostLeavePolicy::GraceEnd => {
                assert!(meeting.host_away_until_ms.is_some(), "the absent host has a deadline");
            }
            HostLeavePolicy::Continue | HostLeavePolicy::End => {
                assert_eq!(meeting.host_away_until_ms, None, "this policy gives an absent host no deadline");
            }
        }
    }
    if meeting.phase == Phase::Active {
        let is_there = |p: &Participant| matches!(p.state(), State::Joined | State::Reconnecting);
        assert!(
            meeting.members().any(is_there),
            "a member of an active group is in the media or dropped out of it"
        );
    }
    let settled = call.decide(&Input::Deadline).next.unwrap_or_else(|| meeting.clone());
    // Time alone does not apply checks that ask the broker or the RTC service.
    let is_removal_checked =
        |p: &Participant| !p.removal_proof.as_ref().is_some_and(|proof| proof.is_check_due(call.now.ms, 0));
    let is_checked = settled.due_checks(call.now, call.rtc).is_empty()
        && settled.participants.values().all(is_removal_checked);
    let next = settled.next_deadline_ms(call.rtc);
    assert!(
        !is_checked || settled.end().is_some() || next.is_some_and(|at_ms| at_ms > call.now.ms),
        "every deadline that is over is applied: {next:?} at {}: {settled:?}",
        call.now.ms
    );
}

fn play(rule: u8, reports_presence: bool, steps: Vec<Step>) {
    let (join, host_leave) = policies(rule);
    let mut create = create(Mode::Group, &["bob"]);
    create.policy = Some(Policy { join, host_leave, ..Policy::default() });
    create.max_participants = Some(SEATS);
    create.max_minutes = Some(60);
    let mut call = Call::open(&opening(create));
    call.rtc.reports_presence = reports_presence;
    let mut after_ms = 0;
    for step in steps {
        let before = call.meeting.clone();
        match step {
            Step::Wait { ms } => {
                after_ms += ms;
                call.at(after_ms);
            }
            Step::Device { user, comes_back } => {
                let device = format!("{}.phone", USERS[user]);
                let status = if comes_back { DeviceStatus::Connected } else { DeviceStatus::Disconnected };
                for status in [status, DeviceStatus::StillDisconnected] {
                    call.device_is(&device, status);
                }
            }
            Step::Presence { user: name, seen } => {
                let seen = match seen {
                    0 | 1 => ChannelPresence::Joined { user: user(USERS[name]) },
                    2 | 3 => ChannelPresence::Left { user: user(USERS[name]), clean: seen == 2 },
                    _ => ChannelPresence::Closed,
                };
                call.rtc_reports(seen);
            }
            Step::AdminEnd => {
                call.takes(&Input::AdminEnd);
            }
            Step::Request { sender, is_tablet, action, target, variant } => {
                let sender = USERS[sender];
                let action = action.get(&actions(&call, sender, USERS[target], variant)).clone();
                let device = format!("{sender}.{}", if is_tablet { "tablet" } else { "phone" });
                let id = format!("a{}", call.meeting.rev);
                let body = format!("{device}{action:?}");
                let refused = call.sends(&device, &id, &body, action.clone()).is_err();
                assert_downlinks_hold(&call.last, &call.meeting);
                let repeated = call.repeat_effects(call.meeting.rev, &call.deadline_cause());
                assert_eq!(repeated.next, None, "repeated effects change nothing");
                assert_downlinks_hold(&repeated, &call.meeting);
                if !refused {
                    let is_committed = call.last.next.is_some();
                    call.sends(&device, &id, &body, action).ok();
                    assert!(
                        !is_committed || call.last.next.is_none(),
                        "a repeat of the request changes nothing"
                    );
                }
            }
        }
        assert_invariants(&call);
        if before.end().is_some() {
            assert_eq!(
                (before.phase, before.rev),
                (call.meeting.phase, call.meeting.rev),
                "an ended meeting never changes"
            );
        }
        let is_banned_for_good =
            |p: &&Participant| p.out_reason() == Some(OutReason::Banned { until_ms: None });
        for p in before.participants.values().filter(is_banned_for_good) {
            assert!(!call.state(p.user_id.as_str()).is_member(), "a banned user never gets a seat again");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_room_keeps_the_invariants(rule in 0..12_u8, reports_presence in any::<bool>(), steps in steps()) {
        play(rule, reports_presence, steps);
    }
}
