//! Tests of the delivery of offers (T3, T4), with a data plane on this machine.

use super::*;
use crate::aws::{Aws, Https};
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
/// Milliseconds that a call rings by default.
const RINGS_MS: i64 = 45_000;

/// The requests to the data plane: path with query, and body.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// Answers of the broker to direct messages: status, type of the error, and body.
type Answer = (StatusCode, &'static str, &'static str);
const CONFIRMED: Answer = (StatusCode::OK, "", "{}");
const NOT_CONFIRMED: Answer = (StatusCode::GATEWAY_TIMEOUT, "GatewayTimeoutException", "{}");
const AWAY: Answer = (
    StatusCode::NOT_FOUND,
    "ResourceNotFoundException",
    r#"{"message":"The target client ID is not connected, but it has an active persistent session","traceId":"t"}"#,
);
const GONE: Answer = (
    StatusCode::NOT_FOUND,
    "ResourceNotFoundException",
    r#"{"message":"The target client ID is not connected","traceId":"t"}"#,
);

/// Starts a data plane that answers direct messages with `direct` and accepts everything else.
async fn data_plane((direct, error, text): Answer) -> (Publisher<IotDataPlane>, Asked) {
    let asked = Asked::default();
    let noted = Arc::clone(&asked);
    let answer = move |request: Request| {
        let noted = Arc::clone(&noted);
        async move {
            let asked = request.uri().to_string();
            let (status, text) =
                if asked.contains("/messages") { (direct, text) } else { (StatusCode::OK, "{}") };
            let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.expect("is read");
            let body = String::from_utf8(body.to_vec()).expect("text");
            noted.lock().expect("not poisoned").push((asked, body));
            (status, [("x-amzn-errortype", error)], text)
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("is bound"));
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    let publisher = Publisher {
        broker: broker(&url),
        key: id_key(),
        minter: Box::new(FakeMinter),
        channel_prefix: "tests".to_owned(),
    };
    (publisher, asked)
}

fn broker(url: &str) -> IotDataPlane {
    let https = Https::read(&|_| None).expect("the embedded authorities");
    let variables = |name: &'static str| match name {
        "AWS_REGION" => Some("eu-west-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("of-the-tests".to_owned()),
        "AWS_ENDPOINT_URL_IOT_DATA_PLANE" => Some(url.to_owned()),
        _ => None,
    };
    let aws = Aws::read(&variables, https).expect("everything is there");
    IotDataPlane {
        data_plane: aws.data_plane(),
        direct: aws.direct_messages(),
        parents: DownlinkParents::default(),
    }
}

/// Publishes the offer of a call from Alice to Bob's phone, whose queue ends at that time. Returns the reach
/// of the offer.
async fn offers_until(publisher: &Publisher<IotDataPlane>, queue_until_ms: Option<i64>) -> Vec<Reach> {
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
            devices: vec![KnownDevice { client_id: phone, seen_ms: NOW_MS, queue_until_ms }],
            busy: false,
            access: switchboard_core::Access::Rings,
        }],
    };
    let now = Now { ms: NOW_MS };
    let decision = create(&opening, now, RtcCapabilities::default()).expect("may be opened");
    let context = DownlinkContext::of(decision.next.as_ref().expect("is made"), now);
    let report = publisher.publish_all(decision.notices, &context).await;
    assert_eq!(report.failed, []);
    report.reached.into_values().collect()
}

/// Does the same as [`offers_until`], for a phone whose queue keeps the offer.
async fn offers(publisher: &Publisher<IotDataPlane>) -> Vec<Reach> {
    offers_until(publisher, Some(NOW_MS + RINGS_MS)).await
}

#[tokio::test]
async fn t3_an_offer_that_the_device_confirms_is_delivered() {
    let (publisher, asked) = data_plane(CONFIRMED).await;
    assert_eq!(offers(&publisher).await, [Reach::Delivered]);
    let asked = asked.lock().expect("not poisoned").clone();
    assert!(matches!(&asked[..], [(path, _)] if path.contains("confirmation=true")), "{asked:?}");
}

#[tokio::test]
async fn t4_an_offer_that_is_not_confirmed_waits_in_the_queue_as_long_as_it_rings() {
    for refusal in [NOT_CONFIRMED, AWAY] {
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

// Proves: reach
#[tokio::test]
async fn t4_an_offer_counts_as_queued_only_if_a_queue_keeps_it_until_the_ring_ends() {
    let (keeps, ends_before) = (Some(NOW_MS + RINGS_MS), Some(NOW_MS + RINGS_MS - 1));
    for (answer, queue_until_ms, reach, is_published) in [
        (AWAY, keeps, Reach::Queued, true),
        (AWAY, None, Reach::Queued, true),
        (AWAY, ends_before, Reach::Unknown, false),
        (GONE, keeps, Reach::Unknown, true),
        (GONE, None, Reach::Unknown, true),
        (GONE, Some(0), Reach::Unknown, false),
        // The device may be connected. If it is, it gets the published message and needs no queue.
        (NOT_CONFIRMED, keeps, Reach::Queued, true),
        (NOT_CONFIRMED, None, Reach::Unknown, true),
        (NOT_CONFIRMED, Some(0), Reach::Unknown, true),
    ] {
        let (publisher, asked) = data_plane(answer).await;
        let case = (answer, queue_until_ms);
        assert_eq!(offers_until(&publisher, queue_until_ms).await, [reach], "{case:?}");
        let asked = asked.lock().expect("not poisoned");
        let published = asked.iter().filter(|(path, _)| path.contains("qos=1")).count();
        assert_eq!(published, usize::from(is_published), "{case:?}");
    }
}

// Proves: reach
#[tokio::test]
async fn the_life_of_a_queue_is_read_from_the_brokers_description_of_the_connection() {
    let phone: ClientId = "GID@@@bob.phone".parse().expect("a device");
    for (status, body, queue_ms) in [
        (200, r#"{"connected":true,"cleanSession":false,"sessionExpiry":3600}"#, Some(3_600_000)),
        (200, r#"{"connected":false,"cleanSession":false,"sessionExpiry":120}"#, Some(120_000)),
        (200, r#"{"connected":true,"cleanSession":true,"sessionExpiry":0}"#, Some(0)),
        (200, r#"{"connected":true,"cleanSession":false}"#, None),
        (404, r#"{"message":"no such client"}"#, Some(0)),
    ] {
        let status = StatusCode::from_u16(status).expect("a status");
        let answer = axum::Router::new()
            .fallback(async move || (status, [("x-amzn-errortype", "ResourceNotFoundException")], body));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("is bound"));
        tokio::spawn(async move { axum::serve(listener, answer).await });
        let read = broker(&url).queue_ms(&phone).await.expect("an answer");
        assert_eq!(read, queue_ms, "{body}");
    }
}

#[tokio::test]
async fn a_denied_direct_message_is_a_wrong_setup_and_the_offer_waits_in_the_queue() {
    let (publisher, asked) = data_plane((StatusCode::FORBIDDEN, "ForbiddenException", "{}")).await;
    let downlink = offer_of(&publisher, &asked).await;
    let phone = "GID@@@bob.phone".parse().expect("a device");
    let denied = publisher.broker.send_direct(&phone, &downlink, true).await;
    assert!(matches!(denied, Err(BrokerError::Denied { operation: "SendDirectMessage", .. })), "{denied:?}");
}

/// Makes an offer, and returns the copy that was published to the queue.
async fn offer_of(publisher: &Publisher<IotDataPlane>, asked: &Asked) -> Downlink {
    assert_eq!(offers(publisher).await, [Reach::Queued]);
    let asked = asked.lock().expect("not poisoned");
    serde_json::from_str(&asked.last().expect("published").1).expect("a downlink")
}

/// Starts a broker that closes its first connection after one request without an answer, and answers all
/// later requests with `answer`. Returns its address and the number of its connections.
async fn forgetful(answer: &'static str) -> (String, Arc<std::sync::atomic::AtomicUsize>) {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("is bound"));
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 8_192];
            let read = stream.read(&mut request).await.unwrap_or_default();
            assert!(read > 0, "a request");
            if counted.fetch_add(1, Ordering::SeqCst) > 0 {
                stream.write_all(answer.as_bytes()).await.expect("is written");
            }
        }
    });
    (url, connections)
}

#[tokio::test]
async fn a_ring_on_a_connection_that_died_meanwhile_is_sent_again() {
    let (publisher, asked) = data_plane(AWAY).await;
    let downlink = offer_of(&publisher, &asked).await;
    let (url, connections) =
        forgetful("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}").await;
    let phone = "GID@@@bob.phone".parse().expect("a device");
    let sent = broker(&url).send_direct(&phone, &downlink, true).await;
    assert!(matches!(sent, Ok(DirectDelivery::Delivered)), "{sent:?}");
    assert_eq!(connections.load(std::sync::atomic::Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_throttled_lookup_says_nothing_about_the_device() {
    let answer = axum::Router::new().fallback(async || {
        (StatusCode::TOO_MANY_REQUESTS, [("x-amzn-errortype", "ThrottlingException")], "{}")
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("is bound"));
    tokio::spawn(async move { axum::serve(listener, answer).await });
    let phone = "GID@@@bob.phone".parse().expect("a device");
    let looked = broker(&url).is_connected(&phone).await;
    assert!(matches!(looked, Err(BrokerError::Throttled { operation: "GetConnection" })), "{looked:?}");
    let looked = broker(&url).queue_ms(&phone).await;
    assert!(matches!(looked, Err(BrokerError::Throttled { operation: "GetConnection" })), "{looked:?}");
}
