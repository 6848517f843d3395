//! Time limits and sizes of meetings. The limits of the fields of one request are in
//! `switchboard_protocol::limits`.

use switchboard_protocol::limits::{DEFAULT_EMPTY_SECONDS, DEFAULT_UNUSED_SECONDS};

/// Milliseconds by which the ring deadline is applied late, so that an accept in the last moment succeeds.
pub const RING_GRACE_MS: i64 = 2_000;
/// Milliseconds within which the user of an accepted seat must reach the media, if the RTC service reports
/// presence.
pub const JOIN_MS: i64 = 20_000;
/// Milliseconds after which a disconnected device is checked. Shorter interruptions are ignored.
pub const CHECK_MS: i64 = 10_000;
/// Milliseconds after which the disconnected caller of a direct call that nobody accepted is checked.
pub const CALLER_CHECK_MS: i64 = 15_000;
/// Milliseconds until the RTC service is asked once more about a seat that was kept because the RTC service
/// did not answer.
pub const ASK_AGAIN_MS: i64 = 30_000;
/// Milliseconds within which a device that connected anew must prove that it still knows its seat, if the RTC
/// service does not report presence. Together with the longest grace, a terminal that forgot its call loses
/// the seat within two minutes.
pub const CONFIRM_MS: i64 = 45_000;
/// Milliseconds that the seat of a dropped participant of a direct call is kept.
pub const RECONNECT_DIRECT_MS: i64 = 30_000;
/// Milliseconds that the seat of a dropped participant of a group is kept.
pub const RECONNECT_GROUP_MS: i64 = 60_000;
/// Longest time in milliseconds for which a seat is kept without its user in the media: the time until a drop
/// is noticed, the grace of the seat, and the time of a newcomer for a user who returns. The channel must
/// exist at least as long.
pub const SEAT_KEPT_MS: i64 = CHECK_MS + RECONNECT_GROUP_MS + JOIN_MS;
/// Milliseconds after which a group ends when all users have left, if its create request does not set them.
pub const EMPTY_MS: i64 = DEFAULT_EMPTY_SECONDS as i64 * 1_000;
/// Milliseconds after which a meeting without its host ends, if the policy is `grace_end`.
pub const HOST_GRACE_MS: i64 = 120_000;
/// Milliseconds after which a meeting ends that no user joined and that has no pending invitation, if its
/// create request does not set them.
pub const UNUSED_MS: i64 = DEFAULT_UNUSED_SECONDS as i64 * 1_000;
/// Largest difference in milliseconds between the clock of the RTC service and that of Switchboard, in either
/// direction. Self-hosted servers are off by that much if their time synchronisation fails. With a larger
/// leeway, late callbacks would be accepted.
pub const RTC_CLOCK_LEEWAY_MS: i64 = 120_000;
/// Milliseconds after a removal at which the RTC service is asked whether the user is out of the media. If
/// the user is still in the media, the time until the next check is twice as long, at most
/// [`REENTRY_CHECK_MS`].
pub const GONE_CHECK_MS: i64 = 1_000;
/// Milliseconds between two checks that a removed user has not returned.
pub const REENTRY_CHECK_MS: i64 = 60_000;
/// Milliseconds after a removal during which a removed user may return: the life of a join token, plus the
/// leeway between the two clocks.
pub const REENTRY_WATCH_MS: i64 = TOKEN_LIFE_MS + RTC_CLOCK_LEEWAY_MS;
/// Life of a join token in milliseconds.
pub const TOKEN_LIFE_MS: i64 = 600_000;
/// Largest number of re-entries of a removed user that are counted and reported. Further re-entries are
/// stopped without a report, so that a modified terminal cannot flood the hosts' devices with notices.
pub const MAX_REENTRIES: u32 = 100;
/// Milliseconds for which an overdue check of removed users is repeated while the RTC service does not
/// answer; then the check is postponed.
pub const CHECK_KEPT_DUE_MS: i64 = 10_000;
/// Largest number of times that repeats of one applied request run its effects for others again: as many
/// times as a terminal that follows the protocol repeats a request, and one more for a duplicate of the
/// broker.
pub const MAX_TOLD_AGAIN: usize = 3;
/// Milliseconds after the end of a meeting within which repeats of its requests run the effects for others
/// again.
pub const TELL_AGAIN_MS: i64 = 60_000;
/// Milliseconds before the end at which the members are warned.
pub const WARNINGS_MS: [i64; 2] = [300_000, 60_000];
/// Milliseconds that an ended meeting is kept, so that late commands get `meeting_ended`.
pub const ENDED_MEETING_KEPT_MS: i64 = 7 * 24 * 3_600 * 1_000;
/// Largest number of participants in a meeting's record, including former ones, so that strangers cannot fill
/// the record.
pub const MAX_PEOPLE: usize = 200;
/// Largest number of users in a meeting's record who only asked to be admitted. The other places stay
/// reserved for users who are invited, so that strangers cannot keep them out.
pub const MAX_KNOCKERS: usize = 100;
/// Length in milliseconds of the period in which a user may ask
/// [`RequestLimits::knocks_per_minute`](crate::RequestLimits) times to be admitted.
pub const KNOCKS_WITHIN_MS: i64 = 60_000;
/// Largest number of applied requests that a meeting keeps for one client ID.
pub const MAX_REQUESTS_PER_DEVICE: usize = 16;
/// Largest number of client IDs of one user whose applied requests a meeting keeps.
pub const MAX_REQUEST_DEVICES: usize = 8;
/// Largest number of applied requests that a meeting keeps in all: about five for each member of the largest
/// meeting.
pub const MAX_REQUESTS: usize = 512;
/// Number of applied requests that a meeting keeps even if its record is too large.
pub const MIN_REQUESTS: usize = 64;
/// Size in bytes of a meeting's record, including the reach of its offers, above which a commit removes data
/// that nobody may need any longer. The remaining record is below the limit of the table, 409,600 bytes, for
/// every meeting that valid requests can make.
pub const MAX_RECORD_BYTES: usize = 300_000;
/// Largest size in bytes of all objects `ext` of a meeting's invitations together, each counted once. The
/// record always has room for them.
pub const MAX_INVITATION_EXT_BYTES: usize = 16 * 1_024;
/// Largest number of devices of one user to which an invitation is offered.
pub const MAX_DEVICES: usize = 8;
/// Largest number of devices of one user with a leg in an invitation: those to which the invitation was
/// offered, and others that learnt of it by `sync`. The table stores as many devices of a user.
pub const MAX_LEGS: usize = 10;
