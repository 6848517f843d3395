//! Sequences of an attacker with one ordinary account: a user who was put out, blocked, or never admitted.

use super::fixture::{Call, account, client, create, opening, user};
use crate::{Action, Joiner, KnownDevice, OutReason, SettingsChange};
use switchboard_protocol::address::UserId;
use switchboard_protocol::code::Code;
use switchboard_protocol::object::{JoinPolicy, Media, Mode, Policy, Role, SpeechMode, UserOrAll};
use switchboard_protocol::requests::MuteMode;

fn join(call: &mut Call, device: &str) -> Result<(), Code> {
    let joiner = Joiner {
        name: None,
        devices: vec![KnownDevice { client_id: client(device), seen_ms: 0, queue_until_ms: None }],
        takeover: false,
        max_knocks: 3,
        media: Media::Audio,
    };
    call.does(device, Action::Join(joiner))
}

/// Returns a group of Alice with Bob and Carol in the media, and with a lobby.
fn room() -> Call {
    let mut create = create(Mode::Group, &["bob", "carol"]);
    create.policy = Some(Policy { join: JoinPolicy::Lobby, ..Policy::default() });
    let mut call = Call::open(&opening(create));
    for device in ["bob.phone", "carol.phone"] {
        call.accepts(device).expect("accepts");
        call.joins_media(device).expect("joins");
    }
    call.joins_media("alice.phone").expect("joins");
    call
}

fn one(name: &str) -> UserOrAll {
    UserOrAll::User(user(name))
}

fn block(call: &mut Call, by: &str, name: &str) -> Result<(), Code> {
    call.does(by, Action::Mute { target: one(name), mode: MuteMode::Hard, for_seconds: None })
}

fn make_cohost(call: &mut Call, name: &str) {
    call.does("alice.phone", Action::SetRole { user: user(name), role: Role::Cohost }).expect("the host may");
}

#[test]
fn an_invitation_that_was_taken_back_lets_nobody_in() {
    let mut call = Call::group();
    call.joins_media("alice.phone").expect("joins");
    let bob: Option<Vec<UserId>> = Some(vec![user("bob")]);
    call.does("alice.phone", Action::CancelInvite { invitees: bob }).expect("cancels");
    assert_eq!(join(&mut call, "bob.phone"), Err(Code::Forbidden));
    assert_eq!(call.participant("bob").out_reason(), Some(OutReason::Cancelled));
    // In a meeting with a lobby, the user is treated like any stranger.
    let mut call = room();
    call.put_out("bob", OutReason::Cancelled);
    join(&mut call, "bob.phone").expect("asks");
    assert!(call.participant("bob").is_in_lobby());
}

#[test]
fn a_cohost_neither_lifts_nor_shortens_the_own_block() {
    let mut call = room();
    make_cohost(&mut call, "bob");
    block(&mut call, "alice.phone", "bob").expect("blocks");
    for action in [
        Action::AllowSpeech { target: one("bob") },
        Action::AllowSpeech { target: UserOrAll::All },
        Action::UnmuteSelf,
        Action::Mute { target: one("bob"), mode: MuteMode::Soft, for_seconds: None },
        Action::Mute { target: one("bob"), mode: MuteMode::Hard, for_seconds: Some(1) },
    ] {
        let result = call.does("bob.phone", action.clone());
        assert_eq!(*call.participant("bob").speech.mode, SpeechMode::Hard, "{action:?}: {result:?}");
        assert_eq!(call.participant("bob").speech.until_ms, None, "{action:?}");
    }
    assert_eq!(call.does("bob.phone", Action::AllowSpeech { target: one("bob") }), Err(Code::SpeechBlocked));
    call.does("alice.phone", Action::AllowSpeech { target: one("bob") }).expect("the host may");
}

#[test]
fn the_block_of_a_troll_does_not_end_with_the_hosts_connection() {
    let mut call = room();
    block(&mut call, "alice.phone", "bob").expect("blocks");
    call.leaves("alice.phone").expect("leaves");
    assert_eq!(call.meeting.host, user("carol"), "Bob came earlier, and is blocked");
    assert_eq!(*call.participant("bob").speech.mode, SpeechMode::Hard);
    call.leaves("carol.phone").expect("leaves");
    assert_eq!(call.meeting.host, user("bob"), "nobody else is left");
}

/// Returns the requests whose answers show the meeting, for the cohost Bob.
fn requests_that_show_the_meeting() -> Vec<Action> {
    let (bob, dave) = (user("bob"), user("dave"));
    vec![
        Action::UpdateMeeting(SettingsChange { title: Some("Plan".to_owned()), ..SettingsChange::default() }),
        Action::RaiseHand,
        Action::LowerHand,
        Action::Mute { target: UserOrAll::All, mode: MuteMode::Soft, for_seconds: None },
        Action::AllowSpeech { target: UserOrAll::All },
        Action::Remove { user: user("carol"), ban: false, for_seconds: None, text: None },
        Action::Admit { users: Some(vec![dave.clone()]) },
        Action::Deny { users: Some(vec![dave]), ban: false },
        Action::TransferHost { user: bob },
    ]
}

#[test]
fn whoever_was_put_out_reads_nothing_by_repeating_an_old_request() {
    let mut tried = 0;
    for action in requests_that_show_the_meeting() {
        for (reason, code) in
            [(OutReason::Banned { until_ms: None }, Code::Banned), (OutReason::Removed, Code::Forbidden)]
        {
            let mut call = room();
            make_cohost(&mut call, "bob");
            join(&mut call, "dave.phone").expect("waits in the lobby");
            if matches!(action, Action::TransferHost { .. }) {
                *call.participant_mut("bob").role.amend() = Role::Host;
                call.meeting.host = user("bob");
            }
            if call.sends("bob.phone", "old", "body", action.clone()).is_err() || call.last.next.is_none() {
                continue;
            }
            tried += 1;
            call.put_out("bob", reason);
            assert_eq!(call.sends("bob.phone", "old", "body", action.clone()), Err(code), "{action:?}");
            assert_eq!(call.downlinks().len(), 1, "nobody hears old news: {:?}", call.downlinks());
        }
    }
    assert!(tried >= 12, "only {tried} requests were applied");
}

#[test]
fn who_may_see_a_meeting() {
    let mut call = room();
    assert!(call.participant("bob").may_see());
    for reason in [
        OutReason::Declined,
        OutReason::UserBusy,
        OutReason::NoAnswer,
        OutReason::Unreachable,
        OutReason::Cancelled,
        OutReason::Removed,
        OutReason::Banned { until_ms: None },
        OutReason::Ended,
    ] {
        let mut call = call.clone();
        call.put_out("bob", reason);
        assert!(!call.participant("bob").may_see(), "{reason:?}");
    }
    for reason in [OutReason::Left, OutReason::Lost, OutReason::Failed] {
        let mut call = call.clone();
        call.put_out("bob", reason);
        assert!(call.participant("bob").may_see(), "{reason:?}: comes back by join or rejoin");
    }
    for device in ["dave.phone", "eve.phone"] {
        join(&mut call, device).expect("waits in the lobby");
        assert!(!call.participant(account(device)).may_see());
    }
    call.leaves("dave.phone").expect("leaves the lobby");
    call.does("alice.phone", Action::Deny { users: Some(vec![user("eve")]), ban: false }).expect("denies");
    assert!(!call.participant("dave").may_see() && !call.participant("eve").may_see());
}

/// Returns a group of this many members, all in the media. Each user has one device.
fn crowd(members: usize) -> Call {
    let names: Vec<String> = (1..members).map(|at| format!("u{at}")).collect();
    let mut create = create(Mode::Group, &[]);
    create.max_participants = Some(100);
    create.policy = Some(Policy { join: JoinPolicy::Open, ..Policy::default() });
    let mut call = Call::open(&opening(create));
    call.joins_media("alice.phone").expect("joins");
    for name in &names {
        let device = format!("{name}.phone");
        join(&mut call, &device).expect("joins");
        call.joins_media(&device).expect("joins");
    }
    call
}

#[test]
fn one_request_never_tells_each_member_of_each_other() {
    let members = 60;
    let mut call = crowd(members);
    block(&mut call, "alice.phone", "u7").expect("blocks");
    let soft = Action::Mute { target: UserOrAll::All, mode: MuteMode::Soft, for_seconds: None };
    call.sends("alice.phone", "all", "body", soft.clone()).expect("mutes");
    let told = call.last.notices.len();
    assert!(told <= 2 * members, "{told} notices of a soft mute of all beside a block");
    let own = |name: &str| {
        let to = client(&format!("{name}.phone"));
        call.last
            .notices
            .iter()
            .filter(|notice| notice.to == to)
            .map(|notice| notice.body.kind())
            .collect::<Vec<_>>()
    };
    assert_eq!(own("u1"), ["speech_changed", "meeting_updated"], "the own right, and the others'");
    assert_eq!(own("u7"), ["meeting_updated"]);
    call.sends("alice.phone", "all", "body", soft).expect("is repeated");
    assert!(call.last.notices.len() <= 2 * members, "{}", call.last.notices.len());

    call.rtc = crate::RtcCapabilities { reports_presence: true, enforces_rights: true };
    call.rtc_reports(crate::ChannelPresence::Closed);
    let told = call.last.notices.len();
    assert!(told <= members, "{told} notices when the channel was closed");
    let all_away = call.meeting.members().all(|p| p.seat().is_some_and(crate::Seat::is_away));
    assert!(all_away, "everybody has to come back");
}

#[test]
fn many_invitations_and_admissions_at_once_tell_each_member_once() {
    let members = 40;
    let mut call = crowd(members);
    call.settings_mut().policy.join = JoinPolicy::Lobby;
    for at in 0..20 {
        join(&mut call, &format!("l{at}.phone")).expect("waits in the lobby");
    }
    call.does("alice.phone", Action::Admit { users: None }).expect("admits");
    let told = call.last.notices.len();
    assert!(told <= members + 20 + 20, "{told} notices of 20 admissions");
}
