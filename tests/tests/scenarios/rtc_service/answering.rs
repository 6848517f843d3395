//! The service's side of a call: the token, the body, and the changes of the rooms.

use super::{Called, Fault, Inner, refusal};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, mpsc};
use switchboard_rtc::livekit::{ApiKey, VideoGrant, unverified_claims, verify};
use tokio::sync::oneshot;

/// The laptop stack's key.
const KEY: (&str, &str) = ("devkey", "local-development-only-rtc-secret");
/// The longest validity of a token for one call.
const TOKEN_SECONDS_MAX: i64 = 240;
/// A token is valid this many seconds before its call, since clocks differ.
const CLOCK_LEEWAY_SECONDS: i64 = 120;

type Server = Arc<Mutex<Inner>>;

/// Serves until the stop signal.
pub(super) fn serve(inner: Server, stopped: oneshot::Receiver<()>, started: &mpsc::Sender<u16>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        started
            .send(listener.local_addr().expect("the listener is bound").port())
            .expect("the test waits for the port");
        let routes =
            Router::new().route("/twirp/livekit.RoomService/{method}", post(called)).with_state(inner);
        tokio::select! {
            served = axum::serve(listener, routes).into_future() => served.expect("the service runs"),
            _ = stopped => {}
        }
    });
}

async fn called(
    State(server): State<Server>,
    Path(method): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = match admit(&method, &headers, &body) {
        Ok(body) => body,
        Err(violation) => {
            let mut inner = server.lock().expect("not poisoned");
            inner.violations.push(format!("{method}: {violation}"));
            return answer(StatusCode::UNAUTHORIZED, &refusal("unauthenticated"));
        }
    };
    let fault = {
        let mut inner = server.lock().expect("not poisoned");
        inner.called.push(Called { method: method.clone(), body: body.clone() });
        next_fault(&mut inner, &method)
    };
    match fault {
        Some(Fault::Status(status)) => {
            let status = StatusCode::from_u16(status).expect("a status");
            return answer(status, &refusal(if status == 404 { "not_found" } else { "internal" }));
        }
        Some(Fault::Garbage) => return (StatusCode::OK, "<html>").into_response(),
        Some(Fault::Held) => {
            let _waiting = Waiting::on(&server);
            std::future::pending::<()>().await;
        }
        None => {}
    }
    let mut inner = server.lock().expect("not poisoned");
    match perform(&mut inner, &method, &body, now_s(&headers)) {
        Some(done) => answer(StatusCode::OK, &done),
        None => answer(StatusCode::NOT_FOUND, &refusal("not_found")),
    }
}

/// A caller that waits for an answer until it gives up.
struct Waiting(Server);

impl Waiting {
    fn on(server: &Server) -> Self {
        server.lock().expect("not poisoned").held += 1;
        Self(Arc::clone(server))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.lock().expect("not poisoned").held -= 1;
    }
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [("content-type", "application/json")], body.to_string()).into_response()
}

fn next_fault(inner: &mut Inner, method: &str) -> Option<Fault> {
    let at = inner.faults.iter().position(|(of, _, times)| of == method && *times > 0)?;
    inner.faults[at].2 -= 1;
    Some(inner.faults[at].1)
}

fn token(headers: &HeaderMap) -> Option<&str> {
    headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The time of the caller: stacks under test move their clocks.
fn now_s(headers: &HeaderMap) -> i64 {
    let claims = token(headers).and_then(|token| unverified_claims(token).ok());
    claims.and_then(|claims| claims.nbf).map_or(0, |nbf| nbf + CLOCK_LEEWAY_SECONDS)
}

/// The body of a call that the server would accept, or the error.
fn admit(method: &str, headers: &HeaderMap, body: &[u8]) -> Result<Value, String> {
    if headers.get("content-type").is_none_or(|kind| kind != "application/json") {
        return Err("not JSON".to_owned());
    }
    let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let key = ApiKey { id: KEY.0.to_owned(), secret: SecretString::from(KEY.1) };
    let now = now_s(headers);
    let claims =
        verify(token(headers).ok_or("no token")?, &key, now * 1_000).map_err(|error| error.to_string())?;
    if claims.exp - now > TOKEN_SECONDS_MAX {
        return Err("a token that lives too long".to_owned());
    }
    let room = body.get("room").and_then(Value::as_str).map(str::to_owned);
    let needed = match method {
        "CreateRoom" | "DeleteRoom" => VideoGrant { room_create: true, ..VideoGrant::default() },
        "ListRooms" => VideoGrant { room_list: true, ..VideoGrant::default() },
        _ => VideoGrant { room_admin: true, room, ..VideoGrant::default() },
    };
    let granted = claims.video.unwrap_or_default();
    if granted == needed {
        Ok(body)
    } else {
        Err(format!("needs {needed:?} and nothing else, has {granted:?}"))
    }
}

/// Carries out a call on the rooms; `None` if the room or the member does not exist.
fn perform(inner: &mut Inner, method: &str, body: &Value, now_s: i64) -> Option<Value> {
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    match method {
        "CreateRoom" => {
            let name = text("name")?;
            let room = inner.rooms.entry(name.clone()).or_default();
            room.created_s = now_s;
            Some(json!({"sid": "RM_1", "name": name, "creationTime": now_s.to_string()}))
        }
        "DeleteRoom" => inner.rooms.remove(&text("room")?).map(|_| json!({})),
        "ListRooms" => {
            let room = |(name, room): (&String, &super::Room)| json!({"sid": "RM_1", "name": name, "creationTime": room.created_s.to_string()});
            Some(json!({"rooms": inner.rooms.iter().map(room).collect::<Vec<_>>()}))
        }
        "ListParticipants" => {
            let room = inner.rooms.get(&text("room")?)?;
            let person = |identity: &String| json!({"sid": "PA_1", "identity": identity, "state": "ACTIVE"});
            Some(json!({"participants": room.people.keys().map(person).collect::<Vec<_>>()}))
        }
        _ => {
            let people = &mut inner.rooms.get_mut(&text("room")?)?.people;
            let identity = text("identity")?;
            let sources = people.get_mut(&identity)?;
            match method {
                "RemoveParticipant" => {
                    people.remove(&identity);
                    return Some(json!({}));
                }
                "UpdateParticipant" => {
                    let allowed: BTreeSet<String> =
                        serde_json::from_value(body["permission"]["canPublishSources"].clone()).ok()?;
                    *sources = allowed;
                }
                "GetParticipant" | "MutePublishedTrack" => {}
                _ => return None,
            }
            Some(json!({"sid": "PA_1", "identity": identity, "state": "ACTIVE", "tracks": []}))
        }
    }
}
