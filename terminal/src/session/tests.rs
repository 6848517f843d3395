//! Tests of requests: the first copy, repeats and time-outs, and their answers.

use super::*;
use crate::received::RawMessage;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// A session with a clock that moves only when a test moves it.
struct TestSession {
    session: Session,
    now: Instant,
}

impl TestSession {
    fn connected() -> Self {
        let (mut session, now) = (Session::new(Retry::default()), Instant::now());
        session.connected(now);
        Self { session, now }
    }

    fn outputs(&mut self) -> Vec<SessionOutput> {
        std::iter::from_fn(|| self.session.poll()).collect()
    }

    fn request(&mut self, kind: &str, meeting_id: &str, id: &str) -> Vec<SessionOutput> {
        self.session.request(request(kind, meeting_id, id), self.now).expect("another id");
        self.outputs()
    }

    fn wait(&mut self, ms: u64) -> Vec<SessionOutput> {
        self.now += Duration::from_millis(ms);
        self.session.tick(self.now);
        self.outputs()
    }

    fn receive(&mut self, message: &Value) -> Vec<SessionOutput> {
        let payload = message.to_string().into_bytes();
        let raw = RawMessage { topic: "call-dn/p2p/G@@@a".to_owned(), payload, received_at: self.now };
        self.session.receive(ReceivedDownlink::read(&raw).expect("an envelope"), self.now);
        self.outputs()
    }
}

fn request(kind: &str, meeting_id: &str, id: &str) -> Uplink {
    let fields = [("type", kind), ("meeting_id", meeting_id), ("id", id)];
    Uplink::from_fields("attend", Map::from_iter(fields.map(|(name, value)| (name.to_owned(), json!(value)))))
}

fn sent(kind: &str, meeting_id: &str, id: &str) -> SessionOutput {
    SessionOutput::Send(request(kind, meeting_id, id))
}

fn ok(id: &str, re: &str) -> Value {
    json!({"v": 1, "type": "ok", "id": id, "re": re, "server_ms": 0})
}

#[test]
fn copies_that_fall_due_without_a_connection_are_sent_as_one_after_the_reconnect() {
    let mut test = TestSession::connected();
    test.session.disconnected();
    assert_eq!(test.request("rejoin", "m1", "r1"), []);
    assert_eq!(test.wait(3_000), []);
    test.session.connected(test.now);
    assert_eq!(test.outputs(), [sent("rejoin", "m1", "r1")], "one copy for two");
    assert_eq!(test.wait(3_000), [sent("rejoin", "m1", "r1")]);
    let timed_out = SessionOutput::Unanswered { request: "r1".to_owned(), after: Duration::from_secs(9) };
    assert_eq!(test.wait(3_000), [timed_out]);
    assert_eq!(test.session.next_deadline(), None);
}

#[test]
fn a_cancelled_request_makes_room_for_the_next() {
    let mut test = TestSession::connected();
    test.request("rejoin", "m1", "r1");
    assert_eq!(test.request("refresh_token", "m1", "r2"), []);
    assert_eq!(test.request("refresh_token", "m2", "r3"), [sent("refresh_token", "m2", "r3")]);
    test.session.cancel("r1", test.now);
    assert_eq!(test.outputs(), [sent("refresh_token", "m1", "r2")]);
}

#[test]
fn the_time_out_of_a_request_begins_with_its_turn() {
    let mut test = TestSession::connected();
    test.request("rejoin", "m1", "r1");
    test.wait(3_000);
    test.request("refresh_token", "m1", "r2");
    test.wait(3_000);
    let outputs = test.wait(3_000);
    assert_eq!(outputs[1..], [sent("refresh_token", "m1", "r2")], "{outputs:?}");
    assert!(matches!(test.wait(9_000)[..], [SessionOutput::Unanswered { .. }]));
}

#[test]
fn a_request_id_may_be_used_again_only_after_its_answer() {
    let mut test = TestSession::connected();
    test.request("leave", "m1", "r1");
    assert_eq!(test.session.request(request("leave", "m1", "r1"), test.now), Err(DuplicateRequestId));
    assert!(matches!(test.receive(&ok("d1", "r1"))[..], [SessionOutput::Answer(_)]));
    assert_eq!(test.receive(&ok("d2", "r1")), []);
    test.request("leave", "m1", "r1");
    assert!(
        matches!(test.receive(&ok("d1", "r1"))[..], [SessionOutput::Answer(_)]),
        "the second answer has the id of the first one"
    );
}

#[test]
fn pages_of_two_answers_are_not_mixed() {
    let mut test = TestSession::connected();
    test.request("sync", "m1", "s1");
    let page = |page: u64, pages: u64, meeting: &str| {
        json!({"v": 1, "type": "state", "id": format!("d{page}of{pages}"), "re": "s1", "server_ms": 0, "page": page,
            "pages": pages, "meetings": [{"meeting_id": meeting, "rev": 1}], "invitations": []})
    };
    assert_eq!(test.receive(&page(1, 3, "old")), []);
    assert_eq!(test.receive(&page(2, 2, "b")), []);
    let outputs = test.receive(&page(1, 2, "a"));
    let [SessionOutput::Answer(state)] = &outputs[..] else { panic!("one answer, not {outputs:?}") };
    let meetings: Vec<Value> = state.field("meetings").expect("a list");
    assert_eq!(meetings.iter().map(|meeting| &meeting["meeting_id"]).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(state.body.get("pages"), None);
}

#[test]
fn a_new_call_is_sent_after_the_hang_up_before_it_and_a_hang_up_after_the_entry_before_it() {
    let mut test = TestSession::connected();
    for hang_up in ["leave", "destroy_meeting"] {
        assert_eq!(test.request(hang_up, "m1", "h1"), [sent(hang_up, "m1", "h1")]);
        assert_eq!(test.request("create_meeting", "", "c1"), [], "the hang-up has no answer yet");
        let answered = test.receive(&ok("d1", "h1"));
        assert_eq!(answered.last(), Some(&sent("create_meeting", "", "c1")), "{hang_up}");
        test.session.cancel("c1", test.now);
        test = TestSession::connected();
    }
    test.request("accept", "m1", "a1");
    assert_eq!(test.request("leave", "m1", "l1"), [], "it could overtake the accept");
    assert_eq!(test.request("leave", "m2", "l2"), [sent("leave", "m2", "l2")], "another meeting");
    assert_eq!(test.receive(&ok("d1", "a1")).last(), Some(&sent("leave", "m1", "l1")));
}
