//! One participant and its WebRTC connection: answers the offer, runs the connection, reports its events, and writes
//! the frames of other participants.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::change::SdpOffer;
use str0m::channel::ChannelId;
use str0m::media::{Direction, KeyframeRequestKind, MediaAdded, MediaData, MediaKind, Mid};
use str0m::net::Transmit;
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};
use tracing::debug;

use crate::message::{ClientMessage, ServerMessage};
use crate::per_kind::PerKind;
use crate::published_track::PublishedTrack;
use crate::receive_slot::ReceiveSlot;
use crate::token::Admission;
use crate::twirp_error::TwirpError;

/// A participant with its connection.
pub(crate) struct Peer {
    /// `PA_…`; also the session ID with which the client ends its session.
    pub(crate) sid: String,
    pub(crate) admission: Admission,
    pub(crate) joined_ms: i64,
    /// `true` once the WebRTC connection is established.
    pub(crate) connected: bool,
    pub(crate) tracks: PerKind<PublishedTrack>,
    pub(crate) slots: Vec<ReceiveSlot>,
    /// Media lines of the offer that are not paired to a slot yet.
    unpaired: PerKind<VecDeque<Mid>>,
    /// `true` once the connection is closed.
    pub(crate) ended: bool,
    /// Time since the last datagram. Time in which the packet task did not run is not counted.
    pub(crate) silence: Duration,
    rtc: Rtc,
    data_channel: Option<ChannelId>,
    /// Time at which the connection must run next.
    next_run: Instant,
    /// Set by input and writes; the connection must then run before `next_run`.
    needs_run: bool,
    sent_slots: Option<ServerMessage>,
    sent_muted: PerKind<bool>,
}

/// Event of a connection.
pub(crate) enum PeerEvent {
    /// The WebRTC connection is established.
    Connected,
    /// A frame of audio or video has arrived.
    Frame(Box<MediaData>),
    /// The receiver of this media line needs a key frame.
    KeyframeWanted(Mid),
    /// A receive slot was added.
    SlotAdded,
    /// The state that messages report may have changed, for this participant or for others.
    Changed,
}

impl Peer {
    /// Accepts an SDP offer. `now` and `now_ms` are the same moment. Returns the participant and the SDP answer.
    ///
    /// # Errors
    /// The offer cannot be parsed or answered.
    pub(crate) fn accept(
        config: &RtcConfig,
        address: SocketAddr,
        admission: Admission,
        offer: &str,
        (now, now_ms): (Instant, i64),
    ) -> Result<(Self, String), TwirpError> {
        let unreadable = |error: &dyn std::fmt::Display| TwirpError::malformed(format!("the offer: {error}"));
        let offer = SdpOffer::from_sdp_string(offer).map_err(|error| unreadable(&error))?;
        let mut rtc = config.clone().build(now);
        let candidate = Candidate::host(address, "udp").map_err(|error| unreadable(&error))?;
        rtc.add_local_candidate(candidate);
        let answer = rtc.sdp_api().accept_offer(offer).map_err(|error| unreadable(&error))?;
        let mut peer = Self {
            sid: crate::sid::new_sid("PA"),
            admission,
            joined_ms: now_ms,
            connected: false,
            tracks: PerKind::each(|_| PublishedTrack::new()),
            slots: Vec::new(),
            unpaired: PerKind::default(),
            ended: false,
            rtc,
            data_channel: None,
            silence: Duration::ZERO,
            next_run: now,
            needs_run: true,
            sent_slots: None,
            sent_muted: PerKind::default(),
        };
        // The owner of the token knows its permissions, so no message about them is sent.
        peer.sent_muted = peer.blocked();
        Ok((peer, answer.to_sdp_string()))
    }

    /// Returns the kinds of media that the SFU does not forward: muted by the server or not permitted.
    pub(crate) fn blocked(&self) -> PerKind<bool> {
        PerKind::each(|kind| self.tracks[kind].muted || !self.admission.permission.may_send(kind))
    }

    /// Returns the kinds of media that other participants do not receive: blocked or not sent.
    pub(crate) fn unavailable(&self) -> PerKind<bool> {
        let blocked = self.blocked();
        PerKind::each(|kind| blocked[kind] || !self.tracks[kind].is_sending())
    }

    /// Returns the kind of the participant's own media line.
    pub(crate) fn kind_of(&self, mid: Mid) -> Option<MediaKind> {
        crate::per_kind::MEDIA_KINDS.into_iter().find(|kind| self.tracks[*kind].mid == Some(mid))
    }

    /// Returns `true` if the datagram belongs to this connection.
    pub(crate) fn accepts(&self, input: &Input<'_>) -> bool {
        self.rtc.accepts(input)
    }

    /// Processes a datagram. A datagram that `str0m` rejects ends the connection.
    pub(crate) fn receive(&mut self, input: Input<'_>) {
        self.silence = Duration::ZERO;
        self.needs_run = true;
        if let Err(error) = self.rtc.handle_input(input) {
            debug!(participant = self.sid, %error, "invalid datagram; the connection is closed");
            self.ended = true;
        }
    }

    /// Runs the connection at time `now`: sends datagrams with `send` and reports events with `report`. Returns the
    /// time of the next call.
    pub(crate) fn run(
        &mut self,
        now: Instant,
        send: &mut impl FnMut(&Transmit),
        mut report: impl FnMut(PeerEvent),
    ) -> Instant {
        if !std::mem::take(&mut self.needs_run) && now < self.next_run {
            return self.next_run;
        }
        let mut result = self.rtc.handle_input(Input::Timeout(now)).map(|()| None);
        loop {
            match result {
                Ok(None) => {}
                Ok(Some(Output::Timeout(next_run))) => {
                    self.next_run = next_run;
                    break;
                }
                Ok(Some(Output::Transmit(datagram))) => send(&datagram),
                Ok(Some(Output::Event(event))) => {
                    if let Some(peer_event) = self.peer_event(event) {
                        report(peer_event);
                    }
                }
                Err(error) => {
                    debug!(participant = self.sid, %error, "connection failed; it is closed");
                    self.rtc.disconnect();
                    break;
                }
            }
            result = self.rtc.poll_output().map(Some);
        }
        if !self.rtc.is_alive() {
            self.ended = true;
        }
        self.next_run
    }

    fn peer_event(&mut self, event: Event) -> Option<PeerEvent> {
        match event {
            Event::Connected => Some(PeerEvent::Connected),
            Event::MediaAdded(line) => self.add_line(&line),
            Event::MediaData(data) => Some(PeerEvent::Frame(Box::new(data))),
            Event::KeyframeRequest(request) => Some(PeerEvent::KeyframeWanted(request.mid)),
            Event::StreamPaused(stream) => {
                let kind = self.kind_of(stream.mid)?;
                self.tracks[kind].flowing = !stream.paused;
                Some(PeerEvent::Changed)
            }
            Event::ChannelOpen(id, _) => {
                self.data_channel.get_or_insert(id);
                Some(PeerEvent::Changed)
            }
            Event::ChannelData(message) => {
                let ClientMessage::Media(sends) = serde_json::from_slice(&message.data).ok()?;
                self.tracks.audio.declared = Some(sends.audio);
                self.tracks.video.declared = Some(sends.video);
                Some(PeerEvent::Changed)
            }
            Event::Closed => {
                self.ended = true;
                Some(PeerEvent::Changed)
            }
            _ => None,
        }
    }

    /// Registers a media line of the offer. `str0m` reports the lines once the connection is established.
    fn add_line(&mut self, line: &MediaAdded) -> Option<PeerEvent> {
        match line.direction {
            Direction::RecvOnly | Direction::SendRecv => {
                self.tracks[line.kind].mid.get_or_insert(line.mid);
            }
            Direction::SendOnly => self.unpaired[line.kind].push_back(line.mid),
            Direction::Inactive => {}
        }
        if self.unpaired.audio.is_empty() || self.unpaired.video.is_empty() {
            return None;
        }
        let (audio, video) = (self.unpaired.audio.pop_front()?, self.unpaired.video.pop_front()?);
        self.slots.push(ReceiveSlot::new(audio, video));
        Some(PeerEvent::SlotAdded)
    }

    /// Requests a key frame from this participant, unless one was requested a moment ago.
    pub(crate) fn request_keyframe(&mut self, now: Instant) {
        let track = &mut self.tracks.video;
        let Some(mut writer) = track.mid.and_then(|mid| self.rtc.writer(mid)) else { return };
        // Fails before the first packet; a stream starts with a key frame in any case.
        if track.may_request_keyframe(now) && writer.request_keyframe(None, KeyframeRequestKind::Pli).is_ok()
        {
            self.needs_run = true;
        }
    }

    /// Writes a frame into the slot that shows its publisher. Returns `true` if the receiver needs a key frame first.
    pub(crate) fn write(&mut self, publisher: &str, kind: MediaKind, frame: &MediaData) -> bool {
        let place = self.slots.iter_mut().find(|slot| slot.publisher.as_deref() == Some(publisher));
        let Some(line) = place.map(|slot| &mut slot.lines[kind]) else { return false };
        if kind == MediaKind::Video {
            // Packets are renumbered on each line, so the receiver cannot detect a packet that was lost before the SFU.
            line.awaits_keyframe |= !frame.contiguous;
            if line.awaits_keyframe && !frame.is_keyframe() {
                return true;
            }
            line.awaits_keyframe = false;
        }
        let Some(mut writer) = self.rtc.writer(line.mid) else { return false };
        let Some(format) = writer.match_params(frame.params) else { return false };
        if let (Some(level), Some(voice)) = (frame.ext_vals.audio_level, frame.ext_vals.voice_activity) {
            writer = writer.audio_level(level, voice);
        }
        if let Some(orientation) = frame.ext_vals.video_orientation {
            writer = writer.video_orientation(orientation);
        }
        let time = line.timeline.map(frame.time, frame.network_time);
        if let Err(error) = writer.write(format, frame.network_time, time, frame.data.clone()) {
            debug!(participant = self.sid, %error, "frame not written; it is dropped");
        }
        self.needs_run = true;
        false
    }

    /// Sends the slots and the blocked kinds if they have changed since the last message. Returns `false` if the data
    /// channel is full.
    pub(crate) fn send_changes(&mut self, slots: ServerMessage) -> bool {
        if self.data_channel.is_none() {
            // The messages are sent when the data channel opens.
            return true;
        }
        if self.sent_slots.as_ref() != Some(&slots) {
            if !self.send_message(&slots) {
                return false;
            }
            self.sent_slots = Some(slots);
        }
        let blocked = self.blocked();
        if self.sent_muted != blocked {
            if !self.send_message(&ServerMessage::Muted(blocked)) {
                return false;
            }
            self.sent_muted = blocked;
        }
        true
    }

    /// Writes a message to the data channel. Returns `false` if the channel is not open or is full.
    pub(crate) fn send_message(&mut self, message: &ServerMessage) -> bool {
        let Some(mut channel) = self.data_channel.and_then(|id| self.rtc.channel(id)) else { return false };
        self.needs_run = true;
        channel.write(false, message.to_json().as_bytes()).unwrap_or(false)
    }

    /// Returns `true` if the client has acknowledged all messages.
    pub(crate) fn is_acknowledged(&mut self) -> bool {
        let channel = self.data_channel.and_then(|id| self.rtc.channel(id));
        channel.is_none_or(|mut channel| channel.buffered_amount() == 0)
    }

    /// Starts to close the connection.
    pub(crate) fn close(&mut self) {
        self.needs_run = true;
        // Fails before the data channel is open; the client then sees a timeout.
        let _ = self.rtc.close();
    }
}
