//! Any sequence of commands, repeats and pauses keeps the invariants.

use super::fixture::{Call, START_MS, client, create, is_honest, opening, reads_back, user};
use super::join::joining;
use crate::{
    Action, Connection, Device, Invitee, Leg, MediaAct, MediaSeen, Meeting, Phase, connection, media_seen,
};
use proptest::prelude::*;
use std::collections::BTreeSet;
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::{BusyPolicy, MediaFlags, Mode, ParticipantState as State, UserOrAll};
use switchboard_protocol::requests::{MediaReport, MuteMode};

const DEVICES: [&str; 7] = [
    "alice.phone",
    "alice.laptop",
    "bob.phone",
    "bob.tablet",
    "carol.phone",
    "carol.tablet",
    "mallory.phone",
];

const PEOPLE: [&str; 4] = ["alice", "bob", "carol", "mallory"];

#[derive(Debug, Clone)]
enum Step {
    Ask { device: usize, id: u8, action: u8, whose: u8 },
    Wait { ms: i64 },
    Connection { device: usize, seen: Connection },
    Media { who: usize, seen: u8 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ask = (0..DEVICES.len(), 0..12_u8, 0..24_u8, 0..2_u8)
        .prop_map(|(device, id, action, whose)| Step::Ask { device, id, action, whose });
    let wait = prop_oneof![0..3_000_i64, 20_000..60_000_i64, 200_000..15_000_000_i64]
        .prop_map(|ms| Step::Wait { ms });
    let seen = prop_oneof![Just(Connection::Dropped), Just(Connection::Gone), Just(Connection::Here)];
    let connection = (0..DEVICES.len(), seen).prop_map(|(device, seen)| Step::Connection { device, seen });
    let media = (0..PEOPLE.len(), 0..5_u8).prop_map(|(who, seen)| Step::Media { who, seen });
    proptest::collection::vec(prop_oneof![6 => ask, 1 => wait, 2 => connection, 2 => media], 1..60)
}

fn action(call: &Call, action: u8, whose: u8) -> Action {
    let name = if whose == 0 || call.meeting.mode == Mode::Direct { "bob" } else { "carol" };
    let invite_id = call.invite_id(name);
    let media = MediaFlags::default();
    match action {
        0 => Action::Ringing { invite_id },
        1 => Action::Accept { invite_id },
        2 => Action::Reject { invite_id },
        3 => Action::ReportMedia { state: MediaReport::Joined, media, verified: true },
        4 => Action::RefreshToken,
        5 => Action::Leave,
        6 => Action::Silence { invite_id },
        7 => Action::Rejoin,
        8 => Action::CancelInvite { invitees: None },
        9 => Action::Invite { invitees: vec![invitee(name)], ring_seconds: None, ext: None },
        10 => Action::Mute { whom: UserOrAll::User(user(name)), mode: MuteMode::Hard, for_seconds: Some(30) },
        11 => Action::Mute { whom: UserOrAll::All, mode: MuteMode::Soft, for_seconds: None },
        12 => Action::AllowSpeech { whom: UserOrAll::All },
        13 => Action::UnmuteSelf,
        14 => Action::Remove { user: user(name), ban: whose == 1, for_seconds: (whose == 1).then_some(30) },
        15 => Action::ReportMedia { state: MediaReport::Left, media, verified: whose == 0 },
        16 => Action::ReportMedia { state: MediaReport::Joined, media, verified: false },
        17 | 18 => {
            Action::Merge { peer: user(if whose == 0 { "alice" } else { "bob" }), busy: BusyPolicy::Reject }
        }
        19 => Action::TakeBack,
        20 => joining(name, true),
        21 => Action::RaiseHand,
        22 => Action::CreateAgain,
        _ => Action::Destroy,
    }
}

fn media_seen_of(call: &Call, who: &str, seen: u8) -> MediaSeen {
    let rev = call.meeting.rev;
    match seen {
        0 | 1 => MediaSeen::Joined { user: user(who) },
        2 => MediaSeen::Left { user: user(who), clean: true },
        3 => MediaSeen::Left { user: user(who), clean: false },
        _ => MediaSeen::Present { users: BTreeSet::from([user(who)]), rev },
    }
}

fn invitee(name: &str) -> Invitee {
    let devices = ["phone", "tablet"]
        .map(|kind| Device { client_id: client(&format!("{name}.{kind}")), seen_ms: START_MS });
    let invite_id = format!("again-{name}").parse().expect("an id");
    Invitee { user_id: user(name), invite_id, name: None, devices: devices.to_vec(), busy: false }
}

fn holds(meeting: &Meeting) {
    for p in meeting.participants.values() {
        let open = p.state.is_pending();
        let legs = p.invitation.iter().flat_map(|i| i.legs.values());
        assert!(legs.clone().filter(|leg| **leg == Leg::Won).count() <= 1, "one winner of an invitation");
        assert!(
            open || legs.clone().all(|leg| !matches!(leg, Leg::Offered | Leg::Alerting)),
            "no open offer: {p:?}"
        );
        assert!(!p.state.is_member() || p.seat.is_some(), "a member has a seat");
        assert!(p.speech.until_ms.is_none() || !p.speech.has_right(), "only a block ends by itself: {p:?}");
        assert!(p.banned_until_ms.is_none() || p.state == State::Banned, "only a ban does: {p:?}");
        assert!(!p.holds_slot || open || p.state.is_member(), "a slot is held by who has a part: {p:?}");
    }
    assert!(meeting.members().count() <= meeting.max_participants as usize);
    if meeting.end().is_some() {
        assert!(meeting.participants.values().all(|p| !p.state.is_member() && !p.state.is_pending()));
        assert_eq!(meeting.next_deadline_ms(true), None);
    } else if meeting.mode == Mode::Direct {
        assert!(
            meeting.members().count() == 2 || meeting.pending().count() == 1,
            "a direct call has two sides"
        );
    }
}

fn is_removal(act: &MediaAct, whose: &UserId) -> bool {
    matches!(act, MediaAct::Remove { user, .. } if user == whose)
}

fn play(mode: Mode, invitees: &[&str], rtc_tells: bool, steps: Vec<Step>) {
    let mut call = Call::open(&opening(create(mode, invitees)));
    call.now.rtc_tells = rtc_tells;
    let mut after_ms = 0;
    for step in steps {
        let before = call.meeting.clone();
        match step {
            Step::Wait { ms } => {
                after_ms += ms;
                call.at(after_ms);
            }
            Step::Connection { device, seen } => {
                let decision = connection(&call.meeting, &client(DEVICES[device]), seen, call.now);
                if let Some(next) = decision.next {
                    call.meeting = next;
                }
            }
            Step::Media { who, seen } => {
                let seen = media_seen_of(&call, PEOPLE[who], seen);
                let decision = media_seen(&call.meeting, &seen, call.now);
                if let (MediaSeen::Joined { user }, Some(p)) =
                    (&seen, before.participants.get(&user(PEOPLE[who])))
                {
                    let out =
                        decision.media.iter().any(|act| *act == MediaAct::Close || is_removal(act, user));
                    assert!(p.state.is_member() || out, "nobody without a seat stays in the media: {p:?}");
                }
                if let Some(next) = decision.next {
                    call.meeting = next;
                }
            }
            Step::Ask { device, id, action: kind, whose } => {
                let action = action(&call, kind, whose);
                // The body says what is asked, so a reused id with another body is told apart.
                let body = format!("{action:?}");
                let refused = call.asks(DEVICES[device], &format!("p{id}"), &body, action.clone()).is_err();
                let again = call.asks(DEVICES[device], &format!("p{id}"), &body, action);
                assert!(call.last.next.is_none(), "the same request again changes nothing");
                is_honest(&call.last, &call.meeting);
                if refused {
                    assert!(again.is_err(), "a refused request stays refused while nothing changes");
                }
            }
        }
        holds(&call.meeting);
        if before.end().is_some() {
            assert_eq!((before.phase, before.rev), (call.meeting.phase, call.meeting.rev), "ended is ended");
        }
        if matches!(call.meeting.phase, Phase::Active) {
            assert!(
                call.meeting
                    .participants
                    .values()
                    .any(|p| matches!(p.state, State::Joined | State::Reconnecting))
                    || mode == Mode::Group
            );
        }
        reads_back(&call.meeting);
    }
    assert!(call.meeting.participants.contains_key(&user("alice")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    // Proves: pure-core
    #[test]
    fn any_direct_call_keeps_the_invariants(rtc_tells in any::<bool>(), steps in steps()) {
        play(Mode::Direct, &["bob"], rtc_tells, steps);
    }

    // Proves: pure-core, lossless-record
    #[test]
    fn any_group_keeps_the_invariants(rtc_tells in any::<bool>(), steps in steps()) {
        play(Mode::Group, &["bob", "carol"], rtc_tells, steps);
    }
}
