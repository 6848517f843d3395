//! Splits a state into pages: downlinks within the size limit. Invitations come first, since a phone may have
//! to ring.

use serde::Serialize;
use switchboard_core::Cause;
use switchboard_core::Outgoing;
use switchboard_protocol::MAX_DOWNLINK_BYTES;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::downlink::{Body, MeetingOffer};
use switchboard_protocol::object::{CallView, MeetingView, MissedCallView, ParticipantView};

/// Largest size of the contents of a page, in bytes. The rest of a downlink is for the envelope.
const ROOM_BYTES: usize = MAX_DOWNLINK_BYTES - 1024;

/// Largest size of the missed calls in bytes, so that the first page has room for invitations. The newest
/// calls are kept.
const MISSED_BYTES: usize = ROOM_BYTES / 2;

/// The part of the state in one downlink.
#[derive(Debug, Default)]
struct Page {
    meetings: Vec<MeetingView>,
    invitations: Vec<MeetingOffer>,
    bytes: usize,
}

/// Returns the downlinks that together are the answer, in order. Each one names the answered request and has
/// its own id. A single page has no number. The first page has the missed calls.
///
/// A meeting with too many participants for one page continues on the next page, with the same meeting and
/// the other participants.
pub(super) fn paged(
    meetings: Vec<MeetingView>,
    invitations: Vec<MeetingOffer>,
    missed: Option<Vec<MissedCallView>>,
    to: &ClientId,
    cause: &Cause,
) -> Vec<Outgoing> {
    let mut missed = missed.map(|mut missed| {
        missed.truncate(count_of(&missed, MISSED_BYTES));
        missed
    });
    let mut pages = vec![Page { bytes: missed.as_ref().map_or(0, size), ..Page::default() }];
    for invitation in invitations {
        let bytes = size(&invitation);
        page_for(&mut pages, bytes).invitations.push(invitation);
    }
    for meeting in meetings {
        add(&mut pages, meeting);
    }
    let count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    let message = |(at, page): (u32, Page)| {
        let (page_no, pages) = if count > 1 { (Some(at), Some(count)) } else { (None, None) };
        let Page { meetings, invitations, .. } = page;
        let missed = missed.take();
        let body = Body::State { meetings, invitations, missed, page: page_no, pages };
        let subject = if count > 1 { format!("page {at}") } else { String::new() };
        Outgoing { subject, ..Outgoing::answer(to, cause, body) }
    };
    (1..).zip(pages).map(message).collect()
}

/// Adds a meeting to the last page, to a new page, or to as many new pages as it needs.
fn add(pages: &mut Vec<Page>, mut meeting: MeetingView) {
    let bytes = size(&meeting);
    if bytes <= ROOM_BYTES {
        page_for(pages, bytes).meetings.push(meeting);
        return;
    }
    let participants_left = std::mem::take(&mut meeting.participants);
    let frame = size(&meeting);
    let mut part: Vec<ParticipantView> = Vec::new();
    let mut bytes = frame;
    for participant in participants_left {
        let more = size(&participant);
        if bytes + more > ROOM_BYTES && !part.is_empty() {
            let participants = std::mem::take(&mut part);
            page_for(pages, bytes).meetings.push(MeetingView { participants, ..meeting.clone() });
            bytes = frame;
        }
        bytes += more;
        part.push(participant);
    }
    page_for(pages, bytes).meetings.push(MeetingView { participants: part, ..meeting });
}

/// Returns the last page if it has room for `bytes`, otherwise a new page.
fn page_for(pages: &mut Vec<Page>, bytes: usize) -> &mut Page {
    if pages.last().is_none_or(|page| page.bytes > 0 && page.bytes + bytes > ROOM_BYTES) {
        pages.push(Page::default());
    }
    let at = pages.len() - 1;
    pages[at].bytes += bytes;
    &mut pages[at]
}

/// Returns the number of `calls` that fit into one downlink, at least one.
pub(super) fn count_fitting(calls: &[CallView]) -> usize {
    count_of(calls, ROOM_BYTES).max(1)
}

/// Returns the number of first values that fit into `room_bytes`.
fn count_of(values: &[impl Serialize], room_bytes: usize) -> usize {
    let mut bytes = 0;
    let mut fits = |value| {
        bytes += size(value);
        bytes <= room_bytes
    };
    values.iter().take_while(|value| fits(*value)).count()
}

/// Returns the size as JSON in bytes, including a comma.
fn size(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(0, |text| text.len() + 1)
}

#[cfg(test)]
mod tests;
