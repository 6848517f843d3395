//! Test with captured requests of `LiveKit`'s own server SDK and their original tokens.

use serde_json::Value;
use switchboard_rtc::livekit::ApiKey;

use super::test_sfu::{TestSfu, send_request};

const FILE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/rtc-management-requests.json"));
/// Time of the capture in Unix seconds, at which the tokens are valid.
const CAPTURED: i64 = 1_795_366_100;

#[tokio::test]
async fn requests_of_the_official_sdk_are_accepted() {
    let key = ApiKey {
        id: "APIcallcontrol01".into(),
        secret: "b2Zmc2V0LXRlc3Qtc2VjcmV0LTMyLWJ5dGVzLWxvbmc".into(),
    };
    let sfu = TestSfu::start_with(key, CAPTURED, |_| {}).await;
    let requests: Vec<Value> = serde_json::from_str(FILE).expect("the vectors are JSON");
    // The channel is empty, so valid requests about a participant get `not_found`.
    let mut expected = [
        ("CreateRoom", 200),
        ("ListRooms", 200),
        ("ListParticipants", 200),
        ("GetParticipant", 404),
        ("RemoveParticipant", 404),
        ("MutePublishedTrack", 404),
        ("UpdateParticipant", 404),
        ("DeleteRoom", 200),
    ];
    for (method, status) in &mut expected {
        let path = format!("/twirp/livekit.RoomService/{method}");
        let request =
            requests.iter().find(|request| request["path"] == path).expect("the request was captured");
        let mut sent = sfu.http.post(format!("{}{path}", sfu.url));
        for header in ["Content-Type", "Authorization", "X-Livekit-Request-Id"] {
            sent = sent.header(header, request["headers"][header].as_str().expect("a header"));
        }
        let answer = send_request(sent.body(request["body"].as_str().expect("a body").to_owned())).await;
        assert_eq!(answer.status, *status, "{method}: {}", answer.body);
        match *method {
            "CreateRoom" => {
                let room = answer.json();
                assert_eq!(room["name"], "call-c-1");
                assert_eq!(room["emptyTimeout"], 300);
                assert_eq!(room["departureTimeout"], 20);
                assert_eq!(room["maxParticipants"], 6);
                assert_eq!(room["metadata"], r#"{"call":"c-1"}"#);
                assert_eq!(room["creationTime"], CAPTURED.to_string());
            }
            "ListRooms" => assert_eq!(answer.json()["rooms"][0]["name"], "call-c-1"),
            "ListParticipants" => assert_eq!(answer.json()["participants"], Value::Array(Vec::new())),
            _ if *status == 404 => assert_eq!(answer.refusal().1, "not_found", "{method}"),
            _ => {}
        }
    }
    assert_eq!(sfu.handle.udp_addr().ip().to_string(), "127.0.0.1");
}
