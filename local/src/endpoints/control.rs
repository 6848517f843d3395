//! The `/local/` routes, which AWS does not have: people and tests control the instruments with them.
//!
//! - `GET /local/clock` reads the stack's clock; `POST /local/clock {"advance_ms":45000}` moves it and fires timers
//!   that are due. `{"skew_ms":{"broker":120000}}` sets the clocks of broker and embedded SFU ahead or behind.
//! - `POST /local/broker {"restart":"sessions_kept"}` closes all connections; with `sessions_lost`, the broker forgets
//!   sessions and queued messages, too.
//! - `GET /local/journal?after=SEQ` reads the journal ([`crate::instruments::journal`]).
//! - `GET /local/downlinks?request_id=ID` reads the messages that an invocation sent, or all recent messages without an
//!   id ([`crate::instruments::downlinks`]).
//! - `GET /local/outcomes` reads the recent events of the event bus ([`crate::instruments::outcomes`]).
//! - `GET /local/gauges` counts what the stack keeps ([`super::gauges`]).
//! - `GET`, `POST` and `DELETE /local/faults` list, arm and disarm faults ([`crate::instruments::faults`]).

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use broker::Broker;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tracing::info;

use crate::instruments::Instruments;
use crate::instruments::clock::ClockSkew;
use crate::instruments::downlinks::Downlink;
use crate::instruments::faults::Fault;
use crate::instruments::journal::Entry;

/// Routes under `/local/`.
pub(crate) fn router(instruments: Arc<Instruments>, broker: Arc<Broker>) -> Router {
    let broker = Router::new().route("/local/broker", post(restart)).with_state(broker);
    Router::new()
        .route("/local/clock", get(clock).post(advance))
        .route("/local/journal", get(journal))
        .route("/local/downlinks", get(downlinks))
        .route("/local/outcomes", get(outcomes))
        .route("/local/faults", get(faults).post(arm).delete(disarm))
        .with_state(instruments)
        .merge(broker)
}

type InstrumentsState = State<Arc<Instruments>>;

/// Answer to a request whose body cannot be read.
type BadRequest = (StatusCode, String);

/// Reads a JSON body of any content type, since `curl -d` sends the content type of a form.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, BadRequest> {
    serde_json::from_slice(body).map_err(|error| (StatusCode::BAD_REQUEST, format!("{error}\n")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetClock {
    #[serde(default)]
    advance_ms: u64,
    skew_ms: Option<ClockSkew>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RestartBroker {
    restart: Restart,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Restart {
    SessionsKept,
    SessionsLost,
}

#[derive(Deserialize)]
struct JournalQuery {
    #[serde(default)]
    after: u64,
}

#[derive(Deserialize)]
struct DownlinksQuery {
    request_id: Option<String>,
}

async fn clock(State(instruments): InstrumentsState) -> Json<Value> {
    let clock = &instruments.clock;
    Json(json!({"now_ms": clock.now_ms(), "offset_ms": clock.offset_ms(), "skew_ms": clock.skew()}))
}

async fn advance(State(instruments): InstrumentsState, body: Bytes) -> Result<Json<Value>, BadRequest> {
    let SetClock { advance_ms, skew_ms } = read(&body)?;
    if let Some(skew) = skew_ms {
        instruments.clock.set_skew(skew);
    }
    instruments.clock.advance(advance_ms);
    info!("clock moved forward by {advance_ms} ms");
    Ok(clock(State(instruments)).await)
}

async fn restart(State(broker): State<Arc<Broker>>, body: Bytes) -> Result<Json<Value>, BadRequest> {
    let RestartBroker { restart } = read(&body)?;
    let closed = broker.restart(restart == Restart::SessionsKept).await;
    info!("broker restarted: {closed} connections closed");
    Ok(Json(json!({"closed": closed})))
}

async fn journal(
    State(instruments): InstrumentsState,
    Query(query): Query<JournalQuery>,
) -> Json<Vec<Entry>> {
    Json(instruments.journal.after(query.after))
}

async fn downlinks(
    State(instruments): InstrumentsState,
    Query(query): Query<DownlinksQuery>,
) -> Json<Vec<Downlink>> {
    Json(instruments.downlinks.of_invocation(query.request_id.as_deref()))
}

async fn outcomes(State(instruments): InstrumentsState) -> Json<Vec<Value>> {
    Json(instruments.outcomes.all())
}

async fn faults(State(instruments): InstrumentsState) -> Json<Vec<Fault>> {
    Json(instruments.faults.armed())
}

async fn arm(State(instruments): InstrumentsState, body: Bytes) -> Result<Json<Vec<Fault>>, BadRequest> {
    let fault: Fault = read(&body)?;
    info!("fault armed: {fault:?}");
    instruments.faults.arm(fault);
    Ok(Json(instruments.faults.armed()))
}

async fn disarm(State(instruments): InstrumentsState) -> Json<Vec<Fault>> {
    instruments.faults.clear();
    Json(Vec::new())
}
