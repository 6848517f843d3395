//! Tests of the data plane: requests about connections, and errors.

use serde_json::json;

use crate::support::{Client, START_MS, TestBroker};

#[tokio::test]
async fn get_connection_describes_connected_and_offline_clients() {
    let broker = TestBroker::start().await;
    let path = "/connections/GID%40%40%40a";
    let unknown = broker.call("GET", path, "").await;
    assert_eq!((unknown.status, unknown.error.as_deref()), (404, Some("ResourceNotFoundException")));
    assert!(unknown.body["message"].is_string() && unknown.body["traceId"].is_string());

    let client = Client::connect(&broker, "GID@@@a").await;
    let connected = broker.call("GET", path, "").await;
    assert_eq!(
        connected.body,
        json!({
            "clientId": "GID@@@a",
            "connected": true,
            "cleanSession": false,
            "connectedSince": START_MS,
            "sessionExpiry": 3600,
            "keepAliveDuration": 60,
        })
    );
    let socket = broker.call("GET", &format!("{path}?includeSocketInformation=true"), "").await;
    assert_eq!(socket.body["sourceIp"], "127.0.0.1");
    assert!(socket.body["sourcePort"].is_number());

    broker.advance_seconds(1);
    client.disconnect().await;
    broker.wait_until_disconnected("GID@@@a").await;
    let left = broker.call("GET", path, "").await;
    assert_eq!(left.body["connected"], false);
    assert_eq!(left.body["disconnectedSince"], START_MS + 1000);
    assert_eq!(left.body["disconnectReason"], "CLIENT_INITIATED_DISCONNECT");

    broker.advance_seconds(1800);
    let kept = broker.call("GET", path, "").await;
    assert_eq!((kept.status, &kept.body["disconnectedSince"]), (200, &json!(null)));
    broker.advance_seconds(1800);
    assert_eq!(broker.call("GET", path, "").await.status, 404);
}

#[tokio::test]
async fn delete_connection_ends_a_connection() {
    let broker = TestBroker::start().await;
    assert_eq!(broker.call("DELETE", "/connections/a", "").await.status, 404);
    let mut client = Client::of(&broker, "a").will("will", "first").connect().await;
    client.subscribe("t").await;
    let ended = broker.call("DELETE", "/connections/a?preventWillMessage=true", "").await;
    assert_eq!(ended.status, 200);
    client.wait_closed().await;
    assert!(!broker.handle.connected("a").await);
    let status = broker.call("GET", "/connections/a", "").await;
    assert_eq!(status.body["disconnectReason"], "API_INITIATED_DISCONNECT");

    let client = Client::of(&broker, "a").will("will", "second").connect().await;
    assert!(client.session_present);
    let ended = broker.call("DELETE", "/connections/a?cleanSession=true", "").await;
    assert_eq!(ended.status, 200);
    client.wait_closed().await;
    let will = broker.wait_until_rules_receive(|message| message.topic == "will").await;
    assert_eq!(will.payload, "second");
    assert!(!Client::connect(&broker, "a").await.session_present);
}

#[tokio::test]
async fn delete_connection_deletes_the_session_of_an_offline_client() {
    let broker = TestBroker::start().await;
    let client = Client::connect(&broker, "a").await;
    client.disconnect().await;
    broker.wait_until_disconnected("a").await;
    assert_eq!(broker.call("DELETE", "/connections/a?cleanSession=true", "").await.status, 200);
    assert_eq!(broker.call("DELETE", "/connections/a", "").await.status, 404);
    assert!(!Client::connect(&broker, "a").await.session_present);
}

#[tokio::test]
async fn invalid_requests_get_the_errors_of_aws_iot_core() {
    let broker = TestBroker::start().await;
    let long = "x".repeat(257);
    let too_long_id = format!("/connections/{}", "x".repeat(129));
    for (method, path, status, kind) in [
        ("POST", "/topics/a%2F%23?qos=1", 400, "InvalidRequestException"),
        ("POST", "/topics/a%2F%2B", 400, "InvalidRequestException"),
        ("POST", &format!("/topics/{long}"), 400, "InvalidRequestException"),
        ("POST", "/topics/1/2/3/4/5/6/7/8/9", 400, "InvalidRequestException"),
        ("POST", "/topics/a?qos=2", 400, "InvalidRequestException"),
        ("POST", "/topics/a?qos=x", 400, "InvalidRequestException"),
        ("POST", "/topics/a?messageExpiry=604801", 400, "InvalidRequestException"),
        ("POST", "/topics/a?responseTopic=%23", 400, "InvalidRequestException"),
        ("POST", "/topics/%FF", 400, "InvalidRequestException"),
        ("GET", "/topics/a", 405, "MethodNotAllowedException"),
        ("GET", "/connections/%24a", 400, "InvalidRequestException"),
        ("GET", &too_long_id, 400, "InvalidRequestException"),
        ("GET", "/elsewhere", 404, "ResourceNotFoundException"),
    ] {
        let answer = broker.call(method, path, "").await;
        assert_eq!((answer.status, answer.error.as_deref()), (status, Some(kind)), "{method} {path}");
        assert!(answer.body["message"].is_string(), "{method} {path}");
    }
    for size in [128 * 1024 + 1, 2 * 1024 * 1024] {
        let answer = broker.call("POST", "/topics/a", vec![b'x'; size]).await;
        assert_eq!((answer.status, answer.error.as_deref()), (413, Some("RequestEntityTooLargeException")));
    }
    assert_eq!(broker.call("POST", "/topics/a", vec![b'x'; 128 * 1024]).await.status, 200);
}
