//! The stored form of a meeting. It has types of its own, so that a renamed field of the core does not change
//! the table.
//!
//! Every record has the number of its schema. The service writes [`SCHEMA`], still reads the previous one
//! ([`v1`]), and refuses a newer one, so that a rollback never damages records. Values that are also on the
//! wire (roles, policies, reasons) are stored by their wire names, which never change.

mod times;
mod v1;
mod v2;

use crate::ports::{Reached, Stored};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_dynamo::aws_sdk_dynamodb_1::{from_attribute_value, to_attribute_value};
use switchboard_core::{CreateMark, Meeting};
use switchboard_protocol::id::MeetingId;

/// Number of the schema that is written.
pub(super) const SCHEMA: i64 = 2;
/// Number of the previous schema, which is still read.
const PREVIOUS: i64 = 1;

/// Error of a record that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    #[error("schema {0} is newer than {SCHEMA}; deploy a newer version of the service")]
    Newer(i64),
    #[error("the record has no known schema number")]
    NoSchema,
    #[error(transparent)]
    Malformed(#[from] serde_dynamo::Error),
}

/// Returns the attribute `meeting` of a meeting.
pub(super) fn of_meeting(meeting: &Meeting) -> Result<AttributeValue, serde_dynamo::Error> {
    to_attribute_value(v2::MeetingRecord::from(meeting))
}

/// Returns the attribute `meeting` of a create request that made no meeting.
pub(super) fn of_mark(mark: &CreateMark) -> Result<AttributeValue, serde_dynamo::Error> {
    to_attribute_value(v2::MarkRecord::from(mark))
}

/// Reads the attribute `meeting` of the record of `id`. The caller adds `pending` and `due_at_ms`.
pub(super) fn read(
    id: &MeetingId,
    schema: Option<i64>,
    value: AttributeValue,
    reached: Reached,
) -> Result<Stored<Meeting>, RecordError> {
    match schema {
        Some(PREVIOUS) => Ok(from_attribute_value::<v1::MeetingRecord>(value)?.into_stored(reached)),
        Some(SCHEMA) if value.as_m().is_ok_and(|fields| fields.contains_key("kind")) => {
            let mark: v2::MarkRecord = from_attribute_value(value)?;
            Ok(Stored::Mark(mark.into_mark(id.clone())))
        }
        Some(SCHEMA) => {
            let meeting: v2::MeetingRecord = from_attribute_value(value)?;
            Ok(Stored::Meeting(meeting.into_meeting(id.clone(), reached)))
        }
        Some(newer) if newer > SCHEMA => Err(RecordError::Newer(newer)),
        _ => Err(RecordError::NoSchema),
    }
}

#[cfg(test)]
mod tests;
