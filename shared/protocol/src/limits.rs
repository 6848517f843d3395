//! Limits and defaults of fields that occur in more than one message. A limit of one request is in the request's file.
//!
//! `MAX_…` is the largest value that is accepted; `DEFAULT_…` is the value of a field that is left out.

use std::ops::RangeInclusive;

/// Largest number of invitees in one request.
pub const MAX_INVITEES: usize = 49;
/// Largest number of characters of a title, a reason or a text.
pub const MAX_TEXT_CHARS: usize = 200;
/// Largest size of `ext`, in bytes as JSON.
pub const MAX_EXT_BYTES: usize = 2048;

/// Largest number of media changes that a terminal may report in one second.
pub const MAX_REPORTS_PER_SECOND: usize = 2;

/// Seconds that an invitation may ring.
pub const RING_SECONDS: RangeInclusive<u32> = 10..=180;
/// Seconds that an invitation rings if the create request does not set them.
pub const DEFAULT_RING_SECONDS: u32 = 45;

/// Largest number of seats of a meeting.
pub const MAX_SEATS: u32 = 100;
/// Seats that a create request may ask for.
pub const SEATS: RangeInclusive<u32> = 2..=MAX_SEATS;
/// Seats of a meeting if the create request does not set them.
pub const DEFAULT_SEATS: u32 = 50;

/// Largest duration of a meeting in minutes, including extensions.
pub const MAX_MINUTES: u32 = 1_440;
/// Minutes that a create request may ask for, and by which one request may extend a meeting.
pub const MINUTES: RangeInclusive<u32> = 1..=MAX_MINUTES;
/// Minutes that a meeting lasts if the create request does not set them.
pub const DEFAULT_MINUTES: u32 = 240;

/// Seconds after which a meeting may end if no user joins it.
pub const UNUSED_SECONDS: RangeInclusive<u32> = 30..=3_600;
/// Seconds after which a meeting ends that no user joined, if the create request does not set them.
pub const DEFAULT_UNUSED_SECONDS: u32 = 300;

/// Seconds after which a group may end when all users have left; 0 ends it at once.
pub const EMPTY_SECONDS: RangeInclusive<u32> = 0..=3_600;
/// Seconds after which a group ends when all users have left, if the create request does not set them.
pub const DEFAULT_EMPTY_SECONDS: u32 = 30;

/// Largest number of users that one user may block.
pub const MAX_BLOCKED: usize = 1_000;
/// Largest number of users on a user's list `allow`.
pub const MAX_ALLOWED: usize = 500;
/// Seconds for which a user's devices do not ring; 0 ends do-not-disturb.
pub const DO_NOT_DISTURB_SECONDS: RangeInclusive<u32> = 0..=7 * 24 * 3_600;

/// Seconds that a block of speech or a ban may last; the maximum is the length of the longest meeting.
pub const FOR_SECONDS: RangeInclusive<u32> = 1..=MAX_MINUTES * 60;
