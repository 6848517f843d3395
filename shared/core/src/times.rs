//! The times of one user's part in a call, for the call records.

/// The times of one user's part in a call. All times are milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// Time of the invitation.
    pub invited_ms: Option<i64>,
    /// Time at which the first device rang.
    pub rang_ms: Option<i64>,
    /// Time at which a device accepted the invitation.
    pub answered_ms: Option<i64>,
    /// Time at which the user was in the media for the first time.
    pub joined_ms: Option<i64>,
    /// Time at which the user gave up the seat for the last time; absent while the user has a seat.
    pub left_ms: Option<i64>,
    /// Beginning of the present stay in the media.
    pub stays_since_ms: Option<i64>,
    /// Time at which the media connection of the present stay broke.
    pub dropped_ms: Option<i64>,
    /// Milliseconds of all earlier stays in the media.
    pub stayed_ms: i64,
    /// Time at which the user missed the last invitation.
    pub missed_ms: Option<i64>,
}

impl Times {
    /// Records an invitation. The times of an earlier invitation are removed, unless the user was in the
    /// media.
    pub(crate) fn invited(&mut self, now_ms: i64) {
        self.missed_ms = None;
        if self.joined_ms.is_none() {
            *self = Self { invited_ms: Some(now_ms), ..Self::default() };
        }
    }

    /// Records that a device rings.
    pub(crate) const fn rang(&mut self, now_ms: i64) {
        keep_first(&mut self.rang_ms, now_ms);
    }

    /// Records that a device accepted.
    pub(crate) const fn answered(&mut self, now_ms: i64) {
        keep_first(&mut self.answered_ms, now_ms);
    }

    /// Records that the user is in the media. A stay continues after a lost connection if the user returns.
    pub(crate) const fn joined(&mut self, now_ms: i64) {
        keep_first(&mut self.joined_ms, now_ms);
        keep_first(&mut self.stays_since_ms, now_ms);
        self.dropped_ms = None;
    }

    /// Records that the media connection broke.
    pub(crate) const fn dropped(&mut self, now_ms: i64) {
        if self.stays_since_ms.is_some() {
            keep_first(&mut self.dropped_ms, now_ms);
        }
    }

    /// Records that the user has a seat.
    pub(crate) const fn seated(&mut self) {
        self.left_ms = None;
        self.missed_ms = None;
    }

    /// Records that the invitation ended without an answer of the user.
    pub(crate) const fn missed(&mut self, now_ms: i64) {
        self.missed_ms = Some(now_ms);
    }

    /// Records that the user gave up the seat. A lost user left at the time when the connection broke.
    pub(crate) fn left(&mut self, now_ms: i64) {
        let at_ms = self.dropped_ms.take().unwrap_or(now_ms);
        if let Some(since_ms) = self.stays_since_ms.take() {
            self.stayed_ms += (at_ms - since_ms).max(0);
        }
        self.left_ms = Some(at_ms);
    }
}

const fn keep_first(time: &mut Option<i64>, now_ms: i64) {
    if time.is_none() {
        *time = Some(now_ms);
    }
}
