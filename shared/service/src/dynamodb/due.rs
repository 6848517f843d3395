//! The sparse index of deadlines, which the sweep reads, and corrections of the index.

use super::meeting::{due_shard, meeting_key};
use super::record::SCHEMA;
use super::{DUE_SHARDS, Item, Table, number, stored_number, stored_text, text};
use crate::ports::{Due, DuePage, DueRange, MAX_DUE, StoreError};
use std::collections::BTreeMap;
use switchboard_protocol::id::MeetingId;

impl Table {
    /// Lists the first meetings of a range: partition by partition, with the earliest of each partition first.
    pub async fn due(&self, range: &DueRange) -> Result<DuePage, StoreError> {
        let shards: Vec<(usize, Option<&Due>)> = match &range.after {
            None => (0..DUE_SHARDS).map(|shard| (shard, None)).collect(),
            Some(after) => after.iter().map(|(shard, after)| (*shard, Some(after))).collect(),
        };
        let limit = (MAX_DUE / shards.len().max(1)).max(1);
        let pages = shards.iter().map(|(shard, after)| self.due_in(*shard, range.until_ms, *after, limit));
        let (mut due, mut rest) = (Vec::new(), BTreeMap::new());
        for ((shard, _), (entries, last)) in shards.iter().zip(futures::future::try_join_all(pages).await?) {
            due.extend(entries);
            rest.extend(last.map(|last| (*shard, last)));
        }
        let rest = (!rest.is_empty()).then_some(DueRange { until_ms: range.until_ms, after: Some(rest) });
        Ok(DuePage { due, rest })
    }

    /// Reads at most `limit` entries of a partition, and returns the last one if there may be more.
    async fn due_in(
        &self,
        shard: usize,
        until_ms: i64,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<(Vec<Due>, Option<Due>), StoreError> {
        let name = format!("due#{shard}");
        let start = after.map(|after| {
            let mut key = meeting_key(&after.meeting_id);
            key.insert("due_shard".to_owned(), text(&name));
            key.insert("due_at".to_owned(), number(after.due_at_ms));
            key
        });
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .index_name("due")
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .key_condition_expression("due_shard = :shard AND due_at <= :until")
            .expression_attribute_values(":shard", text(&name))
            .expression_attribute_values(":until", number(until_ms))
            .set_exclusive_start_key(start);
        let output = query.send().await.map_err(StoreError::unavailable("Query"))?;
        let entries = output.items.unwrap_or_default().iter().filter_map(read).collect();
        Ok((entries, output.last_evaluated_key.as_ref().and_then(read)))
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
