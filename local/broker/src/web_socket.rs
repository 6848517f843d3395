//! MQTT over WebSocket, as a bridge to the TCP listener. The bridge closes the socket after DISCONNECT, because
//! `rmqtt` leaves the close to clients, and MQTT clients in browsers leave it to the broker.

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
/// Time that a client has for the closing handshake of the WebSocket.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) fn router(mqtt: SocketAddr) -> Router {
    Router::new().route("/mqtt", get(upgrade)).with_state(mqtt)
}

async fn upgrade(State(mqtt): State<SocketAddr>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    if !from_this_machine(&headers) {
        return (StatusCode::FORBIDDEN, "only pages served by this machine may connect").into_response();
    }
    let upgrade = upgrade.protocols([SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return (StatusCode::BAD_REQUEST, "the WebSocket subprotocol must be mqtt").into_response();
    }
    upgrade.on_upgrade(move |socket| bridge(socket, mqtt))
}

/// Returns `true` if the request comes from a page of this machine or not from a browser. Any page on the internet
/// can open a WebSocket to a laptop; the `Origin` header identifies the page.
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
            tracing::warn!(
                %error,
                "the WebSocket bridge cannot connect to the MQTT listener; the socket is closed"
            );
            return;
        }
    };
    let (to_client, from_client) = socket.split();
    let (from_broker, to_broker) = stream.into_split();
    let upstream = pin!(upstream(from_client, to_broker));
    let downstream = pin!(downstream(from_broker, to_client));
    // If the client ends first, the broker closes its stream and `downstream` returns. If the broker ends first,
    // the socket is closed and the client gets time for the closing handshake.
    match select(upstream, downstream).await {
        Either::Left(((), downstream)) => downstream.await,
        Either::Right(((), upstream)) => drop(tokio::time::timeout(CLOSE_TIMEOUT, upstream).await),
    }
}

/// Copies bytes from the client to the broker up to a DISCONNECT, then ends the broker's stream.
async fn upstream(mut client: SplitStream<WebSocket>, mut broker: OwnedWriteHalf) {
    let mut frames = Frames::default();
    while let Some(Ok(message)) = client.next().await {
        let Message::Binary(bytes) = message else {
            // MQTT allows binary messages only; the library answers pings.
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
    // Fails only if the broker has closed the stream already.
    let _ = broker.shutdown().await;
}

/// Copies bytes from the broker to the client until the broker's stream ends, then closes the socket.
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
    // Fails only if the client has closed the socket already.
    let _ = client.close().await;
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::from_this_machine;

    #[test]
    fn only_pages_served_by_this_machine_may_connect() {
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
