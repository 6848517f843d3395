//! Time limits and sizes of meetings. Limits of what one request may say are in `switchboard_protocol::limits`.

use switchboard_protocol::limits::{DEFAULT_EMPTY_SECONDS, DEFAULT_UNUSED_SECONDS};

/// Milliseconds by which the ring deadline fires late, so that an accept at the last moment wins.
pub const RING_GRACE_MS: i64 = 2_000;
/// Milliseconds in which an accepted seat must reach the media, where the RTC service reports presence.
pub const JOIN_MS: i64 = 20_000;
/// Milliseconds after which a disconnected device is checked. Shorter interruptions are ignored.
pub const CHECK_MS: i64 = 10_000;
/// Milliseconds after which the disconnected caller of a direct call that nobody accepted is checked.
pub const CALLER_CHECK_MS: i64 = 15_000;
/// Milliseconds after which the RTC service is asked again about a seat that was kept because it did not answer.
pub const ASK_AGAIN_MS: i64 = 30_000;
/// Milliseconds in which a device that connects anew must show that it still knows its seat, where the RTC service does not
/// report presence. With the longest grace a terminal that forgot its call is found out within two minutes.
pub const CONFIRM_MS: i64 = 45_000;
/// Milliseconds that the seat of a dropped participant of a direct call is kept.
pub const RECONNECT_DIRECT_MS: i64 = 30_000;
/// Milliseconds that the seat of a dropped participant of a group is kept.
pub const RECONNECT_GROUP_MS: i64 = 60_000;
/// Longest time in milliseconds for which a seat is kept without its user in the media: a drop is noticed, the seat waits, and
/// a user who comes back gets the time of a newcomer. The channel must last as long.
pub const SEAT_KEPT_MS: i64 = CHECK_MS + RECONNECT_GROUP_MS + JOIN_MS;
/// Milliseconds after which a group that everybody left ends, unless its create request says otherwise.
pub const EMPTY_MS: i64 = DEFAULT_EMPTY_SECONDS as i64 * 1_000;
/// Milliseconds after which a meeting without its host ends, where the policy is `grace_end`.
pub const HOST_GRACE_MS: i64 = 120_000;
/// Milliseconds after which a meeting ends that nobody joined and to which no invitation is pending, unless its create
/// request says otherwise.
pub const UNUSED_MS: i64 = DEFAULT_UNUSED_SECONDS as i64 * 1_000;
/// Most milliseconds that the clock of the RTC service may differ from ours, in either direction. Servers that people run
/// themselves are off by that much when their time synchronisation fails; with a larger leeway, late callbacks would count.
pub const RTC_CLOCK_LEEWAY_MS: i64 = 120_000;
/// Milliseconds after a removal at which the RTC service is asked whether the user is out of the media. Each time that the
/// user is still there, the next check comes after twice the time, up to [`REENTRY_CHECK_MS`].
pub const GONE_CHECK_MS: i64 = 1_000;
/// Milliseconds between two checks that a removed user did not come back.
pub const REENTRY_CHECK_MS: i64 = 60_000;
/// Milliseconds after a removal for which a removed user may come back: the life of a join token, by another clock.
pub const REENTRY_WATCH_MS: i64 = TOKEN_LIFE_MS + RTC_CLOCK_LEEWAY_MS;
/// Life of a join token in milliseconds.
pub const TOKEN_LIFE_MS: i64 = 600_000;
/// Most re-entries of a removed user that are counted and reported. Further ones are only stopped, so that a modified
/// terminal cannot keep the hosts' devices busy.
pub const MAX_REENTRIES: u32 = 100;
/// Milliseconds for which a check of removed users stays due while the RTC service does not answer; then it is postponed.
pub const CHECK_KEPT_DUE_MS: i64 = 10_000;
/// Milliseconds before the end at which members are warned.
pub const WARNINGS_MS: [i64; 2] = [300_000, 60_000];
/// Milliseconds that an ended meeting is kept, so that late commands get `meeting_ended`.
pub const ENDED_MEETING_KEPT_MS: i64 = 7 * 24 * 3_600 * 1_000;
/// Most participants that a meeting keeps, former ones included, so that strangers cannot grow its record.
pub const MAX_PEOPLE: usize = 200;
/// Milliseconds in which a user may ask [`RequestLimits::knocks_per_minute`](crate::RequestLimits) times to be let in.
pub const KNOCKS_WITHIN_MS: i64 = 60_000;
/// Most applied requests that a meeting keeps per client ID.
pub const MAX_REQUESTS_PER_DEVICE: usize = 16;
/// Most client IDs of one user whose applied requests a meeting keeps.
pub const MAX_REQUEST_DEVICES: usize = 8;
/// Most applied requests that a meeting keeps in all: five of each member of the largest meeting.
pub const MAX_REQUESTS: usize = 512;
/// Applied requests that a meeting keeps however large its record is.
pub const MIN_REQUESTS: usize = 64;
/// Bytes of a meeting's record, with the reach of its offers, beyond which a commit forgets what nobody may need any more. What
/// stays is below the limit of the table, 409,600 bytes, for every meeting that legal requests can make.
pub const MAX_RECORD_BYTES: usize = 300_000;
/// Most bytes that the objects `ext` of a meeting's invitations have in all, each counted once. The record has room for
/// them whatever else is in it.
pub const MAX_INVITATION_EXT_BYTES: usize = 16 * 1_024;
/// Most devices of one user that are offered an invitation.
pub const MAX_DEVICES: usize = 8;
/// Most devices of one user whose part in an invitation is kept: those that were offered it, and others that learnt of it by
/// `sync`. The table remembers as many.
pub const MAX_LEGS: usize = 10;
