//! Delivery of offers (T3, T4), against a data plane on this machine.

use super::*;
use crate::aws::Aws;
use crate::effects::downlinks::{DownlinkContext, Publisher};
use crate::fake::{FakeMinter, id_key};
use axum::extract::Request;
use axum::http::StatusCode;
use std::sync::{Arc, Mutex};
use switchboard_core::{CreateCommand, Invitee, KnownDevice, Now, RtcCapabilities, create};
use switchboard_protocol::id::BodyHash;
use switchboard_protocol::object::{Media, Mode, Reach};
use switchboard_protocol::requests::CreateMeeting;

const NOW_MS: i64 = 1_795_366_084_000;

/// The requests to the data plane: path with query, and body.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// Starts a data plane that answers direct messages with the status `direct` and accepts everything else.
async fn data_plane(direct: StatusCode) -> (Publisher<IotDataPlane>, Asked) {
    let asked = Asked::default();
    let noted = Arc::clone(&asked);
    let answer = move |request: Request| {
        let noted = Arc::clone(&noted);
        async move {
            let asked = request.uri().to_string();
            let status = if asked.contains("/messages") { direct } else { StatusCode::OK };
            let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.expect("is read");
            let body = String::from_utf8(body.to_vec()).expect("text");
            noted.lock().expect("not poisoned").push((asked, body));
            (status, [("x-amzn-errortype", "RequestTimeoutException")], "{}")
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("is bound"));
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    let aws = Aws::read(&|name: &'static str| match name {
        "AWS_REGION" => Some("eu-west-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("of-the-tests".to_owned()),
        "AWS_ENDPOINT_URL_IOT_DATA_PLANE" => Some(url.clone()),
        _ => None,
    });
    let aws = aws.expect("everything is there");
    let broker = IotDataPlane {
        data_plane: aws.data_plane(),
        direct: aws.direct_messages(),
        parents: DownlinkParents::default(),
    };
    let publisher =
        Publisher { broker, key: id_key(), minter: Box::new(FakeMinter), channel_prefix: "tests".to_owned() };
    (publisher, asked)
}

/// Publishes the offer of a call from Alice to Bob's phone. Returns how far it got.
async fn offers(publisher: &Publisher<IotDataPlane>) -> Vec<Reach> {
    let bob: switchboard_protocol::address::UserId = "bob".parse().expect("an account");
    let phone: ClientId = "GID@@@bob.phone".parse().expect("a device");
    let opening = CreateCommand {
        meeting_id: "m1".parse().expect("an id"),
        by: "GID@@@alice.phone".parse().expect("a device"),
        name: None,
        busy: None,
        request_id: "c1".parse().expect("an id"),
        hash: BodyHash::of(b"create"),
        create: CreateMeeting::new(Mode::Direct, Media::Audio, vec![bob.clone()]),
        invitees: vec![Invitee {
            user_id: bob,
            invite_id: "i1".parse().expect("an id"),
            name: None,
            devices: vec![KnownDevice { client_id: phone, seen_ms: NOW_MS }],
            busy: false,
        }],
    };
    let now = Now { ms: NOW_MS };
    let decision = create(&opening, now, RtcCapabilities::default()).expect("may be opened");
    let context = DownlinkContext::of(decision.next.as_ref().expect("is made"), now);
    let report = publisher.publish_all(decision.notices, &context).await;
    assert_eq!(report.failed, []);
    report.reached.into_values().collect()
}

#[tokio::test]
async fn t3_an_offer_that_the_device_confirms_is_delivered() {
    let (publisher, asked) = data_plane(StatusCode::OK).await;
    assert_eq!(offers(&publisher).await, [Reach::Delivered]);
    let asked = asked.lock().expect("not poisoned").clone();
    assert!(matches!(&asked[..], [(path, _)] if path.contains("confirmation=true")), "{asked:?}");
}

#[tokio::test]
async fn t4_an_offer_that_is_not_confirmed_waits_in_the_queue_as_long_as_it_rings() {
    for refusal in [StatusCode::GATEWAY_TIMEOUT, StatusCode::NOT_FOUND] {
        let (publisher, asked) = data_plane(refusal).await;
        assert_eq!(offers(&publisher).await, [Reach::Queued]);
        let asked = asked.lock().expect("not poisoned").clone();
        let [(_, live), (path, queued)] = &asked[..] else { panic!("directly, then queued: {asked:?}") };
        assert!(path.contains("qos=1") && path.contains("messageExpiry=45"), "{path}");
        let read = |body: &str| serde_json::from_str::<serde_json::Value>(body).expect("JSON");
        let (live, queued) = (read(live), read(queued));
        assert_eq!(live["id"], queued["id"], "a device that hears it twice rings once");
        assert_eq!((&live["delivery"], &queued["delivery"]), (&"live".into(), &"queued".into()));
    }
}
