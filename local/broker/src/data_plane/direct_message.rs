//! `SendDirectMessage`.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use rmqtt::types::QoS;
use serde::Deserialize;
use serde_json::Value;

use super::error::{ApiError, accepted};
use super::input;
use crate::core::{Core, Outgoing};
use crate::policy;
use crate::registry::Status;

const TIMEOUT_SECONDS: std::ops::RangeInclusive<u64> = 1..=15;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    topic: String,
    content_type: Option<String>,
    response_topic: Option<String>,
    #[serde(default)]
    confirmation: bool,
    #[serde(default = "default_timeout")]
    timeout: u64,
}

const fn default_timeout() -> u64 {
    5
}

pub(super) async fn send(
    State(core): State<Arc<Core>>,
    client_id: Result<Path<String>, PathRejection>,
    parameters: Result<Query<Parameters>, QueryRejection>,
    headers: HeaderMap,
    payload: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, ApiError> {
    let (Path(client_id), Query(parameters), payload) = (client_id?, parameters?, payload?);
    input::check_client_id(&core, &client_id)?;
    input::check_message(&core, &parameters.topic, &payload)?;
    if parameters.topic.starts_with('$') {
        return Err(ApiError::invalid("Topic must not start with $"));
    }
    if parameters.confirmation && !TIMEOUT_SECONDS.contains(&parameters.timeout) {
        return Err(ApiError::invalid("timeout must be 1 to 15 seconds"));
    }
    let properties = input::properties(&core, &headers, parameters.content_type, parameters.response_topic)?;
    check_receiver(&core, &client_id, &parameters.topic)?;

    let mut direct = core.directs.start();
    let qos = if parameters.confirmation { QoS::AtLeastOnce } else { QoS::AtMostOnce };
    let topic = parameters.topic;
    let message = Outgoing { topic, payload, qos, expiry_seconds: None, properties };
    core.send(&direct.sender, message, &client_id).await.map_err(|error| ApiError::internal(&error))?;
    if parameters.confirmation {
        let timeout = Duration::from_secs(parameters.timeout);
        match tokio::time::timeout(timeout, &mut direct.acknowledged).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return Err(ApiError::not_confirmed()),
        }
    }
    Ok(accepted())
}

/// The receiver must be connected and allowed to receive; it need not have subscribed.
fn check_receiver(core: &Core, client_id: &str, topic: &str) -> Result<(), ApiError> {
    let now_ms = core.now_ms();
    match core.registry.status(client_id, now_ms) {
        Status::Connected(connection) => {
            if connection.policy.allows(policy::RECEIVE, &core.arns.topic(topic)) {
                Ok(())
            } else {
                Err(ApiError::forbidden(format!(
                    "Client {client_id} is not authorized to receive on the topic"
                )))
            }
        }
        Status::Offline(ended) if ended.has_session(now_ms) => Err(ApiError::not_found(format!(
            "Client {client_id} is not connected, but it has an active persistent session"
        ))),
        Status::Offline(_) | Status::Unknown => {
            Err(ApiError::not_found(format!("Client {client_id} is not connected")))
        }
    }
}
