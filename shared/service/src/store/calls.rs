//! Call history: one item per user and ended meeting, read newest first.

use super::{Item, StoreError, Table, key, stored_text, text, ttl};
use crate::aws::explain;
use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::CallView;

/// How long a call is remembered.
const KEEP_MS: i64 = 90 * 24 * 3_600 * 1_000;
/// Items that one `BatchWriteItem` may write.
const BATCH_MAX: usize = 25;
/// How often items that the table left out are sent again.
const ATTEMPTS: u32 = 4;
const PREFIX: &str = "call#";

/// Where a page of a history ends: the moment and the meeting of its last call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    ended_ms: i64,
    meeting_id: MeetingId,
}

impl std::str::FromStr for Cursor {
    type Err = ();

    fn from_str(cursor: &str) -> Result<Self, ()> {
        let (ended_ms, meeting_id) = cursor.split_once('.').ok_or(())?;
        Ok(Self {
            ended_ms: ended_ms.parse().map_err(|_| ())?,
            meeting_id: meeting_id.parse().map_err(|_| ())?,
        })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.ended_ms, self.meeting_id)
    }
}

impl Cursor {
    fn of(call: &CallView) -> Self {
        Self { ended_ms: call.ended_ms, meeting_id: call.meeting_id.clone() }
    }

    fn key(&self, user: &UserId) -> Item {
        // Fifteen digits sort as numbers do, far beyond any date.
        key(format!("user#{user}"), &format!("{PREFIX}{:015}#{}", self.ended_ms, self.meeting_id))
    }
}

impl Table {
    /// Writes the calls that an ended meeting leaves. Writing them again changes nothing.
    pub async fn write_calls(&self, calls: &[(UserId, CallView)]) -> Result<(), StoreError> {
        let writes = calls.iter().map(|(user, call)| put(user, call)).collect::<Result<Vec<_>, _>>()?;
        for batch in writes.chunks(BATCH_MAX) {
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
            why: "items were left unprocessed".to_owned(),
        })
    }

    /// The user's calls, newest first, at most `limit`; with the cursor of the next page if there may be one.
    pub async fn calls(
        &self,
        user: &UserId,
        from: Option<&Cursor>,
        limit: u32,
    ) -> Result<(Vec<CallView>, Option<Cursor>), StoreError> {
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
            .set_exclusive_start_key(from.map(|from| from.key(user)))
            .send()
            .await
            .map_err(|error| StoreError::Unavailable { operation: "Query", why: explain(&error) })?;
        let calls = output.items.unwrap_or_default().iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let next = output.last_evaluated_key.and(calls.last()).map(Cursor::of);
        Ok((calls, next))
    }
}

fn put(user: &UserId, call: &CallView) -> Result<WriteRequest, StoreError> {
    let mut item = Cursor::of(call).key(user);
    let value = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(call)
        .map_err(|error| StoreError::unreadable(call.meeting_id.as_str(), error))?;
    item.insert("call".to_owned(), value);
    item.insert("expires_at".to_owned(), ttl(call.ended_ms + KEEP_MS));
    let put = PutRequest::builder().set_item(Some(item)).build();
    let put =
        put.map_err(|error| StoreError::Unavailable { operation: "BatchWriteItem", why: error.to_string() })?;
    Ok(WriteRequest::builder().put_request(put).build())
}

fn read(item: &Item) -> Result<CallView, StoreError> {
    let key = || stored_text(item, "sk").cloned().unwrap_or_default();
    let call =
        item.get("call").ok_or_else(|| StoreError::unreadable(&key(), "the attribute call is missing"))?;
    serde_dynamo::aws_sdk_dynamodb_1::from_attribute_value(call.clone())
        .map_err(|error| StoreError::unreadable(&key(), error))
}
