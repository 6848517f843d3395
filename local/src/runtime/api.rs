//! The Lambda Runtime API (2018-06-01), one path prefix per process: `/runtime/<process>/2018-06-01/runtime/…`.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::json;

use super::Functions;
use super::process::{Process, Reply};
use crate::clock::system_ms;
use crate::log;

/// The Runtime API.
pub(crate) fn router(functions: Arc<Functions>) -> Router {
    Router::new()
        .route("/runtime/{process}/2018-06-01/runtime/invocation/next", get(next))
        .route("/runtime/{process}/2018-06-01/runtime/invocation/{request_id}/response", post(response))
        .route("/runtime/{process}/2018-06-01/runtime/invocation/{request_id}/error", post(error))
        .route("/runtime/{process}/2018-06-01/runtime/init/error", post(init_error))
        .with_state(functions)
}

type Stack = State<Arc<Functions>>;

/// Waits for an invocation and hands it over.
async fn next(State(functions): Stack, Path(label): Path<String>) -> Response {
    let Some(process) = functions.processes().get(&label) else {
        return unknown_process();
    };
    let Some(delivery) = process.next().await else {
        return unknown_process();
    };
    process.working_on(&delivery.request_id, delivery.reply);

    // A process has real time only, whatever the stack's clock shows.
    let timeout_ms = i64::try_from(delivery.timeout.as_millis()).unwrap_or(i64::MAX);
    let deadline_ms = system_ms().saturating_add(timeout_ms);
    // The one field of an invocation that a caller may fill; the functions take it for the clock's offset only when
    // they are built for tests.
    let client_context = json!({"custom": {"clock_offset_ms": delivery.clock_offset_ms.to_string()}});
    let response = Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .header("lambda-runtime-aws-request-id", &delivery.request_id)
        .header("lambda-runtime-deadline-ms", deadline_ms)
        .header("lambda-runtime-invoked-function-arn", &delivery.function_arn)
        .header("lambda-runtime-client-context", client_context.to_string())
        .body(Body::from(delivery.event));
    (delivery.taken)();
    response.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn response(
    State(functions): Stack,
    Path((label, request_id)): Path<(String, String)>,
    result: Bytes,
) -> Response {
    let process = functions.processes().get(&label);
    answer(process.as_deref(), &request_id, Reply::Returned(result))
}

async fn error(
    State(functions): Stack,
    Path((label, request_id)): Path<(String, String)>,
    error: Bytes,
) -> Response {
    let process = functions.processes().get(&label);
    answer(process.as_deref(), &request_id, Reply::Failed(error))
}

/// The process could not start; it ends by itself, and the invocation that it was started for fails with it.
async fn init_error(State(functions): Stack, Path(label): Path<String>, error: Bytes) -> Response {
    let caller = functions.caller(&label);
    log::function_line(caller.name(), &format!("failed to start: {}", String::from_utf8_lossy(&error)));
    (StatusCode::ACCEPTED, axum::Json(json!({"status": "OK"}))).into_response()
}

fn answer(process: Option<&Process>, request_id: &str, reply: Reply) -> Response {
    let Some(process) = process else {
        return unknown_process();
    };
    if process.answer(request_id, reply) {
        (StatusCode::ACCEPTED, axum::Json(json!({"status": "OK"}))).into_response()
    } else {
        let problem = json!({"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"});
        (StatusCode::BAD_REQUEST, axum::Json(problem)).into_response()
    }
}

fn unknown_process() -> Response {
    let problem = json!({"errorType": "InvalidStateTransition", "errorMessage": "this process is not known"});
    (StatusCode::GONE, axum::Json(problem)).into_response()
}
