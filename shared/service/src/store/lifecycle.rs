//! What the broker's lifecycle events say of a device. They come late, twice and out of order, so each write says
//! from which state it may be made; an event that fits no state is ignored.

use super::user::{DEVICE, SESSION_LIFE_MS, devices_key};
use super::{Item, StoreError, Table, number, stored_number, text, ttl};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use std::collections::HashMap;
use switchboard_protocol::address::ClientId;

/// Devices that are remembered of one user; beyond that the longest unseen are forgotten.
const REMEMBERED: usize = 10;
/// The broker counts a device's connections from 0 again after it was away for about an hour.
const COUNTER_RESET_MS: i64 = 55 * 60 * 1_000;

/// One connection of a device, as a lifecycle event names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The device.
    pub client_id: ClientId,
    /// The broker's id of the session: the same in both events of one connection.
    pub session: String,
    /// Counts the device's connections.
    pub version: i64,
    /// When, in milliseconds since the epoch.
    pub at_ms: i64,
}

impl Table {
    /// Notes that a device connected. `false` if the event is older than what is known.
    pub async fn device_connected(&self, seen: &Seen) -> Result<bool, StoreError> {
        // A device that `authorize` registered has no session yet; a counter that started again is told by the time.
        let newer = "attribute_not_exists(#device.#session) OR #device.#version < :version \
                     OR (#device.#online = :false AND #device.seen_ms < :reset)";
        let update = self.device_update(seen, true).condition_expression(newer);
        let update = update.expression_attribute_names("#version", "version");
        let update = update
            .expression_attribute_values(":version", number(seen.version))
            .expression_attribute_values(":false", AttributeValue::Bool(false))
            .expression_attribute_values(":reset", number(seen.at_ms - COUNTER_RESET_MS))
            .return_values(ReturnValue::AllNew);
        let output = update.send().await;
        match output {
            Ok(output) => {
                self.prune(seen, output.attributes.unwrap_or_default()).await?;
                Ok(true)
            }
            Err(error)
                if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::unavailable("UpdateItem")(error)),
        }
    }

    /// Notes that a connection ended. `false` if it is not the device's present one: it was taken over, or the
    /// event came twice. One that comes before its own connect is kept, so that the connect finds it over.
    pub async fn device_disconnected(&self, seen: &Seen) -> Result<bool, StoreError> {
        let present_or_newer = "(#device.#session = :session AND #device.#online = :true) \
                                OR attribute_not_exists(#device.#session) OR #device.#version < :version";
        let update = self
            .device_update(seen, false)
            .condition_expression(present_or_newer)
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", number(seen.version))
            .expression_attribute_values(":session", text(&seen.session))
            .expression_attribute_values(":true", AttributeValue::Bool(true));
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::unavailable("UpdateItem")(error)),
        }
    }

    fn device_update(
        &self,
        seen: &Seen,
        online: bool,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        let device = HashMap::from([
            ("session".to_owned(), text(&seen.session)),
            ("version".to_owned(), number(seen.version)),
            ("online".to_owned(), AttributeValue::Bool(online)),
            ("seen_ms".to_owned(), number(seen.at_ms)),
        ]);
        self.client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(devices_key(&seen.client_id.user())))
            .update_expression("SET #device = :device, expires_at = :expires_at")
            .expression_attribute_names("#device", format!("{DEVICE}{}", seen.client_id))
            .expression_attribute_names("#session", "session")
            .expression_attribute_names("#online", "online")
            .expression_attribute_values(":device", AttributeValue::M(device))
            .expression_attribute_values(":expires_at", ttl(seen.at_ms + SESSION_LIFE_MS))
    }

    /// Forgets devices whose session is over, and the longest unseen ones beyond [`REMEMBERED`].
    async fn prune(&self, seen: &Seen, item: Item) -> Result<(), StoreError> {
        let mut devices: Vec<(i64, String)> = item
            .into_iter()
            .filter(|(name, _)| name.starts_with(DEVICE))
            .map(|(name, value)| {
                (value.as_m().ok().and_then(|fields| stored_number(fields, "seen_ms")).unwrap_or(0), name)
            })
            .collect();
        devices.sort_by(|a, b| b.cmp(a));
        let stale = |at: usize, seen_ms: i64| at >= REMEMBERED || seen_ms + SESSION_LIFE_MS <= seen.at_ms;
        let gone: Vec<String> = devices
            .into_iter()
            .enumerate()
            .filter(|(at, (ms, _))| stale(*at, *ms))
            .map(|(_, (_, name))| name)
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        let mut update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(devices_key(&seen.client_id.user())));
        for (at, name) in gone.iter().enumerate() {
            update = update.expression_attribute_names(format!("#gone{at}"), name);
        }
        let names: Vec<String> = (0..gone.len()).map(|at| format!("#gone{at}")).collect();
        let update = update.update_expression(format!("REMOVE {}", names.join(", ")));
        update.send().await.map(|_| ()).map_err(StoreError::unavailable("UpdateItem"))
    }
}
