//! The sparse index of deadlines, which the sweep reads, and corrections of the index.

use super::meeting::{due_shard, meeting_key};
use super::record::SCHEMA;
use super::{DUE_SHARDS, Item, Table, number, query_all, stored_number, stored_text, text};
use crate::ports::{Due, StoreError};
use switchboard_protocol::id::MeetingId;

impl Table {
    /// Lists the meetings whose deadline is `until_ms` or earlier: partition by partition, with the earliest
    /// of each partition first.
    pub async fn due(&self, until_ms: i64) -> Result<Vec<Due>, StoreError> {
        let shards = (0..DUE_SHARDS).map(|shard| self.due_in(format!("due#{shard}"), until_ms));
        Ok(futures::future::try_join_all(shards).await?.into_iter().flatten().collect())
    }

    async fn due_in(&self, shard: String, until_ms: i64) -> Result<Vec<Due>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .index_name("due")
            .key_condition_expression("due_shard = :shard AND due_at <= :until")
            .expression_attribute_values(":shard", text(&shard))
            .expression_attribute_values(":until", number(until_ms));
        Ok(query_all(query).await?.iter().filter_map(read).collect())
    }

    /// Postpones an entry of the index until `until_ms`, if the entry is still the stored one.
    pub async fn postpone(&self, due: &Due, until_ms: i64) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(meeting_key(&due.meeting_id)))
            .update_expression("SET due_at = :until")
            .condition_expression("due_at = :seen")
            .expression_attribute_values(":until", number(until_ms))
            .expression_attribute_values(":seen", number(due.due_at_ms));
        match update.send().await {
            Err(error)
                if !error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Err(StoreError::of("UpdateItem", error))
            }
            _ => Ok(()),
        }
    }

    /// Sets the deadline of a meeting in the index, if the meeting is still at `rev`: a later commit has set
    /// its own deadline.
    pub async fn correct_due(
        &self,
        id: &MeetingId,
        rev: u64,
        due_at_ms: Option<i64>,
    ) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(meeting_key(id)))
            .condition_expression("rev = :rev AND #schema <= :schema")
            .expression_attribute_names("#schema", "schema")
            .expression_attribute_values(":schema", number(SCHEMA))
            .expression_attribute_values(":rev", number(rev));
        let update = match due_at_ms {
            Some(due_at_ms) => update
                .update_expression("SET due_shard = :shard, due_at = :due")
                .expression_attribute_values(":shard", text(due_shard(id)))
                .expression_attribute_values(":due", number(due_at_ms)),
            None => update.update_expression("REMOVE due_shard, due_at"),
        };
        match update.send().await {
            Err(error)
                if !error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Err(StoreError::unavailable("UpdateItem")(error))
            }
            _ => Ok(()),
        }
    }
}

fn read(item: &Item) -> Option<Due> {
    let meeting_id = stored_text(item, "pk")?.strip_prefix("meeting#")?.parse().ok()?;
    Some(Due { meeting_id, due_at_ms: stored_number(item, "due_at")? })
}
