//! The items of a user: devices, and the call slot.
//!
//! Every device is an attribute of its own, so that registering a device needs neither a read nor a parent
//! map.

use super::availability::{SETTINGS, availability};
use super::{Item, Table, key, number, stored_number, stored_text, text, ttl};
use crate::ports::{SESSION_LIFE_MS, Slot, StoreError, UserRecord, queue_until_ms};
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;
use switchboard_core::KnownDevice;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::id::MeetingId;

/// Prefix of a device's attribute.
pub(super) const DEVICE: &str = "device:";
/// Prefix of the attribute with the milliseconds for which a device's queue outlives its connection. The
/// attribute is separate from the device's, so that a disconnect keeps it without a read.
pub(super) const QUEUE: &str = "queue:";

pub(super) fn devices_key(user: &UserId) -> Item {
    key(format!("user#{user}"), "devices")
}

pub(super) fn slot_key(user: &UserId) -> Item {
    key(format!("user#{user}"), "slot")
}

pub(super) fn part_key(user: &UserId, meeting: &MeetingId) -> Item {
    key(format!("user#{user}"), &format!("invited#{meeting}"))
}

/// Adds the contents of one item of a user to `record`. Other items are ignored.
pub(super) fn read_user_item(record: &mut UserRecord, item: &Item, now_ms: i64) -> Result<(), StoreError> {
    match stored_text(item, "sk").map(String::as_str) {
        Some("devices") => {
            record.name = stored_text(item, "name").cloned();
            record.devices = devices(item, now_ms);
        }
        Some("slot") => {
            let key = stored_text(item, "pk").map_or("", String::as_str);
            let meeting = stored_text(item, "slot_meeting").and_then(|id| id.parse().ok());
            let meeting_id =
                meeting.ok_or_else(|| StoreError::unreadable(key, "slot_meeting is not a meeting id"))?;
            record.slot = Some(Slot { meeting_id });
        }
        Some(SETTINGS) => record.availability = availability(item)?,
        _ => {}
    }
    Ok(())
}

fn devices(item: &Item, now_ms: i64) -> Vec<KnownDevice> {
    let known =
        item.iter().filter_map(|(name, value)| Some((name.strip_prefix(DEVICE)?, value.as_m().ok()?)));
    known
        .filter_map(|(client_id, fields)| {
            let is_online = fields.get("online") == Some(&AttributeValue::Bool(true));
            let seen_ms = stored_number(fields, "seen_ms")?;
            let queue_ms = stored_number(item, &format!("{QUEUE}{client_id}"));
            Some(KnownDevice {
                client_id: client_id.parse().ok()?,
                seen_ms,
                queue_until_ms: queue_ms.map(|ms| queue_until_ms(ms, is_online, seen_ms, now_ms)),
            })
        })
        .filter(|device| device.seen_ms + SESSION_LIFE_MS > now_ms)
        .collect()
}

impl Table {
    /// Returns the time of the device's present connection, in milliseconds since the epoch; `None` for an
    /// unknown device, and for one that has disconnected since.
    pub async fn connected_since_ms(&self, device: &ClientId) -> Result<Option<i64>, StoreError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.name)
            .consistent_read(true)
            .set_key(Some(devices_key(&device.user())))
            .projection_expression("#device")
            .expression_attribute_names("#device", format!("{DEVICE}{device}"));
        let output = request.send().await.map_err(StoreError::unavailable("GetItem"))?;
        let item = output.item.unwrap_or_default();
        let fields = item.get(&format!("{DEVICE}{device}")).and_then(|value| value.as_m().ok());
        // A device that `authorize` registered has no status until the event of its connection.
        let connected = fields.filter(|fields| fields.get("online") != Some(&AttributeValue::Bool(false)));
        Ok(connected.and_then(|fields| stored_number(fields, "seen_ms")))
    }

    /// Stores with one unconditional write that `device` connects and, if given, the display name of its
    /// user. The stored facts about the device's queue are removed until the connect event, since the new
    /// session may be of another kind.
    pub async fn register_device(
        &self,
        device: &ClientId,
        name: Option<&str>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let fields = HashMap::from([("seen_ms".to_owned(), number(now_ms))]);
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(devices_key(&device.user())))
            .expression_attribute_names("#device", format!("{DEVICE}{device}"))
            .expression_attribute_names("#queue", format!("{QUEUE}{device}"))
            .expression_attribute_values(":device", AttributeValue::M(fields))
            .expression_attribute_values(":expires_at", ttl(now_ms + SESSION_LIFE_MS));
        let update = match name {
            Some(name) => update
                .update_expression(
                    "SET #device = :device, expires_at = :expires_at, #name = :name REMOVE #queue",
                )
                .expression_attribute_names("#name", "name")
                .expression_attribute_values(":name", text(name)),
            None => update.update_expression("SET #device = :device, expires_at = :expires_at REMOVE #queue"),
        };
        update.send().await.map(|_| ()).map_err(StoreError::unavailable("UpdateItem"))
    }
}
