//! The search for a user's meetings: group meetings by `invited#…` items, a direct call by the slot, all in one query.

use super::meeting::{meeting_key, stored};
use super::open::MAX_BATCH_KEYS;
use super::user::read_user_item;
use super::user::{part_key, slot_key};
use super::{Item, Table, query_all, stored_text, text, ttl};
use crate::ports::{Loaded, Slot, StoreError, Stored, UserRecord};
use std::collections::BTreeSet;
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;

impl Table {
    /// Lists the meetings that `user` may be in or invited to.
    pub async fn meetings_of(&self, user: &UserId) -> Result<BTreeSet<MeetingId>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            // In the order of sort keys, `slot` follows directly on every `invited#…`.
            .key_condition_expression("pk = :user AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":user", text(format!("user#{user}")))
            .expression_attribute_values(":first", text("invited#"))
            .expression_attribute_values(":last", text("slot"));
        Ok(query_all(query).await?.iter().filter_map(named).collect())
    }

    /// Reads the meetings of these ids; unknown ids, and those of create requests that made no meeting, are left out.
    pub async fn meetings(&self, ids: &BTreeSet<MeetingId>) -> Result<Vec<Loaded>, StoreError> {
        let keys: Vec<Item> = ids.iter().map(meeting_key).collect();
        let batches = keys.chunks(MAX_BATCH_KEYS).map(|keys| self.batch(keys.to_vec()));
        let items = futures::future::try_join_all(batches).await?;
        let read = |item| stored(item).map(Stored::into_meeting).transpose();
        items.into_iter().flatten().filter_map(read).collect()
    }

    /// Stores until `until_ms` that `user` may be in the meeting `id`.
    pub async fn keep_part(&self, user: &UserId, id: &MeetingId, until_ms: i64) -> Result<(), StoreError> {
        let mut item = part_key(user, id);
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

fn named(item: &Item) -> Option<MeetingId> {
    let sort = stored_text(item, "sk")?;
    let id =
        sort.strip_prefix("invited#").or_else(|| stored_text(item, "slot_meeting").map(String::as_str))?;
    id.parse().ok()
}
