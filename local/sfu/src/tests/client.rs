//! A real WebRTC client: makes the offer of a browser page, sends frames that contain its name, and records the
//! frames and messages that it receives.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::Value;
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::channel::ChannelId;
use str0m::format::Codec;
use str0m::media::{Direction, Frequency, MediaKind, MediaTime, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::client_log::{ClientLog, Frame};
use super::test_sfu::{HttpResponse, until};

/// Interval between two frames of each kind.
const PERIOD: Duration = Duration::from_millis(20);
/// First byte of a VP8 frame: bit 0 is clear in key frames (RFC 6386, section 9.1).
const KEY: u8 = 0;
const DELTA: u8 = 1;

/// A client whose offer is not answered yet.
pub(super) struct ClientDraft {
    rtc: Rtc,
    socket: UdpSocket,
    pending: SdpPendingOffer,
    own: [Mid; 2],
}

/// A running client. A dropped client stops without closing its connection.
pub(super) struct Client {
    pub(super) location: String,
    log: Arc<Mutex<ClientLog>>,
    commands: mpsc::UnboundedSender<ClientCommand>,
    task: JoinSet<()>,
}

enum ClientCommand {
    SendText(String),
    SelectMedia { audio: bool, video: bool },
    Close,
}

impl Client {
    /// Creates an offer with slots for `slots` other participants.
    pub(super) async fn draft(slots: usize) -> (ClientDraft, String) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        let address = socket.local_addr().expect("the socket is bound");
        let mut rtc = Rtc::builder()
            .set_crypto_provider(Arc::new(str0m::crypto::from_feature_flags()))
            .build(Instant::now());
        rtc.add_local_candidate(Candidate::host(address, "udp").expect("an address"));
        let mut changes = rtc.sdp_api();
        let mut add = |kind, direction| changes.add_media(kind, direction, None, None, None);
        let own = [MediaKind::Audio, MediaKind::Video].map(|kind| add(kind, Direction::SendOnly));
        for _ in 0..slots {
            add(MediaKind::Audio, Direction::RecvOnly);
            add(MediaKind::Video, Direction::RecvOnly);
        }
        changes.add_channel("room".to_owned());
        let (offer, pending) = changes.apply().expect("there are changes");
        (ClientDraft { rtc, socket, pending, own }, offer.to_sdp_string())
    }

    pub(super) fn log(&self) -> MutexGuard<'_, ClientLog> {
        self.log.lock().expect("the lock is not poisoned")
    }

    /// Returns the number of frames received from a participant.
    pub(super) fn frame_count(&self, kind: MediaKind, from: &str) -> usize {
        self.log().frames.iter().filter(|frame| frame.kind == kind && frame.from == from).count()
    }

    /// Waits until `more` further frames of a participant have arrived.
    pub(super) async fn receives(&self, kind: MediaKind, from: &str, more: usize) {
        let wanted = self.frame_count(kind, from) + more;
        until(|| self.frame_count(kind, from) >= wanted).await;
    }

    /// Returns the last list of slots, as `(user, audio muted, video muted)`.
    pub(super) fn slots(&self) -> Vec<(String, bool, bool)> {
        let log = self.log();
        let Some(notice) = log.messages.iter().rfind(|notice| notice["type"] == "slots") else {
            return Vec::new();
        };
        let muted = |slot: &Value, kind: &str| slot["muted"][kind].as_bool().expect("a flag");
        let slots = notice["slots"].as_array().expect("a list").iter();
        slots
            .map(|slot| {
                let user = slot["user_id"].as_str().expect("a name").to_owned();
                (user, muted(slot, "audio"), muted(slot, "video"))
            })
            .collect()
    }

    /// Returns the last message of a type.
    pub(super) fn last_message(&self, kind: &str) -> Option<Value> {
        self.log().messages.iter().rfind(|notice| notice["type"] == kind).cloned()
    }

    /// Waits until the last list of slots is exactly `slots`.
    pub(super) async fn expect_slots(&self, slots: &[(&str, bool, bool)]) {
        let wanted: Vec<_> =
            slots.iter().map(|(user, audio, video)| ((*user).to_owned(), *audio, *video)).collect();
        until(|| self.slots() == wanted).await;
    }

    pub(super) fn send_text(&self, text: &str) {
        self.command(ClientCommand::SendText(text.to_owned()));
    }

    /// Selects the kinds of frames to send from now on.
    pub(super) fn send(&self, audio: bool, video: bool) {
        self.command(ClientCommand::SelectMedia { audio, video });
    }

    /// Closes the connection like a page that is closed.
    pub(super) fn close(&self) {
        self.command(ClientCommand::Close);
    }

    /// Stops without closing the connection.
    pub(super) async fn vanish(mut self) {
        self.task.shutdown().await;
    }

    fn command(&self, command: ClientCommand) {
        self.commands.send(command).unwrap_or_else(|_| panic!("the client has ended"));
    }
}

impl ClientDraft {
    /// Accepts the SDP answer and starts the client with this name.
    pub(super) fn start(mut self, name: &str, answer: &HttpResponse) -> Client {
        let sdp = SdpAnswer::from_sdp_string(&answer.body).expect("an answer");
        self.rtc.sdp_api().accept_answer(self.pending, sdp).expect("the answer fits the offer");
        let log = Arc::default();
        let (commands, queue) = mpsc::unbounded_channel();
        let running = Running {
            rtc: self.rtc,
            address: self.socket.local_addr().expect("the socket is bound"),
            socket: self.socket,
            own: self.own,
            name: name.to_owned(),
            log: Arc::clone(&log),
            channel: None,
            key_next: true,
            sends: [true; 2],
            sent: 0,
        };
        let mut task = JoinSet::new();
        task.spawn(running.run(queue));
        let location = answer.location.clone().expect("an address of the session");
        Client { location, log, commands, task }
    }
}

struct Running {
    rtc: Rtc,
    socket: UdpSocket,
    address: SocketAddr,
    own: [Mid; 2],
    name: String,
    log: Arc<Mutex<ClientLog>>,
    channel: Option<ChannelId>,
    key_next: bool,
    sends: [bool; 2],
    sent: u64,
}

impl Running {
    async fn run(mut self, mut commands: mpsc::UnboundedReceiver<ClientCommand>) {
        let mut datagram = vec![0; 2048];
        let mut period = tokio::time::interval(PERIOD);
        loop {
            let due = self.poll();
            if !self.rtc.is_alive() {
                self.log.lock().expect("the lock is not poisoned").closed = true;
                // Keep the receiver of the commands, so that sending a command does not fail.
                return std::future::pending().await;
            }
            tokio::select! {
                received = self.socket.recv_from(&mut datagram) => {
                    let (length, source) = received.expect("the socket works");
                    let contents = datagram[..length].try_into().expect("WebRTC");
                    let received =
                        Receive { proto: Protocol::Udp, source, destination: self.address, contents };
                    let input = Input::Receive(Instant::now(), received);
                    if self.rtc.accepts(&input) {
                        self.rtc.handle_input(input).expect("valid input");
                    }
                }
                command = commands.recv() => match command {
                    Some(ClientCommand::SendText(text)) => self.send_text(&text),
                    Some(ClientCommand::SelectMedia { audio, video }) => self.sends = [audio, video],
                    Some(ClientCommand::Close) => self.rtc.close().expect("the connection closes"),
                    None => {}
                },
                _ = period.tick() => self.send(),
                () = tokio::time::sleep_until(due.into()) => {}
            }
            self.rtc.handle_input(Input::Timeout(Instant::now())).expect("time passes");
        }
    }

    fn poll(&mut self) -> Instant {
        loop {
            let Ok(output) = self.rtc.poll_output() else {
                // The SFU closed the connection before the data channel was open.
                self.rtc.disconnect();
                return Instant::now();
            };
            match output {
                Output::Timeout(due) => return due.max(Instant::now() + Duration::from_millis(1)),
                Output::Transmit(transmit) => {
                    // WebRTC retransmits lost datagrams.
                    let _ = self.socket.try_send_to(&transmit.contents, transmit.destination);
                }
                Output::Event(event) => self.handle(event),
            }
        }
    }

    fn handle(&mut self, event: Event) {
        let mut log = self.log.lock().expect("the lock is not poisoned");
        match event {
            Event::Connected => log.connected = true,
            Event::Closed => log.closed = true,
            Event::ChannelOpen(id, _) => self.channel = Some(id),
            Event::ChannelData(message) => {
                log.messages.push(serde_json::from_slice(&message.data).expect("JSON"));
            }
            Event::KeyframeRequest(_) => {
                log.keyframe_requests += 1;
                self.key_next = true;
            }
            Event::MediaData(frame) => {
                let kind = if frame.params.spec().codec == Codec::Opus {
                    MediaKind::Audio
                } else {
                    MediaKind::Video
                };
                let text = if kind == MediaKind::Video { &frame.data[1..] } else { &frame.data[..] };
                log.frames.push(Frame {
                    kind,
                    mid: frame.mid.to_string(),
                    from: String::from_utf8_lossy(text).into_owned(),
                    key: frame.is_keyframe(),
                    time: frame.time,
                });
            }
            _ => {}
        }
    }

    fn send_text(&mut self, text: &str) {
        let mut channel = self.channel.and_then(|id| self.rtc.channel(id)).expect("the channel is open");
        assert!(
            channel.write(false, text.as_bytes()).expect("the channel is writable"),
            "the channel is full"
        );
    }

    fn send(&mut self) {
        self.sent += 1;
        for (index, codec, clock) in [(0, Codec::Opus, 48_000), (1, Codec::Vp8, 90_000)] {
            let Some(writer) = self.rtc.writer(self.own[index]).filter(|_| self.sends[index]) else {
                continue;
            };
            let Some(format) = writer.payload_params().find(|params| params.spec().codec == codec) else {
                continue;
            };
            let format = format.pt();
            let mut data = self.name.clone().into_bytes();
            if codec == Codec::Vp8 {
                data.insert(0, if std::mem::take(&mut self.key_next) { KEY } else { DELTA });
            }
            let ticks = self.sent * u64::from(clock) / 50;
            let time = MediaTime::new(ticks, Frequency::new(clock).expect("the rate is not zero"));
            writer.write(format, Instant::now(), time, data).expect("the frame is writable");
        }
    }
}
