//! Tests of dropped downlinks, answers and notices, and of the detection of gaps.

use super::*;
use crate::received::RawMessage;
use serde_json::{Value, json};
use std::time::Duration;

fn received(message: &Value) -> ReceivedDownlink {
    let payload = message.to_string().into_bytes();
    ReceivedDownlink::read(&RawMessage {
        topic: "call-dn/p2p/G@@@a".to_owned(),
        payload,
        received_at: Instant::now(),
    })
    .expect("an envelope")
}

/// An inbox of a terminal without waiting requests.
#[derive(Default)]
struct InboxWithoutRequests(Inbox);

impl InboxWithoutRequests {
    fn sort(&mut self, message: &Value) -> SortedDownlink {
        self.0.sort(received(message), Instant::now(), |_| false)
    }

    fn gap(&mut self, message: &Value) -> bool {
        match self.sort(message) {
            SortedDownlink::Notice { gap, .. } => gap,
            other => panic!("a notice was expected, not {other:?}"),
        }
    }
}

fn participant(id: &str, user: &str, rev: u64, prev_rev: u64) -> Value {
    json!({"v": 1, "type": "participant_updated", "id": id, "meeting_id": "m1", "rev": rev, "prev_rev": prev_rev,
        "server_ms": 0, "participant": {"user_id": user, "state": "joined"}})
}

fn whole(id: &str, rev: u64) -> Value {
    json!({"v": 1, "type": "meeting_updated", "id": id, "meeting_id": "m1", "rev": rev, "server_ms": 0,
        "meeting": {"meeting_id": "m1", "rev": rev}})
}

#[test]
fn duplicates_are_dropped_and_at_least_a_thousand_ids_are_remembered() {
    let mut inbox = InboxWithoutRequests::default();
    let first = json!({"v": 1, "type": "invitation", "id": "first", "server_ms": 0});
    assert!(matches!(inbox.sort(&first), SortedDownlink::Notice { .. }));
    for n in 0..1_000 {
        inbox.sort(&json!({"v": 1, "type": "invitation", "id": format!("d{n}"), "server_ms": 0}));
    }
    assert_eq!(inbox.sort(&first), SortedDownlink::Dropped(DropReason::Duplicate));
}

#[test]
fn a_request_is_answered_once() {
    let mut inbox = Inbox::default();
    let answer = |id: &str| received(&json!({"v": 1, "type": "ok", "id": id, "re": "r1", "server_ms": 0}));
    assert!(matches!(inbox.sort(answer("d1"), Instant::now(), |id| id == "r1"), SortedDownlink::Answer(_)));
    assert_eq!(
        inbox.sort(answer("d2"), Instant::now(), |_| false),
        SortedDownlink::Dropped(DropReason::SecondAnswer)
    );
    assert_eq!(
        inbox.sort(answer("d1"), Instant::now(), |_| false),
        SortedDownlink::Dropped(DropReason::Duplicate)
    );
}

#[test]
fn a_repeated_request_gets_the_answer_that_has_the_same_downlink_id() {
    let mut inbox = Inbox::default();
    let answer = || received(&json!({"v": 1, "type": "ok", "id": "d1", "re": "r1", "server_ms": 0}));
    assert!(matches!(inbox.sort(answer(), Instant::now(), |_| true), SortedDownlink::Answer(_)));
    assert!(matches!(inbox.sort(answer(), Instant::now(), |_| true), SortedDownlink::Answer(_)));
}

#[test]
fn a_first_answer_after_the_time_out_is_a_notice() {
    let mut inbox = InboxWithoutRequests::default();
    let late = json!({"v": 1, "type": "meeting_created", "id": "d1", "re": "r1", "server_ms": 0});
    assert!(matches!(inbox.sort(&late), SortedDownlink::Notice { gap: false, .. }));
    let again =
        json!({"v": 1, "type": "error", "id": "d2", "re": "r1", "server_ms": 0, "code": "meeting_ended"});
    assert_eq!(inbox.sort(&again), SortedDownlink::Dropped(DropReason::SecondAnswer));
}

#[test]
fn an_error_without_a_request_id_is_a_notice() {
    let mut inbox = InboxWithoutRequests::default();
    let error = |id: &str| json!({"v": 1, "type": "error", "id": id, "re": null, "code": "bad_request", "server_ms": 0});
    assert!(matches!(inbox.sort(&error("d1")), SortedDownlink::Notice { .. }));
    assert!(matches!(inbox.sort(&error("d2")), SortedDownlink::Notice { .. }));
}

#[test]
fn a_downlink_without_time_left_is_dropped_and_one_that_waits_too_long_expires() {
    let mut inbox = InboxWithoutRequests::default();
    let closing = |id: &str, left: i64| json!({"v": 1, "type": "invitation_closed", "id": id, "server_ms": 0, "expires_in_ms": left});
    assert_eq!(inbox.sort(&closing("d1", 0)), SortedDownlink::Dropped(DropReason::Expired));
    assert_eq!(inbox.sort(&closing("d2", -5)), SortedDownlink::Dropped(DropReason::Expired));
    let SortedDownlink::Notice { message, .. } = inbox.sort(&closing("d3", 45_000)) else {
        panic!("it has time left")
    };
    assert!(!message.is_expired(message.received_at));
    assert!(message.is_expired(message.received_at + Duration::from_secs(45)));
}

#[test]
fn a_prev_rev_above_the_known_revision_is_a_gap_that_is_reported_once() {
    let mut inbox = InboxWithoutRequests::default();
    assert!(!inbox.gap(&whole("d1", 1)));
    assert!(!inbox.gap(&participant("d2", "bob", 3, 1)), "gaps between revisions are normal");
    assert!(!inbox.gap(&participant("d3", "bob", 5, 3)));
    assert!(inbox.gap(&participant("d4", "bob", 9, 7)), "the notice with rev 7 was lost");
    assert!(!inbox.gap(&participant("d5", "bob", 10, 9)));
}

#[test]
fn a_revision_without_prev_rev_or_meeting_does_not_count_as_known() {
    let mut inbox = InboxWithoutRequests::default();
    inbox.sort(&whole("d1", 1));
    let updated = json!({"v": 1, "type": "invitation_updated", "id": "d2", "meeting_id": "m1", "rev": 5, "server_ms": 0,
        "invite_id": "i1"});
    inbox.sort(&updated);
    assert!(inbox.gap(&participant("d3", "bob", 6, 4)), "the notice with rev 4 was lost");
}

#[test]
fn an_answer_with_a_whole_meeting_sets_the_known_revision() {
    let mut inbox = Inbox::default();
    let answer = json!({"v": 1, "type": "invitation_accepted", "id": "d1", "re": "a1", "meeting_id": "m1", "rev": 3,
        "server_ms": 0, "join": {}, "meeting": {"meeting_id": "m1", "rev": 3}});
    assert!(matches!(inbox.sort(received(&answer), Instant::now(), |_| true), SortedDownlink::Answer(_)));
    let next = received(&participant("d2", "bob", 4, 3));
    assert!(matches!(inbox.sort(next, Instant::now(), |_| false), SortedDownlink::Notice { gap: false, .. }));
}

#[test]
fn a_synced_state_closes_the_gap_of_each_meeting_in_it() {
    let mut inbox = InboxWithoutRequests::default();
    inbox.sort(&json!({"v": 1, "type": "state", "id": "d1", "re": "s1", "server_ms": 0,
        "meetings": [{"meeting_id": "m0", "rev": 2}, {"meeting_id": "m1", "rev": 8}], "invitations": []}));
    assert!(!inbox.gap(&participant("d2", "bob", 9, 8)));
}

#[test]
fn older_snapshots_of_one_object_are_ignored_and_other_objects_are_not() {
    let mut inbox = InboxWithoutRequests::default();
    inbox.sort(&whole("d0", 1));
    inbox.sort(&participant("d1", "bob", 5, 1));
    assert_eq!(inbox.sort(&participant("d2", "bob", 4, 1)), SortedDownlink::Dropped(DropReason::Superseded));
    assert!(matches!(inbox.sort(&participant("d3", "carol", 4, 1)), SortedDownlink::Notice { .. }));
    inbox.sort(&whole("d4", 9));
    assert_eq!(inbox.sort(&participant("d5", "dave", 8, 5)), SortedDownlink::Dropped(DropReason::Superseded));
    assert_eq!(inbox.sort(&whole("d6", 7)), SortedDownlink::Dropped(DropReason::Superseded));
}

#[test]
fn a_downlink_with_re_join_or_invite_id_is_never_superseded() {
    let mut inbox = InboxWithoutRequests::default();
    inbox.sort(&whole("d0", 9));
    for (id, field) in [("d1", "re"), ("d2", "join"), ("d3", "invite_id")] {
        let mut message = whole(id, 3);
        message[field] = json!("x");
        assert!(matches!(inbox.sort(&message), SortedDownlink::Notice { .. }), "with {field}");
    }
}

#[test]
fn an_ended_meeting_has_no_gaps() {
    let mut inbox = InboxWithoutRequests::default();
    inbox.sort(&whole("d0", 1));
    inbox.sort(
        &json!({"v": 1, "type": "meeting_ended", "id": "d1", "meeting_id": "m1", "rev": 9, "server_ms": 0}),
    );
    assert!(!inbox.gap(&participant("d2", "bob", 8, 7)));
}

#[test]
fn unknown_types_are_passed_on_with_all_fields() {
    let mut inbox = InboxWithoutRequests::default();
    let message = json!({"v": 1, "type": "from_the_future", "id": "d1", "server_ms": 0, "anything": [1, 2]});
    let SortedDownlink::Notice { message, .. } = inbox.sort(&message) else {
        panic!("a notice was expected")
    };
    assert_eq!(message.downlink(), None);
    assert_eq!(message.field::<Vec<u8>>("anything"), Some(vec![1, 2]));
}
