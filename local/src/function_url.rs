//! Function URLs: an HTTP request becomes an event, and what the function returns becomes the response. In AWS each
//! function has a host name of its own; here it is a path, `http://127.0.0.1:8080/lambda-url/<function>/…`.

mod event;
mod response;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use serde_json::json;

pub(crate) use event::{Call, event};

use crate::instruments::Instruments;
use crate::runtime::{Functions, Invocation, Outcome};

/// Most bytes of a body that Lambda takes.
const BODY_MAX: usize = 6 * 1024 * 1024;

/// The URL of a function that has one; `http` is the stack's HTTP server.
pub(crate) fn url(http: &str, function: &str) -> String {
    format!("{http}/lambda-url/{function}/")
}

#[derive(Clone)]
struct Stack {
    functions: Arc<Functions>,
    instruments: Arc<Instruments>,
}

/// The URLs of all functions that have one.
pub(crate) fn router(functions: Arc<Functions>, instruments: Arc<Instruments>) -> Router {
    Router::new()
        .route("/lambda-url/{function}", any(root))
        .route("/lambda-url/{function}/", any(root))
        .route("/lambda-url/{function}/{*path}", any(below))
        .with_state(Stack { functions, instruments })
}

async fn root(stack: State<Stack>, Path(function): Path<String>, request: Request) -> Response {
    serve(&stack, &function, request).await
}

async fn below(
    stack: State<Stack>,
    Path((function, _)): Path<(String, String)>,
    request: Request,
) -> Response {
    serve(&stack, &function, request).await
}

async fn serve(stack: &Stack, function: &str, request: Request) -> Response {
    let Some(function) = stack.functions.find(function).filter(|function| function.has_url) else {
        // As AWS answers on host names that belong to no function.
        return problem(StatusCode::FORBIDDEN, "Forbidden");
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_MAX).await else {
        return problem(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let mut invocation = Invocation::new("function url", Bytes::new());
    let below = parts.uri.path().strip_prefix("/lambda-url/").and_then(|path| path.split_once('/'));
    let call = Call {
        method: parts.method.as_str(),
        path: &format!("/{}", below.map_or("", |(_, path)| path)),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body: &body,
        at_ms: stack.instruments.clock.now_ms(),
        request_id: &invocation.request_id,
    };
    invocation.event = event(&function.name, &call).to_string().into();
    match stack.functions.invoke(&function.name, &invocation).await {
        Some(Outcome::Returned(result)) => response::of(&result),
        _ => problem(StatusCode::BAD_GATEWAY, "Internal Server Error"),
    }
}

/// An answer of Lambda itself.
fn problem(status: StatusCode, message: &str) -> Response {
    (status, axum::Json(json!({"Message": message}))).into_response()
}
