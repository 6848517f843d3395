//! Writing a decision: one conditional update, or one transaction when call slots change with it.

use super::meeting::{attributes, meeting_key, pending_value};
use super::user::{part_key, slot_key};
use super::{Item, Loaded, Pending, StoreError, Table, number, text, ttl};
use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Delete, Put, ReturnValuesOnConditionCheckFailure as OnFailure,
    TransactWriteItem, Update,
};
use std::collections::HashMap;
use switchboard_core::Meeting;
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::limits::MAX_MINUTES;

/// Items that one transaction may name.
const ITEMS_MAX: usize = 100;

/// What one commit writes.
#[derive(Debug, Clone)]
pub struct Commit<'a> {
    /// The state to write.
    pub next: &'a Meeting,
    /// The revision that was decided from; 0 for a meeting that must not exist yet.
    pub seen_rev: u64,
    /// Call slots that change with it.
    pub slots: Vec<SlotWrite>,
    /// Effects that `wake` does again unless they are reported done.
    pub pending: Option<Pending>,
    /// When the meeting wants attention next, in milliseconds since the epoch.
    pub due_at_ms: Option<i64>,
    /// Users who find the meeting by a `part` item of their own.
    pub parts: Vec<UserId>,
    /// The mark of a request that came to nothing of its own, which must not be there yet.
    pub mark: Option<&'a Meeting>,
}

/// A change of a call slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotWrite {
    /// Takes a slot that is free, or still held by the dead meeting that was seen.
    Take {
        /// Whose slot.
        user: UserId,
        /// The dead meeting that held it when it was looked at.
        seen: Option<MeetingId>,
    },
    /// Takes the slot from whatever holds it.
    Overwrite(UserId),
    /// Gives the slot back, if it still names this meeting.
    Free(UserId),
}

/// How a commit went.
#[derive(Debug)]
pub enum Outcome {
    /// It is written.
    Done,
    /// Somebody else committed first; the record as it is now, where the table gave it.
    Lost(Option<Box<Loaded>>),
    /// A slot that was to be taken is held by somebody else now.
    SlotTaken,
    /// Another transaction was at the same items: try again.
    Conflict,
}

impl Table {
    /// Writes a decision. Nothing is written unless the outcome is [`Outcome::Done`].
    pub async fn commit(&self, commit: &Commit<'_>) -> Result<Outcome, StoreError> {
        let (freed, mut slots): (Vec<_>, Vec<_>) =
            commit.slots.iter().cloned().partition(|slot| matches!(slot, SlotWrite::Free(_)));
        // The end of the largest meeting frees more slots than fit. Those left out name a meeting that ended, which is
        // as good as free: a held slot is believed only after its meeting was looked at.
        let room = ITEMS_MAX
            .saturating_sub(1 + slots.len() + commit.parts.len() + usize::from(commit.mark.is_some()));
        slots.extend(freed.into_iter().take(room));
        loop {
            if slots.is_empty() && commit.parts.is_empty() && commit.mark.is_none() {
                return self.commit_one(commit).await;
            }
            match self.commit_all(commit, &slots).await? {
                // A slot that names another meeting already is not ours to free, and no reason to fail.
                Transaction::NotOurs(gone) => slots.retain(|slot| !gone.contains(slot)),
                Transaction::Outcome(outcome) => return Ok(outcome),
            }
        }
    }

    async fn commit_one(&self, commit: &Commit<'_>) -> Result<Outcome, StoreError> {
        let update = MeetingUpdate::of(commit)?;
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
            Ok(_) => Ok(Outcome::Done),
            Err(error) => match error.as_service_error() {
                Some(service) if service.is_conditional_check_failed_exception() => {
                    let item = match error.into_service_error() {
                        aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException(failed) => failed.item,
                        _ => None,
                    };
                    lost(item)
                }
                Some(service) if service.is_transaction_conflict_exception() => Ok(Outcome::Conflict),
                _ => Err(StoreError::unavailable("UpdateItem")(error)),
            },
        }
    }

    async fn commit_all(&self, commit: &Commit<'_>, slots: &[SlotWrite]) -> Result<Transaction, StoreError> {
        let mut items = vec![self.meeting_write(commit)?];
        for slot in slots {
            items.push(self.slot_write(slot, commit.next)?);
        }
        for user in &commit.parts {
            items.push(self.part_write(user, commit.next)?);
        }
        if let Some(mark) = commit.mark {
            let (slots, parts) = (Vec::new(), Vec::new());
            let alone =
                Commit { next: mark, seen_rev: 0, slots, due_at_ms: None, pending: None, parts, mark: None };
            items.push(self.meeting_write(&alone)?);
        }
        match self.client.transact_write_items().set_transact_items(Some(items)).send().await {
            Ok(_) => Ok(Transaction::Outcome(Outcome::Done)),
            Err(error) => cancelled(error, slots),
        }
    }

    fn meeting_write(&self, commit: &Commit<'_>) -> Result<TransactWriteItem, StoreError> {
        let update = MeetingUpdate::of(commit)?;
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(meeting_key(&commit.next.id)))
            .update_expression(update.expression)
            .condition_expression(update.condition)
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(Some(update.values))
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build()
            .map_err(incomplete)?;
        Ok(TransactWriteItem::builder().update(update).build())
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
                    .map_err(incomplete)?;
                return Ok(write.delete(delete).build());
            }
            SlotWrite::Take { user, seen: None } => (user, Some("attribute_not_exists(pk)"), None),
            SlotWrite::Take { user, seen: Some(seen) } => {
                (user, Some("attribute_not_exists(pk) OR slot_meeting = :seen"), Some(seen))
            }
            SlotWrite::Overwrite(user) => (user, None, None),
        };
        let mut item = slot_key(user);
        item.insert("slot_meeting".to_owned(), text(meeting.id.as_str()));
        item.insert("lease_until_ms".to_owned(), number(meeting.ends_at_ms));
        item.insert("expires_at".to_owned(), ttl(latest_end_ms(meeting)));
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .set_condition_expression(condition.map(str::to_owned))
            .set_expression_attribute_values(
                seen.map(|seen| HashMap::from([(":seen".to_owned(), text(seen.as_str()))])),
            );
        Ok(write.put(put.build().map_err(incomplete)?).build())
    }

    fn part_write(&self, user: &UserId, meeting: &Meeting) -> Result<TransactWriteItem, StoreError> {
        let mut item = part_key(user, &meeting.id);
        item.insert("expires_at".to_owned(), ttl(latest_end_ms(meeting)));
        let put = Put::builder().table_name(&self.name).set_item(Some(item)).build().map_err(incomplete)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// When the meeting is over at the latest, however often it is extended: until then what leads to it is not garbage.
fn latest_end_ms(meeting: &Meeting) -> i64 {
    meeting.created_ms + i64::from(MAX_MINUTES) * 60_000
}

/// The update of a meeting's record. `reach` and `pending` are attributes of their own, so that writing how far a
/// ring got neither loses nor delays an accept.
struct MeetingUpdate {
    expression: String,
    condition: &'static str,
    names: HashMap<String, String>,
    values: Item,
}

impl MeetingUpdate {
    fn of(commit: &Commit<'_>) -> Result<Self, StoreError> {
        let fresh = commit.seen_rev == 0;
        let mut update = Self {
            expression: String::new(),
            condition: if fresh {
                "attribute_not_exists(pk)"
            } else {
                "#a_rev = :seen AND #a_schema = :schema"
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
        sets.sort();
        update.expression = format!("SET {}", sets.join(", "));
        if commit.due_at_ms.is_none() && !fresh {
            update.expression.push_str(" REMOVE due_shard, due_at");
        }
        Ok(update)
    }
}

/// How a transaction went: the last word, or slots to leave out and try again.
enum Transaction {
    Outcome(Outcome),
    NotOurs(Vec<SlotWrite>),
}

fn cancelled(
    error: SdkError<TransactWriteItemsError>,
    slots: &[SlotWrite],
) -> Result<Transaction, StoreError> {
    let reasons: Vec<CancellationReason> = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons().to_vec()
        }
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => {
            return Ok(Transaction::Outcome(Outcome::Conflict));
        }
        _ => return Err(StoreError::unavailable("TransactWriteItems")(error)),
    };
    let failed =
        |at: usize| reasons.get(at).and_then(CancellationReason::code) == Some("ConditionalCheckFailed");
    if failed(0) {
        return lost(reasons[0].item.clone()).map(Transaction::Outcome);
    }
    let refused: Vec<&SlotWrite> =
        slots.iter().enumerate().filter(|(at, _)| failed(at + 1)).map(|(_, slot)| slot).collect();
    if refused.iter().any(|slot| !matches!(slot, SlotWrite::Free(_))) {
        return Ok(Transaction::Outcome(Outcome::SlotTaken));
    }
    // Behind the slots only the mark has a condition: the same request was seen meanwhile.
    if (slots.len() + 1..reasons.len()).any(failed) {
        return Ok(Transaction::Outcome(Outcome::Lost(None)));
    }
    if !refused.is_empty() {
        return Ok(Transaction::NotOurs(refused.into_iter().cloned().collect()));
    }
    if reasons.iter().any(|reason| reason.code() == Some("TransactionConflict")) {
        return Ok(Transaction::Outcome(Outcome::Conflict));
    }
    Err(StoreError::unavailable("TransactWriteItems")(error))
}

fn lost(item: Option<Item>) -> Result<Outcome, StoreError> {
    Ok(Outcome::Lost(item.map(Loaded::from_item).transpose()?.map(Box::new)))
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn incomplete(error: BuildError) -> StoreError {
    StoreError::Unavailable { operation: "TransactWriteItems", why: error.to_string() }
}
