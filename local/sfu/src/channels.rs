//! All channels of the SFU: joins, leaves, the operations of the management API, and the run loop of the connections.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::media::MediaKind;
use str0m::net::{Protocol, Receive, Transmit};
use str0m::{Input, RtcConfig};

use crate::channel::{ChannelSettings, SfuChannel};
use crate::clock::Clock;
use crate::closing::ClosingPeer;
use crate::info::{DisconnectReason, ParticipantInfo, RoomInfo, TrackInfo};
use crate::message::RemovalReason;
use crate::peer::Peer;
use crate::per_kind::MEDIA_KINDS;
use crate::permission::Permission;
use crate::token::{Admission, TokenHash};
use crate::twirp_error::TwirpError;
use crate::webhook::WebhookSender;

/// Longest time between two runs. Channels expire by a clock that a test may move at any time.
const CHECK_PERIOD: Duration = Duration::from_millis(100);
/// Time for which a deleted channel is remembered: the longest lifetime of a token.
const REMEMBERED_SECONDS: i64 = switchboard_rtc::MAX_TTL_SECONDS as i64;

pub(crate) struct SfuChannels {
    config: ChannelsConfig,
    open: BTreeMap<String, SfuChannel>,
    /// Deleted channels and the time of deletion (Unix seconds). Tokens issued up to that time are refused.
    deleted: BTreeMap<String, i64>,
    /// Participants who were removed but whose connection is still open.
    closing: Vec<ClosingPeer>,
    last_run: Instant,
    webhooks: WebhookSender,
}

/// Fixed configuration of the channels.
pub(crate) struct ChannelsConfig {
    /// Configuration of new connections.
    pub(crate) rtc: RtcConfig,
    /// Local UDP address of all connections.
    pub(crate) address: SocketAddr,
    /// Maximum number of participants of a channel.
    pub(crate) limit: usize,
    /// Time without packets after which a participant is removed.
    pub(crate) silence: Duration,
    pub(crate) clock: Clock,
}

impl SfuChannels {
    pub(crate) fn new(config: ChannelsConfig, webhooks: WebhookSender) -> Self {
        let (open, deleted) = (BTreeMap::new(), BTreeMap::new());
        Self { config, open, deleted, closing: Vec::new(), last_run: Instant::now(), webhooks }
    }

    /// Adds a participant, who replaces a participant with the same identity. Returns the session ID and the SDP
    /// answer.
    ///
    /// # Errors
    /// The channel was deleted or the participant was removed after the token was issued, the channel is full, or the
    /// offer cannot be answered. In these cases the state is unchanged.
    pub(crate) fn join(&mut self, admission: Admission, offer: &str) -> Result<(String, String), TwirpError> {
        let (now, now_ms) = (Instant::now(), self.now_ms());
        if self.deleted.get(&admission.channel).is_some_and(|deleted| admission.issued <= *deleted) {
            return Err(TwirpError::denied("the channel was deleted; request a new join token"));
        }
        if let Some(channel) = self.open.get(&admission.channel) {
            if channel.refuses(&admission.identity, admission.issued) {
                return Err(TwirpError::denied(
                    "you were removed from the channel; request a new join token",
                ));
            }
            let others =
                channel.peers.iter().filter(|peer| peer.admission.identity != admission.identity).count();
            if others >= channel.limit(self.config.limit) {
                return Err(TwirpError::full("the channel is full"));
            }
        }
        let channel_name = admission.channel.clone();
        let (peer, answer) =
            Peer::accept(&self.config.rtc, self.config.address, admission, offer, (now, now_ms))?;
        let session = peer.sid.clone();
        let channel = self.channel_or_create(&channel_name);
        let replaced = channel.index_of(&peer.admission.identity);
        let replaced =
            replaced.map(|old| channel.remove_peer(old, DisconnectReason::DuplicateIdentity, now, now_ms));
        channel.add_peer(peer);
        if let Some(old) = replaced {
            self.start_closing(old, Some(RemovalReason::Replaced), now);
        }
        Ok((session, answer))
    }

    /// Ends a session on request of its owner, who presents the token of the join or a new token for the same channel
    /// and identity. `new` is the admission of the presented token, if it is valid.
    ///
    /// # Errors
    /// The session is unknown, or it belongs to another participant.
    pub(crate) fn leave(
        &mut self,
        session: &str,
        token: &TokenHash,
        new: Option<&Admission>,
    ) -> Result<(), TwirpError> {
        let (now, now_ms) = (Instant::now(), self.now_ms());
        let found = self.open.values_mut().find_map(|channel| {
            let index = channel.peers.iter().position(|peer| peer.sid == session)?;
            Some((channel, index))
        });
        let (channel, index) = found.ok_or_else(|| TwirpError::not_found("unknown session"))?;
        let admission = &channel.peers[index].admission;
        let same_owner =
            new.is_some_and(|new| new.channel == admission.channel && new.identity == admission.identity);
        if admission.token != *token && !same_owner {
            return Err(TwirpError::unauthenticated("the token does not belong to this session"));
        }
        let peer = channel.remove_peer(index, DisconnectReason::ClientInitiated, now, now_ms);
        self.start_closing(peer, None, now);
        Ok(())
    }

    /// Creates a channel, or updates the settings of an existing one.
    pub(crate) fn create(&mut self, name: &str, settings: ChannelSettings) -> RoomInfo {
        self.deleted.remove(name);
        let channel = self.channel_or_create(name);
        channel.settings.update(settings);
        channel.info()
    }

    /// Deletes a channel: removes all participants and refuses their present tokens.
    ///
    /// # Errors
    /// The channel is unknown.
    pub(crate) fn delete(&mut self, name: &str) -> Result<(), TwirpError> {
        let (now, now_ms) = (Instant::now(), self.now_ms());
        let mut channel = self.open.remove(name).ok_or_else(|| TwirpError::not_found("unknown channel"))?;
        let now_seconds = now_ms.div_euclid(1000);
        self.deleted.retain(|_, deleted| now_seconds - *deleted <= REMEMBERED_SECONDS);
        self.deleted.insert(name.to_owned(), now_seconds);
        while !channel.peers.is_empty() {
            let peer = channel.remove_peer(0, DisconnectReason::RoomDeleted, now, now_ms);
            self.start_closing(peer, Some(RemovalReason::Closed), now);
        }
        channel.finish(now_ms);
        Ok(())
    }

    /// Returns the channels with these names, or all channels if `names` is empty.
    pub(crate) fn list(&self, names: &[String]) -> Vec<RoomInfo> {
        let wanted = |channel: &&SfuChannel| names.is_empty() || names.contains(&channel.name);
        self.open.values().filter(wanted).map(SfuChannel::info).collect()
    }

    /// Returns the participants of a channel; an unknown channel has no participants.
    pub(crate) fn participants(&self, channel: &str) -> Vec<ParticipantInfo> {
        let peers = self.open.get(channel).map(|channel| channel.peers.iter()).into_iter().flatten();
        peers.map(|peer| ParticipantInfo::of(peer, DisconnectReason::NotDisconnected)).collect()
    }

    /// Returns a participant of a channel.
    ///
    /// # Errors
    /// The channel or the participant is unknown.
    pub(crate) fn participant(
        &mut self,
        channel: &str,
        identity: &str,
    ) -> Result<ParticipantInfo, TwirpError> {
        self.find(channel, identity)
            .map(|(_, peer)| ParticipantInfo::of(peer, DisconnectReason::NotDisconnected))
    }

    /// Removes a participant and refuses the tokens issued to this identity so far.
    ///
    /// # Errors
    /// The channel or the participant is unknown.
    pub(crate) fn remove(&mut self, channel: &str, identity: &str) -> Result<(), TwirpError> {
        let (now, now_ms) = (Instant::now(), self.now_ms());
        let removed = self.open.get_mut(channel).and_then(|channel| {
            let index = channel.index_of(identity)?;
            Some(channel.remove_peer(index, DisconnectReason::ParticipantRemoved, now, now_ms))
        });
        let peer = removed.ok_or_else(|| TwirpError::not_found("unknown participant"))?;
        self.start_closing(peer, Some(RemovalReason::Removed), now);
        Ok(())
    }

    /// Mutes or unmutes a track.
    ///
    /// # Errors
    /// The channel, the participant or the track is unknown.
    pub(crate) fn mute(
        &mut self,
        channel: &str,
        identity: &str,
        track: &str,
        muted: bool,
    ) -> Result<TrackInfo, TwirpError> {
        let (changed, peer) = self.find(channel, identity)?;
        let kind: Option<MediaKind> = MEDIA_KINDS.into_iter().find(|kind| peer.tracks[*kind].sid == track);
        let kind = kind.ok_or_else(|| TwirpError::not_found("unknown track"))?;
        peer.tracks[kind].muted = muted;
        *changed = true;
        Ok(TrackInfo::of(peer, kind))
    }

    /// Changes the permission, the name or the metadata of a participant.
    ///
    /// # Errors
    /// The channel or the participant is unknown.
    pub(crate) fn update(
        &mut self,
        channel: &str,
        identity: &str,
        change: impl FnOnce(&mut Admission),
    ) -> Result<ParticipantInfo, TwirpError> {
        let (_, peer) = self.find(channel, identity)?;
        let before: Permission = peer.admission.permission.clone();
        change(&mut peer.admission);
        let info = ParticipantInfo::of(peer, DisconnectReason::NotDisconnected);
        if before != peer.admission.permission
            && let Some(channel) = self.open.get_mut(channel)
        {
            channel.assign_slots(Instant::now());
        }
        Ok(info)
    }

    /// Passes a datagram to its connection. Ignores datagrams of unknown connections.
    pub(crate) fn receive(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) {
        let destination = self.config.address;
        let Ok(received) = Receive::new(Protocol::Udp, source, destination, datagram) else { return };
        let input = Input::Receive(now, received);
        let inside = self.open.values_mut().flat_map(|channel| channel.peers.iter_mut());
        let mut all = inside.chain(self.closing.iter_mut().map(|closing| &mut closing.peer));
        if let Some(peer) = all.find(|peer| peer.accepts(&input)) {
            peer.receive(input);
        }
    }

    /// Runs all connections until no events are left and closes expired channels. Returns the time of the next call.
    pub(crate) fn run(&mut self, now: Instant, send: &mut impl FnMut(&Transmit)) -> Instant {
        let now_ms = self.now_ms();
        // While this task could not run, it received nothing; that time must not count as silence of the participants.
        let listened =
            now.saturating_duration_since(std::mem::replace(&mut self.last_run, now)).min(2 * CHECK_PERIOD);
        let mut next = now + CHECK_PERIOD;
        for channel in self.open.values_mut() {
            channel.count_silence(listened, self.config.silence, now, now_ms);
            next = next.min(channel.run(now, now_ms, next, send));
        }
        self.closing.retain_mut(|closing| closing.run(now, send));
        self.open.retain(|_, channel| {
            let expired = channel.is_expired(now_ms);
            if expired {
                channel.finish(now_ms);
            }
            !expired
        });
        next
    }

    /// Removes all participants. No more webhooks are sent.
    pub(crate) fn close(&mut self) {
        let now = Instant::now();
        self.webhooks = WebhookSender::disabled();
        for (_, channel) in std::mem::take(&mut self.open) {
            for peer in channel.peers {
                self.start_closing(peer, Some(RemovalReason::Closed), now);
            }
        }
    }

    /// Returns `true` while connections of removed participants are open.
    pub(crate) fn is_closing(&self) -> bool {
        !self.closing.is_empty()
    }

    fn start_closing(&mut self, peer: Peer, reason: Option<RemovalReason>, now: Instant) {
        self.closing.push(ClosingPeer::new(peer, reason, now));
    }

    fn find(&mut self, channel: &str, identity: &str) -> Result<(&mut bool, &mut Peer), TwirpError> {
        let missing = || TwirpError::not_found("unknown participant");
        let channel = self.open.get_mut(channel).ok_or_else(missing)?;
        let index = channel.index_of(identity).ok_or_else(missing)?;
        Ok((&mut channel.changed, &mut channel.peers[index]))
    }

    fn channel_or_create(&mut self, name: &str) -> &mut SfuChannel {
        let now_ms = self.now_ms();
        let webhooks = &mut self.webhooks;
        self.open.entry(name.to_owned()).or_insert_with(|| SfuChannel::open(name, now_ms, webhooks.queue()))
    }

    fn now_ms(&self) -> i64 {
        (self.config.clock)()
    }
}
