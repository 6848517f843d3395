//! Doing the effects of a commit again, when nobody knows whether they were done.

use super::decide::Decision;
use super::media::acts;
use super::notice::notices;
use super::open::CREATED;
use super::{Meeting, Now, Tell};
use crate::cause::Cause;

/// What the commit that made `rev` wanted told, as far as it is still true: the same downlinks with the same ids.
///
/// A create is also answered, since its terminal may have given up asking.
#[must_use]
pub fn redo(meeting: &Meeting, rev: u64, cause: &Cause, now: Now) -> Decision {
    let again = notices(meeting, rev, cause, now).into_iter();
    // Nobody can say what members knew then, so no `prev_rev`.
    let tells = again.map(|tell| Tell { prev_rev: None, ..tell }).collect();
    let creation = &meeting.created_by;
    let is_create = rev == creation.request.rev && cause.request_id() == Some(&creation.request.id);
    let waits = meeting.participants.get(&creation.client_id.user()).is_some_and(|p| p.state.is_member());
    let answer = if is_create && waits {
        Tell::reply(&creation.client_id, cause, CREATED, meeting, now.ms)
    } else {
        None
    };
    Decision { media: acts(meeting, rev), tells, answer, ..Decision::default() }
}
