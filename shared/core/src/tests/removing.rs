//! Putting people out, and what they may do afterwards (T32, T33, T40).

use super::fixture::{Call, create, opening, user};
use super::join::joining;
use crate::{Action, Device, Invitee, MediaAct, MediaSeen, SlotChange, media_seen, tick};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::object::{JoinPolicy, Mode, ParticipantState as State, Policy, Role};

fn group() -> Call {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("alice.phone").expect("joins");
    call.joins_media("bob.phone").expect("joins");
    call
}

fn remove(call: &mut Call, by: &str, whom: &str, ban: bool, for_seconds: Option<u32>) -> Result<(), Code> {
    call.does(by, Action::Remove { user: user(whom), ban, for_seconds })
}

fn removes(call: &Call, name: &str) -> bool {
    call.last.media.iter().any(|act| matches!(act, MediaAct::Remove { user, .. } if user.as_str() == name))
}

#[test]
fn t32_who_is_removed_is_out_of_the_media_and_gets_no_way_back_by_himself() {
    let mut call = group();
    remove(&mut call, "alice.phone", "bob", false, None).expect("the host may");
    assert!(removes(&call, "bob"));
    assert_eq!(call.last.slots, [SlotChange::Free(user("bob"))]);
    assert_eq!(
        call.told(),
        ["alice.phone= participant_updated removed", "bob.phone: participant_removed removed"]
    );
    for action in [Action::Rejoin, Action::RefreshToken, Action::UnmuteSelf] {
        assert_eq!(call.does("bob.phone", action), Err(Code::NotAdmitted));
    }
    assert!(call.accepts("bob.phone").is_err(), "the old invitation is used up");
    call.does("bob.phone", Action::Leave).expect("has nothing to leave");
    assert_eq!(call.state("bob"), State::Removed);
}

#[test]
fn t32_a_removed_user_who_enters_the_media_again_is_put_out_again() {
    let mut call = group();
    remove(&mut call, "alice.phone", "bob", false, None).expect("the host may");
    call.last = media_seen(&call.meeting, &MediaSeen::Joined { user: user("bob") }, call.now);
    assert!(removes(&call, "bob"));
    assert!(call.last.next.is_none());
}

#[test]
fn a_removed_user_may_be_invited_again_and_is_no_cohost_any_more() {
    let mut call = group();
    call.meeting.participants.get_mut(&user("bob")).expect("is there").role = Role::Cohost;
    remove(&mut call, "alice.phone", "bob", false, None).expect("the host may");
    assert_eq!(call.meeting.participants[&user("bob")].role, Role::Member);
    let again = Invitee {
        user_id: user("bob"),
        invite_id: "again".parse().expect("an id"),
        name: None,
        devices: vec![Device { client_id: super::fixture::client("bob.phone"), seen_ms: call.now.ms }],
        busy: false,
    };
    call.does("alice.phone", Action::Invite { invitees: vec![again], ring_seconds: None, ext: None })
        .expect("may be invited");
    call.accepts("bob.phone").expect("a fresh invitation");
    assert_eq!(call.state("bob"), State::Accepted);
}

#[test]
fn t33_who_is_banned_stays_out_until_the_ban_is_over_and_is_a_stranger_then() {
    let mut call = group();
    remove(&mut call, "alice.phone", "bob", true, Some(600)).expect("the host may");
    assert!(call.told().contains(&"bob.phone: participant_removed banned".to_owned()));
    assert_eq!(call.does("bob.phone", Action::Rejoin), Err(Code::Banned));
    assert_eq!(call.does("bob.phone", Action::RefreshToken), Err(Code::Banned));
    assert_eq!(call.accepts("bob.phone"), Err(Code::Banned));
    assert!(call.meeting.next_deadline_ms(false).is_some_and(|at| at <= call.now.ms + 600_000));
    call.at(600_000);
    call.last = tick(&call.meeting, call.now);
    call.meeting = call.last.next.clone().expect("the ban is over");
    assert_eq!(call.state("bob"), State::Removed);
    assert!(!call.told().iter().any(|line| line.contains("participant_removed")), "{:?}", call.told());
    assert_eq!(call.does("bob.phone", Action::Rejoin), Err(Code::NotAdmitted));
}

#[test]
fn t33_a_ban_of_somebody_who_is_rung_stops_the_ringing() {
    let mut call = group();
    call.rings("carol.phone").expect("rings");
    remove(&mut call, "alice.phone", "carol", true, None).expect("the host may");
    assert!(!removes(&call, "carol"), "was never in the media");
    let told = call.told();
    assert!(told.contains(&"carol.phone: invitation_closed cancelled".to_owned()), "{told:?}");
    assert!(told.contains(&"carol.tablet: invitation_closed cancelled".to_owned()), "{told:?}");
    assert_eq!(call.accepts("carol.phone"), Err(Code::Banned));
}

#[test]
fn t40_a_direct_call_from_which_one_side_is_removed_is_over() {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    remove(&mut call, "alice.phone", "bob", false, None).expect("the host may");
    assert_eq!(call.meeting.end().map(|end| end.0), Some(EndReason::Completed));
    assert_eq!(call.last.media, [MediaAct::Close], "which puts everybody out");
    assert!(call.told().contains(&"bob.phone: participant_removed removed".to_owned()));
}

#[test]
fn who_may_and_whom() {
    let mut call = group();
    assert_eq!(remove(&mut call, "bob.phone", "alice", false, None), Err(Code::NotHost));
    assert_eq!(remove(&mut call, "alice.phone", "alice", false, None), Err(Code::Forbidden));
    assert_eq!(remove(&mut call, "alice.phone", "zoe", true, None), Err(Code::UserNotFound));
    assert_eq!(remove(&mut call, "alice.phone", "carol", false, None), Err(Code::UserNotFound), "only rung");
    call.meeting.participants.get_mut(&user("bob")).expect("is there").role = Role::Cohost;
    assert_eq!(remove(&mut call, "bob.phone", "alice", true, None), Err(Code::Forbidden), "the host stays");
    remove(&mut call, "bob.phone", "carol", true, None).expect("a cohost may");
}

#[test]
fn t32_t33_who_waits_in_the_lobby_is_removed_on_every_device_and_may_ask_again_unless_banned() {
    let mut create = create(Mode::Group, &["bob"]);
    create.policy = Some(Policy { join: JoinPolicy::Lobby, ..Policy::default() });
    let mut call = Call::open(&opening(create));
    call.does("dave.phone", joining("dave", false)).expect("waits");
    remove(&mut call, "alice.phone", "dave", false, None).expect("the host may");
    assert!(call.last.media.is_empty(), "was never in the media");
    let told = call.told();
    for device in ["dave.phone", "dave.tablet"] {
        assert!(told.contains(&format!("{device}: participant_removed removed")), "{told:?}");
    }
    call.does("dave.phone", joining("dave", false)).expect("waits again");
    assert_eq!(call.state("dave"), State::Lobby);
    remove(&mut call, "alice.phone", "dave", true, None).expect("the host may");
    assert_eq!(call.does("dave.phone", joining("dave", false)), Err(Code::Banned));
}

#[test]
fn t33_t40_a_direct_call_whose_callee_is_banned_while_it_rings_was_never_answered() {
    let mut call = Call::direct();
    remove(&mut call, "alice.phone", "bob", true, None).expect("the host may");
    assert_eq!(call.meeting.end().map(|end| end.0), Some(EndReason::Cancelled));
}
