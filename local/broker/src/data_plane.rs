//! The HTTP data plane of the service, for calls by its own SDKs.
//! Source of paths, parameters and errors: the service model in `aws-sdk-iotdataplane` 1.120.

mod connection;
mod direct;
mod error;
mod input;
mod publish;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::core::Core;
use error::ApiError;

/// Where reading a body that is too large stops. The service's own limit is smaller and gives its own error.
const BODY_BYTES: usize = 1024 * 1024;

pub(crate) fn router(core: Arc<Core>) -> Router {
    Router::new()
        .route("/topics/{*topic}", post(publish::publish))
        .route("/connections/{client_id}", get(connection::get).delete(connection::delete))
        .route("/connections/{client_id}/messages", post(direct::send))
        .fallback(|| async { ApiError::not_found("There is no such resource") })
        .method_not_allowed_fallback(|| async { ApiError::method_not_allowed() })
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(core)
}
