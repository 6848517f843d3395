//! The AWS IoT data plane as the adapter of [`Downlinks`].

use crate::ports::{BrokerError, DirectDelivery, Downlinks, Qos};
use aws_sdk_iotdataplane::Client;
use aws_sdk_iotdataplane::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iotdataplane::operation::get_connection::GetConnectionOutput;
use aws_sdk_iotdataplane::primitives::Blob;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::retry::ErrorKind;
use std::error::Error;
use std::fmt;
use switchboard_protocol::address::{ClientId, DownlinkParents};
use switchboard_protocol::downlink::Downlink;

/// Seconds that the broker waits for a device to confirm a direct message.
const CONFIRM_SECONDS: i32 = 3;
/// Words in the refusal of a direct message which mean that the device, although disconnected, has a session.
/// Source: table of responses in "Direct Messaging", AWS IoT Core developer guide.
const SESSION_WORDS: &str = "active persistent session";

/// The account's MQTT broker.
#[derive(Debug, Clone)]
pub struct IotDataPlane {
    /// Client for publishing.
    pub data_plane: Client,
    /// Client for direct messages, without the SDK's retries.
    pub direct: Client,
    /// Parents of the downlink topics.
    pub parents: DownlinkParents,
}

impl Downlinks for IotDataPlane {
    async fn publish(
        &self,
        to: &ClientId,
        downlink: &Downlink,
        qos: Qos,
        keep_ms: i64,
    ) -> Result<(), BrokerError> {
        let payload = Blob::new(serde_json::to_vec(downlink)?);
        let topic = if downlink.body.is_bulk() {
            self.parents.bulk_topic(to)
        } else {
            self.parents.control_topic(to)
        };
        let qos = match qos {
            Qos::BestEffort => 0,
            Qos::Queued => 1,
        };
        let request = self.data_plane.publish().topic(topic).qos(qos).payload(payload);
        let sent = request.message_expiry(keep_seconds(keep_ms)).send().await;
        sent.map(|_| ()).map_err(unavailable("Publish"))
    }

    async fn send_direct(
        &self,
        to: &ClientId,
        downlink: &Downlink,
        confirm: bool,
    ) -> Result<DirectDelivery, BrokerError> {
        let payload = Blob::new(serde_json::to_vec(downlink)?);
        let request =
            self.direct.send_direct_message().client_id(to.as_str()).topic(self.parents.control_topic(to));
        let request = if confirm { request.confirmation(true).timeout(CONFIRM_SECONDS) } else { request };
        let request = request.payload(payload);
        let mut sent = request.clone().send().await;
        if sent.as_ref().is_err_and(is_lost_connection) {
            // Lambda freezes the process between events, and the broker may close the pooled connection in
            // the meantime. If the message arrives twice, the device drops the second copy by its id.
            sent = request.send().await;
        }
        let Err(error) = sent else { return Ok(DirectDelivery::Delivered) };
        let operation = "SendDirectMessage";
        match error.as_service_error() {
            Some(refusal) if refusal.is_resource_not_found_exception() => {
                let has_session = refusal.message().is_some_and(|message| message.contains(SESSION_WORDS));
                Ok(DirectDelivery::NotConnected { has_session })
            }
            Some(refusal) if refusal.is_forbidden_exception() || refusal.is_unauthorized_exception() => {
                Err(BrokerError::Denied { operation, source: Box::new(error) })
            }
            _ => Err(unavailable(operation)(error)),
        }
    }

    async fn is_connected(&self, device: &ClientId) -> Result<bool, BrokerError> {
        Ok(connection(&self.data_plane, device).await?.is_some_and(|connection| connection.connected()))
    }

    async fn queue_ms(&self, device: &ClientId) -> Result<Option<i64>, BrokerError> {
        let Some(connection) = connection(&self.direct, device).await? else { return Ok(Some(0)) };
        if connection.clean_session() {
            return Ok(Some(0));
        }
        // The broker would report a session that ends with its connection as a clean session, so 0 means that
        // the field is missing.
        let seconds = Some(connection.session_expiry()).filter(|seconds| *seconds > 0);
        Ok(seconds.map(|seconds| seconds.saturating_mul(1_000)))
    }
}

/// Reads the connection of a device; `None` for a device that is not connected and has no session.
async fn connection(client: &Client, device: &ClientId) -> Result<Option<GetConnectionOutput>, BrokerError> {
    let operation = "GetConnection";
    match client.get_connection().client_id(device.as_str()).send().await {
        Ok(connection) => Ok(Some(connection)),
        Err(error) => match error.as_service_error() {
            Some(refusal) if refusal.is_resource_not_found_exception() => Ok(None),
            Some(refusal) if refusal.is_throttling_exception() => Err(BrokerError::Throttled { operation }),
            _ => Err(unavailable(operation)(error)),
        },
    }
}

/// Returns whether the connection broke before the broker answered.
fn is_lost_connection<E, R>(error: &SdkError<E, R>) -> bool {
    let SdkError::DispatchFailure(failure) = error else { return false };
    failure.is_io()
        || failure.as_connector_error().and_then(ConnectorError::as_other) == Some(ErrorKind::TransientError)
}

fn unavailable<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> BrokerError
where
    E: Error + Send + Sync + 'static,
    R: fmt::Debug + Send + Sync + 'static,
{
    move |error| BrokerError::Unavailable { operation, source: Box::new(error) }
}

/// Converts milliseconds to whole seconds, at least one: the unit and the minimum of the broker's message
/// expiry.
fn keep_seconds(keep_ms: i64) -> i64 {
    ((keep_ms + 999) / 1_000).max(1)
}

#[cfg(test)]
mod tests;
