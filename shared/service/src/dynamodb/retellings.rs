//! The count of the times that repeats of one request ran its effects for others again: one item for each
//! revision, so that the count costs one small write whatever the size of the meeting's record.

use super::{Table, if_met, key, number, text, ttl};
use crate::ports::StoreError;
use aws_sdk_dynamodb::types::AttributeValue;
use switchboard_core::{ENDED_MEETING_KEPT_MS, MAX_TOLD_AGAIN};
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::limits::MAX_MINUTES;
use uuid::Uuid;

impl Table {
    /// Counts one more time for the revision `rev`, unless it is beyond the limit.
    ///
    /// The item has a set of random ids, one for each time: if the SDK repeats a write whose answer was lost,
    /// the id is in the set, and the repetition succeeds without a second count.
    #[expect(clippy::disallowed_methods, reason = "two deliveries of one event are two repeats")]
    pub async fn count_retelling(&self, id: &MeetingId, rev: u64, now_ms: i64) -> Result<bool, StoreError> {
        let this = Uuid::new_v4().to_string();
        let expires_ms = now_ms + i64::from(MAX_MINUTES) * 60_000 + ENDED_MEETING_KEPT_MS;
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key(format!("meeting#{id}"), &format!("retold#{rev}"))))
            .update_expression("ADD retold :one SET expires_at = :expires")
            .condition_expression(
                "attribute_not_exists(retold) OR size(retold) < :most OR contains(retold, :this)",
            )
            .expression_attribute_values(":one", AttributeValue::Ss(vec![this.clone()]))
            .expression_attribute_values(":this", text(this))
            .expression_attribute_values(":most", number(MAX_TOLD_AGAIN))
            .expression_attribute_values(":expires", ttl(expires_ms));
        Ok(if_met(update.send().await)?.is_some())
    }
}
