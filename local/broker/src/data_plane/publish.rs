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
use super::input;
use crate::core::{Core, Outgoing};

/// Seven days.
const LONGEST_EXPIRY_SECONDS: u32 = 604_800;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    #[serde(default)]
    qos: u8,
    /// Taken, but messages are not retained.
    #[serde(default, rename = "retain")]
    _retain: bool,
    content_type: Option<String>,
    response_topic: Option<String>,
    message_expiry: Option<u32>,
}

pub(super) async fn publish(
    State(core): State<Arc<Core>>,
    topic: Result<Path<String>, PathRejection>,
    parameters: Result<Query<Parameters>, QueryRejection>,
    headers: HeaderMap,
    payload: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, ApiError> {
    let (Path(topic), Query(parameters), payload) = (topic?, parameters?, payload?);
    input::check_message(&core, &topic, &payload)?;
    let qos = match parameters.qos {
        0 => QoS::AtMostOnce,
        1 => QoS::AtLeastOnce,
        _ => return Err(ApiError::invalid("QoS must be 0 or 1")),
    };
    let properties = input::properties(&core, &headers, parameters.content_type, parameters.response_topic)?;
    let message = Outgoing {
        topic,
        payload,
        qos,
        expiry_seconds: parameters.message_expiry.map(expiry).transpose()?,
        properties,
    };
    core.publish(message).await.map_err(|error| ApiError::internal(&error))?;
    Ok(accepted())
}

/// 0 counts as 1, as documented.
fn expiry(seconds: u32) -> Result<NonZeroU32, ApiError> {
    if seconds > LONGEST_EXPIRY_SECONDS {
        return Err(ApiError::invalid("messageExpiry must be at most 604800 seconds"));
    }
    Ok(NonZeroU32::new(seconds).unwrap_or(NonZeroU32::MIN))
}
