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
use super::parameters;
use crate::policy;
use crate::registry::ClientStatus;
use crate::state::{BrokerState, OutgoingMessage};

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
    State(state): State<Arc<BrokerState>>,
    client_id: Result<Path<String>, PathRejection>,
    parameters: Result<Query<Parameters>, QueryRejection>,
    headers: HeaderMap,
    payload: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, ApiError> {
    let (Path(client_id), Query(parameters), payload) = (client_id?, parameters?, payload?);
    parameters::check_client_id(&state, &client_id)?;
    parameters::check_message(&state, &parameters.topic, &payload)?;
    if parameters.topic.starts_with('$') {
        return Err(ApiError::invalid("Topic must not start with $"));
    }
    if parameters.confirmation && !TIMEOUT_SECONDS.contains(&parameters.timeout) {
        return Err(ApiError::invalid("timeout must be 1 to 15 seconds"));
    }
    let properties =
        parameters::properties(&state, &headers, parameters.content_type, parameters.response_topic)?;
    check_receiver(&state, &client_id, &parameters.topic)?;

    let mut direct = state.direct_messages.start();
    let qos = if parameters.confirmation { QoS::AtLeastOnce } else { QoS::AtMostOnce };
    let topic = parameters.topic;
    let message = OutgoingMessage { topic, payload, qos, expiry_seconds: None, properties };
    state.send(&direct.sender, message, &client_id).await.map_err(|error| ApiError::internal(&error))?;
    if parameters.confirmation {
        let timeout = Duration::from_secs(parameters.timeout);
        match tokio::time::timeout(timeout, &mut direct.acknowledged).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return Err(ApiError::not_confirmed()),
        }
    }
    Ok(accepted())
}

/// Checks that the receiver is connected and that its policy allows `iot:Receive`. No subscription is needed.
fn check_receiver(state: &BrokerState, client_id: &str, topic: &str) -> Result<(), ApiError> {
    let now_ms = state.now_ms();
    match state.registry.status(client_id, now_ms) {
        ClientStatus::Connected(connection) => {
            if connection.policy.allows(policy::RECEIVE, &state.arns.topic(topic)) {
                Ok(())
            } else {
                Err(ApiError::forbidden(format!(
                    "Client {client_id} is not authorized to receive on the topic"
                )))
            }
        }
        // The error texts of AWS IoT Core, which functions compare.
        ClientStatus::Offline(ended) if ended.has_session(now_ms) => Err(ApiError::not_found(
            "The target client ID is not connected, but it has an active persistent session",
        )),
        ClientStatus::Offline(_) | ClientStatus::Unknown => {
            Err(ApiError::not_found("The target client ID is not connected"))
        }
    }
}
