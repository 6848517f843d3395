//! Tests that the table of requests is complete, and that the service can read its samples.

use super::*;
use crate::downlink::DownlinkInfo;
use crate::envelope::read as read_uplink;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

/// Deserialises a message as its function does, and serialises it again.
fn rewritten(function: Function, message: &str) -> Value {
    fn rewritten<R: Requests + Serialize>(message: &str) -> Value {
        let envelope = read_uplink::<R>(message.as_bytes()).unwrap_or_else(|e| panic!("{message}: {e:?}"));
        let mut again = json!(envelope.request);
        again["v"] = json!(1);
        again["type"] = json!(envelope.request.kind());
        again["id"] = json!(envelope.id);
        again
    }
    match function {
        Function::CreateMeeting => rewritten::<CreateRequest>(message),
        Function::Invite => rewritten::<InviteRequest>(message),
        Function::Answer => rewritten::<AnswerRequest>(message),
        Function::Attend => rewritten::<AttendRequest>(message),
        Function::Moderate => rewritten::<ModerateRequest>(message),
        Function::Destroy => rewritten::<DestroyRequest>(message),
        Function::Sync => rewritten::<SyncRequest>(message),
        Function::Settings => rewritten::<SettingsRequest>(message),
    }
}

#[test]
fn every_sample_and_example_is_read_as_its_type_and_written_unchanged() {
    for request in REQUESTS {
        for message in std::iter::once(&request.sample.message).chain(request.more_examples) {
            let message = message.replace("$MEETING", "m1").replace("$INVITE", "i1");
            let value: Value = serde_json::from_str(&message).expect(request.kind);
            assert_eq!(value["type"], request.kind);
            assert_eq!(rewritten(request.function, &message), value, "{}", request.kind);
        }
    }
}

#[test]
fn every_file_of_a_request_is_in_the_table() {
    const OTHERS: [&str; 7] = ["check", "function", "info", "lobby_users", "request", "sample", "tests"];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/requests");
    let names = std::fs::read_dir(folder).expect("the folder exists").map(|entry| {
        let path = entry.expect("the folder can be read").path();
        path.file_stem().expect("a file name").to_string_lossy().into_owned()
    });
    let files: BTreeSet<String> = names.filter(|name| !OTHERS.contains(&name.as_str())).collect();
    let kinds: BTreeSet<String> = REQUESTS.iter().map(|request| request.kind.to_owned()).collect();
    assert_eq!(files, kinds, "one file `<type>.rs` for each request type");
    assert_eq!(kinds.len(), REQUESTS.len(), "a type occurs twice");
}

#[test]
fn answers_are_downlinks_and_the_answer_of_a_sample_is_one_of_them() {
    for request in REQUESTS {
        let RequestInfo { kind, answered_by, sample, .. } = request;
        for answer in *answered_by {
            assert!(DownlinkInfo::find(answer).is_some(), "{kind} is answered by an unknown `{answer}`");
        }
        match sample.answer {
            Some(answer) => {
                assert!(answered_by.contains(&answer), "{kind}: the sample's answer is `{answer}`");
            }
            None => assert!(!request.is_answered(), "{kind}: the sample has no answer"),
        }
    }
}

#[test]
fn every_downlink_answers_a_request_or_is_a_notice() {
    for downlink in crate::downlink::DOWNLINKS {
        let is_answer = REQUESTS.iter().any(|request| request.answered_by.contains(&downlink.kind));
        assert!(
            is_answer || downlink.notice || downlink.kind == "error",
            "`{}` is never sent",
            downlink.kind
        );
    }
}
