//! How long and how many: the time limits and sizes of meetings, as the design sets them.

/// The ring deadline fires this much late, so that an accept in the last moment wins.
pub const RING_GRACE_MS: i64 = 2_000;
/// An accepted seat must reach the media within this time, where the RTC service can tell.
pub const JOIN_MS: i64 = 20_000;
/// A device that left the broker is looked at after this time; a blink of the network is none.
pub const CHECK_MS: i64 = 10_000;
/// The same for the caller of a direct call that nobody has accepted yet.
pub const CALLER_CHECK_MS: i64 = 15_000;
/// A dropped participant of a direct call has this long to come back.
pub const RECONNECT_DIRECT_MS: i64 = 30_000;
/// A dropped participant of a group has this long to come back.
pub const RECONNECT_GROUP_MS: i64 = 60_000;
/// A group that everybody has left ends after this time.
pub const EMPTY_MS: i64 = 30_000;
/// A meeting whose host has gone ends after this time, where its policy is `grace_end`.
pub const HOST_GRACE_MS: i64 = 120_000;
/// A meeting that nobody ever joined ends after this time, when nobody is pending any more.
pub const UNUSED_MS: i64 = 300_000;
/// How long before its end a meeting's members are warned.
pub const WARNINGS_MS: [i64; 2] = [300_000, 60_000];
/// People that a meeting remembers, those who have gone included, so that strangers cannot swell its record.
pub const PEOPLE_MAX: usize = 200;
/// An ended meeting is remembered this long, to answer late commands.
pub const TOMBSTONE_MS: i64 = 7 * 24 * 3_600 * 1_000;
/// Requests that a meeting remembers per client ID.
pub const KNOWN_REQUESTS: usize = 16;
/// Devices that one user is reached on.
pub const DEVICES_MAX: usize = 8;
