//! `report_media` (T18 for `joined`, T27 for `left`). Never answered, only refused.

use super::leave;
use crate::change::Change;
use crate::reply::{Reply, ReplyResult};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::object::MediaFlags;
use switchboard_protocol::requests::MediaReport;

/// A report that the RTC service does not confirm changes nothing: what the service sees arrives as its own input.
pub(crate) fn apply(
    change: &mut Change,
    by: &ClientId,
    report: MediaReport,
    media: MediaFlags,
    verified: bool,
) -> ReplyResult {
    change.claim_admitted_seat(by);
    change.require_seat(by)?;
    match report {
        _ if !verified => {}
        MediaReport::Left => {
            leave::apply(change, by)?;
        }
        MediaReport::Joined => joined(change, by, media),
    }
    Ok(Reply::Nothing)
}

fn joined(change: &mut Change, by: &ClientId, media: MediaFlags) {
    let Some(seat) = change.seat_of(by) else { return };
    if !seat.is_joined() {
        seat.media = media;
        change.join_media(&by.user());
        change.update_phase();
    } else if seat.media == MediaFlags::default() && media != MediaFlags::default() {
        // The callback of the RTC service came first; it does not say what the device sends.
        seat.media = media;
        change.is_changed = true;
    }
}

pub(crate) fn answer_again() -> ReplyResult {
    Ok(Reply::Nothing)
}
