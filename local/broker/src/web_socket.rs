//! MQTT over WebSocket, as a bridge to the TCP listener. It closes the socket after DISCONNECT, which rmqtt leaves
//! to clients, and clients in browsers to the broker.

mod frames;

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::future::{Either, select};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use frames::Frames;

const SUBPROTOCOL: &str = "mqtt";
const BUFFER_BYTES: usize = 16 * 1024;
/// How long a client has for the closing handshake of the WebSocket.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn router(mqtt: SocketAddr) -> Router {
    Router::new().route("/mqtt", get(upgrade)).with_state(mqtt)
}

async fn upgrade(State(mqtt): State<SocketAddr>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    if !from_this_machine(&headers) {
        return (StatusCode::FORBIDDEN, "only pages of this machine may connect").into_response();
    }
    let upgrade = upgrade.protocols([SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return (StatusCode::BAD_REQUEST, "the WebSocket subprotocol must be mqtt").into_response();
    }
    upgrade.on_upgrade(move |socket| bridge(socket, mqtt))
}

/// Any page on the internet can open a WebSocket to a laptop; its `Origin` tells.
fn from_this_machine(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else { return false };
    let Some((_, authority)) = origin.split_once("://") else {
        return false;
    };
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => authority.split(':').next(),
    };
    matches!(host, Some("localhost" | "127.0.0.1" | "::1"))
}

async fn bridge(socket: WebSocket, mqtt: SocketAddr) {
    let stream = match TcpStream::connect(mqtt).await {
        Ok(stream) => stream,
        Err(error) => {
            tracing::warn!(%error, "the WebSocket bridge does not reach MQTT");
            return;
        }
    };
    let (to_client, from_client) = socket.split();
    let (from_broker, to_broker) = stream.into_split();
    let upstream = pin!(upstream(from_client, to_broker));
    let downstream = pin!(downstream(from_broker, to_client));
    // A client that leaves ends the broker's stream, which then ends by itself; a broker that hangs up closes the
    // socket, and the client may take a moment to agree.
    match select(upstream, downstream).await {
        Either::Left(((), downstream)) => downstream.await,
        Either::Right(((), upstream)) => drop(tokio::time::timeout(CLOSE_PATIENCE, upstream).await),
    }
}

/// Passes on what the client sends, up to its DISCONNECT; then the broker sees the end of the stream.
async fn upstream(mut client: SplitStream<WebSocket>, mut broker: OwnedWriteHalf) {
    let mut frames = Frames::default();
    while let Some(Ok(message)) = client.next().await {
        let Message::Binary(bytes) = message else {
            // MQTT allows binary messages only; pings are answered by the library.
            if matches!(message, Message::Text(_) | Message::Close(_)) {
                break;
            }
            continue;
        };
        let disconnects = frames.end_with_disconnect(&bytes);
        if broker.write_all(&bytes).await.is_err() || disconnects {
            break;
        }
    }
    // Fails only when the broker has closed the stream already.
    let _ = broker.shutdown().await;
}

/// Passes on what the broker sends, and closes the socket after it.
async fn downstream(mut broker: OwnedReadHalf, mut client: SplitSink<WebSocket, Message>) {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match broker.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(length) => {
                let bytes = Bytes::copy_from_slice(&buffer[..length]);
                if client.send(Message::Binary(bytes)).await.is_err() {
                    break;
                }
            }
        }
    }
    // Fails only when the client has gone already.
    let _ = client.close().await;
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::from_this_machine;

    #[test]
    fn only_pages_of_this_machine_may_connect() {
        assert!(from_this_machine(&HeaderMap::new()));
        let allowed = |origin: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            from_this_machine(&headers)
        };
        for origin in ["http://localhost:8080", "http://127.0.0.1", "https://[::1]:8443", "https://localhost"]
        {
            assert!(allowed(origin), "{origin}");
        }
        for origin in
            ["https://example.com", "null", "http://localhost.example.com", "http://127.0.0.1.nip.io"]
        {
            assert!(!allowed(origin), "{origin}");
        }
    }
}
