//! Any sequence of what people do to a room, whatever its rules, keeps the invariants.

use super::fixture::{Call, START_MS, client, create, is_honest, opening, reads_back, user};
use super::join::joining;
use crate::cause::Cause;
use crate::{
    Action, Connection, Device, Invitee, MediaSeen, Phase, Update, connection, end_by_admin, media_seen,
    redo, tick,
};
use proptest::prelude::*;
use switchboard_protocol::object::{
    BusyPolicy, HostLeavePolicy, JoinPolicy, MediaFlags, Mode, ParticipantState as State, Policy,
    PolicyChange, Role, SpeechMode, UserOrAll,
};
use switchboard_protocol::requests::{MediaReport, MuteMode};

const PEOPLE: [&str; 5] = ["alice", "bob", "carol", "dave", "eve"];
const SEATS: u32 = 3;

#[derive(Debug, Clone)]
enum Step {
    Ask { who: usize, tablet: bool, action: u8, whom: usize, how: u8 },
    Wait { ms: i64 },
    Drops { who: usize, comes_back: bool },
    Media { who: usize, seen: u8 },
    Admin,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ask = (0..PEOPLE.len(), any::<bool>(), 0..28_u8, 0..PEOPLE.len(), 0..6_u8)
        .prop_map(|(who, tablet, action, whom, how)| Step::Ask { who, tablet, action, whom, how });
    let wait = prop_oneof![0..3_000_i64, 20_000..130_000_i64, 200_000..4_000_000_i64]
        .prop_map(|ms| Step::Wait { ms });
    let drops =
        (0..PEOPLE.len(), any::<bool>()).prop_map(|(who, comes_back)| Step::Drops { who, comes_back });
    let media = (0..PEOPLE.len(), 0..5_u8).prop_map(|(who, seen)| Step::Media { who, seen });
    let step = prop_oneof![150 => ask, 16 => wait, 16 => drops, 16 => media, 1 => Just(Step::Admin)];
    proptest::collection::vec(step, 1..60)
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
        17 => Action::Mute { whom: UserOrAll::User(user(whom)), mode: MuteMode::Hard, for_seconds: None },
        18 => Action::Invite { invitees: vec![invitee(whom, how)], ring_seconds: None, ext: None },
        19 => Action::Ringing { invite_id: invitation?.id.clone() },
        20 => Action::Silence { invite_id: invitation?.id.clone() },
        21 => Action::CancelInvite { invitees: (how > 2).then(|| vec![user(whom)]) },
        22 => Action::ReportMedia { state: MediaReport::Left, media, verified: how > 2 },
        23 => Action::RefreshToken,
        24 => Action::UnmuteSelf,
        25 => {
            Action::AllowSpeech { whom: if how > 2 { UserOrAll::All } else { UserOrAll::User(user(whom)) } }
        }
        26 => {
            Action::Mute { whom: UserOrAll::All, mode: MuteMode::Hard, for_seconds: Some(u32::from(how) + 1) }
        }
        _ if how == 0 => Action::Destroy,
        _ if how == 1 => Action::TakeBack,
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
        assert_eq!(meeting.next_deadline_ms(call.now.rtc_tells), None);
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
        let there = |p: &crate::Participant| matches!(p.state, State::Joined | State::Reconnecting);
        assert!(meeting.members().any(there), "somebody is in the media");
    }
    let settled = tick(meeting, call.now).next.unwrap_or_else(|| meeting.clone());
    let looked_at = settled.due_checks(call.now).is_empty();
    let next = settled.next_deadline_ms(call.now.rtc_tells);
    assert!(
        !looked_at || settled.end().is_some() || next.is_some_and(|at| at > call.now.ms),
        "no deadline is left behind: {next:?} at {}: {settled:?}",
        call.now.ms
    );
}

fn play(rule: u8, rtc_tells: bool, steps: Vec<Step>) {
    let (join, host_leave) = rules(rule);
    let mut create = create(Mode::Group, &["bob"]);
    create.policy = Some(Policy { join, host_leave, ..Policy::default() });
    create.max_participants = Some(SEATS);
    create.max_minutes = Some(60);
    let mut call = Call::open(&opening(create));
    call.now.rtc_tells = rtc_tells;
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
            Step::Media { who, seen } => {
                let seen = match seen {
                    0 | 1 => MediaSeen::Joined { user: user(PEOPLE[who]) },
                    2 | 3 => MediaSeen::Left { user: user(PEOPLE[who]), clean: seen == 2 },
                    _ => MediaSeen::Closed,
                };
                call.meeting = media_seen(&call.meeting, &seen, call.now).next.unwrap_or(call.meeting);
            }
            Step::Admin => call.meeting = end_by_admin(&call.meeting, call.now).next.unwrap_or(call.meeting),
            Step::Ask { who, tablet, action: kind, whom, how } => {
                let Some(action) = action(&call, PEOPLE[who], kind, PEOPLE[whom], how) else { continue };
                let device = format!("{}.{}", PEOPLE[who], if tablet { "tablet" } else { "phone" });
                let id = format!("a{}", call.meeting.rev);
                let body = format!("{device}{action:?}");
                let refused = call.asks(&device, &id, &body, action.clone()).is_err();
                is_honest(&call.last, &call.meeting);
                let rev = call.meeting.rev;
                let cause = Cause::Deadline { meeting_id: call.meeting.id.clone(), rev };
                let again = redo(&call.meeting, rev, &cause, call.now);
                assert_eq!(again.next, None, "doing the effects again changes nothing");
                is_honest(&again, &call.meeting);
                if !refused {
                    let known = call.last.next.is_some();
                    call.asks(&device, &id, &body, action).ok();
                    assert!(!known || call.last.next.is_none(), "the same request again changes nothing");
                }
            }
        }
        holds(&call);
        reads_back(&call.meeting);
        if before.end().is_some() {
            assert_eq!((before.phase, before.rev), (call.meeting.phase, call.meeting.rev), "ended is ended");
        }
        let banned = |p: &&crate::Participant| p.state == State::Banned && p.banned_until_ms.is_none();
        for p in before.participants.values().filter(banned) {
            assert!(!call.meeting.participants[&p.user_id].state.is_member(), "banned is banned");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_room_keeps_the_invariants(rule in 0..12_u8, rtc_tells in any::<bool>(), steps in steps()) {
        play(rule, rtc_tells, steps);
    }
}
