//! Errors in the form of AWS IoT Core: the type in a header, the message and the trace ID in the body.

use axum::Json;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use uuid::Uuid;

#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl ApiError {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into() }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidRequestException", message)
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "ForbiddenException", message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowedException", "Method is not allowed")
    }

    pub(super) fn too_large() -> Self {
        let message = "The payload exceeds the maximum size";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException", message)
    }

    pub(super) fn not_confirmed() -> Self {
        let message = "The client did not acknowledge the message in time";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "GatewayTimeoutException", message)
    }

    pub(super) fn internal(error: &rmqtt::Error) -> Self {
        tracing::error!(%error, "data-plane request failed: the broker could not forward the message");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailureException", "Internal failure")
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::invalid(rejection.body_text())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::invalid(rejection.body_text())
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Self::too_large()
        } else {
            Self::invalid(rejection.body_text())
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({"message": self.message, "traceId": Uuid::new_v4().to_string()});
        (self.status, [("x-amzn-errortype", self.kind)], Json(body)).into_response()
    }
}

/// Builds the response to an accepted message.
pub(super) fn accepted() -> Json<Value> {
    Json(json!({"message": "OK", "traceId": Uuid::new_v4().to_string()}))
}
