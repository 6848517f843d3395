//! Tests of `join` without an answer to an invitation (T20, T23, T25), and of a seat that moves (T28).

use crate::tests::fixture::{Call, START_MS, client, create, opening, user};
use crate::tests::scenes::{
    admit, cancel, decided, group_with_entry, inviting, join, joining, joining_with_video, take_over, video,
};
use crate::{
    Action, ChannelPresence, Leg, MAX_KNOCKERS, MAX_PEOPLE, MediaChange, OutReason, Phase, SlotChange,
};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::limits::MAX_INVITEES;
use switchboard_protocol::object::{
    JoinPolicy, Media, MediaFlags, Mode, ParticipantState as State, Policy, Role, SpeechMode,
};
use switchboard_protocol::requests::MediaReport;

#[test]
fn t20_who_was_not_invited_comes_in_only_if_the_policy_says_so() {
    let mut call = group_with_entry(JoinPolicy::Invited);
    assert_eq!(join(&mut call, "dave.phone"), Err(Code::Forbidden));
    assert!(call.last.next.is_none() && !call.meeting.participants.contains_key(&user("dave")));

    let mut call = group_with_entry(JoinPolicy::Open);
    join(&mut call, "dave.phone").expect("the meeting is open to all users");
    assert_eq!(call.downlinks(), ["alice.phone: participant_updated accepted", "dave.phone= joined"]);
    assert_eq!(call.last.slots, [SlotChange::Claim(user("dave"))]);
    assert_eq!(call.meeting.new_parts(), [user("dave")], "the commit writes a part item, which a sync finds");
    assert_eq!(call.meeting.participants[&user("dave")].name.as_deref(), Some("dave"));
    call.joins_media("dave.phone").expect("the device has a seat");
}

#[test]
fn t20_a_direct_call_takes_no_third_whatever_its_policy() {
    let mut direct = create(Mode::Direct, &["bob"]);
    direct.policy = Some(Policy { join: JoinPolicy::Open, ..Policy::default() });
    let mut call = Call::open(&opening(direct));
    assert_eq!(join(&mut call, "dave.phone"), Err(Code::Forbidden));
}

#[test]
fn t20_a_locked_or_full_meeting_takes_nobody_in() {
    let mut call = group_with_entry(JoinPolicy::Open);
    call.settings_mut().locked = true;
    assert_eq!(join(&mut call, "dave.phone"), Err(Code::Locked));
    assert_eq!(join(&mut call, "bob.phone"), Err(Code::Locked), "an invited user must answer the invitation");
    call.accepts("bob.phone").expect("an accept is possible while the meeting is locked");
    call.settings_mut().locked = false;
    call.meeting.max_participants = 2;
    assert_eq!(join(&mut call, "dave.phone"), Err(Code::MeetingFull));
    assert!(!call.meeting.participants.contains_key(&user("dave")), "a refused join adds no participant");
    assert_eq!(join(&mut call, "carol.phone"), Err(Code::MeetingFull));
    assert_eq!(call.state("carol"), State::Invited);
}

#[test]
fn t20_who_rings_may_also_join_and_the_other_devices_stop() {
    let mut call = group_with_entry(JoinPolicy::Invited);
    join(&mut call, "bob.tablet").expect("the user is invited");
    assert_eq!(
        call.downlinks(),
        [
            "alice.phone: participant_updated accepted",
            "bob.phone: invitation_closed answered_elsewhere",
            "bob.tablet= joined"
        ]
    );
    assert_eq!(call.accepts("bob.phone"), Err(Code::AlreadyAnswered));
}

#[test]
fn who_comes_in_is_muted_where_the_policy_says_so_and_hosts_are_not() {
    let mut call = group_with_entry(JoinPolicy::Open);
    call.settings_mut().policy.entry_muted = true;
    join(&mut call, "dave.phone").expect("the meeting is open");
    call.accepts("bob.phone").expect("accepts");
    let mode = |call: &Call, name: &str| *call.participant(name).speech.mode;
    assert_eq!((mode(&call, "dave"), mode(&call, "bob")), (SpeechMode::Soft, SpeechMode::Soft));
    assert!(
        !call.downlinks().iter().any(|line| line.contains("speech_changed")),
        "the notice that the user came in shows the mute"
    );
    call.leaves("alice.phone").expect("leaves");
    let host = call.meeting.host.to_string();
    assert_eq!(join(&mut call, "alice.phone"), Ok(()));
    assert_ne!(host, "alice");
    assert_eq!(mode(&call, "alice"), SpeechMode::Soft, "a former host is muted too");
}

#[test]
fn t20_in_a_lobby_everybody_waits_and_the_hosts_hear_it() {
    let mut call = group_with_entry(JoinPolicy::Lobby);
    join(&mut call, "dave.phone").expect("waits in the lobby");
    assert_eq!(call.downlinks(), ["alice.phone: lobby_request", "dave.phone= lobby_waiting"]);
    assert_eq!((call.state("dave"), &call.last.slots[..]), (State::Lobby, &[][..]));
    assert_eq!(call.joins_media("dave.phone"), Err(Code::NotAdmitted));
    assert_eq!(call.does("dave.phone", Action::RefreshToken), Err(Code::NotAdmitted));
    assert_eq!(call.does("dave.phone", Action::RaiseHand), Err(Code::NotAdmitted));
    join(&mut call, "dave.phone").expect("a repeated request is answered");
    assert!(call.last.next.is_none(), "the hosts get one request");
    join(&mut call, "dave.laptop").expect("a device that the table does not know may wait too");
    assert_eq!(call.downlinks(), ["dave.laptop= lobby_waiting"]);
}

#[test]
fn t25_who_left_or_was_lost_comes_in_again_unless_it_is_locked_or_full() {
    let mut call = group_with_entry(JoinPolicy::Invited);
    call.accepts("bob.phone").expect("accepts");
    for reason in [OutReason::Left, OutReason::Lost, OutReason::Declined, OutReason::NoAnswer] {
        call.put_out("bob", reason);
        call.settings_mut().locked = true;
        assert_eq!(join(&mut call, "bob.tablet"), Err(Code::Locked));
        assert_eq!(call.does("bob.tablet", Action::Rejoin), Err(Code::NotAdmitted));
        call.settings_mut().locked = false;
        join(&mut call, "bob.tablet").expect("an invited user may join");
        assert_eq!(call.downlinks(), ["alice.phone: participant_updated accepted", "bob.tablet= joined"]);
        assert_eq!(call.last.slots, [SlotChange::Claim(user("bob"))]);
        let media = call.participant("bob").seat().expect("has a seat").media;
        assert_eq!(*media, MediaFlags::from(Media::Audio), "a new seat sends what its device announced");
        call.joins_media("bob.tablet").expect("joins, and turns the microphone on");
    }
    call.put_out("bob", OutReason::Lost);
    call.does("bob.phone", Action::Rejoin).expect("a lost user may come back");
    assert_eq!(call.downlinks(), ["alice.phone: participant_updated accepted", "bob.phone= joined"]);
}

#[test]
fn t32_t33_who_was_removed_is_a_stranger_and_who_is_banned_stays_out() {
    let mut call = group_with_entry(JoinPolicy::Lobby);
    call.accepts("bob.phone").expect("accepts");
    call.put_out("bob", OutReason::Removed);
    assert_eq!(call.does("bob.phone", Action::Rejoin), Err(Code::NotAdmitted));
    join(&mut call, "bob.phone").expect("a removed user waits like an uninvited one");
    assert_eq!(call.state("bob"), State::Lobby);
    call.settings_mut().policy.join = JoinPolicy::Invited;
    call.put_out("bob", OutReason::Removed);
    assert_eq!(join(&mut call, "bob.phone"), Err(Code::Forbidden));
    call.settings_mut().policy.join = JoinPolicy::Open;
    call.put_out("bob", OutReason::Banned { until_ms: None });
    assert_eq!(join(&mut call, "bob.phone"), Err(Code::Banned));
    assert_eq!(call.does("bob.phone", Action::Rejoin), Err(Code::Banned));
}

#[test]
fn t28_another_device_of_the_same_user_takes_the_seat_over_with_everything() {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("alice.phone").expect("joins");
    call.joins_media("bob.phone").expect("joins");
    call.does("bob.phone", Action::RaiseHand).expect("raises a hand");
    assert_eq!(join(&mut call, "bob.tablet"), Err(Code::StateConflict));
    assert!(call.last.next.is_none());
    take_over(&mut call, "bob.tablet").expect("takes the seat over");
    assert_eq!(
        call.downlinks(),
        [
            "alice.phone: participant_updated joined",
            "bob.phone: participant_removed moved",
            "bob.tablet= joined"
        ]
    );
    let bob = call.participant("bob");
    let seat = bob.seat().expect("has a seat");
    assert_eq!(seat.device, client("bob.tablet"));
    assert!(bob.state() == State::Joined && *seat.hand && call.last.slots.is_empty());
    let legs = &bob.invitation().expect("was invited").legs;
    assert_eq!((legs[&client("bob.phone")], legs[&client("bob.tablet")]), (Leg::Closed, Leg::Won));
    assert_eq!(call.does("bob.phone", Action::RefreshToken), Err(Code::NotAdmitted));
    call.joins_media("bob.tablet").expect("the device has the seat");
    assert!(call.downlinks().is_empty(), "the members got the notice already: {:?}", call.downlinks());
    take_over(&mut call, "bob.phone").expect("takes the seat back");
    assert_eq!(call.meeting.phase, Phase::Active);
}

#[test]
fn t28_the_old_device_that_leaves_the_media_does_not_hang_up_for_the_new_one() {
    let mut call = Call::direct();
    call.accepts("bob.phone").expect("accepts");
    call.joins_media("alice.phone").expect("joins");
    call.joins_media("bob.phone").expect("joins");
    take_over(&mut call, "bob.tablet").expect("takes the seat over");
    let left = ChannelPresence::Left { user: user("bob"), clean: true };
    call.rtc_reports(left.clone());
    assert!(call.last.next.is_some(), "the departure is committed");
    assert_eq!((call.state("bob"), call.meeting.end()), (State::Reconnecting, None));
    call.joins_media("bob.tablet").expect("joins");
    let ended = call.rtc_reports(left).next.as_ref().expect("the departure is committed").end();
    assert_eq!(ended.map(|end| end.reason), Some(EndReason::Completed), "the new device leaves");
}

#[test]
fn a_join_that_comes_again_is_answered_from_what_holds_now() {
    let mut call = group_with_entry(JoinPolicy::Lobby);
    let send = |call: &mut Call| call.sends("dave.phone", "j1", "join", joining("dave", false));
    send(&mut call).expect("waits in the lobby");
    send(&mut call).expect("a repeat is answered");
    assert_eq!(call.downlinks(), ["alice.phone: lobby_request", "dave.phone= lobby_waiting"]);
    call.does("alice.phone", admit(None)).expect("the host admits the user");
    send(&mut call).expect("a repeat is answered by the seat");
    assert!(call.last.next.is_none());
    assert_eq!(call.downlinks(), ["dave.phone= joined"]);
    call.leaves("dave.phone").expect("leaves");
    assert_eq!(send(&mut call), Err(Code::NotAdmitted));
    call.does("alice.phone", Action::Destroy { text: None }).expect("the host ends the meeting");
    assert_eq!(send(&mut call), Err(Code::MeetingEnded));
    assert_eq!(call.meeting.end().map(|end| end.reason), Some(EndReason::HostEnded));
}

#[test]
fn strangers_cannot_swell_the_record() {
    let mut call = group_with_entry(JoinPolicy::Lobby);
    let before = call.meeting.participants.len();
    for at in 0..MAX_KNOCKERS {
        join(&mut call, &format!("stranger-{at}")).expect("waits in the lobby");
        if at % 2 == 0 {
            call.does(&format!("stranger-{at}"), Action::Leave).expect("gives up");
        }
    }
    assert_eq!(join(&mut call, "dave.phone"), Err(Code::MeetingFull));
    for at in before + MAX_KNOCKERS..MAX_PEOPLE {
        call.does("alice.phone", inviting(&[&format!("guest-{at}")]))
            .expect("places are reserved for guests");
        call.does("alice.phone", cancel(None)).expect("cancels");
    }
    assert_eq!(call.does("alice.phone", inviting(&["dave"])), Err(Code::MeetingFull));
    call.does("alice.phone", admit(None)).expect("the host admits as many as one request may name");
    assert_eq!(decided(&call).len(), MAX_INVITEES, "one request decides about as many users as it may name");
}

#[test]
fn t19_t28_a_seat_that_moves_on_its_way_has_the_full_time_to_reach_the_media() {
    let mut call = group_with_entry(JoinPolicy::Invited);
    call.rtc.reports_presence = true;
    call.accepts("bob.phone").expect("accepts");
    call.at(15_000);
    take_over(&mut call, "bob.tablet").expect("takes the seat over");
    let join_by_ms = call.participant("bob").seat().expect("has a seat").join_by_ms();
    assert_eq!(join_by_ms, Some(START_MS + 35_000));
}

#[test]
fn t20_a_user_who_knocks_too_often_has_to_wait() {
    let mut call = group_with_entry(JoinPolicy::Lobby);
    for at_ms in [0, 1_000, 2_000] {
        join(call.at(at_ms), "dave.phone").expect("waits");
        call.does("dave.phone", Action::Leave).expect("gives up");
    }
    assert_eq!(join(call.at(3_000), "dave.phone"), Err(Code::RateLimited));
    let body = serde_json::to_value(&call.last.answer.as_ref().expect("an answer").body).expect("serialises");
    assert_eq!(body["retry_after_ms"], 57_000);
    assert_eq!(call.state("dave"), State::Ended, "the refused knock changes nothing");
    join(call.at(60_000), "dave.phone").expect("a minute after the first one");
}

#[test]
fn t20_a_host_who_comes_later_hears_of_those_who_wait() {
    let mut call = group_with_entry(JoinPolicy::Lobby);
    call.does("alice.phone", Action::SetRole { user: user("bob"), role: Role::Cohost }).expect("sets");
    join(&mut call, "dave.phone").expect("waits");
    call.accepts("bob.phone").expect("accepts");
    let heard = || "bob.phone: lobby_request".to_owned();
    assert!(call.downlinks().contains(&heard()), "{:?}", call.downlinks());
    assert!(!call.downlinks().contains(&"alice.phone: lobby_request".to_owned()), "who knew it already");
    call.accepts("carol.phone").expect("accepts");
    assert!(!call.downlinks().contains(&"carol.phone: lobby_request".to_owned()), "a member decides nothing");
    call.does("alice.phone", Action::TransferHost { user: user("carol") }).expect("transfers");
    assert!(call.downlinks().contains(&"carol.phone: lobby_request".to_owned()));
}

#[test]
fn t55_the_media_of_a_join_is_shown_after_a_lobby_a_takeover_and_a_direct_entry() {
    let joining = |media, takeover| {
        Action::Join(crate::Joiner { name: None, devices: Vec::new(), takeover, max_knocks: 3, media })
    };
    let mut call = video(Mode::Group, &["bob", "carol"]);
    call.settings_mut().policy.join = JoinPolicy::Lobby;
    call.does("dave.phone", joining(Media::Video, false)).expect("waits");
    call.does("alice.phone", Action::Admit { users: None }).expect("admits");
    assert!(call.media_of("dave").video);
    call.does("dave.tablet", joining(Media::Audio, true)).expect("moves");
    assert_eq!(call.media_of("dave"), MediaFlags::from(Media::Audio));
    call.settings_mut().policy.join = JoinPolicy::Open;
    call.does("erin.phone", joining(Media::Video, false)).expect("comes in");
    assert!(call.media_of("erin").video);
}

#[test]
fn t55_a_join_of_the_device_with_the_seat_is_shown_until_it_is_in_the_media() {
    let mut call = video(Mode::Group, &["bob", "carol"]);
    call.accepts("bob.phone").expect("accepts");
    call.does("bob.phone", joining_with_video("bob")).expect("has the seat");
    assert!(call.media_of("bob").video);
    assert_eq!(call.sent_to("alice.phone", "participant_updated")[0]["participant"]["media"]["video"], true);
    join(&mut call, "bob.phone").expect("the second change");
    assert_eq!(call.does("bob.phone", joining_with_video("bob")), Err(Code::RateLimited));
    join(&mut call, "bob.phone").expect("no change");
    call.joins_media("bob.phone").expect("joins");
    call.at(5_000).does("bob.phone", joining_with_video("bob")).expect("has the seat");
    assert!(!call.media_of("bob").video, "what it reported in the media holds");
}

#[test]
fn t21_t55_an_admitted_seat_shows_the_media_of_the_device_that_has_it() {
    let mut call = video(Mode::Group, &["bob", "carol"]);
    call.settings_mut().policy.join = JoinPolicy::Lobby;
    join(&mut call, "dave.phone").expect("waits");
    call.does("dave.tablet", joining_with_video("dave")).expect("waits as well");
    call.does("alice.phone", admit(None)).expect("admits");
    assert!(call.participant("dave").sits_on(&client("dave.phone")));
    assert!(!call.media_of("dave").video, "the phone announced audio");
    call.does("dave.tablet", joining_with_video("dave")).expect("claims the seat");
    assert!(call.participant("dave").sits_on(&client("dave.tablet")));
    assert!(call.media_of("dave").video, "the tablet announced video");
}

#[test]
fn t21_t55_each_waiting_device_keeps_the_media_that_it_announced_itself() {
    let mut waiting = video(Mode::Group, &["bob", "carol"]);
    waiting.settings_mut().policy.join = JoinPolicy::Lobby;
    join(&mut waiting, "dave.phone").expect("waits");
    waiting.does("dave.tablet", joining_with_video("dave")).expect("waits as well");
    waiting.does("alice.phone", admit(None)).expect("admits");
    let claims: [(&str, Action, bool); 4] = [
        ("dave.tablet", Action::Rejoin, true),
        ("dave.tablet", Action::RaiseHand, true),
        ("dave.tablet", entering(), true),
        ("dave.phone", entering(), false),
    ];
    for (device, action, has_video) in claims {
        let mut call = waiting.clone();
        call.does(device, action.clone()).expect("claims the seat");
        assert!(call.participant("dave").sits_on(&client(device)), "{device} {action:?}");
        assert_eq!(call.media_of("dave").video, has_video, "{device} {action:?}");
    }
    // The next knock begins anew.
    let mut call = video(Mode::Group, &["bob", "carol"]);
    call.settings_mut().policy.join = JoinPolicy::Lobby;
    call.does("dave.tablet", joining_with_video("dave")).expect("waits");
    call.leaves("dave.tablet").expect("does not wait any longer");
    join(&mut call, "dave.phone").expect("waits");
    call.does("alice.phone", admit(None)).expect("admits");
    call.does("dave.tablet", entering()).expect("claims the seat");
    assert!(!call.media_of("dave").video, "the tablet did not ask this time");
}

/// Returns a report that says only that the device is in the media.
fn entering() -> Action {
    Action::ReportMedia { state: MediaReport::Joined, media: MediaChange::default(), verified: true }
}
