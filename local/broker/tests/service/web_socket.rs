//! Tests of MQTT over WebSocket, with packets written as bytes.

use futures::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::support::{TestBroker, within};

/// CONNECT of client `ws`, MQTT 3.1.1, clean session, keep alive 60 s.
const CONNECT: &[u8] = b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02ws";
/// CONNACK, accepted, without a session.
const ACCEPTED: &[u8] = b"\x20\x02\x00\x00";
/// PUBLISH of `hi` to `t` with QoS 1 and packet identifier 7.
const PUBLISH: &[u8] = b"\x32\x07\x00\x01t\x00\x07hi";
const PUBACK: &[u8] = b"\x40\x02\x00\x07";
const DISCONNECT: &[u8] = b"\xe0\x00";

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

async fn open(broker: &TestBroker, headers: &[(&'static str, &str)]) -> Result<Socket, Error> {
    let mut request = format!("ws://{}/mqtt", broker.http).into_client_request().expect("an address");
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::from_str(value).expect("a header"));
    }
    within(connect_async(request)).await.map(|(socket, response)| {
        assert_eq!(response.headers()["sec-websocket-protocol"], "mqtt");
        socket
    })
}

async fn refused(broker: &TestBroker, headers: &[(&'static str, &str)]) -> StatusCode {
    match open(broker, headers).await {
        Err(Error::Http(response)) => response.status(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

async fn exchange(socket: &mut Socket, packet: &'static [u8]) -> Vec<u8> {
    socket.send(Message::binary(packet)).await.expect("the socket is open");
    match within(socket.next()).await {
        Some(Ok(Message::Binary(bytes))) => bytes.to_vec(),
        other => panic!("expected an MQTT packet, got {other:?}"),
    }
}

#[tokio::test]
async fn mqtt_works_and_the_socket_closes_after_a_disconnect() {
    let broker = TestBroker::start().await;
    let origin = ("origin", "http://localhost:8080");
    let mut socket = open(&broker, &[("sec-websocket-protocol", "mqtt"), origin]).await.expect("opens");
    assert_eq!(exchange(&mut socket, CONNECT).await, ACCEPTED);
    assert_eq!(exchange(&mut socket, PUBLISH).await, PUBACK);
    let message = broker.wait_until_rules_receive(|message| message.topic == "t").await;
    assert_eq!((message.client_id.as_deref(), message.payload.as_ref()), (Some("ws"), &b"hi"[..]));

    socket.send(Message::binary(DISCONNECT)).await.expect("the socket is open");
    match within(socket.next()).await {
        None | Some(Ok(Message::Close(_))) => {}
        other => panic!("expected the socket to close, got {other:?}"),
    }
    let end = broker
        .wait_until_rules_receive(|message| message.topic == "$aws/events/presence/disconnected/ws")
        .await;
    let end: serde_json::Value = serde_json::from_slice(&end.payload).expect("JSON");
    assert_eq!(end["disconnectReason"], "CLIENT_INITIATED_DISCONNECT");
}

#[tokio::test]
async fn a_lost_socket_ends_the_connection() {
    let broker = TestBroker::start().await;
    let mut socket = open(&broker, &[("sec-websocket-protocol", "mqtt")]).await.expect("opens");
    assert_eq!(exchange(&mut socket, CONNECT).await, ACCEPTED);
    drop(socket);
    broker.wait_until_disconnected("ws").await;
}

#[tokio::test]
async fn foreign_pages_and_other_protocols_are_refused() {
    let broker = TestBroker::start().await;
    let foreign = [("sec-websocket-protocol", "mqtt"), ("origin", "https://example.com")];
    assert_eq!(refused(&broker, &foreign).await, StatusCode::FORBIDDEN);
    assert_eq!(refused(&broker, &[]).await, StatusCode::BAD_REQUEST);
    assert_eq!(refused(&broker, &[("sec-websocket-protocol", "chat")]).await, StatusCode::BAD_REQUEST);
}
