//! The time at which the channel of a meeting was last created again, in an item of its own.

use super::{Table, if_met, key, number, text, ttl};
use crate::ports::StoreError;
use switchboard_core::LONGEST_MEETING_MS;
use switchboard_protocol::id::MeetingId;
use uuid::Uuid;

impl Table {
    /// Records that the channel is created again at `now_ms`, unless that was done later than `since_ms`. If
    /// the SDK repeats a write whose answer was lost, the random id shows that it is stored.
    #[expect(
        clippy::disallowed_methods,
        reason = "two invocations may try the same write, and one of them made it"
    )]
    pub async fn claim_channel(
        &self,
        id: &MeetingId,
        since_ms: i64,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key(format!("meeting#{id}"), "channel")))
            .update_expression("SET made_ms = :now, made_by = :this, expires_at = :expires")
            .condition_expression("attribute_not_exists(made_ms) OR made_ms <= :since OR made_by = :this")
            .expression_attribute_values(":now", number(now_ms))
            .expression_attribute_values(":since", number(since_ms))
            .expression_attribute_values(":this", text(Uuid::new_v4().to_string()))
            .expression_attribute_values(":expires", ttl(now_ms + LONGEST_MEETING_MS));
        Ok(if_met(update.send().await)?.is_some())
    }
}
