//! Splits settings into pages: downlinks within the size limit.

use switchboard_core::{Availability, Cause, Outgoing};
use switchboard_protocol::MAX_DOWNLINK_BYTES;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::downlink::Body;

/// Largest size of the lists in a page, in bytes. The rest of a downlink is for the envelope.
const ROOM_BYTES: usize = MAX_DOWNLINK_BYTES - 1_024;

/// The part of the lists in one downlink.
#[derive(Default)]
struct SettingsPage {
    blocked: Vec<UserId>,
    allow: Vec<UserId>,
    bytes: usize,
}

/// Returns the downlinks that together are the answer, in order. Each one names the answered request and has
/// its own id. A single page has no number.
pub(super) fn paged(availability: &Availability, to: &ClientId, cause: &Cause, now_ms: i64) -> Vec<Outgoing> {
    let Availability { blocked, who, allowed, .. } = availability;
    let mut pages = vec![SettingsPage::default()];
    for user in blocked {
        page_for(&mut pages, user).blocked.push(user.clone());
    }
    for user in allowed {
        page_for(&mut pages, user).allow.push(user.clone());
    }
    let count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    let message = |(at, page): (u32, SettingsPage)| {
        let SettingsPage { blocked, allow, .. } = page;
        let (page, pages) = if count > 1 { (Some(at), Some(count)) } else { (None, None) };
        let do_not_disturb_in_ms = availability.do_not_disturb_in_ms(now_ms);
        let body = Body::Settings { blocked, who: *who, allow, do_not_disturb_in_ms, page, pages };
        let subject = if count > 1 { format!("page {at}") } else { String::new() };
        Outgoing { subject, ..Outgoing::answer(to, cause, body) }
    };
    (1..).zip(pages).map(message).collect()
}

/// Returns the last page if it has room for `user`, otherwise a new page.
fn page_for<'a>(pages: &'a mut Vec<SettingsPage>, user: &UserId) -> &'a mut SettingsPage {
    // A user takes two quotation marks and a comma in addition to the account.
    let bytes = user.as_str().len() + 3;
    if pages.last().is_none_or(|page| page.bytes + bytes > ROOM_BYTES) {
        pages.push(SettingsPage::default());
    }
    let at = pages.len() - 1;
    pages[at].bytes += bytes;
    &mut pages[at]
}
