//! One participant and its WebRTC connection: takes its offer, drives the connection, says what came out of it, and
//! writes what the others sent.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::change::SdpOffer;
use str0m::channel::ChannelId;
use str0m::media::{Direction, KeyframeRequestKind, MediaAdded, MediaData, MediaKind, Mid};
use str0m::net::Transmit;
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};
use tracing::debug;

use crate::fault::Fault;
use crate::kinds::Kinds;
use crate::notice::{Notice, Said};
use crate::slot::Slot;
use crate::token::Admission;
use crate::uplink::Uplink;

/// A participant.
pub(crate) struct Peer {
    /// `PA_…`; also the session that the client may end.
    pub(crate) sid: String,
    pub(crate) who: Admission,
    pub(crate) joined_ms: i64,
    /// Connected: may be seen and heard.
    pub(crate) active: bool,
    pub(crate) uplinks: Kinds<Uplink>,
    pub(crate) slots: Vec<Slot>,
    /// Lines of the offer that are to become slots.
    unpaired: Kinds<VecDeque<Mid>>,
    /// The connection is closed.
    pub(crate) ended: bool,
    /// How long nothing has come. Only the time in which somebody listened counts.
    pub(crate) silent: Duration,
    rtc: Rtc,
    channel: Option<ChannelId>,
    /// When the connection wants to be looked at.
    due: Instant,
    /// Something was written, which `due` does not know.
    touched: bool,
    told_slots: Option<Notice>,
    told_muted: Kinds<bool>,
}

/// What comes out of a connection.
pub(crate) enum Signal {
    /// The connection stands.
    Connected,
    /// A frame of audio or video.
    Frame(Box<MediaData>),
    /// The one who looks at this line needs a key frame.
    KeyframeWanted(Mid),
    /// There is a place for one more.
    Slot,
    /// What the others or this one should be told may have changed.
    Changed,
}

impl Peer {
    /// Takes an offer. Returns the participant and the answer.
    ///
    /// # Errors
    /// The offer cannot be read, or not be answered.
    pub(crate) fn accept(
        config: &RtcConfig,
        address: SocketAddr,
        who: Admission,
        offer: &str,
        (now, now_ms): (Instant, i64),
    ) -> Result<(Self, String), Fault> {
        let unreadable = |error: &dyn std::fmt::Display| Fault::malformed(format!("the offer: {error}"));
        let offer = SdpOffer::from_sdp_string(offer).map_err(|error| unreadable(&error))?;
        let mut rtc = config.clone().build(now);
        let candidate = Candidate::host(address, "udp").map_err(|error| unreadable(&error))?;
        rtc.add_local_candidate(candidate);
        let answer = rtc.sdp_api().accept_offer(offer).map_err(|error| unreadable(&error))?;
        let mut peer = Self {
            sid: crate::sid::new_sid("PA"),
            who,
            joined_ms: now_ms,
            active: false,
            uplinks: Kinds::each(|_| Uplink::new()),
            slots: Vec::new(),
            unpaired: Kinds::default(),
            ended: false,
            rtc,
            channel: None,
            silent: Duration::ZERO,
            due: now,
            touched: true,
            told_slots: None,
            told_muted: Kinds::default(),
        };
        // What the token does not allow is no news to its owner.
        peer.told_muted = peer.blocked();
        Ok((peer, answer.to_sdp_string()))
    }

    /// What of this one's media the server keeps from the others.
    pub(crate) fn blocked(&self) -> Kinds<bool> {
        Kinds::each(|kind| self.uplinks[kind].muted || !self.who.permission.may_send(kind))
    }

    /// What of this one the others can neither see nor hear.
    pub(crate) fn absent(&self) -> Kinds<bool> {
        let blocked = self.blocked();
        Kinds::each(|kind| blocked[kind] || !self.uplinks[kind].is_live())
    }

    /// The kind of media on one of this one's own lines.
    pub(crate) fn kind_of(&self, mid: Mid) -> Option<MediaKind> {
        crate::kinds::BOTH.into_iter().find(|kind| self.uplinks[*kind].mid == Some(mid))
    }

    /// Whether a datagram belongs to this connection.
    pub(crate) fn accepts(&self, input: &Input<'_>) -> bool {
        self.rtc.accepts(input)
    }

    /// Takes a datagram.
    pub(crate) fn receive(&mut self, input: Input<'_>) {
        self.silent = Duration::ZERO;
        self.touched = true;
        if let Err(error) = self.rtc.handle_input(input) {
            debug!(participant = self.sid, %error, "a datagram broke the connection");
            self.ended = true;
        }
    }

    /// Lets time pass, sends what is to be sent and hands over what came out. Returns when to call again.
    pub(crate) fn run(
        &mut self,
        now: Instant,
        send: &mut impl FnMut(&Transmit),
        mut hand_over: impl FnMut(Signal),
    ) -> Instant {
        if !std::mem::take(&mut self.touched) && now < self.due {
            return self.due;
        }
        let mut result = self.rtc.handle_input(Input::Timeout(now)).map(|()| None);
        loop {
            match result {
                Ok(None) => {}
                Ok(Some(Output::Timeout(due))) => {
                    self.due = due;
                    break;
                }
                Ok(Some(Output::Transmit(datagram))) => send(&datagram),
                Ok(Some(Output::Event(event))) => {
                    if let Some(signal) = self.signal(event) {
                        hand_over(signal);
                    }
                }
                Err(error) => {
                    debug!(participant = self.sid, %error, "the connection broke");
                    self.rtc.disconnect();
                    break;
                }
            }
            result = self.rtc.poll_output().map(Some);
        }
        if !self.rtc.is_alive() {
            self.ended = true;
        }
        self.due
    }

    fn signal(&mut self, event: Event) -> Option<Signal> {
        match event {
            Event::Connected => Some(Signal::Connected),
            Event::MediaAdded(line) => self.add_line(&line),
            Event::MediaData(data) => Some(Signal::Frame(Box::new(data))),
            Event::KeyframeRequest(request) => Some(Signal::KeyframeWanted(request.mid)),
            Event::StreamPaused(stream) => {
                let kind = self.kind_of(stream.mid)?;
                self.uplinks[kind].flowing = !stream.paused;
                Some(Signal::Changed)
            }
            Event::ChannelOpen(id, _) => {
                self.channel.get_or_insert(id);
                Some(Signal::Changed)
            }
            Event::ChannelData(message) => {
                let Said::Media(sends) = serde_json::from_slice(&message.data).ok()?;
                self.uplinks.audio.said = Some(sends.audio);
                self.uplinks.video.said = Some(sends.video);
                Some(Signal::Changed)
            }
            Event::Closed => {
                self.ended = true;
                Some(Signal::Changed)
            }
            _ => None,
        }
    }

    /// Takes note of a line of the offer. The lines are known once the connection stands.
    fn add_line(&mut self, line: &MediaAdded) -> Option<Signal> {
        match line.direction {
            Direction::RecvOnly | Direction::SendRecv => {
                self.uplinks[line.kind].mid.get_or_insert(line.mid);
            }
            Direction::SendOnly => self.unpaired[line.kind].push_back(line.mid),
            Direction::Inactive => {}
        }
        if self.unpaired.audio.is_empty() || self.unpaired.video.is_empty() {
            return None;
        }
        let (audio, video) = (self.unpaired.audio.pop_front()?, self.unpaired.video.pop_front()?);
        self.slots.push(Slot::new(audio, video));
        Some(Signal::Slot)
    }

    /// Asks this one for a picture that can be decoded without those before it.
    pub(crate) fn ask_for_keyframe(&mut self, now: Instant) {
        let uplink = &mut self.uplinks.video;
        let Some(mut writer) = uplink.mid.and_then(|mid| self.rtc.writer(mid)) else { return };
        // Fails before the first packet, which begins with a key frame anyway.
        if uplink.may_ask_for_keyframe(now) && writer.request_keyframe(None, KeyframeRequestKind::Pli).is_ok()
        {
            self.touched = true;
        }
    }

    /// Writes somebody's frame into the place that this somebody has here. Says whether a key frame is missed.
    pub(crate) fn write(&mut self, publisher: &str, kind: MediaKind, frame: &MediaData) -> bool {
        let place = self.slots.iter_mut().find(|slot| slot.publisher.as_deref() == Some(publisher));
        let Some(line) = place.map(|slot| &mut slot.lines[kind]) else { return false };
        if kind == MediaKind::Video {
            // Lost packets are lost here: lines are numbered anew, so the receiver would not notice the gap.
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
            debug!(participant = self.sid, %error, "a frame was not written");
        }
        self.touched = true;
        false
    }

    /// Tells who is in which place, and what is kept from the others, where that has changed. Says whether it could.
    pub(crate) fn tell(&mut self, slots: Notice) -> bool {
        if self.channel.is_none() {
            // It is told when the channel opens.
            return true;
        }
        if self.told_slots.as_ref() != Some(&slots) {
            if !self.say(&slots) {
                return false;
            }
            self.told_slots = Some(slots);
        }
        let blocked = self.blocked();
        if self.told_muted != blocked {
            if !self.say(&Notice::Muted(blocked)) {
                return false;
            }
            self.told_muted = blocked;
        }
        true
    }

    /// Writes on the data channel, if it is open and has room.
    pub(crate) fn say(&mut self, notice: &Notice) -> bool {
        let Some(mut channel) = self.channel.and_then(|id| self.rtc.channel(id)) else { return false };
        self.touched = true;
        channel.write(false, notice.to_json().as_bytes()).unwrap_or(false)
    }

    /// Whether everything said is acknowledged.
    pub(crate) fn is_heard(&mut self) -> bool {
        let channel = self.channel.and_then(|id| self.rtc.channel(id));
        channel.is_none_or(|mut channel| channel.buffered_amount() == 0)
    }

    /// Begins to close the connection.
    pub(crate) fn close(&mut self) {
        self.touched = true;
        // Fails before the data channel stands; then packets just stop.
        let _ = self.rtc.close();
    }
}
