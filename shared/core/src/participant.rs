//! A participant: one user's entry in a meeting. The type of its standing says what each state may have.

use crate::invitation::Invitation;
use crate::speech::Speech;
use crate::stamped::Stamped;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::media_event::{ServiceTime, Stay};
use switchboard_protocol::object::{MediaFlags, ParticipantState, Role};

/// One user's entry in a meeting.
#[derive(Debug, Clone, PartialEq)]
pub struct Participant {
    /// Account.
    pub user_id: UserId,
    /// Name from the app's JWT.
    pub name: Option<String>,
    /// Position in the order of arrival, from 0.
    pub order: u32,
    /// Role. Kept when the participant leaves.
    pub role: Stamped<Role>,
    /// State, with what only that state has. Its revision is the one whose notices are about it.
    pub standing: Stamped<Standing>,
    /// Right to speak. Kept when the participant leaves.
    pub speech: Speech,
    /// True if the participant had a seat since the last invitation, if there was one: the call is then part of the user's
    /// history even if the user waits in the lobby now.
    pub had_seat: bool,
    /// Last event of the RTC service about this participant that was applied.
    pub last_event: Option<LastMediaEvent>,
}

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
    /// Time at which this seat was first in the media, in milliseconds since the epoch.
    pub joined_ms: Option<i64>,
    /// Media that the device sends.
    pub media: MediaFlags,
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
        /// Devices of a user admitted from the lobby. The first one that acts gets the seat.
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

/// The last applied event of the RTC service about a participant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastMediaEvent {
    /// Time, by the service's clock.
    pub at: ServiceTime,
    /// The stay in the channel, where the service names it.
    pub stay: Option<Stay>,
    /// True if the user joined; otherwise the user left.
    pub is_join: bool,
}

impl Participant {
    /// A user who had no part so far.
    pub(crate) fn new(
        user_id: UserId,
        name: Option<String>,
        role: Role,
        order: u32,
        standing: Stamped<Standing>,
    ) -> Self {
        Self {
            user_id,
            name,
            order,
            role: Stamped::new(role, 0),
            standing,
            speech: Speech::default(),
            had_seat: false,
            last_event: None,
        }
    }

    /// The state's name on the wire.
    #[must_use]
    pub fn state(&self) -> ParticipantState {
        match &*self.standing {
            Standing::Invited(pending) if pending.is_ringing => ParticipantState::Ringing,
            Standing::Invited(_) => ParticipantState::Invited,
            Standing::Lobby { .. } => ParticipantState::Lobby,
            Standing::Seated(seat) => match seat.presence {
                Presence::OnTheWay { .. } => ParticipantState::Accepted,
                Presence::Joined => ParticipantState::Joined,
                Presence::Away { .. } => ParticipantState::Reconnecting,
            },
            Standing::Out(exit) => exit.reason.state(),
        }
    }

    /// Returns whether the participant has a seat.
    #[must_use]
    pub fn is_member(&self) -> bool {
        matches!(*self.standing, Standing::Seated(_))
    }

    /// Returns whether the participant has an open invitation.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(*self.standing, Standing::Invited(_))
    }

    /// Returns whether the participant waits in the lobby.
    #[must_use]
    pub fn is_in_lobby(&self) -> bool {
        matches!(*self.standing, Standing::Lobby { .. })
    }

    /// Reason for which the participant is out; `None` while the participant has a part.
    #[must_use]
    pub fn out_reason(&self) -> Option<OutReason> {
        match &*self.standing {
            Standing::Out(exit) => Some(exit.reason),
            _ => None,
        }
    }

    /// Returns whether the participant is banned.
    #[must_use]
    pub fn is_banned(&self) -> bool {
        matches!(self.out_reason(), Some(OutReason::Banned { .. }))
    }

    /// The present seat.
    #[must_use]
    pub fn seat(&self) -> Option<&Seat> {
        match &*self.standing {
            Standing::Seated(seat) => Some(seat),
            _ => None,
        }
    }

    /// The present seat, to be changed without a notice.
    pub(crate) const fn seat_mut(&mut self) -> Option<&mut Seat> {
        match self.standing.amend() {
            Standing::Seated(seat) => Some(seat),
            _ => None,
        }
    }

    /// The present seat, or the one that the participant left.
    #[must_use]
    pub fn last_seat(&self) -> Option<&Seat> {
        match &*self.standing {
            Standing::Seated(seat) => Some(seat),
            Standing::Out(Exit { from: Former::Seat(seat), .. }) => Some(seat),
            _ => None,
        }
    }

    /// Returns whether the present seat belongs to `device`.
    #[must_use]
    pub fn sits_on(&self, device: &ClientId) -> bool {
        self.seat().is_some_and(|seat| seat.device == *device)
    }

    /// The last invitation: open, answered or closed. Creators have none.
    #[must_use]
    pub fn invitation(&self) -> Option<&Invitation> {
        match &*self.standing {
            Standing::Invited(pending) => Some(&pending.invitation),
            Standing::Seated(seat) => seat.invitation.as_ref(),
            Standing::Out(exit) => match &exit.from {
                Former::Invitation(invitation) => Some(invitation),
                Former::Seat(seat) => seat.invitation.as_ref(),
                Former::Lobby(_) => None,
            },
            Standing::Lobby { .. } => None,
        }
    }

    /// The last invitation, to be changed without a notice.
    pub(crate) fn invitation_mut(&mut self) -> Option<&mut Invitation> {
        match self.standing.amend() {
            Standing::Invited(pending) => Some(&mut pending.invitation),
            Standing::Seated(seat) => seat.invitation.as_mut(),
            Standing::Out(exit) => match &mut exit.from {
                Former::Invitation(invitation) => Some(invitation),
                Former::Seat(seat) => seat.invitation.as_mut(),
                Former::Lobby(_) => None,
            },
            Standing::Lobby { .. } => None,
        }
    }

    /// Devices that wait in the lobby, waited there until the participant went out, or may claim the seat that their
    /// user was admitted to.
    pub(crate) fn lobby_devices(&self) -> &[ClientId] {
        match &*self.standing {
            Standing::Lobby { devices } => devices,
            Standing::Seated(seat) => seat.presence.claimants(),
            Standing::Out(exit) => match &exit.from {
                Former::Lobby(devices) => devices,
                Former::Seat(seat) => seat.presence.claimants(),
                Former::Invitation(_) => &[],
            },
            Standing::Invited(_) => &[],
        }
    }

    /// Returns whether the meeting holds the user's call slot.
    #[must_use]
    pub fn holds_slot(&self) -> bool {
        match &*self.standing {
            Standing::Invited(pending) => pending.holds_slot,
            Standing::Seated(_) => true,
            Standing::Lobby { .. } | Standing::Out(_) => false,
        }
    }

    /// Number of the participant in the meeting, from 1. Some RTC services know users by it.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.order + 1
    }
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
            Self::Unreachable => ParticipantState::Unreachable,
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
