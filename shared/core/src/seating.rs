//! Giving a seat to a user, and moving the seat between the user's devices.

use crate::change::Change;
use crate::invitation::{Invitation, Leg};
use crate::limits::{CONFIRM_MS, JOIN_MS};
use crate::participant::Participant;
use crate::refusal::Refusal;
use crate::stamped::Stamped;
use crate::standing::{AwayFrom, Entry, Exit, Former, Presence, Seat, Standing};
use crate::times::Times;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::object::{Media, MediaFlags, Role, SpeechMode};

/// The way in which a user gets a seat.
pub(crate) enum EntryBy {
    /// By the user's own request: accept, join or rejoin.
    Request,
    /// By a host's decision while these devices were in the lobby. Each of them may claim the seat.
    Admission { waiting: Vec<ClientId> },
    /// By calling the other user of this call (T16).
    Merge,
}

impl Change {
    /// Takes a free seat for the user of `by` on this device, at the user's own request. The seat answers an
    /// open invitation. `media` is the media that the device will send at first; if absent, the media
    /// announced before.
    ///
    /// Refuses with `meeting_full`, before any change.
    pub(crate) fn take_free_seat(&mut self, by: &ClientId, media: Option<Media>) -> Result<(), Refusal> {
        self.require_free_seat()?;
        if let Some(media) = media {
            self.announce_media(by, media);
        }
        if self.participant(by).is_some_and(Participant::is_pending) {
            self.win_invitation(by);
        }
        self.give_seat(by, EntryBy::Request);
        Ok(())
    }

    /// Updates the name of a user who joins. A user whose account was unknown at the invitation had no name.
    pub(crate) fn learn_name(&mut self, by: &ClientId, name: Option<&String>) {
        if let (Some(name), Some(participant)) = (name, self.meeting.participants.get_mut(&by.user())) {
            participant.name = Some(name.clone());
        }
    }

    /// Records that `by` answered the invitation, and that all other devices lost it.
    pub(crate) fn win_invitation(&mut self, by: &ClientId) {
        let rev = self.rev;
        if let Some(invitation) = self.invitation_of(by) {
            // A device without an offer may also accept; this call adds its leg.
            invitation.set_won(by);
            invitation.close(rev, |device| if device == by { Leg::Won } else { Leg::Lost });
        }
        self.record_time(&by.user(), Times::answered);
    }

    /// Gives the user of `by` a seat on this device, and applies the consequences: newcomers may be muted,
    /// the first other participant starts the creator's deadline for the media, and the meeting's phase
    /// changes.
    pub(crate) fn give_seat(&mut self, by: &ClientId, entry: EntryBy) {
        let user = by.user();
        self.set_seated(&user, by, entry);
        self.mute_on_entry(&user);
        self.start_creators_deadline();
        self.update_phase();
    }

    /// Gives the seat of a user who was admitted from the lobby to the first of the waiting devices that
    /// sends a request. From then on, the other devices may not claim the seat.
    pub(crate) fn claim_admitted_seat(&mut self, by: &ClientId) {
        let wish = self.participant(by).and_then(|p| p.wish(by));
        let Some(seat) = self.seat_of_user(&by.user()) else { return };
        if seat.is_unclaimed() && seat.claimants.contains(by) {
            if seat.device != *by {
                seat.check_at_ms = None;
                seat.confirm_by_ms = None;
            }
            seat.claimants.retain(|device| device != by);
            seat.device = by.clone();
            self.is_changed = true;
            self.show_wish(by, wish);
        }
    }

    /// Claims the seat for its own device, which has sent a request: no other device may claim it later.
    pub(crate) fn keep_admitted_seat(&mut self, by: &ClientId) {
        if self.participant(by).is_some_and(|p| p.sits_on(by)) {
            self.claim_admitted_seat(by);
        }
    }

    /// T28: moves the seat with its role and media to another device of the same user.
    pub(crate) fn move_seat(&mut self, by: &ClientId) {
        let (rev, new_join_by_ms) = (self.rev, self.now.ms + JOIN_MS);
        let user = by.user();
        if self.seat_of_user(&user).is_none_or(|seat| seat.device == *by) {
            return;
        }
        self.set_standing(&user, |standing| match standing {
            Standing::Seated(seat) => Standing::Seated(Box::new(moved(*seat, by, rev, new_join_by_ms))),
            other => other,
        });
        self.device_connected(by);
        self.extend_absence(by);
    }

    /// Mutes a newcomer softly, if the policy says so. The notice about the newcomer shows the mute.
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

    /// Starts the creator's deadline for reaching the media. It does not run while the call rings, since
    /// nobody joins the media alone.
    fn start_creators_deadline(&mut self) {
        let deadline_ms = self.now.ms + JOIN_MS;
        let creator = self.meeting.created_by.client_id.user();
        let confirm_by_ms = self.now.ms + CONFIRM_MS;
        if let Some(at_ms) = self.seat_of_user(&creator).and_then(|seat| seat.confirm_by_ms.as_mut()) {
            *at_ms = confirm_by_ms;
        }
        if let Some(Presence::OnTheWay { join_by_ms }) =
            self.seat_of_user(&creator).map(|seat| &mut seat.presence)
        {
            join_by_ms.get_or_insert(deadline_ms);
        }
    }

    /// Changes the standing of `user` to a new seat on `device`.
    fn set_seated(&mut self, user: &UserId, device: &ClientId, entry: EntryBy) {
        let is_merge = matches!(entry, EntryBy::Merge);
        let claimants = match entry {
            EntryBy::Admission { waiting } => waiting,
            EntryBy::Request | EntryBy::Merge => Vec::new(),
        };
        let (at_ms, rev) = (self.now.ms, self.rev);
        if !claimants.is_empty()
            && let Some(participant) = self.meeting.participants.get_mut(user)
        {
            participant.announced = participant.wish(device).or(participant.announced);
        }
        let Some(participant) = self.meeting.participants.get(user) else { return };
        let announced = participant.announced.map(MediaFlags::from).unwrap_or_default();
        let media = self.meeting.allowed_media(&participant.speech, announced);
        let seat = |invitation| Seat {
            device: device.clone(),
            entry: Stamped::new(Entry { at_ms, is_merge }, rev),
            moved_from: None,
            presence: Presence::OnTheWay { join_by_ms: Some(at_ms + JOIN_MS) },
            claimants,
            check_at_ms: None,
            confirm_by_ms: None,
            confirmed_ms: None,
            joined_ms: None,
            media: Stamped::new(media, 0),
            reported_ms: Vec::new(),
            hand: Stamped::default(),
            invitation,
            other_call: None,
        };
        // Stamps the standing with the revision of the coming commit. Claims the call slot, unless the ring
        // already holds it.
        self.set_standing(user, |present| Standing::Seated(Box::new(seat(into_invitation(present)))));
        if let Some(participant) = self.meeting.participants.get_mut(user) {
            participant.had_seat = true;
            participant.times.seated();
        }
    }
}

/// Returns the invitation that a standing leaves behind. A place in the lobby does not keep an earlier
/// invitation.
fn into_invitation(standing: Standing) -> Option<Invitation> {
    match standing {
        Standing::Invited(pending) => Some(pending.invitation),
        Standing::Seated(seat) | Standing::Out(Exit { from: Former::Seat(seat), .. }) => seat.invitation,
        Standing::Out(Exit { from: Former::Invitation(invitation), .. }) => Some(invitation),
        Standing::Lobby { .. } | Standing::Out(Exit { from: Former::Lobby(_), .. }) => None,
    }
}

/// Returns the seat after its move to the device `to`.
fn moved(seat: Seat, to: &ClientId, rev: u64, new_join_by_ms: i64) -> Seat {
    let from = seat.device;
    let mut invitation = seat.invitation;
    if let Some(invitation) = &mut invitation {
        if invitation.has_room_for(&from) {
            invitation.legs.insert(from.clone(), Leg::Closed);
        }
        invitation.set_won(to);
    }
    let restarted = |join_by_ms: Option<i64>| join_by_ms.map(|_| new_join_by_ms);
    let presence = match seat.presence {
        Presence::OnTheWay { join_by_ms } => Presence::OnTheWay { join_by_ms: restarted(join_by_ms) },
        Presence::Away { until_ms, from: AwayFrom::OnTheWay { join_by_ms } } => {
            Presence::Away { until_ms, from: AwayFrom::OnTheWay { join_by_ms: restarted(join_by_ms) } }
        }
        other => other,
    };
    let moved_from = Some(Stamped::new(from, rev));
    Seat {
        device: to.clone(),
        moved_from,
        presence,
        claimants: Vec::new(),
        confirm_by_ms: None,
        invitation,
        ..seat
    }
}
