//! One channel: its participants, its empty timeout and its webhooks.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use str0m::net::Transmit;

use crate::forwarding;
use crate::info::{DisconnectReason, ParticipantInfo, RoomInfo, is_publisher};
use crate::peer::{Peer, PeerEvent};
use crate::webhook::{SfuWebhookEvent, WebhookQueue};

/// Default of `empty_timeout`, from `LiveKit`.
const EMPTY_SECONDS: u32 = 300;
/// Default of `departure_timeout`, from `LiveKit`.
const DEPARTURE_SECONDS: u32 = 20;

pub(crate) struct SfuChannel {
    pub(crate) sid: String,
    pub(crate) name: String,
    pub(crate) settings: ChannelSettings,
    /// Participants, in the order of joining.
    pub(crate) peers: Vec<Peer>,
    /// `true` if participants may have to be notified of changes.
    pub(crate) changed: bool,
    created_ms: i64,
    /// Set while the channel is empty: the time (Unix milliseconds) since when, and whether it was used before.
    empty_since: Option<(i64, bool)>,
    /// Removed identities and the time of removal (Unix seconds). Tokens issued up to that time are refused.
    removed: BTreeMap<String, i64>,
    webhooks: WebhookQueue,
}

/// Settings of a channel from `CreateRoom`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChannelSettings {
    /// Time for which the channel may be empty before the first participant joins.
    pub(crate) empty_seconds: Option<u32>,
    /// Time for which the channel may be empty after the last participant left.
    pub(crate) departure_seconds: Option<u32>,
    /// Limit of this channel; the limit of the SFU applies as well.
    pub(crate) max_participants: Option<u32>,
    pub(crate) metadata: Option<String>,
}

impl ChannelSettings {
    /// Replaces the settings that `new` contains.
    pub(crate) fn update(&mut self, new: Self) {
        self.empty_seconds = new.empty_seconds.or(self.empty_seconds);
        self.departure_seconds = new.departure_seconds.or(self.departure_seconds);
        self.max_participants = new.max_participants.or(self.max_participants);
        self.metadata = new.metadata.or_else(|| self.metadata.take());
    }
}

impl SfuChannel {
    /// Creates an empty channel and reports `room_started`.
    pub(crate) fn open(name: &str, now_ms: i64, webhooks: WebhookQueue) -> Self {
        let channel = Self {
            sid: crate::sid::new_sid("RM"),
            name: name.to_owned(),
            settings: ChannelSettings::default(),
            peers: Vec::new(),
            changed: false,
            created_ms: now_ms,
            empty_since: Some((now_ms, false)),
            removed: BTreeMap::new(),
            webhooks,
        };
        channel.report("room_started", None, now_ms);
        channel
    }

    pub(crate) fn add_peer(&mut self, peer: Peer) {
        self.peers.push(peer);
        self.empty_since = None;
    }

    /// Returns the maximum number of participants: the smaller of `limit` and the limit of the channel.
    pub(crate) fn limit(&self, limit: usize) -> usize {
        let own = self.settings.max_participants.and_then(|own| usize::try_from(own).ok());
        own.filter(|own| *own > 0).map_or(limit, |own| own.min(limit))
    }

    /// Returns `true` if the identity was removed since its token was issued. `issued` is in Unix seconds.
    pub(crate) fn refuses(&self, identity: &str, issued: i64) -> bool {
        self.removed.get(identity).is_some_and(|removed| issued <= *removed)
    }

    /// Adds `step` to the silence of each participant, and removes participants who are silent for more than `limit`.
    pub(crate) fn count_silence(&mut self, step: Duration, limit: Duration, now: Instant, now_ms: i64) {
        for peer in &mut self.peers {
            peer.silence += step;
        }
        while let Some(index) = self.peers.iter().position(|peer| peer.silence > limit) {
            self.remove_peer(index, DisconnectReason::ConnectionTimeout, now, now_ms);
        }
    }

    /// Runs all connections until no events are left. Returns the time of the next call, which is not after `latest`.
    pub(crate) fn run(
        &mut self,
        now: Instant,
        now_ms: i64,
        latest: Instant,
        send: &mut impl FnMut(&Transmit),
    ) -> Instant {
        loop {
            let mut events = Vec::new();
            let mut next = latest;
            for (index, peer) in self.peers.iter_mut().enumerate() {
                next = next.min(peer.run(now, send, |event| events.push((index, event))));
            }
            let mut all_sent = true;
            if std::mem::take(&mut self.changed) {
                all_sent = forwarding::send_changes(&mut self.peers);
            } else if events.is_empty() {
                return next;
            }
            for (index, event) in events {
                self.handle(index, event, now, now_ms);
            }
            while let Some(index) = self.peers.iter().position(|peer| peer.ended) {
                self.remove_peer(index, DisconnectReason::SignalClose, now, now_ms);
            }
            if !all_sent {
                // A data channel is full. The next call retries.
                self.changed = true;
                return next;
            }
        }
    }

    fn handle(&mut self, index: usize, event: PeerEvent, now: Instant, now_ms: i64) {
        match event {
            PeerEvent::Connected => {
                let peer = &mut self.peers[index];
                peer.connected = true;
                let info = ParticipantInfo::of(peer, DisconnectReason::NotDisconnected);
                self.report("participant_joined", Some(info), now_ms);
                self.assign_slots(now);
            }
            PeerEvent::SlotAdded => self.assign_slots(now),
            PeerEvent::Frame(frame) => {
                self.changed |= forwarding::forward(&mut self.peers, index, &frame, now);
            }
            PeerEvent::KeyframeWanted(mid) => {
                forwarding::pass_on_keyframe_request(&mut self.peers, index, mid, now);
            }
            PeerEvent::Changed => self.changed = true,
        }
    }

    /// Assigns the slots again, after a participant joined, left or got another permission.
    pub(crate) fn assign_slots(&mut self, now: Instant) {
        forwarding::assign_slots(&mut self.peers, now);
        self.changed = true;
    }

    /// Removes a participant and reports it by webhook. Returns the participant, whose connection is still open.
    pub(crate) fn remove_peer(
        &mut self,
        index: usize,
        reason: DisconnectReason,
        now: Instant,
        now_ms: i64,
    ) -> Peer {
        let peer = self.peers.remove(index);
        if reason == DisconnectReason::ParticipantRemoved {
            self.removed.insert(peer.admission.identity.clone(), now_ms.div_euclid(1000));
        }
        // A participant who never connected did not leave. A replaced identity did not abort: it has joined again.
        let aborted =
            reason.is_unclean() || (!peer.connected && reason != DisconnectReason::DuplicateIdentity);
        let event = if aborted { "participant_connection_aborted" } else { "participant_left" };
        self.report(event, Some(ParticipantInfo::of(&peer, reason)), now_ms);
        if self.peers.is_empty() {
            self.empty_since = Some((now_ms, true));
        }
        self.assign_slots(now);
        peer
    }

    /// Returns `true` once the channel has been empty for the time that its settings allow.
    pub(crate) fn is_expired(&self, now_ms: i64) -> bool {
        self.empty_since.is_some_and(|(since_ms, was_used)| {
            let seconds = if was_used { self.departure_seconds() } else { self.empty_seconds() };
            now_ms - since_ms >= i64::from(seconds) * 1000
        })
    }

    /// Reports `room_finished`, the last event of the channel.
    pub(crate) fn finish(&self, now_ms: i64) {
        self.report("room_finished", None, now_ms);
    }

    fn report(&self, event: &'static str, participant: Option<ParticipantInfo>, now_ms: i64) {
        self.webhooks.send(SfuWebhookEvent::new(event, self.info(), participant, now_ms));
    }

    fn empty_seconds(&self) -> u32 {
        self.settings.empty_seconds.unwrap_or(EMPTY_SECONDS)
    }

    fn departure_seconds(&self) -> u32 {
        self.settings.departure_seconds.unwrap_or(DEPARTURE_SECONDS)
    }

    /// Returns the index of the participant with this identity.
    pub(crate) fn index_of(&self, identity: &str) -> Option<usize> {
        self.peers.iter().position(|peer| peer.admission.identity == identity)
    }

    /// Describes the channel in the form of the API.
    pub(crate) fn info(&self) -> RoomInfo {
        RoomInfo {
            sid: self.sid.clone(),
            name: self.name.clone(),
            empty_timeout: self.empty_seconds(),
            departure_timeout: self.departure_seconds(),
            max_participants: self.settings.max_participants.unwrap_or(0),
            creation_time: self.created_ms.div_euclid(1000).to_string(),
            creation_time_ms: self.created_ms.to_string(),
            metadata: self.settings.metadata.clone().unwrap_or_default(),
            num_participants: self.peers.len(),
            num_publishers: self.peers.iter().filter(|peer| is_publisher(peer)).count(),
            active_recording: false,
        }
    }
}
