//! A participant: one user's entry in a meeting. The type of the standing has the data that exists only in
//! one state.

use crate::invitation::Invitation;
use crate::limits::KNOCKS_WITHIN_MS;
use crate::remark::Remark;
use crate::removal_proof::RemovalProof;
use crate::speech::Speech;
use crate::stamped::Stamped;
use crate::standing::{Exit, Former, OutReason, Presence, Seat, Standing};
use crate::times::Times;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::media_event::{ServiceTime, Stay};
use switchboard_protocol::object::{Media, ParticipantState, RejectReason, Role};

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
    /// State, with the data that only that state has. Notices about the state belong to its revision.
    pub standing: Stamped<Standing>,
    /// Right to speak. Kept when the participant leaves.
    pub speech: Speech,
    /// True if the participant had a seat since the last invitation, or at all if there was no invitation.
    /// The call is then part of the user's history, even if the user is in the lobby now.
    pub had_seat: bool,
    /// Media that the user announced with the last accept or join.
    pub announced: Option<Media>,
    /// Times of the user's part in the call, for the call records.
    pub times: Times,
    /// Latest event of the RTC service about this participant that was applied.
    pub last_event: Option<LastMediaEvent>,
    /// Requests of the user to be admitted, and the decisions on them.
    pub lobby: LobbyHistory,
    /// Proof that the participant is out of the media, since the last removal or ban until the next
    /// invitation or seat: a user who knocks again may still be in the media. `None` for a user who never had
    /// a seat, and if the RTC service does not report presence.
    pub removal_proof: Option<RemovalProof>,
}

/// Requests of a user to be admitted from the lobby, and the decisions on them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LobbyHistory {
    /// True if a host has refused the user before. The next refusal is a ban.
    pub is_denied: bool,
    /// Times of the latest requests to be admitted, in milliseconds since the epoch, at most
    /// [`RequestLimits::knocks_per_minute`](crate::RequestLimits).
    pub knocks_ms: Vec<i64>,
    /// Media that each device will send at first, in the order of the devices that wait, or that may claim
    /// the seat of their admitted user. `None` for a device that did not ask itself.
    pub wishes: Vec<Option<Media>>,
}

impl LobbyHistory {
    /// Adds a request to be admitted. Returns `Err` with the milliseconds to wait after `max_knocks` requests
    /// within [`KNOCKS_WITHIN_MS`](crate::KNOCKS_WITHIN_MS).
    pub(crate) fn knock(&mut self, now_ms: i64, max_knocks: u32) -> Result<(), i64> {
        self.knocks_ms.retain(|at_ms| at_ms + KNOCKS_WITHIN_MS > now_ms);
        if self.knocks_ms.len() >= max_knocks as usize {
            let first_ms = self.knocks_ms.first().copied().unwrap_or(now_ms);
            // The clock of another process may have been ahead.
            return Err((first_ms + KNOCKS_WITHIN_MS - now_ms).min(KNOCKS_WITHIN_MS));
        }
        self.knocks_ms.push(now_ms);
        Ok(())
    }
}

/// The latest applied event of the RTC service about a participant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastMediaEvent {
    /// Time of the event, by the service's clock.
    pub at: ServiceTime,
    /// The stay in the channel, if the service gives ids to stays.
    pub stay: Option<Stay>,
    /// True if the user joined, false if the user left.
    pub is_join: bool,
}

impl Participant {
    /// Creates the entry of a user who had no part in the meeting.
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
            announced: None,
            times: Times::default(),
            last_event: None,
            lobby: LobbyHistory::default(),
            removal_proof: None,
        }
    }

    /// Returns the state's name on the wire.
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

    /// Returns whether the last invitation did not reach the user, since the user does not take calls of the
    /// inviter.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.invitation().is_some_and(|invitation| invitation.silent.is_some())
    }

    /// Returns whether the participant waits in the lobby.
    #[must_use]
    pub fn is_in_lobby(&self) -> bool {
        matches!(*self.standing, Standing::Lobby { .. })
    }

    /// Returns the reason for which the participant is out; `None` while the participant has a part in the
    /// meeting.
    #[must_use]
    pub fn out_reason(&self) -> Option<OutReason> {
        match &*self.standing {
            Standing::Out(exit) => Some(exit.reason),
            _ => None,
        }
    }

    /// Returns the remark of the exit; `None` while the participant has a part in the meeting.
    #[must_use]
    pub fn remark(&self) -> Option<&Remark> {
        match &*self.standing {
            Standing::Out(exit) => Some(&exit.remark),
            _ => None,
        }
    }

    /// Returns the reason that the user gave for declining the invitation; `None` if the user did not
    /// decline.
    #[must_use]
    pub fn decline(&self) -> Option<RejectReason> {
        self.remark().and_then(|remark| remark.decline)
    }

    /// Returns whether a device of the user declined the invitation, for any reason.
    #[must_use]
    pub fn has_declined(&self) -> bool {
        self.decline().is_some() || self.out_reason() == Some(OutReason::Declined)
    }

    /// Returns whether the participant was in the lobby before the exit.
    pub(crate) fn left_lobby(&self) -> bool {
        matches!(&*self.standing, Standing::Out(Exit { from: Former::Lobby(_), .. }))
    }

    /// Returns whether the user may see a live meeting: the user has a seat or an open invitation, or gave up
    /// a seat and may return to it. Users who were in the lobby, were put out, or whose invitation has ended
    /// may not see it.
    #[must_use]
    pub fn may_see(&self) -> bool {
        let had_seat = self.last_seat().is_some();
        let may_come_back =
            matches!(self.out_reason(), Some(OutReason::Left | OutReason::Lost | OutReason::Failed));
        self.is_member() || self.is_pending() || (had_seat && may_come_back)
    }

    /// Returns whether the participant is banned.
    #[must_use]
    pub fn is_banned(&self) -> bool {
        matches!(self.out_reason(), Some(OutReason::Banned { .. }))
    }

    /// Returns the present seat.
    #[must_use]
    pub fn seat(&self) -> Option<&Seat> {
        match &*self.standing {
            Standing::Seated(seat) => Some(seat),
            _ => None,
        }
    }

    /// Returns the present seat for a change without a notice.
    pub(crate) const fn seat_mut(&mut self) -> Option<&mut Seat> {
        match self.standing.amend() {
            Standing::Seated(seat) => Some(seat),
            _ => None,
        }
    }

    /// Returns the present seat, or the seat that the participant left.
    #[must_use]
    pub fn last_seat(&self) -> Option<&Seat> {
        match &*self.standing {
            Standing::Seated(seat) | Standing::Out(Exit { from: Former::Seat(seat), .. }) => Some(seat),
            _ => None,
        }
    }

    /// Returns whether the participant has or had a seat, and therefore a join token.
    pub(crate) fn had_media(&self) -> bool {
        self.had_seat || self.last_seat().is_some()
    }

    /// Returns whether the present seat belongs to `device`.
    #[must_use]
    pub fn sits_on(&self, device: &ClientId) -> bool {
        self.seat().is_some_and(|seat| seat.device == *device)
    }

    /// Returns the last invitation: open, answered or closed. Creators have no invitation.
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

    /// Returns the last invitation for a change without a notice.
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

    /// Returns the devices that wait in the lobby, that waited there until the participant's exit, or that
    /// may claim the seat of their admitted user.
    pub(crate) fn lobby_devices(&self) -> &[ClientId] {
        match &*self.standing {
            Standing::Lobby { devices } => devices,
            Standing::Seated(seat) => &seat.claimants,
            Standing::Out(exit) => match &exit.from {
                Former::Lobby(devices) => devices,
                Former::Seat(seat) => &seat.claimants,
                Former::Invitation(_) => &[],
            },
            Standing::Invited(_) => &[],
        }
    }

    /// Returns the media that a device announced when it asked to be admitted.
    pub(crate) fn wish(&self, device: &ClientId) -> Option<Media> {
        let at = self.lobby_devices().iter().position(|waiting| waiting == device)?;
        self.lobby.wishes.get(at).copied().flatten()
    }

    /// Stores the media that a waiting device will send at first. Returns whether that is new.
    pub(crate) fn set_wish(&mut self, device: &ClientId, media: Media) -> bool {
        let Some(at) = self.lobby_devices().iter().position(|waiting| waiting == device) else {
            return false;
        };
        let wishes = &mut self.lobby.wishes;
        if wishes.len() <= at {
            wishes.resize(at + 1, None);
        }
        wishes[at].replace(media) != Some(media)
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

    /// Returns the number of the participant in the meeting, from 1. Some RTC services identify users by this
    /// number.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.order + 1
    }
}
