//! Commits: one conditional update, or one transaction if slots, parts or a create mark are written as well.

use super::meeting::{attributes, mark_item, meeting_key, pending_value, reach_key, reach_value, stored};
use super::own_write::WriteId;
use super::user::{part_key, slot_key};
use super::{Item, Table, number, text, ttl};
use crate::ports::{Commit, CommitResult, SlotWrite, StoreError};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Delete, Put, ReturnValuesOnConditionCheckFailure as OnFailure,
    TransactWriteItem, Update,
};
use std::collections::HashMap;
use switchboard_core::{CreateMark, Meeting};
use switchboard_protocol::address::UserId;
use switchboard_protocol::limits::MAX_MINUTES;

/// Largest number of items in one transaction.
const MAX_ITEMS: usize = 100;
/// Largest number of offers whose reach one commit removes one by one, since an expression may have 4 KB and
/// 300 operators. With more offers, the reach of all offers is written anew, which may lose values that were
/// written since the read.
const MAX_REMOVED_LEGS: usize = 100;

impl Table {
    /// Writes a decision. Writes nothing unless the result is [`CommitResult::Done`].
    pub async fn commit(&self, commit: &Commit<'_>) -> Result<CommitResult, StoreError> {
        let (freed, mut slots): (Vec<_>, Vec<_>) =
            commit.slots.iter().cloned().partition(|slot| matches!(slot, SlotWrite::Free(_)));
        // The end of the largest meeting frees more slots than fit. The omitted slots name an ended meeting,
        // and a slot counts only while its meeting is live.
        let others = usize::from(commit.mark.is_some()) + usize::from(commit.rings.is_some());
        let room = MAX_ITEMS.saturating_sub(1 + slots.len() + commit.parts.len() + others);
        slots.extend(freed.into_iter().take(room));
        let room = MAX_ITEMS.saturating_sub(1 + slots.len() + commit.parts.len() + others);
        let gone = &commit.gone_parts[..commit.gone_parts.len().min(room)];
        let write = WriteId::of_revision(commit.next.rev);
        let result = loop {
            let is_alone = slots.is_empty() && commit.parts.is_empty() && gone.is_empty();
            if is_alone && commit.mark.is_none() && commit.rings.is_none() {
                break self.commit_one(commit, &write).await;
            }
            match self.commit_in_transaction(commit, &slots, gone, &write).await {
                // A slot that names another meeting in the meantime must not be freed, and must not fail the
                // commit.
                Ok(Transaction::Retry { without }) => slots.retain(|slot| !without.contains(slot)),
                Ok(Transaction::Result(result)) => break Ok(result),
                Err(error) => break Err(error),
            }
        };
        self.resolve(&commit.next.id, &write, result).await
    }

    async fn commit_one(&self, commit: &Commit<'_>, write: &WriteId) -> Result<CommitResult, StoreError> {
        let update = MeetingUpdate::of(commit, write)?;
        let sent = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(meeting_key(&commit.next.id)))
            .update_expression(update.expression)
            .condition_expression(update.condition)
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(Some(update.values))
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(CommitResult::Done),
            Err(error) => match error.as_service_error() {
                Some(service) if service.is_conditional_check_failed_exception() => {
                    let item = match error.into_service_error() {
                        UpdateItemError::ConditionalCheckFailedException(failed) => failed.item,
                        _ => None,
                    };
                    lost(item, write)
                }
                Some(service) if service.is_transaction_conflict_exception() => Ok(CommitResult::Conflict),
                _ => Err(StoreError::of("UpdateItem", error)),
            },
        }
    }

    async fn commit_in_transaction(
        &self,
        commit: &Commit<'_>,
        slots: &[SlotWrite],
        gone: &[UserId],
        write: &WriteId,
    ) -> Result<Transaction, StoreError> {
        let mut items = vec![self.meeting_write(commit, write)?];
        for slot in slots {
            items.push(self.slot_write(slot, commit.next)?);
        }
        for user in &commit.parts {
            items.push(self.part_write(user, commit)?);
        }
        if let Some(mark) = commit.mark {
            items.push(self.mark_write(mark, write)?);
        }
        for user in gone {
            items.push(self.part_removal(user, commit.next)?);
        }
        if let Some(rings) = &commit.rings {
            items.push(self.rings_write(rings)?);
        }
        // The SDK adds a `ClientRequestToken`, which is the same for all attempts, so a repetition of a
        // stored transaction succeeds.
        match self.client.transact_write_items().set_transact_items(Some(items)).send().await {
            Ok(_) => Ok(Transaction::Result(CommitResult::Done)),
            Err(error) => cancelled(error, slots, write),
        }
    }

    fn meeting_write(&self, commit: &Commit<'_>, write: &WriteId) -> Result<TransactWriteItem, StoreError> {
        let update = MeetingUpdate::of(commit, write)?;
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(meeting_key(&commit.next.id)))
            .update_expression(update.expression)
            .condition_expression(update.condition)
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(Some(update.values))
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build()
            .map_err(StoreError::invalid("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn mark_write(&self, mark: &CreateMark, write: &WriteId) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(marked_item(mark, write)?))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(StoreError::invalid("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Writes the record of a create request that made no meeting, if the id is unknown.
    pub async fn put_mark(&self, mark: &CreateMark) -> Result<CommitResult, StoreError> {
        let write = WriteId::of_revision(CreateMark::REV);
        let result = self.put_mark_once(mark, &write).await;
        self.resolve(&mark.meeting_id, &write, result).await
    }

    async fn put_mark_once(&self, mark: &CreateMark, write: &WriteId) -> Result<CommitResult, StoreError> {
        let sent = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(marked_item(mark, write)?))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .send()
            .await;
        let Err(error) = sent else { return Ok(CommitResult::Done) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => lost(failed.item.clone(), write),
            Some(PutItemError::TransactionConflictException(_)) => Ok(CommitResult::Conflict),
            _ => Err(StoreError::of("PutItem", error)),
        }
    }

    fn slot_write(&self, slot: &SlotWrite, meeting: &Meeting) -> Result<TransactWriteItem, StoreError> {
        let write = TransactWriteItem::builder();
        let (user, condition, seen) = match slot {
            SlotWrite::Free(user) => {
                let delete = Delete::builder()
                    .table_name(&self.name)
                    .set_key(Some(slot_key(user)))
                    .condition_expression("slot_meeting = :meeting")
                    .expression_attribute_values(":meeting", text(meeting.id.as_str()))
                    .build()
                    .map_err(StoreError::invalid("TransactWriteItems"))?;
                return Ok(write.delete(delete).build());
            }
            SlotWrite::Require { user, holder } => {
                // Writes the same value that the condition requires. A condition check would need an IAM
                // right of its own.
                let update = Update::builder()
                    .table_name(&self.name)
                    .set_key(Some(slot_key(user)))
                    .update_expression("SET slot_meeting = :holder")
                    .condition_expression("slot_meeting = :holder")
                    .expression_attribute_values(":holder", text(holder.as_str()))
                    .build()
                    .map_err(StoreError::invalid("TransactWriteItems"))?;
                return Ok(write.update(update).build());
            }
            SlotWrite::Take { user, seen: None } => (user, Some("attribute_not_exists(pk)"), None),
            SlotWrite::Take { user, seen: Some(seen) } => {
                (user, Some("attribute_not_exists(pk) OR slot_meeting = :seen"), Some(seen))
            }
            SlotWrite::Overwrite(user) => (user, None, None),
        };
        let mut item = slot_key(user);
        item.insert("slot_meeting".to_owned(), text(meeting.id.as_str()));
        item.insert("lease_until_ms".to_owned(), number(meeting.settings.ends_at_ms));
        item.insert("expires_at".to_owned(), ttl(latest_end_ms(meeting)));
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .set_condition_expression(condition.map(str::to_owned))
            .set_expression_attribute_values(
                seen.map(|seen| HashMap::from([(":seen".to_owned(), text(seen.as_str()))])),
            );
        Ok(write.put(put.build().map_err(StoreError::invalid("TransactWriteItems"))?).build())
    }

    fn part_removal(&self, user: &UserId, meeting: &Meeting) -> Result<TransactWriteItem, StoreError> {
        let delete = Delete::builder()
            .table_name(&self.name)
            .set_key(Some(part_key(user, &meeting.id)))
            .build()
            .map_err(StoreError::invalid("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    fn part_write(&self, user: &UserId, commit: &Commit<'_>) -> Result<TransactWriteItem, StoreError> {
        let mut item = part_key(user, &commit.next.id);
        item.insert("at_ms".to_owned(), number(commit.now_ms));
        item.insert("expires_at".to_owned(), ttl(latest_end_ms(commit.next)));
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .build()
            .map_err(StoreError::invalid("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// Returns the item of a create request that made no meeting, with the id of this write.
fn marked_item(mark: &CreateMark, write: &WriteId) -> Result<Item, StoreError> {
    let mut item = mark_item(mark)?;
    item.insert(write.attribute(), text(&write.value));
    Ok(item)
}

/// Returns the latest possible end of the meeting, including all extensions. References to the meeting must
/// not expire earlier.
fn latest_end_ms(meeting: &Meeting) -> i64 {
    meeting.created_ms + i64::from(MAX_MINUTES) * 60_000
}

/// The update of a meeting's record. `reach` and `pending` are separate attributes, so that a write of an
/// offer's reach never conflicts with the commit of an accept.
struct MeetingUpdate {
    expression: String,
    condition: &'static str,
    names: HashMap<String, String>,
    values: Item,
}

impl MeetingUpdate {
    fn of(commit: &Commit<'_>, write: &WriteId) -> Result<Self, StoreError> {
        let fresh = commit.seen_rev == 0;
        let mut update = Self {
            expression: String::new(),
            condition: if fresh {
                "attribute_not_exists(pk)"
            } else {
                // A record with the previous schema is replaced; a record with a newer schema is never
                // changed.
                "#a_rev = :seen AND #a_schema <= :schema"
            },
            names: HashMap::new(),
            values: HashMap::new(),
        };
        let mut sets = Vec::new();
        for (name, value) in attributes(commit.next, commit.due_at_ms)? {
            sets.push(format!("#a_{name} = :{name}"));
            update.values.insert(format!(":{name}"), value);
            update.names.insert(format!("#a_{name}"), name);
        }
        if fresh {
            let pending = commit.pending.as_ref().map(pending_value).transpose()?;
            let pending = pending.map(|pending| (commit.next.rev.to_string(), pending)).into_iter().collect();
            sets.push("pending = :pending, reach = :reach".to_owned());
            update.values.insert(":pending".to_owned(), AttributeValue::M(pending));
            update.values.insert(":reach".to_owned(), AttributeValue::M(HashMap::new()));
        } else {
            update.values.insert(":seen".to_owned(), number(commit.seen_rev));
            if let Some(pending) = &commit.pending {
                sets.push("pending.#next = :pending".to_owned());
                update.names.insert("#next".to_owned(), commit.next.rev.to_string());
                update.values.insert(":pending".to_owned(), pending_value(pending)?);
            }
        }
        sets.push("#write = :write".to_owned());
        update.names.insert("#write".to_owned(), write.attribute());
        update.values.insert(":write".to_owned(), text(&write.value));
        let mut removed = Vec::new();
        if commit.forgotten.len() > MAX_REMOVED_LEGS {
            sets.push("reach = :reach".to_owned());
            update.values.insert(":reach".to_owned(), reach_value(&commit.next.reached));
        } else {
            for (at, (invite, device)) in commit.forgotten.iter().enumerate() {
                removed.push(format!("reach.#f{at}"));
                update.names.insert(format!("#f{at}"), reach_key(invite, device));
            }
        }
        for (at, rev) in commit.dropped_pending.iter().enumerate() {
            removed.push(format!("pending.#p{at}"));
            update.names.insert(format!("#p{at}"), rev.to_string());
        }
        sets.sort();
        if let Some(replaced) = write.replaced_attribute() {
            removed.push("#old_write".to_owned());
            update.names.insert("#old_write".to_owned(), replaced);
        }
        if commit.due_at_ms.is_none() && !fresh {
            removed.extend(["due_shard", "due_at"].map(str::to_owned));
        }
        let remove =
            if removed.is_empty() { String::new() } else { format!(" REMOVE {}", removed.join(", ")) };
        update.expression = format!("SET {}{remove}", sets.join(", "));
        Ok(update)
    }
}

/// Result of one transaction.
enum Transaction {
    Result(CommitResult),
    /// These slots name other meetings. The transaction has to be repeated without them.
    Retry {
        without: Vec<SlotWrite>,
    },
}

fn cancelled(
    error: SdkError<TransactWriteItemsError>,
    slots: &[SlotWrite],
    write: &WriteId,
) -> Result<Transaction, StoreError> {
    let reasons: Vec<CancellationReason> = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons().to_vec()
        }
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => {
            return Ok(Transaction::Result(CommitResult::Conflict));
        }
        _ => return Err(StoreError::of("TransactWriteItems", error)),
    };
    let failed =
        |at: usize| reasons.get(at).and_then(CancellationReason::code) == Some("ConditionalCheckFailed");
    if failed(0) {
        return lost(reasons[0].item.clone(), write).map(Transaction::Result);
    }
    let refused: Vec<&SlotWrite> =
        slots.iter().enumerate().filter(|(at, _)| failed(at + 1)).map(|(_, slot)| slot).collect();
    if refused.iter().any(|slot| !matches!(slot, SlotWrite::Free(_))) {
        return Ok(Transaction::Result(CommitResult::SlotTaken));
    }
    // After the slots, the create mark and the invitations have conditions. If one fails, the same request
    // was committed in the meantime, or another request of the same user.
    if (slots.len() + 1..reasons.len()).any(failed) {
        return Ok(Transaction::Result(CommitResult::Lost(None)));
    }
    if !refused.is_empty() {
        return Ok(Transaction::Retry { without: refused.into_iter().cloned().collect() });
    }
    if reasons.iter().any(|reason| reason.code() == Some("TransactionConflict")) {
        return Ok(Transaction::Result(CommitResult::Conflict));
    }
    if reasons.iter().any(|reason| reason.code() == Some("ValidationError")) {
        return Err(StoreError::invalid("TransactWriteItems")(error));
    }
    Err(StoreError::unavailable("TransactWriteItems")(error))
}

/// Reads the result of a commit whose condition failed on `item`.
fn lost(item: Option<Item>, write: &WriteId) -> Result<CommitResult, StoreError> {
    if item.as_ref().is_some_and(|item| write.is_on(item)) {
        return Ok(CommitResult::Done);
    }
    Ok(CommitResult::Lost(item.map(stored).transpose()?.map(Box::new)))
}
