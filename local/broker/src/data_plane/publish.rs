//! `Publish`.

use std::num::NonZeroU32;
use std::sync::Arc;

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
use crate::state::{BrokerState, OutgoingMessage};

/// Seven days.
const LONGEST_EXPIRY_SECONDS: u32 = 604_800;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    #[serde(default)]
    qos: u8,
    /// Accepted and ignored: the broker does not retain messages.
    #[serde(default, rename = "retain")]
    _retain: bool,
    content_type: Option<String>,
    response_topic: Option<String>,
    message_expiry: Option<u32>,
}

pub(super) async fn publish(
    State(state): State<Arc<BrokerState>>,
    topic: Result<Path<String>, PathRejection>,
    parameters: Result<Query<Parameters>, QueryRejection>,
    headers: HeaderMap,
    payload: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, ApiError> {
    let (Path(topic), Query(parameters), payload) = (topic?, parameters?, payload?);
    parameters::check_message(&state, &topic, &payload)?;
    let qos = match parameters.qos {
        0 => QoS::AtMostOnce,
        1 => QoS::AtLeastOnce,
        _ => return Err(ApiError::invalid("QoS must be 0 or 1")),
    };
    let properties =
        parameters::properties(&state, &headers, parameters.content_type, parameters.response_topic)?;
    let message = OutgoingMessage {
        topic,
        payload,
        qos,
        expiry_seconds: parameters.message_expiry.map(expiry).transpose()?,
        properties,
    };
    state.publish(message).await.map_err(|error| ApiError::internal(&error))?;
    Ok(accepted())
}

/// Checks the expiry interval. AWS IoT Core documents that 0 counts as 1.
fn expiry(seconds: u32) -> Result<NonZeroU32, ApiError> {
    if seconds > LONGEST_EXPIRY_SECONDS {
        return Err(ApiError::invalid("messageExpiry must be at most 604800 seconds"));
    }
    Ok(NonZeroU32::new(seconds).unwrap_or(NonZeroU32::MIN))
}
