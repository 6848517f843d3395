//! What the stack offers beyond the cloud's own interfaces, for people and tests, under `/local/`.
//!
//! - `GET /local/clock`, `POST /local/clock {"advance_ms":45000}`: the stack's clock; moving it fires what becomes due.
//! - `GET /local/journal?after=SEQ`: what happened ([`crate::journal`]).
//! - `GET /local/downlinks?request_id=ID`: what an invocation said ([`crate::downlinks`]); without id, all that is kept.
//! - `GET /local/outcomes`: what was told on the event bus ([`crate::outcomes`]).
//! - `GET`, `POST`, `DELETE /local/faults`: what shall go wrong ([`crate::faults`]).

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tracing::info;

use crate::downlinks::Downlink;
use crate::faults::Fault;
use crate::instruments::Instruments;
use crate::journal::Entry;

/// The routes.
pub(crate) fn router(instruments: Arc<Instruments>) -> Router {
    Router::new()
        .route("/local/clock", get(clock).post(advance))
        .route("/local/journal", get(journal))
        .route("/local/downlinks", get(downlinks))
        .route("/local/outcomes", get(outcomes))
        .route("/local/faults", get(faults).post(arm).delete(disarm))
        .with_state(instruments)
}

type Stack = State<Arc<Instruments>>;

/// An answer to a body that is not understood.
type Refusal = (StatusCode, String);

/// Reads a JSON body, whatever its content type says: `curl -d` says that it is a form.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| (StatusCode::BAD_REQUEST, format!("{error}\n")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: u64,
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: u64,
}

#[derive(Deserialize)]
struct Of {
    request_id: Option<String>,
}

async fn clock(State(instruments): Stack) -> Json<Value> {
    let clock = &instruments.clock;
    Json(json!({"now_ms": clock.now_ms(), "offset_ms": clock.offset_ms()}))
}

async fn advance(State(instruments): Stack, body: Bytes) -> Result<Json<Value>, Refusal> {
    let advance: Advance = read(&body)?;
    instruments.clock.advance(advance.advance_ms);
    info!("the clock is moved by {} ms", advance.advance_ms);
    Ok(clock(State(instruments)).await)
}

async fn journal(State(instruments): Stack, Query(query): Query<After>) -> Json<Vec<Entry>> {
    Json(instruments.journal.after(query.after))
}

async fn downlinks(State(instruments): Stack, Query(query): Query<Of>) -> Json<Vec<Downlink>> {
    Json(instruments.downlinks.of(query.request_id.as_deref()))
}

async fn outcomes(State(instruments): Stack) -> Json<Vec<Value>> {
    Json(instruments.outcomes.all())
}

async fn faults(State(instruments): Stack) -> Json<Vec<Fault>> {
    Json(instruments.faults.armed())
}

async fn arm(State(instruments): Stack, body: Bytes) -> Result<Json<Vec<Fault>>, Refusal> {
    let fault: Fault = read(&body)?;
    info!("a fault is armed: {fault:?}");
    instruments.faults.arm(fault);
    Ok(Json(instruments.faults.armed()))
}

async fn disarm(State(instruments): Stack) -> Json<Vec<Fault>> {
    instruments.faults.clear();
    Json(Vec::new())
}
