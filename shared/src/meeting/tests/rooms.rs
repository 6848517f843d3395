//! Any sequence of what people do to a room, whatever its rules, keeps the invariants.

use super::fixture::{Call, START_MS, client, create, opening, user};
use super::join::joining;
use crate::meeting::{Action, Connection, Device, Invitee, Meeting, Phase, Update, connection, tick};
use crate::message::object::{
    BusyPolicy, HostLeavePolicy, JoinPolicy, MediaFlags, Mode, ParticipantState as State, Policy,
    PolicyChange, Role, SpeechMode, Whom,
};
use crate::message::uplink::{MediaReport, MuteMode};
use proptest::prelude::*;

const PEOPLE: [&str; 5] = ["alice", "bob", "carol", "dave", "eve"];
const SEATS: u32 = 3;

#[derive(Debug, Clone)]
enum Step {
    Ask { who: usize, tablet: bool, action: u8, whom: usize, how: u8 },
    Wait { ms: i64 },
    Drops { who: usize, comes_back: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ask = (0..PEOPLE.len(), any::<bool>(), 0..20_u8, 0..PEOPLE.len(), 0..6_u8)
        .prop_map(|(who, tablet, action, whom, how)| Step::Ask { who, tablet, action, whom, how });
    let wait = prop_oneof![0..3_000_i64, 20_000..130_000_i64, 200_000..4_000_000_i64]
        .prop_map(|ms| Step::Wait { ms });
    let drops =
        (0..PEOPLE.len(), any::<bool>()).prop_map(|(who, comes_back)| Step::Drops { who, comes_back });
    proptest::collection::vec(prop_oneof![9 => ask, 1 => wait, 1 => drops], 1..60)
}

fn rules(how: u8) -> (JoinPolicy, HostLeavePolicy) {
    let join = [JoinPolicy::Open, JoinPolicy::Lobby, JoinPolicy::Invited][usize::from(how) % 3];
    let leave = [
        HostLeavePolicy::Transfer,
        HostLeavePolicy::GraceEnd,
        HostLeavePolicy::Continue,
        HostLeavePolicy::End,
    ];
    (join, leave[usize::from(how) % 4])
}

fn action(call: &Call, who: &str, action: u8, whom: &str, how: u8) -> Option<Action> {
    let invitation = call.meeting.participants.get(&user(who)).and_then(|p| p.invitation.as_ref());
    let media = MediaFlags::default();
    let (join, host_leave) = rules(how);
    Some(match action {
        0 => Action::Accept { invite_id: invitation?.id.clone() },
        1 => Action::Reject { invite_id: invitation?.id.clone() },
        2..=4 => joining(who, how > 2),
        5 | 6 => Action::ReportMedia { state: MediaReport::Joined, media, verified: true },
        7 => Action::Leave,
        8 => Action::Rejoin,
        9 => Action::Admit { users: (how > 2).then(|| vec![user(whom)]) },
        10 => Action::Deny { users: (how > 2).then(|| vec![user(whom)]) },
        11 => Action::TransferHost { user: user(whom) },
        12 => Action::SetRole { user: user(whom), role: if how > 2 { Role::Cohost } else { Role::Member } },
        13 => {
            let policy = PolicyChange {
                join: Some(join),
                host_leave: Some(host_leave),
                entry_muted: Some(how > 3),
                ..PolicyChange::default()
            };
            Action::UpdateMeeting(Update { policy: Some(policy), ..Update::default() })
        }
        14 => Action::UpdateMeeting(Update {
            locked: Some(how == 0),
            extend_minutes: (how > 3).then_some(u32::from(how)),
            ..Update::default()
        }),
        15 => {
            if how > 2 {
                Action::RaiseHand
            } else {
                Action::LowerHand
            }
        }
        16 => Action::Remove { user: user(whom), ban: how > 3, for_seconds: (how == 5).then_some(60) },
        17 => Action::Mute { whom: Whom::User(user(whom)), mode: MuteMode::Hard, for_seconds: None },
        18 => Action::Invite { invitees: vec![invitee(whom, how)], ring_seconds: None, ext: None },
        _ if how == 0 => Action::Destroy,
        _ => Action::Merge { peer: user(whom), busy: BusyPolicy::Reject },
    })
}

fn invitee(name: &str, how: u8) -> Invitee {
    let devices = ["phone", "tablet"]
        .map(|kind| Device { client_id: client(&format!("{name}.{kind}")), seen_ms: START_MS });
    let invite_id = format!("again-{name}-{how}").parse().expect("an id");
    Invitee { user_id: user(name), invite_id, name: None, devices: devices.to_vec(), busy: false }
}

fn holds(call: &Call) {
    let meeting = &call.meeting;
    assert!(meeting.members().count() <= meeting.max_participants as usize, "no seat is given twice");
    let hosts: Vec<_> = meeting.participants.values().filter(|p| p.role == Role::Host).collect();
    assert!(hosts.len() == 1 && hosts[0].user_id == meeting.host, "one host: {hosts:?}");
    let in_the_meeting = hosts[0].state.is_member();
    assert!(hosts[0].speech.mode != SpeechMode::Hard || !in_the_meeting, "the host may speak");
    for p in meeting.participants.values() {
        let part = p.state.is_member() || p.state.is_pending();
        assert!(!p.holds_slot || part, "a slot is held by who has a part: {p:?}");
        assert!(p.hand_rev.is_none() || p.state.is_member(), "only members have hands: {p:?}");
        assert!(p.state != State::Lobby || !p.waiting.is_empty(), "who waits hears of it: {p:?}");
        assert!(p.state != State::Lobby || p.invitation.is_none());
        assert!(!p.state.is_member() || p.seat.as_ref().is_some_and(|seat| seat.user() == p.user_id));
    }
    if meeting.end().is_some() {
        let waits = |state: State| state.is_member() || state.is_pending() || state == State::Lobby;
        assert!(!meeting.participants.values().any(|p| waits(p.state)), "the end is for everybody");
        assert_eq!(meeting.next_deadline_ms(false), None);
        return;
    }
    if meeting.mode == Mode::Group && !in_the_meeting {
        let someone = meeting.members().next().is_some();
        match meeting.policy.host_leave {
            HostLeavePolicy::Transfer => assert!(!someone, "somebody is in, and nobody is host"),
            HostLeavePolicy::GraceEnd => assert!(meeting.host_away.is_some(), "nobody waits for the host"),
            HostLeavePolicy::Continue | HostLeavePolicy::End => assert_eq!(meeting.host_away, None),
        }
    }
    if meeting.phase == Phase::Active {
        let there = |p: &crate::meeting::Participant| matches!(p.state, State::Joined | State::Reconnecting);
        assert!(meeting.members().any(there), "somebody is in the media");
    }
    let settled = tick(meeting, call.now).next.unwrap_or_else(|| meeting.clone());
    let looked_at = settled.due_checks(call.now).is_empty();
    let next = settled.next_deadline_ms(false);
    assert!(
        !looked_at || settled.end().is_some() || next.is_some_and(|at| at > call.now.ms),
        "no deadline is left behind: {next:?} at {}: {settled:?}",
        call.now.ms
    );
    let text = serde_json::to_string(meeting).expect("serialises");
    let mut read: Meeting = serde_json::from_str(&text).expect("reads back");
    read.reached.clone_from(&meeting.reached);
    assert_eq!(&read, meeting);
}

fn play(rule: u8, steps: Vec<Step>) {
    let (join, host_leave) = rules(rule);
    let mut create = create(Mode::Group, &["bob"]);
    create.policy = Some(Policy { join, host_leave, ..Policy::default() });
    create.max_participants = Some(SEATS);
    create.max_minutes = Some(60);
    let mut call = Call::open(&opening(create));
    let mut after_ms = 0;
    for step in steps {
        let before = call.meeting.clone();
        match step {
            Step::Wait { ms } => {
                after_ms += ms;
                call.at(after_ms);
            }
            Step::Drops { who, comes_back } => {
                let device = client(&format!("{}.phone", PEOPLE[who]));
                let seen = if comes_back { Connection::Here } else { Connection::Dropped };
                for seen in [seen, Connection::Gone] {
                    if let Some(next) = connection(&call.meeting, &device, seen, call.now).next {
                        call.meeting = next;
                    }
                }
            }
            Step::Ask { who, tablet, action: kind, whom, how } => {
                let Some(action) = action(&call, PEOPLE[who], kind, PEOPLE[whom], how) else { continue };
                let device = format!("{}.{}", PEOPLE[who], if tablet { "tablet" } else { "phone" });
                let id = format!("a{}", call.meeting.rev);
                let body = format!("{device}{action:?}");
                let refused = call.asks(&device, &id, &body, action.clone()).is_err();
                let tokens = call.last.tells.iter().chain(&call.last.answer);
                for tell in tokens.filter(|tell| format!("{:?}", tell.body).contains("Grant {")) {
                    let to = &call.meeting.participants[&tell.to.user()];
                    assert!(to.state.is_member(), "a way in only for who is in: {tell:?}");
                }
                if !refused {
                    let known = call.last.next.is_some();
                    call.asks(&device, &id, &body, action).ok();
                    assert!(!known || call.last.next.is_none(), "the same request again changes nothing");
                }
            }
        }
        holds(&call);
        if before.end().is_some() {
            assert_eq!((before.phase, before.rev), (call.meeting.phase, call.meeting.rev), "ended is ended");
        }
        let banned =
            |p: &&crate::meeting::Participant| p.state == State::Banned && p.banned_until_ms.is_none();
        for p in before.participants.values().filter(banned) {
            assert!(!call.meeting.participants[&p.user_id].state.is_member(), "banned is banned");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn any_room_keeps_the_invariants(rule in 0..12_u8, steps in steps()) {
        play(rule, steps);
    }
}
