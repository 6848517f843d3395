//! `join` (T20, T28): a user joins without an open invitation, returns to a meeting that the user left, or
//! moves the own seat to another device.

use crate::change::Change;
use crate::input::Joiner;
use crate::limits::{MAX_DEVICES, MAX_KNOCKERS, MAX_PEOPLE};
use crate::outgoing::{Reply, ReplyResult};
use crate::participant::Participant;
use crate::refusal::Refusal;
use crate::standing::{OutReason, Seat, Standing};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::object::{JoinPolicy, Mode};

/// Reply to a sender who has a seat.
pub(super) const JOINED: Reply =
    Reply::WithGrant(|meeting, now_ms| Body::Joined { meeting: meeting.brief_view(now_ms) });
const LOBBY_WAITING: Reply = Reply::Body(Body::LobbyWaiting {});

/// Answered by `joined` or `lobby_waiting`. Users who were invited or had a seat before get a seat, unless
/// the meeting is locked or full; for all others, the policy decides.
pub(crate) fn apply(change: &mut Change, by: &ClientId, joiner: &Joiner) -> ReplyResult {
    let is_invited_again = match change.participant(by).map(|p| &*p.standing) {
        Some(Standing::Seated(_)) => return join_own_seat(change, by, joiner),
        Some(Standing::Out(exit)) => match exit.reason {
            OutReason::Banned { .. } => return Err(Refusal::banned()),
            // `Ended` in a live meeting: a host refused the user in the lobby, or the user left the lobby. A
            // cancelled invitation gives no access. A declined invitation does: its user may change their
            // mind.
            OutReason::Removed | OutReason::Ended | OutReason::Cancelled => false,
            _ => true,
        },
        Some(Standing::Invited(_)) => true,
        Some(Standing::Lobby { .. }) | None => false,
    };
    if is_invited_again {
        change.require_unlocked()?;
        change.take_free_seat(by, Some(joiner.media))?;
        change.learn_name(by, joiner.name.as_ref());
        return Ok(JOINED);
    }
    enter_uninvited(change, by, joiner)
}

/// Answers from the present state.
pub(crate) fn answer_again(change: &Change, by: &ClientId) -> ReplyResult {
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

/// T28: the user has a seat. A seat on another device moves to this device only by a takeover.
///
/// While the device is in the media, the members see the media that it reports, not the media that it
/// announces.
fn join_own_seat(change: &mut Change, by: &ClientId, joiner: &Joiner) -> ReplyResult {
    let is_in_media = change.participant(by).and_then(Participant::seat).is_some_and(Seat::is_joined);
    if !is_in_media {
        change.require_media_pace(by, joiner.media.into())?;
    }
    change.claim_admitted_seat(by);
    if change.require_seat(by).is_ok() {
        change.device_connected(by);
        if !is_in_media {
            change.announce_media_again(by, joiner.media);
        }
    } else if joiner.takeover {
        change.move_seat(by);
        change.announce_media_again(by, joiner.media);
    } else {
        return Err(seat_is_elsewhere());
    }
    Ok(JOINED)
}

/// T20: applies the policy to a user who was not invited.
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
        let waiting = change.participant(by).map(|p| p.lobby_devices().to_vec()).unwrap_or_default();
        change.take_free_seat(by, Some(joiner.media))?;
        end_waiting(change, by, waiting);
        change.learn_name(by, joiner.name.as_ref());
        Ok(JOINED)
    } else {
        require_known_or_room(change, by)?;
        require_place_in_lobby(change, by)?;
        wait_in_lobby(change, by, joiner)?;
        // The first device that asked to join gets the seat, and another device may claim it.
        if let Some(participant) = change.meeting.participants.get_mut(&by.user()) {
            change.is_changed |= participant.set_wish(by, joiner.media);
        }
        Ok(LOBBY_WAITING)
    }
}

/// Ends the wait in the lobby of a user whose device found the meeting open. The host set and the user's
/// other waiting devices are notified.
fn end_waiting(change: &mut Change, by: &ClientId, waiting: Vec<ClientId>) {
    let others: Vec<ClientId> = waiting.iter().filter(|device| *device != by).cloned().collect();
    if let Some(seat) = change.seat_of(by) {
        // If other devices waited, the list omits this device, since the listed devices may not claim its
        // seat.
        seat.claimants = if others.is_empty() { waiting } else { others };
    }
}

/// Refuses with `meeting_full` a user for whom the record has no room.
fn require_known_or_room(change: &Change, by: &ClientId) -> Result<(), Refusal> {
    if change.participant(by).is_some() || change.meeting.participants.len() < MAX_PEOPLE {
        Ok(())
    } else {
        Err(Refusal::new(Code::MeetingFull, "the meeting has had too many participants; create another one"))
    }
}

/// Refuses with `meeting_full` a stranger who asks to be admitted, if too many strangers have asked.
fn require_place_in_lobby(change: &Change, by: &ClientId) -> Result<(), Refusal> {
    let only_asked = |p: &&Participant| p.is_in_lobby() || p.left_lobby();
    let is_known = change.participant(by).is_some();
    if is_known || change.meeting.participants.values().filter(only_asked).count() < MAX_KNOCKERS {
        Ok(())
    } else {
        Err(Refusal::new(Code::MeetingFull, "too many users have asked to join; ask the host to invite you"))
    }
}

/// T20: puts all devices of the user into the lobby until a host decides. Refuses with `rate_limited` a user
/// who asks to join too often.
fn wait_in_lobby(change: &mut Change, by: &ClientId, joiner: &Joiner) -> Result<(), Refusal> {
    let user = by.user();
    if let Some(participant) = change.meeting.participants.get_mut(&user)
        && let Standing::Lobby { devices } = participant.standing.amend()
    {
        if !devices.contains(by) {
            devices.truncate(MAX_DEVICES - 1);
            participant.lobby.wishes.truncate(devices.len());
            devices.push(by.clone());
            change.is_changed = true;
        }
        return Ok(());
    }
    let now_ms = change.now.ms;
    if let Some(participant) = change.meeting.participants.get_mut(&user) {
        participant.lobby.knock(now_ms, joiner.max_knocks).map_err(Refusal::rate_limited)?;
        participant.lobby.wishes.clear();
    }
    let mut known = joiner.devices.clone();
    known.sort_by_key(|device| std::cmp::Reverse(device.seen_ms));
    let others = known.into_iter().map(|device| device.client_id).filter(|device| device != by);
    let devices = std::iter::once(by.clone()).chain(others).take(MAX_DEVICES).collect();
    if change.participant(by).is_some() {
        change.set_standing(&user, |_| Standing::Lobby { devices });
    } else {
        change.add_participant(&user, joiner.name.as_ref(), Standing::Lobby { devices });
        if let Some(participant) = change.meeting.participants.get_mut(&user) {
            participant.lobby.knocks_ms.push(now_ms);
        }
    }
    Ok(())
}

fn seat_is_elsewhere() -> Refusal {
    let message = "you are in the meeting on another device; send `takeover` to move the call to this one";
    Refusal::new(Code::StateConflict, message)
}

#[cfg(test)]
mod tests;
