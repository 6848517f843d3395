//! The broker's lifecycle events of a device. They arrive late, twice and out of order, so each write has a
//! condition on the stored state. An event that fails its condition is ignored, unless the same event is
//! stored: the SDK repeats a write whose answer was lost, and Lambda repeats an invocation that crashed after
//! the write.

use super::user::{DEVICE, QUEUE, devices_key};
use super::{Item, Table, number, stored_number, stored_text, text, ttl};
use crate::ports::{DeviceSession, DeviceWrite, SESSION_LIFE_MS, StoreError};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure as OnFailure,
};
use std::collections::HashMap;

/// Largest number of stored devices of one user. Beyond it, the devices that have been disconnected longest
/// are removed.
const MAX_STORED_DEVICES: usize = 10;
/// Largest number of devices in one removal, since an expression may have 4 KB and 300 operators.
const MAX_PRUNED: usize = 100;
/// Milliseconds without a connection after which the broker may count a device's connections from 0 again.
/// The broker does so after about an hour. Five minutes are subtracted, because the time of the last
/// connection is by the broker's clock or, from `authorize`, by the function's.
const COUNTER_RESET_MS: i64 = 55 * 60 * 1_000;

impl Table {
    /// Stores that a device connected and, if known, the milliseconds for which its queue outlives the
    /// connection. Writes nothing if a newer event of the device is stored.
    pub async fn device_connected(
        &self,
        session: &DeviceSession,
        queue_ms: Option<i64>,
    ) -> Result<DeviceWrite, StoreError> {
        // A device that `authorize` registered has no session yet. A restarted counter is recognised by the
        // time.
        let newer = "attribute_not_exists(#device.#session) OR #device.#version < :version \
                     OR (#device.#online = :false AND #device.seen_ms < :reset)";
        let update = self.device_update(session, true).condition_expression(newer);
        let update = update
            .expression_attribute_names("#version", "version")
            .expression_attribute_names("#queue", format!("{QUEUE}{}", session.client_id));
        let update = match queue_ms {
            Some(queue_ms) => update
                .update_expression("SET #device = :device, expires_at = :expires_at, #queue = :queue")
                .expression_attribute_values(":queue", number(queue_ms)),
            None => update.update_expression("SET #device = :device, expires_at = :expires_at REMOVE #queue"),
        };
        let update = update
            .expression_attribute_values(":version", number(session.version))
            .expression_attribute_values(":false", AttributeValue::Bool(false))
            .expression_attribute_values(":reset", number(session.at_ms - COUNTER_RESET_MS))
            .return_values(ReturnValue::AllNew);
        let (result, item) = match update.send().await {
            Ok(output) => (DeviceWrite::Done, output.attributes),
            Err(error) => refused(error, session, true)?,
        };
        if result != DeviceWrite::Outdated {
            self.prune(session, item.unwrap_or_default()).await?;
        }
        Ok(result)
    }

    /// Stores that a connection ended, unless it is not the current connection of its device (another
    /// connection took over). A disconnect that arrives before its own connect is stored, so that the connect
    /// is ignored.
    pub async fn device_disconnected(&self, session: &DeviceSession) -> Result<DeviceWrite, StoreError> {
        let present_or_newer = "(#device.#session = :session AND #device.#online = :true) \
                                OR attribute_not_exists(#device.#session) OR #device.#version < :version";
        let update = self
            .device_update(session, false)
            .condition_expression(present_or_newer)
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", number(session.version))
            .expression_attribute_values(":session", text(&session.session))
            .expression_attribute_values(":true", AttributeValue::Bool(true));
        match update.send().await {
            Ok(_) => Ok(DeviceWrite::Done),
            Err(error) => refused(error, session, false).map(|(result, _)| result),
        }
    }

    fn device_update(
        &self,
        session: &DeviceSession,
        online: bool,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        let device = HashMap::from([
            ("session".to_owned(), text(&session.session)),
            ("version".to_owned(), number(session.version)),
            ("online".to_owned(), AttributeValue::Bool(online)),
            ("seen_ms".to_owned(), number(session.at_ms)),
        ]);
        self.client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(devices_key(&session.client_id.user())))
            .update_expression("SET #device = :device, expires_at = :expires_at")
            .expression_attribute_names("#device", format!("{DEVICE}{}", session.client_id))
            .expression_attribute_names("#session", "session")
            .expression_attribute_names("#online", "online")
            .expression_attribute_values(":device", AttributeValue::M(device))
            .expression_attribute_values(":expires_at", ttl(session.at_ms + SESSION_LIFE_MS))
            .return_values_on_condition_check_failure(OnFailure::AllOld)
    }

    /// Removes devices whose session has expired, and beyond [`MAX_STORED_DEVICES`] those that have been
    /// disconnected longest.
    async fn prune(&self, session: &DeviceSession, item: Item) -> Result<(), StoreError> {
        let mut devices: Vec<(i64, String)> = item
            .into_iter()
            .filter(|(name, _)| name.starts_with(DEVICE))
            .map(|(name, value)| {
                (value.as_m().ok().and_then(|fields| stored_number(fields, "seen_ms")).unwrap_or(0), name)
            })
            .collect();
        devices.sort_by(|a, b| b.cmp(a));
        let stale =
            |at: usize, seen_ms: i64| at >= MAX_STORED_DEVICES || seen_ms + SESSION_LIFE_MS <= session.at_ms;
        let gone: Vec<String> = devices
            .into_iter()
            .enumerate()
            .filter(|(at, (ms, _))| stale(*at, *ms))
            .map(|(_, (_, name))| name)
            .collect();
        for gone in gone.chunks(MAX_PRUNED) {
            self.remove_devices(session, gone).await?;
        }
        Ok(())
    }

    async fn remove_devices(&self, session: &DeviceSession, gone: &[String]) -> Result<(), StoreError> {
        let mut update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(devices_key(&session.client_id.user())));
        let queues: Vec<String> = gone.iter().map(|name| name.replacen(DEVICE, QUEUE, 1)).collect();
        for (at, name) in gone.iter().chain(&queues).enumerate() {
            update = update.expression_attribute_names(format!("#gone{at}"), name);
        }
        let names: Vec<String> = (0..2 * gone.len()).map(|at| format!("#gone{at}")).collect();
        let update = update.update_expression(format!("REMOVE {}", names.join(", ")));
        update.send().await.map(|_| ()).map_err(StoreError::unavailable("UpdateItem"))
    }
}

/// Converts a failed write of an event. If the condition failed, the error has the stored item.
fn refused(
    error: SdkError<UpdateItemError>,
    session: &DeviceSession,
    online: bool,
) -> Result<(DeviceWrite, Option<Item>), StoreError> {
    let failed = error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception);
    if !failed {
        return Err(StoreError::unavailable("UpdateItem")(error));
    }
    let item = match error.into_service_error() {
        UpdateItemError::ConditionalCheckFailedException(failed) => failed.item,
        _ => None,
    };
    let is_stored = item.as_ref().is_some_and(|item| has_event(item, session, online));
    Ok((if is_stored { DeviceWrite::Repeated } else { DeviceWrite::Outdated }, item))
}

/// Returns whether the stored event of the device is this one.
fn has_event(item: &Item, session: &DeviceSession, online: bool) -> bool {
    let device = item.get(&format!("{DEVICE}{}", session.client_id)).and_then(|device| device.as_m().ok());
    device.is_some_and(|device| {
        stored_text(device, "session") == Some(&session.session)
            && stored_number(device, "version") == Some(session.version)
            && device.get("online") == Some(&AttributeValue::Bool(online))
    })
}
