//! `report_media` (T18 for `joined`, T27 for `left`). Never answered, only refused.

use super::leave;
use crate::change::Change;
use crate::input::MediaChange;
use crate::refusal::Refusal;
use crate::reply::{Reply, ReplyResult};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::limits::MAX_REPORTS_PER_SECOND;
use switchboard_protocol::requests::MediaReport;

/// A report that the RTC service does not confirm moves nobody into the media or out of it: what the service sees arrives
/// as its own input. What the device sends only the device knows, so that part of the report holds in any case.
///
/// Refuses with `rate_limited` the changes of a device in the media beyond [`MAX_REPORTS_PER_SECOND`].
pub(crate) fn apply(
    change: &mut Change,
    by: &ClientId,
    report: MediaReport,
    media: MediaChange,
    verified: bool,
) -> ReplyResult {
    change.claim_admitted_seat(by);
    change.require_seat(by)?;
    match report {
        MediaReport::Left if verified => {
            leave::apply(change, by)?;
        }
        MediaReport::Left => {}
        MediaReport::Joined => {
            sends(change, by, media)?;
            if verified {
                joined(change, by);
            }
        }
    }
    Ok(Reply::Nothing)
}

fn joined(change: &mut Change, by: &ClientId) {
    if change.seat_of(by).is_some_and(|seat| !seat.is_joined()) {
        change.join_media(&by.user());
        change.update_phase();
    }
}

/// Sets what the device sends, with a notice to all members.
fn sends(change: &mut Change, by: &ClientId, media: MediaChange) -> Result<(), Refusal> {
    let (now_ms, rev) = (change.now.ms, change.rev);
    let Some(seat) = change.seat_of(by) else { return Ok(()) };
    let media = media.over(*seat.media);
    if media == *seat.media {
        return Ok(());
    }
    let is_joined = seat.is_joined();
    let reports = &mut seat.reported_ms;
    if reports.len() >= MAX_REPORTS_PER_SECOND {
        let wait_ms = reports[0] + 1_000 - now_ms;
        if is_joined && wait_ms > 0 {
            let message = format!(
                "report at most {MAX_REPORTS_PER_SECOND} changes of media a second; send the last state later"
            );
            let refusal = Refusal::new(Code::RateLimited, message);
            return Err(Refusal { retry_after_ms: Some(wait_ms), ..refusal });
        }
        reports.remove(0);
    }
    reports.push(now_ms);
    seat.media.set(media, rev);
    change.is_changed = true;
    Ok(())
}

pub(crate) fn answer_again() -> ReplyResult {
    Ok(Reply::Nothing)
}
