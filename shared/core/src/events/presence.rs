//! The RTC service's view of the users in the channel. If the RTC service reports presence, its view decides
//! (T18, T24–T27, T39, T41, T49).

use crate::change::Change;
use crate::decision::Decision;
use crate::input::ChannelPresence;
use crate::meeting::Meeting;
use crate::participant::Participant;
use crate::rtc_actions::{RtcAction, removal, restriction};
use crate::standing::OutReason;
use std::collections::BTreeSet;
use switchboard_protocol::address::UserId;

/// Applies a report that the RTC service has just given. A list of users also shows which removed
/// participants are out.
pub(crate) fn apply_report(mut change: Change, seen: &ChannelPresence) -> Decision {
    if let ChannelPresence::Exactly { users, rev } = seen {
        change.check_removed(users, *rev);
    }
    apply(change, seen)
}

/// Applies a report of presence. A user in the media has joined, even if the deadline has just passed, so
/// joins are applied before the deadlines.
pub(crate) fn apply(mut change: Change, seen: &ChannelPresence) -> Decision {
    let rev = change.meeting.rev;
    let present = match seen {
        ChannelPresence::Joined { user } => BTreeSet::from([user.clone()]),
        ChannelPresence::Exactly { users, rev } => unchanged_since(&change.meeting, users, *rev),
        ChannelPresence::Left { .. } | ChannelPresence::Closed => BTreeSet::new(),
    };
    let mut actions = join_present(&mut change, &present);
    change.apply_deadlines();
    match seen {
        ChannelPresence::Joined { .. } => {}
        ChannelPresence::Left { user, clean } => leave_media(&mut change, user, *clean),
        ChannelPresence::Closed => drop_absent(&mut change, &present, rev),
        ChannelPresence::Exactly { users, rev } => drop_absent(&mut change, users, *rev),
    }
    let mut decision = change.into_decision(None);
    // The commit has the newer action for a user: for example, the block of a present user may have ended in
    // this commit.
    actions.retain(|action| !decision.rtc_actions.iter().any(|newer| newer.is_about(action.user())));
    decision.rtc_actions.extend(actions);
    decision
}

/// Returns those of `users` whose participant did not change after `rev`.
fn unchanged_since(meeting: &Meeting, users: &BTreeSet<UserId>, rev: u64) -> BTreeSet<UserId> {
    let changed = |user: &UserId| meeting.participants.get(user).is_some_and(|p| p.standing.rev() > rev);
    users.iter().filter(|user| !changed(user)).cloned().collect()
}

/// T18, T25: marks members who are present as joined. Returns the necessary calls of the RTC service: it
/// removes users without a seat, and applies the present block to members whose token is older.
fn join_present(change: &mut Change, present: &BTreeSet<UserId>) -> Vec<RtcAction> {
    if change.meeting.end().is_some() {
        // A user who enters a closed channel opens the channel again.
        return if present.is_empty() { Vec::new() } else { vec![RtcAction::Close] };
    }
    let mut actions = Vec::new();
    for user in present {
        let Some(participant) = change.meeting.participants.get_mut(user) else { continue };
        let Some(seat) = participant.seat_mut() else {
            actions.push(removal(participant));
            continue;
        };
        change.is_changed |= seat.check_at_ms.take().is_some();
        if !seat.is_joined() {
            change.join_media(user);
        } else if !participant.speech.has_right() {
            let participant = &change.meeting.participants[user];
            actions.push(restriction(&change.meeting, participant));
        }
    }
    change.update_phase();
    actions
}

/// T27 for a deliberate departure, T24 for a lost connection.
fn leave_media(change: &mut Change, user: &UserId, clean: bool) {
    let is_moving = |p: &Participant| {
        p.last_seat()
            .is_some_and(|seat| seat.moved_from.as_ref().is_some_and(|from| from.rev() == p.standing.rev()))
    };
    // T28: the device that had the seat leaves, while the device that takes it over is on its way.
    if !clean || change.meeting.participants.get(user).is_some_and(is_moving) {
        drop_from_media(change, user);
    } else if change.meeting.end().is_none() && change.meeting.has_member(user) {
        change.put_out(user, OutReason::Left);
        change.update_phase();
    }
}

/// T24: marks the seat as dropped, and keeps it for a grace.
fn drop_from_media(change: &mut Change, user: &UserId) {
    if change.meeting.end().is_none() && change.seat_of_user(user).is_some_and(|seat| seat.is_joined()) {
        let until_ms = change.now.ms + change.reconnect_ms();
        change.drop_seat(user, until_ms);
        change.update_phase();
    }
}

/// T24 for every user who was in the media and is not `present`. `rev` is the revision that was known before
/// the list was read.
fn drop_absent(change: &mut Change, present: &BTreeSet<UserId>, rev: u64) {
    let is_gone = |p: &Participant| {
        p.seat().is_some_and(|seat| seat.is_joined())
            && p.standing.rev() <= rev
            && !present.contains(&p.user_id)
    };
    for user in change.meeting.users(is_gone) {
        drop_from_media(change, &user);
    }
}

#[cfg(test)]
mod tests;
