//! The standing of a participant: one variant for each state, with the data that only that state has.

use crate::invitation::Invitation;
use crate::remark::Remark;
use crate::stamped::Stamped;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::{MediaFlags, ParticipantState};

/// State of a participant, with the data that only that state has.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Has an open invitation.
    Invited(OpenInvitation),
    /// Waits in the lobby.
    Lobby {
        /// Devices that are notified when a host decides, in the order of their requests to join.
        devices: Vec<ClientId>,
    },
    /// Has a seat.
    Seated(Box<Seat>),
    /// No longer has a part in the meeting.
    Out(Exit),
}

/// An open invitation.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// True if a device rings.
    pub is_ringing: bool,
    /// True if the meeting already holds the user's call slot: in direct calls, unless the user is in another
    /// call.
    pub holds_slot: bool,
}

/// The right of one device to be in the meeting for its user. The meeting holds the user's call slot.
#[derive(Debug, Clone, PartialEq)]
pub struct Seat {
    /// The device.
    pub device: ClientId,
    /// Time and way of the user's entry. A move to another device is not an entry.
    pub entry: Stamped<Entry>,
    /// The device that had the seat before its last move.
    pub moved_from: Option<Stamped<ClientId>>,
    /// Presence in the media.
    pub presence: Presence,
    /// Devices of a user who was in the lobby. If the seat's device is one of them, a host admitted the user,
    /// and the first device that sends a request gets the seat, even if the RTC service has seen the user
    /// before. Otherwise the user joined on the seat's device, or that device has claimed the seat, and the
    /// listed devices are only notified.
    pub claimants: Vec<ClientId>,
    /// Time at which a device that disconnected from the broker is checked, in milliseconds since the epoch.
    /// It counts as dropped only after the check.
    pub check_at_ms: Option<i64>,
    /// Time by which the device must prove that it still knows this seat, in milliseconds since the epoch:
    /// the device connected to the broker anew, and its terminal may have restarted. Kept while the seat is
    /// away for that reason.
    pub confirm_by_ms: Option<i64>,
    /// Time at which the device last confirmed the seat, in milliseconds since the epoch.
    pub confirmed_ms: Option<i64>,
    /// Time at which this seat was first in the media, in milliseconds since the epoch.
    pub joined_ms: Option<i64>,
    /// Media that the device sends: announced when the user took the seat, later reported.
    pub media: Stamped<MediaFlags>,
    /// Times of the latest reports that changed the media, in milliseconds since the epoch, oldest first; at
    /// most [`MAX_REPORTS_PER_SECOND`](switchboard_protocol::limits::MAX_REPORTS_PER_SECOND).
    pub reported_ms: Vec<i64>,
    /// True if the hand is up. The order of the revisions is the order in which hands were raised.
    pub hand: Stamped<bool>,
    /// The invitation that the seat answered, or that was open when the user took the seat.
    pub invitation: Option<Invitation>,
    /// The call that the user's call slot named when the user took the seat. When the user gives up the seat,
    /// that call gets the slot back if the user is still in it.
    pub other_call: Option<MeetingId>,
}

/// Time and way of a user's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Time, in milliseconds since the epoch.
    pub at_ms: i64,
    /// True if the user joined by calling the other user of this call while that user was calling (T16).
    pub is_merge: bool,
}

/// Presence of a seat in the media.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// Not in the media yet.
    OnTheWay {
        /// Time after which the seat is given up, in milliseconds since the epoch, if the RTC service reports
        /// presence. The creator has no such time until another user accepts.
        join_by_ms: Option<i64>,
    },
    /// In the media.
    Joined,
    /// Dropped from the media; the seat is kept.
    Away {
        /// Time after which the seat is given up, in milliseconds since the epoch.
        until_ms: i64,
        /// Presence to which the participant returns.
        from: AwayFrom,
    },
}

/// Presence to which a dropped participant returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwayFrom {
    /// The media.
    Media,
    /// The way into the media.
    OnTheWay {
        /// See [`Presence::OnTheWay`].
        join_by_ms: Option<i64>,
    },
}

/// End of a participant's part in the meeting. The participant may be invited or join again, unless banned.
#[derive(Debug, Clone, PartialEq)]
pub struct Exit {
    /// Reason.
    pub reason: OutReason,
    /// The standing before the exit. Notices are sent to its devices.
    pub from: Former,
    /// Reason and text of the user who declined, or text of the host who removed the participant.
    pub remark: Remark,
}

/// Reason for which a participant no longer has a part in the meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutReason {
    /// Declined the invitation.
    Declined,
    /// Was in another call.
    UserBusy,
    /// A device received the invitation, and no device answered.
    NoAnswer,
    /// No device received the invitation.
    Unreachable,
    /// Had do-not-disturb.
    DoNotDisturb,
    /// The invitation was cancelled.
    Cancelled,
    /// Left.
    Left,
    /// Was removed by a host.
    Removed,
    /// Was banned by a host.
    Banned {
        /// Time at which the ban ends, in milliseconds since the epoch; `None` for the rest of the meeting.
        until_ms: Option<i64>,
    },
    /// Dropped from the media and did not return in time.
    Lost,
    /// Did not reach the media in time.
    Failed,
    /// The meeting ended, or a host refused the user in the lobby.
    Ended,
}

/// Standing of a participant before the exit.
#[derive(Debug, Clone, PartialEq)]
pub enum Former {
    /// An invitation.
    Invitation(Invitation),
    /// A place in the lobby, with the devices that waited.
    Lobby(Vec<ClientId>),
    /// A seat, unchanged.
    Seat(Box<Seat>),
}

impl Seat {
    /// Returns whether a host admitted the user, and no device has claimed the seat yet.
    pub(crate) fn is_unclaimed(&self) -> bool {
        self.claimants.contains(&self.device) && self.claimants.len() > 1
    }

    /// Returns whether the user of the seat is in the media.
    #[must_use]
    pub const fn is_joined(&self) -> bool {
        matches!(self.presence, Presence::Joined)
    }

    /// Returns whether the participant was dropped and the seat is kept.
    #[must_use]
    pub const fn is_away(&self) -> bool {
        matches!(self.presence, Presence::Away { .. })
    }

    /// Returns the latest of four times, in milliseconds since the epoch: when the device took the seat, was in
    /// the media for the first time, last reported a change of its media, and last confirmed the seat.
    pub(crate) fn last_act_ms(&self) -> i64 {
        self.reported_ms
            .iter()
            .chain(&self.joined_ms)
            .chain(&self.confirmed_ms)
            .fold(self.entry.at_ms, |last_ms, at_ms| last_ms.max(*at_ms))
    }

    /// Returns the deadline for reaching the media, in milliseconds since the epoch.
    pub(crate) const fn join_by_ms(&self) -> Option<i64> {
        match self.presence {
            Presence::OnTheWay { join_by_ms, .. }
            | Presence::Away { from: AwayFrom::OnTheWay { join_by_ms }, .. } => join_by_ms,
            Presence::Joined | Presence::Away { from: AwayFrom::Media, .. } => None,
        }
    }

    /// Returns the time after which the seat of a dropped participant is given up, in milliseconds since the
    /// epoch.
    pub(crate) const fn away_until_ms(&self) -> Option<i64> {
        match self.presence {
            Presence::Away { until_ms, .. } => Some(until_ms),
            _ => None,
        }
    }
}

impl OutReason {
    /// Returns the state's name on the wire.
    #[must_use]
    pub const fn state(self) -> ParticipantState {
        match self {
            Self::Declined => ParticipantState::Declined,
            Self::UserBusy => ParticipantState::UserBusy,
            Self::NoAnswer => ParticipantState::NoAnswer,
            Self::Unreachable | Self::DoNotDisturb => ParticipantState::Unreachable,
            Self::Cancelled => ParticipantState::Cancelled,
            Self::Left => ParticipantState::Left,
            Self::Removed => ParticipantState::Removed,
            Self::Banned { .. } => ParticipantState::Banned,
            Self::Lost => ParticipantState::Lost,
            Self::Failed => ParticipantState::Failed,
            Self::Ended => ParticipantState::Ended,
        }
    }
}
