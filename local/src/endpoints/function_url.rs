//! Function URLs: converts an HTTP request to an event and the result of the function to the response. In AWS each
//! function has a host name of its own; here it has a path, `http://127.0.0.1:8080/lambda-url/<function>/…`.

mod event;
mod response;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use bytes::Bytes;
use serde_json::json;

pub(crate) use event::{UrlRequest, event};

use crate::instruments::Instruments;
use crate::instruments::faults::FaultKind;
use crate::instruments::journal::Caller;
use crate::invocation::{Invocation, InvocationResult, Invoker as _};
use crate::runtime::Functions;
use response::lambda_error;

/// Size limit of Lambda for a body.
const MAX_BODY_BYTES: usize = 6 * 1024 * 1024;

/// Makes the URL of a function; `http` is the URL of the stack's HTTP server.
pub(crate) fn url(http: &str, function: &str) -> String {
    format!("{http}/lambda-url/{function}/")
}

#[derive(Clone)]
struct UrlState {
    functions: Arc<Functions>,
    instruments: Arc<Instruments>,
}

/// Routes of all function URLs.
pub(crate) fn router(functions: Arc<Functions>, instruments: Arc<Instruments>) -> Router {
    Router::new()
        .route("/lambda-url/{function}", any(root))
        .route("/lambda-url/{function}/", any(root))
        .route("/lambda-url/{function}/{*path}", any(below))
        .with_state(UrlState { functions, instruments })
}

impl UrlState {
    /// Loses a request, delivers it once more before, or delivers it late, if such a fault is armed. Returns the answer if
    /// the request is not to be delivered now.
    async fn misdeliver(&self, function: &str, invocation: &Invocation) -> Option<Response> {
        let caller = Caller { function: Some(function.to_owned()), ..Caller::default() };
        let inject = |kind| self.instruments.inject_fault(kind, &caller, &invocation.source, json!({}));
        let accepted = || StatusCode::OK.into_response();
        if inject(FaultKind::DropCallback).is_some() {
            return Some(accepted());
        }
        if inject(FaultKind::DuplicateCallback).is_some() {
            self.functions.invoke(function, invocation).await;
        }
        let fault = inject(FaultKind::DelayCallback)?;
        let at_ms = self.instruments.clock.now_ms().saturating_add_unsigned(fault.delay_ms);
        let (state, function, invocation) = (self.clone(), function.to_owned(), invocation.clone());
        tokio::spawn(async move {
            state.instruments.clock.wait_until(at_ms).await;
            state.functions.invoke(&function, &invocation).await
        });
        Some(accepted())
    }
}

async fn root(state: State<UrlState>, Path(function): Path<String>, request: Request) -> Response {
    serve(&state, &function, request).await
}

async fn below(
    state: State<UrlState>,
    Path((function, _)): Path<(String, String)>,
    request: Request,
) -> Response {
    serve(&state, &function, request).await
}

async fn serve(state: &UrlState, function: &str, request: Request) -> Response {
    let Some(function) = state.functions.find(function).filter(|function| function.has_url) else {
        // AWS gives this answer for host names without a function.
        return lambda_error(StatusCode::FORBIDDEN, "Forbidden");
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        return lambda_error(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let mut invocation = Invocation::new("function url", Bytes::new());
    let below = parts.uri.path().strip_prefix("/lambda-url/").and_then(|path| path.split_once('/'));
    let url_request = UrlRequest {
        method: parts.method.as_str(),
        path: &format!("/{}", below.map_or("", |(_, path)| path)),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body: &body,
        at_ms: state.instruments.clock.now_ms(),
        request_id: &invocation.request_id,
    };
    invocation.event = event(&function.name, &url_request).to_string().into();
    if let Some(answer) = state.misdeliver(&function.name, &invocation).await {
        return answer;
    }
    match state.functions.invoke(&function.name, &invocation).await {
        Some(InvocationResult::Returned(result)) => response::from_result(&result),
        _ => lambda_error(StatusCode::BAD_GATEWAY, "Internal Server Error"),
    }
}
