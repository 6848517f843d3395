//! The invitations of a user within the last hour, and the meetings that the user created: one item for each
//! user, written in the transaction that invites or creates.

use super::{Item, Table, key, number, stored_number, stored_text, text, ttl};
use crate::ports::{RingsWrite, StoreError, StoredRings};
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use std::collections::HashMap;
use switchboard_core::{LONGEST_MEETING_MS, RINGS_KEPT_MS, RingLog, RungUsers};
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;

/// Sort key of the item.
pub(super) const RINGS: &str = "rings";

/// One request in its stored form: time, meeting, number of users who answered, all other users. A tuple
/// keeps the item small.
type StoredRequest = (i64, MeetingId, u32, Vec<UserId>);

pub(super) fn rings_key(user: &UserId) -> Item {
    key(format!("user#{user}"), RINGS)
}

/// Reads the item.
pub(super) fn rings(item: &Item) -> Result<StoredRings, StoreError> {
    let key = stored_text(item, "pk").map_or("", String::as_str);
    let requests = stored_text(item, "requests").map_or("[]", String::as_str);
    let requests: Vec<StoredRequest> =
        serde_json::from_str(requests).map_err(|error| StoreError::unreadable(key, error))?;
    let requests = requests
        .into_iter()
        .map(|(at_ms, meeting_id, answered, users)| RungUsers { at_ms, meeting_id, users, answered })
        .collect();
    let version = stored_number(item, "version").and_then(|version| u64::try_from(version).ok());
    // Absent in the items of earlier releases.
    let created = stored_text(item, "created").map_or("[]", String::as_str);
    let created = serde_json::from_str(created).map_err(|error| StoreError::unreadable(key, error))?;
    Ok(StoredRings { log: RingLog { requests, created }, version: version.unwrap_or_default() })
}

impl Table {
    /// Reads the invitations of `user`.
    pub async fn rings(&self, user: &UserId) -> Result<StoredRings, StoreError> {
        let read = self.client.get_item().table_name(&self.name).consistent_read(true);
        let output = read.set_key(Some(rings_key(user))).send().await;
        let output = output.map_err(StoreError::unavailable("GetItem"))?;
        output.item.as_ref().map_or_else(|| Ok(StoredRings::default()), rings)
    }

    /// Returns the write of a user's invitations. Its condition fails if another request of the user came
    /// first. An item that expired in the meantime had no invitation that counts.
    pub(super) fn rings_write(&self, write: &RingsWrite) -> Result<TransactWriteItem, StoreError> {
        let stored = |rung: &RungUsers| -> StoredRequest {
            (rung.at_ms, rung.meeting_id.clone(), rung.answered, rung.users.clone())
        };
        let requests: Vec<StoredRequest> = write.log.requests.iter().map(stored).collect();
        let requests = serde_json::to_string(&requests).map_err(StoreError::invalid("TransactWriteItems"))?;
        let mut item = rings_key(&write.user);
        let created =
            serde_json::to_string(&write.log.created).map_err(StoreError::invalid("TransactWriteItems"))?;
        item.insert("requests".to_owned(), text(requests));
        item.insert("created".to_owned(), text(created));
        item.insert("version".to_owned(), number(write.seen_version + 1));
        item.insert("expires_at".to_owned(), ttl(write.at_ms + LONGEST_MEETING_MS + RINGS_KEPT_MS));
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR version = :seen")
            .set_expression_attribute_values(Some(HashMap::from([(
                ":seen".to_owned(),
                number(write.seen_version),
            )])))
            .build()
            .map_err(StoreError::invalid("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}
