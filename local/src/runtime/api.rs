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
use super::process::{FunctionReply, Process};
use crate::instruments::clock::system_ms;
use crate::log;

/// Routes of the Runtime API.
pub(crate) fn router(functions: Arc<Functions>) -> Router {
    Router::new()
        .route("/runtime/{process}/2018-06-01/runtime/invocation/next", get(next))
        .route("/runtime/{process}/2018-06-01/runtime/invocation/{request_id}/response", post(response))
        .route("/runtime/{process}/2018-06-01/runtime/invocation/{request_id}/error", post(error))
        .route("/runtime/{process}/2018-06-01/runtime/init/error", post(init_error))
        .with_state(functions)
}

type FunctionsState = State<Arc<Functions>>;

/// Waits for the next invocation of the process and returns its event.
async fn next(State(functions): FunctionsState, Path(label): Path<String>) -> Response {
    let Some(process) = functions.processes().get(&label) else {
        return unknown_process();
    };
    let Some(delivery) = process.next().await else {
        return unknown_process();
    };
    process.begin(&delivery.request_id, delivery.reply);

    // In system time: the process has no other clock.
    let timeout_ms = i64::try_from(delivery.timeout.as_millis()).unwrap_or(i64::MAX);
    let deadline_ms = system_ms().saturating_add(timeout_ms);
    // The one field of an invocation that a caller may set. Functions read the clock offset from it only if they are
    // built with the feature `test-clock`.
    let client_context = json!({"custom": {"clock_offset_ms": delivery.clock_offset_ms.to_string()}});
    let response = Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .header("lambda-runtime-aws-request-id", &delivery.request_id)
        .header("lambda-runtime-deadline-ms", deadline_ms)
        .header("lambda-runtime-invoked-function-arn", &delivery.function_arn)
        .header("lambda-runtime-client-context", client_context.to_string())
        .body(Body::from(delivery.event));
    (delivery.on_taken)();
    response.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn response(
    State(functions): FunctionsState,
    Path((label, request_id)): Path<(String, String)>,
    result: Bytes,
) -> Response {
    let process = functions.processes().get(&label);
    finish(process.as_deref(), &request_id, FunctionReply::Returned(result))
}

async fn error(
    State(functions): FunctionsState,
    Path((label, request_id)): Path<(String, String)>,
    error: Bytes,
) -> Response {
    let process = functions.processes().get(&label);
    finish(process.as_deref(), &request_id, FunctionReply::Failed(error))
}

/// Logs that a process failed to initialise. The process ends itself, and its invocation fails.
async fn init_error(State(functions): FunctionsState, Path(label): Path<String>, error: Bytes) -> Response {
    let caller = functions.caller(&label);
    log::function_line(caller.name(), &format!("initialisation failed: {}", String::from_utf8_lossy(&error)));
    (StatusCode::ACCEPTED, axum::Json(json!({"status": "OK"}))).into_response()
}

fn finish(process: Option<&Process>, request_id: &str, reply: FunctionReply) -> Response {
    let Some(process) = process else {
        return unknown_process();
    };
    if process.finish(request_id, reply) {
        (StatusCode::ACCEPTED, axum::Json(json!({"status": "OK"}))).into_response()
    } else {
        let problem = json!({"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"});
        (StatusCode::BAD_REQUEST, axum::Json(problem)).into_response()
    }
}

fn unknown_process() -> Response {
    let problem = json!({"errorType": "InvalidStateTransition", "errorMessage": "unknown process"});
    (StatusCode::GONE, axum::Json(problem)).into_response()
}
