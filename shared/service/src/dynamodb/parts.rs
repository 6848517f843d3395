//! The search for a user's meetings, in one query: group meetings by `invited#…` items, a direct call by the
//! slot.

use super::meeting::{meeting_key, stored};
use super::open::MAX_BATCH_KEYS;
use super::user::read_user_item;
use super::user::{part_key, slot_key};
use super::{Item, Table, number, query_all, stored_number, stored_text, text, ttl};
use crate::ports::{Loaded, Slot, StoreError, Stored, UserRecord};
use std::collections::BTreeSet;
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;

/// Largest number of meetings of one user that are read, newest first, since strangers may invite a user to
/// any number of meetings.
pub const MAX_MEETINGS_OF_USER: usize = 20;

impl Table {
    /// Lists the meetings that `user` may be in or invited to: the meeting of the call slot, and the newest
    /// [`MAX_MEETINGS_OF_USER`] others.
    pub async fn meetings_of(&self, user: &UserId, now_ms: i64) -> Result<BTreeSet<MeetingId>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            // In the order of sort keys, `slot` follows directly after every `invited#…`.
            .key_condition_expression("pk = :user AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":user", text(format!("user#{user}")))
            .expression_attribute_values(":first", text("invited#"))
            .expression_attribute_values(":last", text("slot"));
        let items = query_all(query).await?;
        // DynamoDB may keep expired items for two more days.
        let is_kept = |item: &&Item| stored_number(item, "expires_at").is_none_or(|at| at > now_ms / 1_000);
        let mut parts: Vec<(i64, MeetingId)> = items
            .iter()
            .filter(is_kept)
            .filter_map(|item| Some((stored_number(item, "at_ms").unwrap_or(0), named(item)?)))
            .collect();
        parts.sort_by(|a, b| b.cmp(a));
        parts.truncate(MAX_MEETINGS_OF_USER);
        let slot = items.iter().filter_map(slot_of);
        Ok(parts.into_iter().map(|(_, id)| id).chain(slot).collect())
    }

    /// Reads the meetings of these ids. Omits unknown ids, and ids of create requests that made no meeting.
    pub async fn meetings(&self, ids: &BTreeSet<MeetingId>) -> Result<Vec<Loaded>, StoreError> {
        let keys: Vec<Item> = ids.iter().map(meeting_key).collect();
        let batches = keys.chunks(MAX_BATCH_KEYS).map(|keys| self.batch(keys.to_vec()));
        let items = futures::future::try_join_all(batches).await?;
        let read = |item| stored(item).map(Stored::into_meeting).transpose();
        items.into_iter().flatten().filter_map(read).collect()
    }

    /// Stores a reference for `user` to the meeting `id`, which expires at `until_ms`.
    pub async fn keep_part(
        &self,
        user: &UserId,
        id: &MeetingId,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<(), StoreError> {
        let mut item = part_key(user, id);
        item.insert("at_ms".to_owned(), number(now_ms));
        item.insert("expires_at".to_owned(), ttl(until_ms));
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
        put.send().await.map(|_| ()).map_err(StoreError::unavailable("PutItem"))
    }

    /// Reads the call slot of a user.
    pub async fn slot(&self, user: &UserId) -> Result<Option<Slot>, StoreError> {
        let request =
            self.client.get_item().table_name(&self.name).consistent_read(true).set_key(Some(slot_key(user)));
        let output = request.send().await.map_err(StoreError::unavailable("GetItem"))?;
        let mut record = UserRecord::default();
        if let Some(item) = output.item {
            read_user_item(&mut record, &item, 0)?;
        }
        Ok(record.slot)
    }
}

/// Returns the meeting that a part item names.
fn named(item: &Item) -> Option<MeetingId> {
    stored_text(item, "sk")?.strip_prefix("invited#")?.parse().ok()
}

/// Returns the meeting that the call slot names.
fn slot_of(item: &Item) -> Option<MeetingId> {
    stored_text(item, "slot_meeting")?.parse().ok()
}
