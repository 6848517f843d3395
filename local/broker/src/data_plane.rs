//! The HTTP data plane of AWS IoT Core, compatible with the AWS SDKs.
//! Source of paths, parameters and errors: the service model in `aws-sdk-iotdataplane` 1.120.

mod connection;
mod direct_message;
mod error;
mod parameters;
mod publish;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::state::BrokerState;
use error::ApiError;

/// Largest body that is read. The limit of AWS IoT Core is smaller and is checked later, with its own error.
const BODY_BYTES: usize = 1024 * 1024;

pub(crate) fn router(state: Arc<BrokerState>) -> Router {
    Router::new()
        .route("/topics/{*topic}", post(publish::publish))
        .route("/connections/{client_id}", get(connection::get).delete(connection::delete))
        .route("/connections/{client_id}/messages", post(direct_message::send))
        .fallback(|| async { ApiError::not_found("The resource does not exist") })
        .method_not_allowed_fallback(|| async { ApiError::method_not_allowed() })
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(state)
}
