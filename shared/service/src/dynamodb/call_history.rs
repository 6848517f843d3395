//! Call history: one item per user and ended meeting, read newest first.

use super::{Item, Table, key, stored_text, text, ttl};
use crate::ports::{HistoryCursor, StoreError};
use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use switchboard_protocol::address::UserId;
use switchboard_protocol::object::CallView;

/// Life of a call history entry, in milliseconds.
const KEEP_MS: i64 = 90 * 24 * 3_600 * 1_000;
/// Largest number of items in one `BatchWriteItem` call.
const MAX_BATCH_ITEMS: usize = 25;
/// Largest number of calls for items that DynamoDB leaves unprocessed.
const ATTEMPTS: u32 = 4;
const PREFIX: &str = "call#";

fn call_key(user: &UserId, cursor: &HistoryCursor) -> Item {
    // With fifteen digits, the text order of times is their numeric order, for every realistic date.
    key(format!("user#{user}"), &format!("{PREFIX}{:015}#{}", cursor.ended_ms, cursor.meeting_id))
}

impl Table {
    /// Writes the call history entries of an ended meeting. Safe to repeat.
    pub async fn write_calls(&self, calls: &[(UserId, CallView)]) -> Result<(), StoreError> {
        let writes = calls.iter().map(|(user, call)| put(user, call)).collect::<Result<Vec<_>, _>>()?;
        for batch in writes.chunks(MAX_BATCH_ITEMS) {
            self.write_batch(batch.to_vec()).await?;
        }
        Ok(())
    }

    async fn write_batch(&self, mut writes: Vec<WriteRequest>) -> Result<(), StoreError> {
        for attempt in 1..=ATTEMPTS {
            let output = self.client.batch_write_item().request_items(&self.name, writes).send().await;
            let output = output.map_err(StoreError::unavailable("BatchWriteItem"))?;
            writes =
                output.unprocessed_items.and_then(|mut left| left.remove(&self.name)).unwrap_or_default();
            if writes.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(20 << attempt)).await;
        }
        Err(StoreError::Unavailable {
            operation: "BatchWriteItem",
            source: format!("items left unprocessed after {ATTEMPTS} calls").into(),
        })
    }

    /// Reads up to `limit` calls of `user`, newest first. Also returns the cursor of the next page, if there
    /// may be a next page.
    pub async fn calls(
        &self,
        user: &UserId,
        from: Option<&HistoryCursor>,
        limit: u32,
    ) -> Result<(Vec<CallView>, Option<HistoryCursor>), StoreError> {
        let output = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .scan_index_forward(false)
            .key_condition_expression("pk = :user AND begins_with(sk, :call)")
            .expression_attribute_values(":user", text(format!("user#{user}")))
            .expression_attribute_values(":call", text(PREFIX))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(from.map(|from| call_key(user, from)))
            .send()
            .await
            .map_err(StoreError::unavailable("Query"))?;
        let calls = output.items.unwrap_or_default().iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let next = output.last_evaluated_key.and(calls.last()).map(HistoryCursor::of);
        Ok((calls, next))
    }
}

fn put(user: &UserId, call: &CallView) -> Result<WriteRequest, StoreError> {
    let mut item = call_key(user, &HistoryCursor::of(call));
    let value = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(call)
        .map_err(StoreError::invalid("BatchWriteItem"))?;
    item.insert("call".to_owned(), value);
    item.insert("expires_at".to_owned(), ttl(call.ended_ms + KEEP_MS));
    let put = PutRequest::builder().set_item(Some(item)).build();
    let put = put.map_err(StoreError::invalid("BatchWriteItem"))?;
    Ok(WriteRequest::builder().put_request(put).build())
}

fn read(item: &Item) -> Result<CallView, StoreError> {
    let key = || stored_text(item, "sk").cloned().unwrap_or_default();
    let call = item.get("call").ok_or_else(|| StoreError::unreadable(&key(), "attribute call is missing"))?;
    serde_dynamo::aws_sdk_dynamodb_1::from_attribute_value(call.clone())
        .map_err(|error| StoreError::unreadable(&key(), error))
}
