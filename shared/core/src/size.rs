//! The size of a meeting's record. A record that does not fit into the table could never be changed again,
//! not even ended. So every commit removes data that nobody may need any longer until the record fits.

use crate::change::Change;
use crate::invitation::{Invitation, Leg};
use crate::limits::{MAX_LEGS, MAX_RECORD_BYTES, MAX_REQUEST_DEVICES, MAX_REQUESTS, MIN_REQUESTS};
use crate::meeting::Meeting;
use crate::participant::Participant;
use crate::standing::{Former, Seat, Standing};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::id::InviteId;

// Largest sizes in bytes of the parts of a record without their texts: names of fields, numbers, flags, and
// the table's overhead.
const MEETING_BYTES: usize = 1_200;
const PARTICIPANT_BYTES: usize = 620;
const SEAT_BYTES: usize = 360;
const INVITATION_BYTES: usize = 150;
const LEG_BYTES: usize = 20;
const REQUEST_BYTES: usize = 60;
const LIST_ENTRY_BYTES: usize = 6;
const REACH_BYTES: usize = 16;

impl Meeting {
    /// Returns an estimate of the record's size in the table in bytes, including the reach of its offers. The
    /// estimate is never too small, and about a third too large for a record with texts of the usual length.
    #[must_use]
    pub fn stored_bytes(&self) -> usize {
        let users = |users: &mut dyn Iterator<Item = &UserId>| -> usize {
            users.map(|user| user.as_str().len() + LIST_ENTRY_BYTES).sum()
        };
        let requests = self.requests.iter().map(|(device, requests)| {
            let ids: usize =
                requests.iter().map(|it| it.id.as_str().len() + it.hash.as_str().len() + REQUEST_BYTES).sum();
            device.as_str().len() + LIST_ENTRY_BYTES + ids
        });
        let reached = self.reached.iter().map(|(invite, devices)| -> usize {
            devices.keys().map(|device| invite.as_str().len() + device.as_str().len() + REACH_BYTES).sum()
        });
        let mut exts: Vec<&Map<String, Value>> = Vec::new();
        for ext in self.participants.values().filter_map(|p| p.invitation()?.ext.as_ref()) {
            if !exts.contains(&ext) {
                exts.push(ext);
            }
        }
        MEETING_BYTES
            + text_bytes(self.settings.title.as_ref())
            + text_bytes(self.end_text.as_ref())
            + self.host.as_str().len()
            + self.previous_host.as_ref().map_or(0, |host| host.as_str().len())
            + self.created_by.client_id.as_str().len()
            + self.created_by.request.id.as_str().len()
            + users(&mut self.first_cohosts.iter())
            + users(&mut self.succession.iter())
            + exts.into_iter().chain(&self.ext).map(ext_bytes).sum::<usize>()
            + self.participants.values().map(participant_bytes).sum::<usize>()
            + requests.sum::<usize>()
            + reached.sum::<usize>()
    }
}

fn text_bytes(text: Option<&String>) -> usize {
    text.map_or(0, String::len)
}

/// JSON needs at most half as much space again in the table; the worst case is a list of single digits.
fn ext_bytes(ext: &Map<String, Value>) -> usize {
    let json = serde_json::to_string(ext).map_or(0, |text| text.len());
    json + json / 2 + LIST_ENTRY_BYTES
}

fn participant_bytes(participant: &Participant) -> usize {
    let by = participant.speech.by.as_ref().map_or(0, |by| by.as_str().len());
    let stay =
        participant.last_event.as_ref().and_then(|event| event.stay.as_ref()).map_or(0, |stay| stay.id.len());
    let standing = match &*participant.standing {
        Standing::Invited(pending) => invitation_bytes(&pending.invitation),
        Standing::Lobby { devices } => devices_bytes(devices),
        Standing::Seated(seat) => seat_bytes(seat),
        Standing::Out(exit) => {
            let from = match &exit.from {
                Former::Invitation(invitation) => invitation_bytes(invitation),
                Former::Lobby(devices) => devices_bytes(devices),
                Former::Seat(seat) => seat_bytes(seat),
            };
            let by = exit.remark.by.as_ref().map_or(0, |by| by.as_str().len());
            from + text_bytes(exit.remark.text.as_ref()) + by
        }
    };
    PARTICIPANT_BYTES
        + participant.user_id.as_str().len()
        + text_bytes(participant.name.as_ref())
        + by
        + stay
        + standing
}

fn seat_bytes(seat: &Seat) -> usize {
    SEAT_BYTES
        + seat.device.as_str().len()
        + seat.moved_from.as_ref().map_or(0, |from| from.as_str().len())
        + devices_bytes(&seat.claimants)
        + seat.invitation.as_ref().map_or(0, invitation_bytes)
        + seat.other_call.as_ref().map_or(0, |call| call.as_str().len() + LIST_ENTRY_BYTES)
}

fn invitation_bytes(invitation: &Invitation) -> usize {
    let legs: usize = invitation.legs.keys().map(|device| device.as_str().len() + LEG_BYTES).sum();
    INVITATION_BYTES + invitation.id.as_str().len() + invitation.inviter.as_str().len() + legs
}

fn devices_bytes(devices: &[ClientId]) -> usize {
    devices.iter().map(|device| device.as_str().len() + LIST_ENTRY_BYTES).sum()
}

impl Change {
    /// Removes data until the record fits into the table. Values that this commit's notices are read from are
    /// kept.
    pub(crate) fn fit_record(&mut self) {
        self.forget_replaced_reach();
        if self.meeting.stored_bytes() <= MAX_RECORD_BYTES {
            return;
        }
        self.forget_requests_beyond(MIN_REQUESTS);
        let rev = self.rev;
        for participant in self.meeting.participants.values_mut().filter(|p| !p.standing.is_from(rev)) {
            forget_past(participant, rev);
        }
        let pending: BTreeSet<InviteId> =
            self.meeting.pending().filter_map(|p| Some(p.invitation()?.id.clone())).collect();
        self.meeting.reached.retain(|invite, _| pending.contains(invite));
    }

    /// Removes the reach of invitations that newer ones replaced.
    fn forget_replaced_reach(&mut self) {
        let meeting = &mut self.meeting;
        let known: BTreeSet<&InviteId> =
            meeting.participants.values().filter_map(|p| Some(&p.invitation()?.id)).collect();
        meeting.reached.retain(|invite, _| known.contains(invite));
    }

    /// Removes applied requests: those of the user's least recent devices beyond [`MAX_REQUEST_DEVICES`], and
    /// the oldest of all beyond [`MAX_REQUESTS`].
    pub(crate) fn bound_requests(&mut self, user: &UserId) {
        let requests = &mut self.meeting.requests;
        let mut own: Vec<(u64, ClientId)> = requests
            .iter()
            .filter(|(device, _)| device.user() == *user)
            .map(|(device, requests)| (requests.last().map_or(0, |request| request.rev()), device.clone()))
            .collect();
        own.sort();
        for (_, device) in own.iter().take(own.len().saturating_sub(MAX_REQUEST_DEVICES)) {
            requests.remove(device);
        }
        self.forget_requests_beyond(MAX_REQUESTS);
    }

    fn forget_requests_beyond(&mut self, count: usize) {
        let requests = &mut self.meeting.requests;
        let mut revs: Vec<u64> = requests.values().flatten().map(|request| request.rev()).collect();
        if revs.len() <= count {
            return;
        }
        revs.sort_unstable();
        let oldest = revs[revs.len() - count];
        for requests in requests.values_mut() {
            requests.retain(|request| request.rev() >= oldest);
        }
        requests.retain(|_, requests| !requests.is_empty());
    }
}

/// Removes data that only notices of earlier revisions, remarks of exits and call records need.
fn forget_past(participant: &mut Participant, rev: u64) {
    let is_pending = participant.is_pending();
    if let Some(invitation) = participant.invitation_mut().filter(|it| !is_pending && !it.closed.is_from(rev))
    {
        invitation.legs.clear();
        invitation.ext = None;
    }
    if let Standing::Out(exit) = participant.standing.amend() {
        exit.remark.text = None;
        match &mut exit.from {
            Former::Lobby(devices) => devices.clear(),
            Former::Seat(seat) => {
                seat.moved_from = None;
                seat.reported_ms.clear();
                seat.claimants.clear();
            }
            Former::Invitation(_) => {}
        }
        participant.last_event = None;
    }
}

impl Invitation {
    /// Returns whether `device` has a leg, or may get a leg: at most [`MAX_LEGS`].
    pub(crate) fn has_room_for(&self, device: &ClientId) -> bool {
        self.legs.len() < MAX_LEGS || self.legs.contains_key(device)
    }

    /// Marks `device` as the one that accepted. If all legs are in use, the leg of another device is removed.
    pub(crate) fn set_won(&mut self, device: &ClientId) {
        if !self.has_room_for(device) {
            let is_over = |leg: &Leg| matches!(leg, Leg::Closed | Leg::Lost);
            let over = self.legs.iter().find(|(_, leg)| is_over(leg)).map(|(device, _)| device.clone());
            if let Some(other) = over.or_else(|| self.legs.keys().next().cloned()) {
                self.legs.remove(&other);
            }
        }
        self.legs.insert(device.clone(), Leg::Won);
    }
}
