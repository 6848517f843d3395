//! Recognition of a write that was stored although its answer was lost.
//!
//! The SDK repeats a write after a time-out or an HTTP 500. If the first attempt was stored, the condition of
//! the second one fails, and the result looks like a commit of another function. Therefore each commit stores
//! a random id beside the record, under its revision. If the id of a commit is found, the commit is done,
//! even after later commits.

use super::meeting::meeting_key;
use super::{Item, Table, stored_text};
use crate::error_chain::ErrorChain;
use crate::ports::{CommitResult, StoreError};
use switchboard_protocol::id::MeetingId;
use uuid::Uuid;

/// Number of latest revisions whose write ids are kept. As many other commits may come between a write and
/// its repetition by the SDK.
const KEPT_WRITE_IDS: u64 = 8;

/// The id of one commit, stored beside the record.
#[derive(Debug)]
pub(super) struct WriteId {
    /// Random text that no other commit uses.
    pub(super) value: String,
    rev: u64,
}

impl WriteId {
    /// Makes the id of a commit of revision `rev`.
    #[expect(
        clippy::disallowed_methods,
        reason = "two invocations may try the same commit from the same cause, and only one of them wrote it"
    )]
    pub(super) fn of_revision(rev: u64) -> Self {
        Self { value: Uuid::new_v4().to_string(), rev }
    }

    /// Returns the name of the attribute for the id.
    pub(super) fn attribute(&self) -> String {
        attribute(self.rev)
    }

    /// Returns the name of the attribute that this commit removes, which belongs to an old revision.
    pub(super) fn replaced_attribute(&self) -> Option<String> {
        self.rev.checked_sub(KEPT_WRITE_IDS).filter(|rev| *rev > 0).map(attribute)
    }

    /// Returns whether `item` contains this commit, with or without later commits.
    pub(super) fn is_on(&self, item: &Item) -> bool {
        stored_text(item, &self.attribute()) == Some(&self.value)
    }
}

fn attribute(rev: u64) -> String {
    format!("write:{rev}")
}

impl Table {
    /// If the result does not say whether the commit is stored, and the commit is found, replaces the result
    /// by [`CommitResult::Done`].
    pub(super) async fn resolve(
        &self,
        id: &MeetingId,
        write: &WriteId,
        result: Result<CommitResult, StoreError>,
    ) -> Result<CommitResult, StoreError> {
        let is_unknown = matches!(result, Ok(CommitResult::Conflict) | Err(StoreError::Unavailable { .. }));
        if is_unknown && self.is_stored(id, write).await {
            return Ok(CommitResult::Done);
        }
        result
    }

    async fn is_stored(&self, id: &MeetingId, write: &WriteId) -> bool {
        let request = self
            .client
            .get_item()
            .table_name(&self.name)
            .consistent_read(true)
            .set_key(Some(meeting_key(id)))
            .projection_expression("#write")
            .expression_attribute_names("#write", write.attribute());
        match request.send().await {
            Ok(output) => output.item.is_some_and(|item| write.is_on(&item)),
            Err(error) => {
                tracing::warn!(
                    meeting.id = %id, error = %ErrorChain(&error),
                    "meeting not read again after a failed write; the commit counts as not stored"
                );
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::text;

    fn write(id: &str, rev: u64) -> WriteId {
        WriteId { value: id.to_owned(), rev }
    }

    #[test]
    fn a_commit_is_recognised_by_its_id_under_its_revision() {
        let item = Item::from([("write:3".to_owned(), text("a")), ("write:4".to_owned(), text("b"))]);
        assert!(write("a", 3).is_on(&item), "another commit came on top of it");
        assert!(write("b", 4).is_on(&item));
        assert!(!write("a", 4).is_on(&item), "another commit has this revision");
        assert!(!write("a", 5).is_on(&item));
    }

    #[test]
    fn the_ids_of_eight_revisions_are_kept() {
        assert_eq!(write("a", 8).replaced_attribute(), None);
        assert_eq!(write("a", 9).replaced_attribute().as_deref(), Some("write:1"));
    }
}
