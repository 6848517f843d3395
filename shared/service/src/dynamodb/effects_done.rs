//! The write after the effects of a commit: it marks the effects as done and stores the reach of offers. It
//! does not change `rev`, so that it never conflicts with the commit of an accept.

use super::meeting::{meeting_key, reach_key, reach_name, stored};
use super::record::SCHEMA;
use super::{Item, Table, is_invalid, number, text};
use crate::error_chain::ErrorChain;
use crate::ports::{Loaded, StoreError, Stored};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure as OnFailure};
use std::collections::BTreeMap;
use std::time::Duration;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::{InviteId, MeetingId};
use switchboard_protocol::object::Reach;

/// Largest number of legs in one write, since an expression may have 4 KB and 300 operators.
const MAX_LEGS: usize = 100;
/// Largest number of attempts for one write while a transaction works on the same meeting.
const ATTEMPTS: u32 = 4;

/// An offer to one device, and its reach.
type LegReach<'a> = (&'a (InviteId, ClientId), &'a Reach);

impl Table {
    /// Removes the pending mark of revision `rev` and stores the reach of the offers. Returns the meeting as
    /// stored afterwards, which may have changed in the meantime; `None` for an unknown id.
    pub async fn mark_effects_done(
        &self,
        id: &MeetingId,
        rev: u64,
        reached: &BTreeMap<(InviteId, ClientId), Reach>,
    ) -> Result<Option<Loaded>, StoreError> {
        let mut legs: Vec<LegReach<'_>> = reached.iter().collect();
        while legs.len() > MAX_LEGS {
            let others = legs.split_off(MAX_LEGS);
            self.write_legs(id, None, &legs).await?;
            legs = others;
        }
        // The pending mark is removed last: before that, `wake` would repeat the effects.
        self.write_legs(id, Some(rev), &legs).await
    }

    async fn write_legs(
        &self,
        id: &MeetingId,
        done: Option<u64>,
        legs: &[LegReach<'_>],
    ) -> Result<Option<Loaded>, StoreError> {
        let mut update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(meeting_key(id)))
            .condition_expression("#schema <= :schema")
            .expression_attribute_names("#schema", "schema")
            .expression_attribute_values(":schema", number(SCHEMA))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        let mut sets = Vec::new();
        for (at, ((invite, device), reach)) in legs.iter().enumerate() {
            update = update
                .expression_attribute_names(format!("#leg{at}"), reach_key(invite, device))
                .expression_attribute_values(format!(":leg{at}"), text(reach_name(**reach)));
            sets.push(format!("reach.#leg{at} = :leg{at}"));
        }
        let mut clauses = Vec::new();
        if let Some(rev) = done {
            update = update.expression_attribute_names("#rev", rev.to_string());
            clauses.push("REMOVE pending.#rev".to_owned());
        }
        if !sets.is_empty() {
            clauses.push(format!("SET {}", sets.join(", ")));
        }
        if clauses.is_empty() {
            return Ok(None);
        }
        let update = update.update_expression(clauses.join(" "));
        for attempt in 1..=ATTEMPTS {
            match update.clone().send().await {
                Ok(output) => return read(output.attributes),
                // The item is too large. The reach of the offers is not stored, but the effects are marked as
                // done.
                Err(error) if !legs.is_empty() && is_invalid(&error) => {
                    tracing::error!(
                        meeting.id = %id, error = %ErrorChain(&error),
                        "reach of the offers not stored, since the item would be too large; their reach counts as unknown"
                    );
                    return Box::pin(self.write_legs(id, done, &[])).await;
                }
                Err(SdkError::ServiceError(refused))
                    if refused.err().is_conditional_check_failed_exception() =>
                {
                    let UpdateItemError::ConditionalCheckFailedException(failed) = refused.into_err() else {
                        return Ok(None);
                    };
                    // For a record of a newer schema this returns the error `Unreadable`.
                    return read(failed.item);
                }
                Err(error)
                    if attempt < ATTEMPTS
                        && error
                            .as_service_error()
                            .is_some_and(|e| e.is_transaction_conflict_exception()) => {}
                Err(error) => return Err(StoreError::of("UpdateItem", error)),
            }
            tokio::time::sleep(Duration::from_millis(5 << attempt)).await;
        }
        Err(StoreError::Unavailable {
            operation: "UpdateItem",
            source: format!("transaction conflict in {ATTEMPTS} attempts").into(),
        })
    }
}

fn read(item: Option<Item>) -> Result<Option<Loaded>, StoreError> {
    Ok(item.map(stored).transpose()?.and_then(Stored::into_meeting))
}
