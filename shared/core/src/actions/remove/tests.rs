//! Tests of removals and bans, and of requests by removed users (T32, T33, T40).

use crate::tests::fixture::{Call, client, create, opening, user};
use crate::tests::scenes::{active_group, joining};
use crate::{Action, ChannelPresence, Invitee, KnownDevice, OutReason, RtcAction, SlotChange};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{JoinPolicy, Mode, ParticipantState as State, Policy, Role};

fn group() -> Call {
    let mut call = Call::group();
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("alice.phone").expect("joins");
    call.joins_media("bob.phone").expect("joins");
    call
}

fn remove(call: &mut Call, by: &str, target: &str, ban: bool, for_seconds: Option<u32>) -> Result<(), Code> {
    call.does(by, Action::Remove { user: user(target), ban, for_seconds, text: None })
}

/// Returns whether the last step removes a user from the channel.
fn removes(call: &Call, name: &str) -> bool {
    call.last
        .rtc_actions
        .iter()
        .any(|action| matches!(action, RtcAction::Remove { user, .. } if user.as_str() == name))
}

#[test]
fn t32_who_is_removed_is_out_of_the_media_and_gets_no_way_back_by_himself() {
    let mut call = group();
    remove(&mut call, "alice.phone", "bob", false, None).expect("the host has the right");
    assert!(removes(&call, "bob"));
    assert_eq!(call.last.slots, [SlotChange::Free(user("bob"))]);
    assert_eq!(
        call.downlinks(),
        ["alice.phone= participant_updated removed", "bob.phone: participant_removed removed"]
    );
    for action in [Action::Rejoin, Action::RefreshToken, Action::UnmuteSelf] {
        assert_eq!(call.does("bob.phone", action), Err(Code::NotAdmitted));
    }
    assert!(call.accepts("bob.phone").is_err(), "the old invitation was answered");
    call.does("bob.phone", Action::Leave).expect("a leave is answered");
    assert_eq!(call.state("bob"), State::Removed);
}

#[test]
fn t32_a_removed_user_who_enters_the_media_again_is_put_out_again() {
    let mut call = group();
    remove(&mut call, "alice.phone", "bob", false, None).expect("the host has the right");
    call.rtc_reports(ChannelPresence::Joined { user: user("bob") });
    assert!(removes(&call, "bob"));
    assert!(call.last.next.is_none());
}

#[test]
fn a_removed_user_may_be_invited_again_and_is_no_cohost_any_more() {
    let mut call = group();
    *call.participant_mut("bob").role.amend() = Role::Cohost;
    remove(&mut call, "alice.phone", "bob", false, None).expect("the host has the right");
    assert_eq!(*call.participant("bob").role, Role::Member);
    let again = Invitee {
        user_id: user("bob"),
        invite_id: "again".parse().expect("a valid id"),
        name: None,
        devices: vec![KnownDevice {
            client_id: client("bob.phone"),
            seen_ms: call.now.ms,
            queue_until_ms: None,
        }],
        busy: false,
        access: crate::Access::Rings,
    };
    call.does("alice.phone", Action::Invite { invitees: vec![again], ring_seconds: None, ext: None })
        .expect("a removed user may be invited");
    call.accepts("bob.phone").expect("the new invitation is open");
    assert_eq!(call.state("bob"), State::Accepted);
}

#[test]
fn t33_who_is_banned_stays_out_until_the_ban_is_over_and_is_a_stranger_then() {
    let mut call = group();
    remove(&mut call, "alice.phone", "bob", true, Some(600)).expect("the host has the right");
    assert!(call.downlinks().contains(&"bob.phone: participant_removed banned".to_owned()));
    assert_eq!(call.does("bob.phone", Action::Rejoin), Err(Code::Banned));
    assert_eq!(call.does("bob.phone", Action::RefreshToken), Err(Code::Banned));
    assert_eq!(call.accepts("bob.phone"), Err(Code::Banned));
    assert!(call.next_deadline_ms().is_some_and(|at| at <= call.now.ms + 600_000));
    call.at(600_000);
    assert!(call.wakes().next.is_some(), "the end of the ban is committed");
    assert_eq!(call.state("bob"), State::Removed);
    assert!(
        !call.downlinks().iter().any(|line| line.contains("participant_removed")),
        "{:?}",
        call.downlinks()
    );
    assert_eq!(call.does("bob.phone", Action::Rejoin), Err(Code::NotAdmitted));
}

#[test]
fn t33_a_ban_of_somebody_who_is_rung_stops_the_ringing() {
    let mut call = group();
    call.rings("carol.phone").expect("rings");
    remove(&mut call, "alice.phone", "carol", true, None).expect("the host has the right");
    assert!(!removes(&call, "carol"), "Carol was never in the media");
    let downlinks = call.downlinks();
    assert!(downlinks.contains(&"carol.phone: invitation_closed cancelled".to_owned()), "{downlinks:?}");
    assert!(downlinks.contains(&"carol.tablet: invitation_closed cancelled".to_owned()), "{downlinks:?}");
    assert_eq!(call.accepts("carol.phone"), Err(Code::Banned));
}

#[test]
fn t40_a_direct_call_from_which_one_side_is_removed_is_over() {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    remove(&mut call, "alice.phone", "bob", false, None).expect("the host has the right");
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::Completed));
    assert_eq!(call.last.rtc_actions, [RtcAction::Close], "the closed channel puts all users out");
    assert!(call.downlinks().contains(&"bob.phone: participant_removed removed".to_owned()));
}

#[test]
fn who_may_and_whom() {
    let mut call = group();
    assert_eq!(remove(&mut call, "bob.phone", "alice", false, None), Err(Code::NotHost));
    assert_eq!(remove(&mut call, "alice.phone", "alice", false, None), Err(Code::Forbidden));
    assert_eq!(remove(&mut call, "alice.phone", "zoe", true, None), Err(Code::UserNotFound));
    assert_eq!(
        remove(&mut call, "alice.phone", "carol", false, None),
        Err(Code::UserNotFound),
        "Carol is invited and has no seat"
    );
    *call.participant_mut("bob").role.amend() = Role::Cohost;
    assert_eq!(
        remove(&mut call, "bob.phone", "alice", true, None),
        Err(Code::Forbidden),
        "a cohost may not ban the host"
    );
    remove(&mut call, "bob.phone", "carol", true, None).expect("a cohost has the right");
}

#[test]
fn t32_t33_who_waits_in_the_lobby_is_removed_on_every_device_and_may_ask_again_unless_banned() {
    let mut create = create(Mode::Group, &["bob"]);
    create.policy = Some(Policy { join: JoinPolicy::Lobby, ..Policy::default() });
    let mut call = Call::open(&opening(create));
    call.does("dave.phone", joining("dave", false)).expect("waits in the lobby");
    remove(&mut call, "alice.phone", "dave", false, None).expect("the host has the right");
    assert!(call.last.rtc_actions.is_empty(), "Dave was never in the media");
    let downlinks = call.downlinks();
    for device in ["dave.phone", "dave.tablet"] {
        assert!(downlinks.contains(&format!("{device}: participant_removed removed")), "{downlinks:?}");
    }
    call.does("dave.phone", joining("dave", false)).expect("a removed user may wait again");
    assert_eq!(call.state("dave"), State::Lobby);
    remove(&mut call, "alice.phone", "dave", true, None).expect("the host has the right");
    assert_eq!(call.does("dave.phone", joining("dave", false)), Err(Code::Banned));
}

#[test]
fn t33_t40_a_direct_call_whose_callee_is_banned_while_it_rings_was_never_answered() {
    let mut call = Call::direct();
    remove(&mut call, "alice.phone", "bob", true, None).expect("the host has the right");
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::Cancelled));
}

#[test]
fn t33_a_ban_of_a_member_closes_no_offer_on_the_device_that_had_the_seat_before() {
    let mut call = group();
    call.does("bob.tablet", joining("bob", true)).expect("takes the seat over");
    remove(&mut call, "alice.phone", "bob", true, None).expect("the host has the right");
    assert!(
        !call.downlinks().iter().any(|line| line.contains("invitation_closed")),
        "{:?}",
        call.downlinks()
    );
}

#[test]
fn t33_the_notice_of_a_ban_shows_how_long_the_ban_lasts() {
    let mut call = group();
    remove(&mut call, "alice.phone", "bob", true, Some(600)).expect("the host has the right");
    let until_in_ms = call.last.notices.iter().find_map(|downlink| match downlink.body {
        Body::ParticipantRemoved { until_in_ms, .. } => until_in_ms,
        _ => None,
    });
    assert_eq!(until_in_ms, Some(600_000));
}

#[test]
fn t53_a_removed_user_gets_the_hosts_reason_and_nobody_else_does() {
    for ban in [false, true] {
        let mut call = Call::group();
        call.accepts("bob.phone").expect("accepts");
        let text = Some("Not invited to this part".to_owned());
        call.does("alice.phone", Action::Remove { user: user("bob"), ban, for_seconds: None, text })
            .expect("the host removes");
        let removed = &call.sent_to("bob.phone", "participant_removed")[0];
        assert_eq!(removed["text"], "Not invited to this part");
        let shown = call.participant("bob").view(call.now.ms);
        assert_eq!((shown.reason, shown.text), (None, None));
        assert!(matches!(
            call.participant("bob").out_reason(),
            Some(OutReason::Removed | OutReason::Banned { .. })
        ));
    }
}

#[test]
fn a_cohost_neither_removes_a_cohost_nor_changes_a_ban_of_the_host() {
    let mut call = active_group();
    for name in ["bob", "carol"] {
        *call.participant_mut(name).role.amend() = Role::Cohost;
    }
    for ban in [false, true] {
        assert_eq!(remove(&mut call, "bob.phone", "carol", ban, None), Err(Code::NotHost), "ban: {ban}");
    }
    remove(&mut call, "alice.phone", "carol", true, None).expect("the host has the right");
    assert_eq!(
        remove(&mut call, "bob.phone", "carol", true, Some(1)),
        Err(Code::NotHost),
        "it would be shorter"
    );
    remove(&mut call, "alice.phone", "carol", true, Some(600)).expect("the host may shorten it");
    assert_eq!(call.participant("carol").out_reason().map(|it| it.state()), Some(State::Banned));
}

#[test]
fn a_cohost_may_change_a_ban_of_a_cohost() {
    let mut call = active_group();
    *call.participant_mut("bob").role.amend() = Role::Cohost;
    remove(&mut call, "bob.phone", "carol", true, None).expect("a cohost has the right");
    remove(&mut call, "bob.phone", "carol", true, Some(1)).expect("a cohost has the right");
    remove(&mut call, "alice.phone", "carol", true, None).expect("the host has the right");
    assert_eq!(
        remove(&mut call, "bob.phone", "carol", true, Some(1)),
        Err(Code::NotHost),
        "now it is the host's"
    );
}
