//! `join` (T20, T28): coming in without an open invitation, back into a meeting that the user left, or with another device
//! to the user's own seat.

use crate::change::Change;
use crate::input::Joiner;
use crate::invitation::Leg;
use crate::limits::{JOIN_MS, MAX_DEVICES, MAX_PEOPLE};
use crate::participant::{AwayFrom, OutReason, Participant, Presence, Seat, Standing};
use crate::refusal::Refusal;
use crate::reply::{Reply, ReplyResult};
use crate::stamped::Stamped;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{JoinPolicy, Mode, Role, SpeechMode};

/// The answer to a sender who has a seat.
pub(super) const JOINED: Reply =
    Reply::Seat(|meeting, now_ms| Body::Joined { meeting: meeting.view(now_ms) });
const LOBBY_WAITING: Reply = Reply::Body(Body::LobbyWaiting {});

/// Answered by `joined` or `lobby_waiting`. Users who were invited or in before come in unless the meeting is locked or
/// full; all others depend on the policy.
pub(super) fn apply(change: &mut Change, by: &ClientId, joiner: &Joiner) -> ReplyResult {
    let is_invited_again = match change.participant(by).map(|p| &*p.standing) {
        Some(Standing::Seated(_)) => return join_own_seat(change, by, joiner.takeover),
        Some(Standing::Out(exit)) => match exit.reason {
            OutReason::Banned { .. } => return Err(Refusal::banned()),
            // `Ended` in a live meeting: a host denied the entry from the lobby.
            OutReason::Removed | OutReason::Ended => false,
            _ => true,
        },
        Some(Standing::Invited(_)) => true,
        Some(Standing::Lobby { .. }) | None => false,
    };
    if is_invited_again {
        change.require_unlocked()?;
        change.enter(by)?;
        return Ok(JOINED);
    }
    enter_uninvited(change, by, joiner)
}

/// Answers from the present state.
pub(super) fn answer_again(change: &Change, by: &ClientId) -> ReplyResult {
    let end = change.meeting.end();
    match change.participant(by) {
        Some(p) if p.is_in_lobby() && end.is_none() => Ok(LOBBY_WAITING),
        Some(p) if p.sits_on(by) => Ok(JOINED),
        Some(p) if p.is_member() => Err(seat_is_elsewhere()),
        _ => {
            if let Some(end) = end {
                return Err(Refusal::meeting_ended(end.reason));
            }
            change.require_seat(by)?;
            Err(Refusal::not_admitted())
        }
    }
}

/// T28: the user has a seat. On another device, it moves here only by a takeover.
fn join_own_seat(change: &mut Change, by: &ClientId, takeover: bool) -> ReplyResult {
    change.claim_admitted_seat(by);
    if change.require_seat(by).is_ok() {
        change.device_connected(by);
    } else if takeover {
        change.move_seat(by);
    } else {
        return Err(seat_is_elsewhere());
    }
    Ok(JOINED)
}

/// T20: what the policy allows a user who was not invited.
fn enter_uninvited(change: &mut Change, by: &ClientId, joiner: &Joiner) -> ReplyResult {
    let policy = change.meeting.settings.policy.join;
    if policy == JoinPolicy::Invited || *change.meeting.mode == Mode::Direct {
        return Err(Refusal::new(Code::Forbidden, "only invited users may join this meeting"));
    }
    change.require_unlocked()?;
    if policy == JoinPolicy::Open {
        change.require_free_seat()?;
        require_known_or_room(change, by)?;
        if change.participant(by).is_none() {
            change.add_participant(&by.user(), joiner.name.as_ref(), Standing::Lobby { devices: Vec::new() });
        }
        change.enter(by)?;
        Ok(JOINED)
    } else {
        require_known_or_room(change, by)?;
        wait_in_lobby(change, by, joiner);
        Ok(LOBBY_WAITING)
    }
}

/// Refuses with `meeting_full` a user who would be one participant too many to keep.
fn require_known_or_room(change: &Change, by: &ClientId) -> Result<(), Refusal> {
    if change.participant(by).is_some() || change.meeting.participants.len() < MAX_PEOPLE {
        Ok(())
    } else {
        Err(Refusal::new(Code::MeetingFull, "the meeting has seen too many people; create another one"))
    }
}

/// T20: all devices of the user wait for the decision of a host.
fn wait_in_lobby(change: &mut Change, by: &ClientId, joiner: &Joiner) {
    let user = by.user();
    if let Some(participant) = change.meeting.participants.get_mut(&user)
        && let Standing::Lobby { devices } = participant.standing.amend()
    {
        if !devices.contains(by) {
            devices.push(by.clone());
            change.is_changed = true;
        }
        return;
    }
    let mut known = joiner.devices.clone();
    known.sort_by_key(|device| std::cmp::Reverse(device.seen_ms));
    let others = known.into_iter().map(|device| device.client_id).filter(|device| device != by);
    let devices = std::iter::once(by.clone()).chain(others).take(MAX_DEVICES).collect();
    if change.participant(by).is_some() {
        change.set_standing(&user, |_| Standing::Lobby { devices });
    } else {
        change.add_participant(&user, joiner.name.as_ref(), Standing::Lobby { devices });
    }
}

fn seat_is_elsewhere() -> Refusal {
    let message = "you are in the meeting on another device; send `takeover` to move the call to this one";
    Refusal::new(Code::StateConflict, message)
}

impl Change {
    /// Takes a free seat on the device `by`. An open invitation is answered with it.
    pub(super) fn enter(&mut self, by: &ClientId) -> Result<(), Refusal> {
        self.require_free_seat()?;
        if self.participant(by).is_some_and(Participant::is_pending) {
            self.win_invitation(by);
        }
        self.take_seat(by, false, Vec::new());
        Ok(())
    }

    /// Gives the device's user a seat, and what follows: newcomers may be muted, the creator's deadline for the media starts
    /// with the first other participant, and the meeting's phase changes.
    pub(super) fn take_seat(&mut self, by: &ClientId, is_merge: bool, claimants: Vec<ClientId>) {
        let user = by.user();
        self.seat(&user, by, is_merge, claimants);
        self.mute_on_entry(&user);
        self.start_creators_deadline();
        self.update_phase();
    }

    /// A user who was admitted from the lobby was so on all devices: gives the seat to the first one that acts.
    pub(super) fn claim_admitted_seat(&mut self, by: &ClientId) {
        let Some(seat) = self.seat_of_user(&by.user()) else { return };
        if let Presence::OnTheWay { claimants, .. } = &seat.presence
            && claimants.contains(by)
            && seat.device != *by
        {
            seat.device = by.clone();
            self.is_changed = true;
        }
    }

    /// T28: moves the seat with its role and flags to another device of the same user.
    pub(super) fn move_seat(&mut self, by: &ClientId) {
        let (rev, new_join_by_ms) = (self.rev, self.now.ms + JOIN_MS);
        let user = by.user();
        if self.seat_of_user(&user).is_none_or(|seat| seat.device == *by) {
            return;
        }
        self.set_standing(&user, |standing| match standing {
            Standing::Seated(seat) => Standing::Seated(moved(seat, by, rev, new_join_by_ms)),
            other => other,
        });
        self.device_connected(by);
        self.extend_absence(by);
    }

    /// Mutes members softly on entry, where the policy says so. The notice that the user came in carries the mute.
    fn mute_on_entry(&mut self, user: &UserId) {
        let is_muted = self.meeting.settings.policy.entry_muted;
        let newcomer =
            self.meeting.participants.get_mut(user).filter(|p| is_muted && *p.role == Role::Member);
        if let Some(speech) =
            newcomer.map(|p| &mut p.speech).filter(|speech| *speech.mode == SpeechMode::Free)
        {
            *speech.mode.amend() = SpeechMode::Soft;
        }
    }

    /// Starts the creator's deadline for reaching the media: nobody joins the media alone while the call rings.
    fn start_creators_deadline(&mut self) {
        let deadline_ms = self.now.ms + JOIN_MS;
        let creator = self.meeting.created_by.client_id.user();
        if let Some(Presence::OnTheWay { join_by_ms, .. }) =
            self.seat_of_user(&creator).map(|seat| &mut seat.presence)
        {
            join_by_ms.get_or_insert(deadline_ms);
        }
    }
}

/// The seat on the device `to`.
fn moved(seat: Seat, to: &ClientId, rev: u64, new_join_by_ms: i64) -> Seat {
    let from = seat.device;
    let mut invitation = seat.invitation;
    if let Some(invitation) = &mut invitation {
        invitation.legs.insert(from.clone(), Leg::Closed);
        invitation.legs.insert(to.clone(), Leg::Won);
    }
    let restarted = |join_by_ms: Option<i64>| join_by_ms.map(|_| new_join_by_ms);
    let presence = match seat.presence {
        Presence::OnTheWay { join_by_ms, .. } => {
            Presence::OnTheWay { join_by_ms: restarted(join_by_ms), claimants: Vec::new() }
        }
        Presence::Away { until_ms, from: AwayFrom::OnTheWay { join_by_ms } } => {
            Presence::Away { until_ms, from: AwayFrom::OnTheWay { join_by_ms: restarted(join_by_ms) } }
        }
        other => other,
    };
    Seat { device: to.clone(), moved_from: Some(Stamped::new(from, rev)), presence, invitation, ..seat }
}
