//! The Lambda Invoke API, with which `cargo lambda invoke` and the AWS CLI call functions.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use serde_json::json;

use crate::invocation::{Invocation, InvocationResult, InvokeLaterError, Invoker as _};
use crate::runtime::Functions;

/// Routes of the Invoke API.
pub(crate) fn router(functions: Arc<Functions>) -> Router {
    Router::new().route("/2015-03-31/functions/{name}/invocations", post(invoke)).with_state(functions)
}

async fn invoke(
    State(functions): State<Arc<Functions>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    event: Bytes,
) -> Response {
    let Some(function) = functions.find(&name) else {
        return refused(
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            &format!("Function not found: {name}"),
        );
    };
    let event = if event.is_empty() { Bytes::from_static(b"{}") } else { event };
    if serde_json::from_slice::<serde::de::IgnoredAny>(&event).is_err() {
        let problem = "Could not parse request body into json";
        return refused(StatusCode::BAD_REQUEST, "InvalidRequestContentException", problem);
    }
    let invocation = Invocation::new("invoke", event);
    let request_id = [("x-amzn-requestid", invocation.request_id.clone())];
    let invocation_type = headers.get("x-amz-invocation-type").and_then(|kind| kind.to_str().ok());
    match invocation_type.unwrap_or("RequestResponse") {
        "Event" => match functions.invoke_later(&function.name, invocation) {
            Ok(()) => (StatusCode::ACCEPTED, request_id).into_response(),
            Err(error @ InvokeLaterError::QueueFull(_)) => {
                refused(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", &error.to_string())
            }
            Err(error) => refused(StatusCode::NOT_FOUND, "ResourceNotFoundException", &error.to_string()),
        },
        "DryRun" => (StatusCode::NO_CONTENT, request_id).into_response(),
        "RequestResponse" => match functions.invoke(&function.name, &invocation).await {
            Some(InvocationResult::Returned(result)) => {
                let headers = [("x-amz-executed-version", "$LATEST"), ("content-type", "application/json")];
                (request_id, headers, result).into_response()
            }
            Some(InvocationResult::Failed(failure)) => {
                let headers = [
                    ("x-amz-executed-version", "$LATEST"),
                    ("x-amz-function-error", "Unhandled"),
                    ("content-type", "application/json"),
                ];
                (request_id, headers, failure.payload).into_response()
            }
            None => refused(StatusCode::NOT_FOUND, "ResourceNotFoundException", "Function not found"),
        },
        _ => refused(
            StatusCode::BAD_REQUEST,
            "InvalidParameterValueException",
            "unknown X-Amz-Invocation-Type",
        ),
    }
}

fn refused(status: StatusCode, error_type: &'static str, message: &str) -> Response {
    let body = axum::Json(json!({"Type": "User", "Message": message}));
    (status, [("x-amzn-errortype", error_type)], body).into_response()
}
