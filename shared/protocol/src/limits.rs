//! Limits and defaults of fields that occur in more than one message. A limit of one request is in the request's file.
//!
//! `MAX_…` is the largest value that is accepted; `DEFAULT_…` is the value of a field that is left out.

use std::ops::RangeInclusive;

/// Most invitees that one request may name.
pub const MAX_INVITEES: usize = 49;
/// Most characters of a title, a reason or a text.
pub const MAX_TEXT_CHARS: usize = 200;
/// Most bytes of `ext`, written as JSON.
pub const MAX_EXT_BYTES: usize = 2048;

/// Most changes of media in one second that a terminal may report.
pub const MAX_REPORTS_PER_SECOND: usize = 2;

/// Seconds that an invitation may ring.
pub const RING_SECONDS: RangeInclusive<u32> = 10..=180;
/// Seconds that an invitation rings unless the create request says otherwise.
pub const DEFAULT_RING_SECONDS: u32 = 45;

/// Most seats that a meeting may have.
pub const MAX_SEATS: u32 = 100;
/// Seats that a create request may ask for.
pub const SEATS: RangeInclusive<u32> = 2..=MAX_SEATS;
/// Seats of a meeting unless its create request says otherwise.
pub const DEFAULT_SEATS: u32 = 50;

/// Most minutes that a meeting may last in all, extensions included.
pub const MAX_MINUTES: u32 = 1_440;
/// Minutes that a create request may ask for, and by which one request may extend a meeting.
pub const MINUTES: RangeInclusive<u32> = 1..=MAX_MINUTES;
/// Minutes that a meeting lasts unless its create request says otherwise.
pub const DEFAULT_MINUTES: u32 = 240;

/// Seconds after which a meeting may end that nobody joined.
pub const UNUSED_SECONDS: RangeInclusive<u32> = 30..=3_600;
/// Seconds after which a meeting ends that nobody joined, unless its create request says otherwise.
pub const DEFAULT_UNUSED_SECONDS: u32 = 300;

/// Seconds after which a group may end that everybody left; 0 ends it at once.
pub const EMPTY_SECONDS: RangeInclusive<u32> = 0..=3_600;
/// Seconds after which a group ends that everybody left, unless its create request says otherwise.
pub const DEFAULT_EMPTY_SECONDS: u32 = 30;

/// Most users that one user blocks.
pub const MAX_BLOCKED: usize = 1_000;
/// Most users on the list of those who may call.
pub const MAX_ALLOWED: usize = 500;
/// Seconds in which no call of a user rings; 0 ends them.
pub const DO_NOT_DISTURB_SECONDS: RangeInclusive<u32> = 0..=7 * 24 * 3_600;

/// Seconds that a block of speech or a ban may last; the maximum is the length of the longest meeting.
pub const FOR_SECONDS: RangeInclusive<u32> = 1..=MAX_MINUTES * 60;
