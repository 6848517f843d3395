//! Tests of envelopes and of the fields of every request.

use std::fmt::Debug;

use bolero::check;
use serde::Serialize;
use serde_json::Value;
use switchboard_protocol::envelope::{self, Envelope, Unreadable};
use switchboard_protocol::requests::{
    AnswerRequest, AttendRequest, CreateRequest, DestroyRequest, Function, InviteRequest, ModerateRequest,
    REQUESTS, Requests, SettingsRequest, SyncRequest,
};
use switchboard_protocol::{MAX_DOWNLINK_BYTES, MAX_UPLINK_BYTES};

use super::mutation::{Edit, ITERATIONS, edited};

/// Reads an uplink of a function, and checks the properties of the accepted request or of the refusal.
fn reads<R: Requests + Debug + Serialize>(payload: &[u8]) {
    match envelope::read::<R>(payload) {
        Ok(Envelope { request, .. }) => {
            assert!(payload.len() <= MAX_UPLINK_BYTES);
            // Reading keeps everything that the request needs, so the accepted value is accepted again.
            let Ok(Value::Object(fields)) = serde_json::to_value(&request) else {
                panic!("a request is an object")
            };
            let again = R::read(request.kind(), Value::Object(fields)).expect("the type is known");
            assert!(again.is_ok(), "{} was accepted once: {again:?}", request.kind());
        }
        Err(Unreadable { message, path, .. }) => {
            assert!(!message.is_empty(), "a refusal says what to do");
            let bytes = message.len() + path.map_or(0, |path| path.len());
            assert!(bytes < MAX_DOWNLINK_BYTES / 4, "a refusal of {bytes} bytes");
        }
    }
}

fn read_as(function: Function, payload: &[u8]) {
    match function {
        Function::CreateMeeting => reads::<CreateRequest>(payload),
        Function::Invite => reads::<InviteRequest>(payload),
        Function::Answer => reads::<AnswerRequest>(payload),
        Function::Attend => reads::<AttendRequest>(payload),
        Function::Moderate => reads::<ModerateRequest>(payload),
        Function::Destroy => reads::<DestroyRequest>(payload),
        Function::Settings => reads::<SettingsRequest>(payload),
        Function::Sync => reads::<SyncRequest>(payload),
    }
}

#[test]
fn random_bytes_are_refused_with_a_remedy() {
    check!().with_iterations(ITERATIONS).for_each(|payload: &[u8]| {
        for request in REQUESTS {
            read_as(request.function, payload);
        }
    });
}

#[test]
fn an_edited_request_is_read_whole_or_refused_with_a_remedy() {
    let samples: Vec<_> = REQUESTS
        .iter()
        .flat_map(|request| {
            let examples = request.more_examples.iter().copied();
            examples
                .chain([request.sample.message])
                .map(|message| (request.function, envelope_of(request.kind, message)))
        })
        .collect();
    check!().with_iterations(ITERATIONS * 4).with_type::<(u16, Vec<Edit>)>().for_each(|(which, edits)| {
        let (function, valid) = &samples[usize::from(*which) % samples.len()];
        read_as(*function, &edited(valid, edits));
    });
}

/// Returns an uplink with the fields of an example.
fn envelope_of(kind: &str, fields: &str) -> Vec<u8> {
    let mut uplink: Value = serde_json::from_str(fields).expect("an example is JSON");
    uplink["v"] = 1.into();
    uplink["id"] = "r1".into();
    uplink["type"] = kind.into();
    uplink.to_string().into_bytes()
}
