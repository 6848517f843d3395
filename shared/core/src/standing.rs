//! The standing of a participant: one variant per state, each with what only that state has.

use crate::invitation::Invitation;
use crate::remark::Remark;
use crate::removal_proof::RemovalProof;
use crate::stamped::Stamped;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::object::{MediaFlags, ParticipantState};

/// State of a participant, with what only that state has.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Has an open invitation.
    Invited(OpenInvitation),
    /// Waits in the lobby.
    Lobby {
        /// Devices that are notified when a host decides; the one that asked first comes first.
        devices: Vec<ClientId>,
    },
    /// Has a seat.
    Seated(Seat),
    /// Has no part any more.
    Out(Exit),
}

/// An open invitation.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// True if a device rings.
    pub is_ringing: bool,
    /// True if the meeting holds the user's call slot already: in direct calls, unless the user is in another call.
    pub holds_slot: bool,
}

/// The right of one device to be in the meeting for its user. The meeting holds the user's call slot.
#[derive(Debug, Clone, PartialEq)]
pub struct Seat {
    /// The device.
    pub device: ClientId,
    /// When and how the user came in. A move to another device is not an entry.
    pub entry: Stamped<Entry>,
    /// The device that had the seat before its last move.
    pub moved_from: Option<Stamped<ClientId>>,
    /// Way into the media.
    pub presence: Presence,
    /// Time at which a device that left the broker is checked, in milliseconds since the epoch: only then it counts as
    /// dropped.
    pub check_at_ms: Option<i64>,
    /// Time by which the device must show that it still knows this seat, in milliseconds since the epoch: it connected to the
    /// broker anew, and its terminal may have restarted. Kept while the seat is away for that reason.
    pub confirm_by_ms: Option<i64>,
    /// Time at which this seat was first in the media, in milliseconds since the epoch.
    pub joined_ms: Option<i64>,
    /// Media that the device sends: announced when the seat was taken, then reported.
    pub media: Stamped<MediaFlags>,
    /// Times of the last reports that changed the media, in milliseconds since the epoch; at most
    /// [`MAX_REPORTS_PER_SECOND`](switchboard_protocol::limits::MAX_REPORTS_PER_SECOND), oldest first.
    pub reported_ms: Vec<i64>,
    /// True if the hand is up. The revision gives the order in which hands were raised.
    pub hand: Stamped<bool>,
    /// The invitation that brought the user in, or was open when the user came in.
    pub invitation: Option<Invitation>,
}

/// The moment at which a user came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Time, in milliseconds since the epoch.
    pub at_ms: i64,
    /// True if the user came in by calling the other side of this call while that side was calling (T16).
    pub is_merge: bool,
}

/// Presence of a seat in the media.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// Not in the media yet.
    OnTheWay {
        /// Time after which the seat is given up, in milliseconds since the epoch, where the RTC service reports presence.
        /// The creator has none until somebody accepts.
        join_by_ms: Option<i64>,
        /// Devices of a user who waited in the lobby. If the seat's device is one of them, the user was admitted, and the first
        /// one that acts gets the seat. Otherwise the user came in by the seat's device, and they are only notified.
        claimants: Vec<ClientId>,
    },
    /// In the media.
    Joined,
    /// Dropped; the seat is kept.
    Away {
        /// Time after which the seat is given up, in milliseconds since the epoch.
        until_ms: i64,
        /// Place that the participant comes back to.
        from: AwayFrom,
    },
}

/// Place that a dropped participant comes back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwayFrom {
    /// The media.
    Media,
    /// The way into the media.
    OnTheWay {
        /// As in [`Presence::OnTheWay`].
        join_by_ms: Option<i64>,
    },
}

/// End of a participant's part in the meeting. The participant may be invited or join again, unless banned.
#[derive(Debug, Clone, PartialEq)]
pub struct Exit {
    /// Reason.
    pub reason: OutReason,
    /// The standing before it: notices go to its devices.
    pub from: Former,
    /// Words of the user who declined, or of the host who removed the participant.
    pub remark: Remark,
    /// Proof that a removed or banned participant is out of the media. `None` for every other exit, for a user who never had
    /// a seat, and where the RTC service does not report presence.
    pub proof: Option<RemovalProof>,
}

/// Reason why a participant has no part any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutReason {
    /// Declined the invitation.
    Declined,
    /// Was in another call.
    UserBusy,
    /// A device received the invitation, and nobody answered.
    NoAnswer,
    /// No device received the invitation.
    Unreachable,
    /// Was not to be disturbed.
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
    /// Dropped out and did not come back in time.
    Lost,
    /// Did not reach the media in time.
    Failed,
    /// The meeting ended, or a host denied the entry from the lobby.
    Ended,
}

/// Standing that a participant had before going out.
#[derive(Debug, Clone, PartialEq)]
pub enum Former {
    /// An invitation.
    Invitation(Invitation),
    /// A place in the lobby, with the devices that waited.
    Lobby(Vec<ClientId>),
    /// A seat, as it was.
    Seat(Box<Seat>),
}

impl Presence {
    /// Devices that may claim the seat.
    pub(crate) fn claimants(&self) -> &[ClientId] {
        match self {
            Self::OnTheWay { claimants, .. } => claimants,
            Self::Joined | Self::Away { .. } => &[],
        }
    }
}

impl Seat {
    /// Returns whether the seat is in the media.
    #[must_use]
    pub const fn is_joined(&self) -> bool {
        matches!(self.presence, Presence::Joined)
    }

    /// Returns whether the participant dropped out and the seat is kept.
    #[must_use]
    pub const fn is_away(&self) -> bool {
        matches!(self.presence, Presence::Away { .. })
    }

    /// Time at which the device took the seat, was first in the media or last reported other media, in milliseconds since the
    /// epoch.
    pub(crate) fn last_act_ms(&self) -> i64 {
        self.reported_ms
            .iter()
            .chain(&self.joined_ms)
            .fold(self.entry.at_ms, |last_ms, at_ms| last_ms.max(*at_ms))
    }

    /// Deadline for reaching the media, in milliseconds since the epoch.
    pub(crate) const fn join_by_ms(&self) -> Option<i64> {
        match self.presence {
            Presence::OnTheWay { join_by_ms, .. }
            | Presence::Away { from: AwayFrom::OnTheWay { join_by_ms }, .. } => join_by_ms,
            Presence::Joined | Presence::Away { from: AwayFrom::Media, .. } => None,
        }
    }

    /// Time after which the seat of a dropped participant is given up, in milliseconds since the epoch.
    pub(crate) const fn away_until_ms(&self) -> Option<i64> {
        match self.presence {
            Presence::Away { until_ms, .. } => Some(until_ms),
            _ => None,
        }
    }
}

impl OutReason {
    /// The state's name on the wire.
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
