//! `GET /metrics`: the metrics of the functions, in the text format of Prometheus.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::instruments::Instruments;

/// Media type of the format: `OpenMetrics`, which Prometheus reads, too.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The route of the endpoint.
pub(crate) fn router(instruments: Arc<Instruments>) -> Router {
    Router::new().route("/metrics", get(read)).with_state(instruments)
}

async fn read(State(instruments): State<Arc<Instruments>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], instruments.metrics.text())
}
