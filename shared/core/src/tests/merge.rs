//! Two who call each other (T16), and one who calls again (T17).

use super::fixture::{Call, client, create, opening, user};
use crate::{Action, Connection, MediaSeen, Meeting, connection, media_seen};
use switchboard_protocol::code::{Code, EndReason};
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{BusyPolicy, Mode, ParticipantState as State, Policy};

fn merge(peer: &str) -> Action {
    Action::Merge { peer: user(peer), busy: BusyPolicy::Reject }
}

fn meets(call: &Call, device: &str, mode: Mode, peer: &str) -> bool {
    call.meeting.meets(&client(device), &create(mode, &[peer]), call.now)
}

#[test]
fn t16_who_calls_back_while_being_rung_takes_that_call() {
    let mut call = Call::direct();
    assert!(meets(&call, "bob.phone", Mode::Direct, "alice"));
    assert!(!meets(&call, "bob.phone", Mode::Group, "alice"), "both must be direct");
    assert!(!meets(&call, "bob.phone", Mode::Direct, "carol"), "and of the same two");
    assert!(!meets(&call, "alice.phone", Mode::Direct, "bob"), "the caller's own second call is another");
    call.asks("bob.phone", "b1", "create", merge("alice")).expect("merges");
    assert_eq!(
        call.told(),
        [
            "alice.phone: meeting_merged",
            "bob.phone= meeting_merged",
            "bob.tablet: invitation_closed answered_elsewhere"
        ]
    );
    assert_eq!(call.state("bob"), State::Accepted);
    let joins = call.last.tells.iter().chain(&call.last.answer).filter_map(|tell| match &tell.body {
        Body::MeetingMerged { .. } => Some((tell.to.user(), tell.grant.as_ref()?.user_id.clone())),
        _ => None,
    });
    let joins: Vec<_> = joins.collect();
    assert!(
        joins.len() == 2 && joins.iter().all(|(to, whose)| to == whose),
        "each has a token of their own: {joins:?}"
    );
    assert!(!meets(&call, "bob.tablet", Mode::Direct, "alice"), "an answered call is met by nothing");
    assert_eq!(call.does("bob.tablet", merge("alice")), Err(Code::StateConflict));
}

#[test]
fn t16_who_lets_calls_wait_has_two() {
    for (mine, theirs) in [(BusyPolicy::Ring, BusyPolicy::Reject), (BusyPolicy::Reject, BusyPolicy::Ring)] {
        let mut first = create(Mode::Direct, &["bob"]);
        first.policy = Some(Policy { busy: theirs, ..Policy::default() });
        let call = Call::open(&opening(first));
        let mut second = create(Mode::Direct, &["alice"]);
        second.policy = Some(Policy { busy: mine, ..Policy::default() });
        assert!(!call.meeting.meets(&client("bob.phone"), &second, call.now));
    }
}

#[test]
fn t16_a_call_that_rang_out_is_met_by_nothing() {
    let mut call = Call::direct();
    call.at(47_000);
    assert!(!meets(&call, "bob.phone", Mode::Direct, "alice"), "what is overdue counts first");
}

#[test]
fn t16_the_request_is_remembered_where_it_went_and_can_be_taken_back_there() {
    let mut call = Call::direct();
    let mark = call.meeting.merged_mark(&opening(create(Mode::Direct, &["alice"])), call.now);
    assert_eq!(mark.merged_into.as_ref(), Some(&call.meeting.id));
    assert_eq!(mark.end().map(|end| end.0), Some(EndReason::Merged));
    assert!(mark.call_history().is_empty() && mark.next_deadline_ms(true).is_none());
    let text = serde_json::to_string(&mark).expect("serialises");
    assert_eq!(serde_json::from_str::<Meeting>(&text).expect("reads back"), mark);

    call.asks("bob.phone", "b1", "create", merge("alice")).expect("merges");
    call.asks("bob.phone", "b1", "create", merge("alice")).expect("again");
    assert!(call.last.next.is_none() && call.told().contains(&"bob.phone= meeting_merged".to_owned()));
    assert!(call.told().contains(&"alice.phone: meeting_merged".to_owned()), "still true: {:?}", call.told());
    assert_eq!(call.asks("bob.phone", "b1", "another", merge("alice")), Err(Code::BadRequest));

    call.asks("bob.phone", "d1", "destroy", Action::TakeBack).expect("takes it back");
    assert_eq!(call.told(), ["alice.phone: meeting_ended completed", "bob.phone= meeting_ended cancelled"]);
    call.asks("bob.phone", "d1", "destroy", Action::TakeBack).expect("again");
    call.asks("bob.phone", "d2", "destroy", Action::TakeBack).expect("and by another request");
    assert_eq!(call.told(), ["bob.phone= meeting_ended cancelled"]);
    assert_eq!(call.asks("bob.phone", "b1", "create", merge("alice")), Err(Code::MeetingEnded));
}

#[test]
fn t17_who_dropped_out_and_calls_again_is_back_in_the_call() {
    for device in ["bob.phone", "bob.tablet"] {
        let mut call = Call::direct();
        call.accepts("bob.phone").expect("accepts");
        call.joins_media("alice.phone").expect("joins");
        call.joins_media("bob.phone").expect("joins");
        assert!(!meets(&call, device, Mode::Direct, "alice"), "who is in is busy");
        for (at, seen) in [(0, Connection::Dropped), (10_000, Connection::Gone)] {
            call.at(at);
            let phone = client("bob.phone");
            call.meeting = connection(&call.meeting, &phone, seen, call.now).next.expect("is noted");
        }
        assert!(meets(&call, device, Mode::Direct, "alice") && !meets(&call, device, Mode::Direct, "carol"));
        assert!(!meets(&call, "alice.phone", Mode::Direct, "bob"), "the one who stayed is in");
        call.does(device, merge("alice")).expect("is back");
        let mut told = vec!["alice.phone: participant_updated joined".to_owned()];
        if device == "bob.tablet" {
            told.push("bob.phone: participant_removed moved".to_owned());
        }
        told.push(format!("{device}= meeting_merged"));
        assert_eq!(
            call.told()
                .iter()
                .filter(|line| *line != "bob.phone: participant_updated joined")
                .cloned()
                .collect::<Vec<_>>(),
            told
        );
        assert_eq!((call.state("bob"), call.meeting.end()), (State::Joined, None));
        assert_eq!(call.meeting.participants[&user("bob")].seat, Some(client(device)));
    }
}

#[test]
fn t1_who_lets_calls_wait_may_call_while_in_another_call() {
    let mut create = create(Mode::Direct, &["bob"]);
    create.policy = Some(Policy { busy: BusyPolicy::Ring, ..Policy::default() });
    let mut busy = opening(create);
    busy.busy = true;
    let call = Call::open(&busy);
    assert_eq!(call.state("alice"), State::Accepted);
}

#[test]
fn t17_the_call_is_met_also_where_only_the_rtc_service_says_that_its_user_is_back() {
    let mut call = Call::direct();
    call.now.rtc_tells = true;
    call.accepts("bob.phone").expect("accepts");
    let seen = |call: &mut Call, seen: MediaSeen| {
        call.meeting = media_seen(&call.meeting, &seen, call.now).next.expect("is noted");
    };
    seen(&mut call, MediaSeen::Joined { user: user("alice") });
    seen(&mut call, MediaSeen::Joined { user: user("bob") });
    seen(&mut call, MediaSeen::Left { user: user("bob"), clean: false });
    assert!(meets(&call, "bob.phone", Mode::Direct, "alice"));
    for again in [false, true] {
        call.asks("bob.phone", "b1", "create", merge("alice")).expect("is back");
        assert_eq!(
            (call.told(), call.last.next.is_none()),
            (vec!["bob.phone= meeting_merged".to_owned()], again)
        );
    }
    assert_eq!(call.state("bob"), State::Reconnecting, "until he is seen");
}
