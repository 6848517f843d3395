//! Parameters shared by `Publish` and `SendDirectMessage`: MQTT 5 properties from query and headers, and limits.

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytestring::ByteString;
use rmqtt::codec::v5::PublishProperties;
use serde_json::{Map, Value};

use super::error::ApiError;
use crate::name;
use crate::state::BrokerState;

const USER_PROPERTIES: &str = "x-amz-mqtt5-user-properties";
const PAYLOAD_FORMAT: &str = "x-amz-mqtt5-payload-format-indicator";
const CORRELATION_DATA: &str = "x-amz-mqtt5-correlation-data";

/// Builds the MQTT 5 properties of a message from the parameters and headers of a request.
pub(super) fn properties(
    state: &BrokerState,
    headers: &HeaderMap,
    content_type: Option<String>,
    response_topic: Option<String>,
) -> Result<PublishProperties, ApiError> {
    if let Some(topic) = &response_topic {
        name::check_topic(topic, &state.config.limits)
            .map_err(|reason| ApiError::invalid(format!("responseTopic: {reason}")))?;
    }
    Ok(PublishProperties {
        content_type: content_type.map(ByteString::from),
        response_topic: response_topic.map(ByteString::from),
        user_properties: user_properties(headers)?,
        is_utf8_payload: is_utf8(headers)?,
        correlation_data: base64_header(headers, CORRELATION_DATA)?.map(Into::into),
        ..PublishProperties::default()
    })
}

fn base64_header(headers: &HeaderMap, header: &'static str) -> Result<Option<Vec<u8>>, ApiError> {
    headers
        .get(header)
        .map(|value| {
            STANDARD.decode(value).map_err(|_| ApiError::invalid(format!("{header} must be base64")))
        })
        .transpose()
}

/// Reads the user properties: a JSON array of objects with text values, in base64.
fn user_properties(headers: &HeaderMap) -> Result<Vec<(ByteString, ByteString)>, ApiError> {
    let Some(text) = base64_header(headers, USER_PROPERTIES)? else {
        return Ok(Vec::new());
    };
    let invalid = || ApiError::invalid("userProperties must be a JSON array of objects with text values");
    let objects: Vec<Map<String, Value>> = serde_json::from_slice(&text).map_err(|_| invalid())?;
    objects
        .into_iter()
        .flatten()
        .map(|(name, value)| match value {
            Value::String(value) => Ok((name.into(), value.into())),
            _ => Err(invalid()),
        })
        .collect()
}

fn is_utf8(headers: &HeaderMap) -> Result<bool, ApiError> {
    match headers.get(PAYLOAD_FORMAT).map(axum::http::HeaderValue::as_bytes) {
        None | Some(b"UNSPECIFIED_BYTES") => Ok(false),
        Some(b"UTF8_DATA") => Ok(true),
        Some(_) => Err(ApiError::invalid("payloadFormatIndicator must be UNSPECIFIED_BYTES or UTF8_DATA")),
    }
}

/// Checks a client ID against the limits of AWS IoT Core.
pub(super) fn check_client_id(state: &BrokerState, client_id: &str) -> Result<(), ApiError> {
    name::check_client_id(client_id, &state.config.limits).map_err(ApiError::invalid)
}

/// Checks the topic and the size of a message against the limits of AWS IoT Core.
pub(super) fn check_message(state: &BrokerState, topic: &str, payload: &[u8]) -> Result<(), ApiError> {
    name::check_topic(topic, &state.config.limits).map_err(ApiError::invalid)?;
    if payload.len() > state.config.limits.payload_bytes {
        return Err(ApiError::too_large());
    }
    Ok(())
}
