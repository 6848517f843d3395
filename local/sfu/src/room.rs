//! One room: its participants, how long it may be empty, and what is told about it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use str0m::net::Transmit;

use crate::forwarding;
use crate::info::{ParticipantInfo, Reason, RoomInfo, is_publisher};
use crate::peer::{Peer, Signal};
use crate::webhook::{Event, Outlet};

/// How long a room may be empty, unless it is made with another time; `LiveKit`'s default.
const EMPTY_SECONDS: u32 = 300;

/// A room.
pub(crate) struct Room {
    pub(crate) sid: String,
    pub(crate) name: String,
    pub(crate) terms: Terms,
    /// In the order of joining.
    pub(crate) peers: Vec<Peer>,
    /// Somebody may have to be told something.
    pub(crate) changed: bool,
    created_ms: i64,
    /// Since when nobody is in, and whether somebody was.
    empty: Option<(i64, bool)>,
    /// Who was put out, and when (Unix seconds): older tokens do not admit them again.
    removed: BTreeMap<String, i64>,
    outlet: Outlet,
}

/// What `CreateRoom` may set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    /// How long the room may be empty before anybody came.
    pub(crate) empty_seconds: Option<u32>,
    /// How long it may be empty after everybody left; as long as before if nothing is said.
    pub(crate) departure_seconds: Option<u32>,
    /// Fewer than the server's own limit.
    pub(crate) max_participants: Option<u32>,
    pub(crate) metadata: Option<String>,
}

impl Terms {
    /// Takes over what is said anew.
    pub(crate) fn renew(&mut self, new: Self) {
        self.empty_seconds = new.empty_seconds.or(self.empty_seconds);
        self.departure_seconds = new.departure_seconds.or(self.departure_seconds);
        self.max_participants = new.max_participants.or(self.max_participants);
        self.metadata = new.metadata.or_else(|| self.metadata.take());
    }
}

impl Room {
    /// An empty room.
    pub(crate) fn open(name: &str, now_ms: i64, outlet: Outlet) -> Self {
        let room = Self {
            sid: crate::sid::new_sid("RM"),
            name: name.to_owned(),
            terms: Terms::default(),
            peers: Vec::new(),
            changed: false,
            created_ms: now_ms,
            empty: Some((now_ms, false)),
            removed: BTreeMap::new(),
            outlet,
        };
        room.announce("room_started", None, now_ms);
        room
    }

    /// Takes a participant in.
    pub(crate) fn enter(&mut self, peer: Peer) {
        self.peers.push(peer);
        self.empty = None;
    }

    /// How many may be in, where the server lets in `limit`.
    pub(crate) fn limit(&self, limit: usize) -> usize {
        let own = self.terms.max_participants.and_then(|own| usize::try_from(own).ok());
        own.filter(|own| *own > 0).map_or(limit, |own| own.min(limit))
    }

    /// Whether a token of `issued` (Unix seconds) is from before its owner was put out.
    pub(crate) fn refuses(&self, identity: &str, issued: i64) -> bool {
        self.removed.get(identity).is_some_and(|removed| issued <= *removed)
    }

    /// Counts the time in which nothing came from somebody; too much of it ends the participant.
    pub(crate) fn count_silence(&mut self, step: Duration, limit: Duration, now: Instant, now_ms: i64) {
        for peer in &mut self.peers {
            peer.silent += step;
        }
        while let Some(index) = self.peers.iter().position(|peer| peer.silent > limit) {
            self.leave(index, Reason::ConnectionTimeout, now, now_ms);
        }
    }

    /// Lets all connections run until nothing more happens. Returns when to call again, at `latest` at the latest.
    pub(crate) fn run(
        &mut self,
        now: Instant,
        now_ms: i64,
        latest: Instant,
        send: &mut impl FnMut(&Transmit),
    ) -> Instant {
        loop {
            let mut signals = Vec::new();
            let mut next = latest;
            for (index, peer) in self.peers.iter_mut().enumerate() {
                next = next.min(peer.run(now, send, |signal| signals.push((index, signal))));
            }
            let mut all_told = true;
            if std::mem::take(&mut self.changed) {
                all_told = forwarding::send_notices(&mut self.peers);
            } else if signals.is_empty() {
                return next;
            }
            for (index, signal) in signals {
                self.take(index, signal, now, now_ms);
            }
            while let Some(index) = self.peers.iter().position(|peer| peer.ended) {
                self.leave(index, Reason::SignalClose, now, now_ms);
            }
            if !all_told {
                // The channel is full; it is tried again when something comes or time passes.
                self.changed = true;
                return next;
            }
        }
    }

    fn take(&mut self, index: usize, signal: Signal, now: Instant, now_ms: i64) {
        match signal {
            Signal::Connected => {
                let peer = &mut self.peers[index];
                peer.active = true;
                let info = ParticipantInfo::of(peer, Reason::None);
                self.announce("participant_joined", Some(info), now_ms);
                self.assign_slots(now);
            }
            Signal::Slot => self.assign_slots(now),
            Signal::Frame(frame) => {
                self.changed |= forwarding::forward(&mut self.peers, index, &frame, now);
            }
            Signal::KeyframeWanted(mid) => {
                forwarding::pass_on_keyframe_request(&mut self.peers, index, mid, now);
            }
            Signal::Changed => self.changed = true,
        }
    }

    /// Assigns the slots again, after a participant joined, left or got another permission.
    pub(crate) fn assign_slots(&mut self, now: Instant) {
        forwarding::assign_slots(&mut self.peers, now);
        self.changed = true;
    }

    /// Takes a participant out and tells it to the world.
    pub(crate) fn leave(&mut self, index: usize, reason: Reason, now: Instant, now_ms: i64) -> Peer {
        let peer = self.peers.remove(index);
        if reason == Reason::ParticipantRemoved {
            self.removed.insert(peer.who.identity.clone(), now_ms.div_euclid(1000));
        }
        // Who never was there does not leave; but who joins once more is not about to be gone.
        let aborted = reason.is_unclean() || (!peer.active && reason != Reason::DuplicateIdentity);
        let event = if aborted { "participant_connection_aborted" } else { "participant_left" };
        self.announce(event, Some(ParticipantInfo::of(&peer, reason)), now_ms);
        if self.peers.is_empty() {
            self.empty = Some((now_ms, true));
        }
        self.assign_slots(now);
        peer
    }

    /// Whether nobody has been in for as long as that is allowed.
    pub(crate) fn is_abandoned(&self, now_ms: i64) -> bool {
        self.empty.is_some_and(|(since_ms, was_used)| {
            let seconds = if was_used { self.departure_seconds() } else { self.empty_seconds() };
            now_ms - since_ms >= i64::from(seconds) * 1000
        })
    }

    /// Tells that the room is over; the last that is told of it.
    pub(crate) fn finish(&self, now_ms: i64) {
        self.announce("room_finished", None, now_ms);
    }

    fn announce(&self, event: &'static str, participant: Option<ParticipantInfo>, now_ms: i64) {
        self.outlet.send(Event::new(event, self.info(), participant, now_ms));
    }

    fn empty_seconds(&self) -> u32 {
        self.terms.empty_seconds.unwrap_or(EMPTY_SECONDS)
    }

    fn departure_seconds(&self) -> u32 {
        self.terms.departure_seconds.unwrap_or_else(|| self.empty_seconds())
    }

    /// Where the participant of an identity is.
    pub(crate) fn position(&self, identity: &str) -> Option<usize> {
        self.peers.iter().position(|peer| peer.who.identity == identity)
    }

    /// The room as the API shows it.
    pub(crate) fn info(&self) -> RoomInfo {
        RoomInfo {
            sid: self.sid.clone(),
            name: self.name.clone(),
            empty_timeout: self.empty_seconds(),
            departure_timeout: self.departure_seconds(),
            max_participants: self.terms.max_participants.unwrap_or(0),
            creation_time: self.created_ms.div_euclid(1000).to_string(),
            creation_time_ms: self.created_ms.to_string(),
            metadata: self.terms.metadata.clone().unwrap_or_default(),
            num_participants: self.peers.len(),
            num_publishers: self.peers.iter().filter(|peer| is_publisher(peer)).count(),
            active_recording: false,
        }
    }
}
