//! A real WebRTC client: offers what a page offers, sends frames with its name in them, and remembers what it gets.

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

use super::seen::{Frame, Seen};
use super::stand::{Answer, until};

/// How often a frame of each kind is sent.
const PERIOD: Duration = Duration::from_millis(20);
/// The first byte of a VP8 frame: bit 0 is clear in key frames (RFC 6386, section 9.1).
const KEY: u8 = 0;
const DELTA: u8 = 1;

/// A client before its offer is answered.
pub(super) struct Draft {
    rtc: Rtc,
    socket: UdpSocket,
    pending: SdpPendingOffer,
    own: [Mid; 2],
}

/// A client that runs. It vanishes without a word when it is dropped.
pub(super) struct Client {
    pub(super) location: String,
    seen: Arc<Mutex<Seen>>,
    orders: mpsc::UnboundedSender<Order>,
    task: JoinSet<()>,
}

enum Order {
    Say(String),
    Send { audio: bool, video: bool },
    Close,
}

impl Client {
    /// An offer with places for `slots` others.
    pub(super) async fn draft(slots: usize) -> (Draft, String) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        let address = socket.local_addr().expect("it is bound");
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
        (Draft { rtc, socket, pending, own }, offer.to_sdp_string())
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("nobody panicked")
    }

    /// How many frames of somebody have come.
    pub(super) fn count(&self, kind: MediaKind, from: &str) -> usize {
        self.seen().frames.iter().filter(|frame| frame.kind == kind && frame.from == from).count()
    }

    /// Waits until `more` further frames of somebody have come.
    pub(super) async fn gets(&self, kind: MediaKind, from: &str, more: usize) {
        let wanted = self.count(kind, from) + more;
        until(|| self.count(kind, from) >= wanted).await;
    }

    /// The last list of places, as `(user, audio muted, video muted)`.
    pub(super) fn places(&self) -> Vec<(String, bool, bool)> {
        let seen = self.seen();
        let Some(notice) = seen.notices.iter().rfind(|notice| notice["type"] == "slots") else {
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

    /// The last notice of a type.
    pub(super) fn last(&self, kind: &str) -> Option<Value> {
        self.seen().notices.iter().rfind(|notice| notice["type"] == kind).cloned()
    }

    /// Waits for an exact list of places.
    pub(super) async fn is_told(&self, places: &[(&str, bool, bool)]) {
        let wanted: Vec<_> =
            places.iter().map(|(user, audio, video)| ((*user).to_owned(), *audio, *video)).collect();
        until(|| self.places() == wanted).await;
    }

    pub(super) fn say(&self, text: &str) {
        self.order(Order::Say(text.to_owned()));
    }

    /// Which kinds of frames are sent from now on.
    pub(super) fn send(&self, audio: bool, video: bool) {
        self.order(Order::Send { audio, video });
    }

    /// Closes the connection as a page does that is closed.
    pub(super) fn close(&self) {
        self.order(Order::Close);
    }

    /// Stops in the middle of everything.
    pub(super) async fn vanish(mut self) {
        self.task.shutdown().await;
    }

    fn order(&self, order: Order) {
        self.orders.send(order).unwrap_or_else(|_| panic!("the client has ended"));
    }
}

impl Draft {
    /// Takes the answer and runs, as somebody with this name.
    pub(super) fn start(mut self, name: &str, answer: &Answer) -> Client {
        let sdp = SdpAnswer::from_sdp_string(&answer.body).expect("an answer");
        self.rtc.sdp_api().accept_answer(self.pending, sdp).expect("it fits the offer");
        let seen = Arc::default();
        let (orders, queue) = mpsc::unbounded_channel();
        let running = Running {
            rtc: self.rtc,
            address: self.socket.local_addr().expect("it is bound"),
            socket: self.socket,
            own: self.own,
            name: name.to_owned(),
            seen: Arc::clone(&seen),
            channel: None,
            key_next: true,
            sends: [true; 2],
            sent: 0,
        };
        let mut task = JoinSet::new();
        task.spawn(running.run(queue));
        let location = answer.location.clone().expect("an address of the session");
        Client { location, seen, orders, task }
    }
}

struct Running {
    rtc: Rtc,
    socket: UdpSocket,
    address: SocketAddr,
    own: [Mid; 2],
    name: String,
    seen: Arc<Mutex<Seen>>,
    channel: Option<ChannelId>,
    key_next: bool,
    sends: [bool; 2],
    sent: u64,
}

impl Running {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut datagram = vec![0; 2048];
        let mut period = tokio::time::interval(PERIOD);
        loop {
            let due = self.poll();
            if !self.rtc.is_alive() {
                self.seen.lock().expect("nobody panicked").closed = true;
                // Whoever gives an order to it finds it there.
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
                order = orders.recv() => match order {
                    Some(Order::Say(text)) => self.say(&text),
                    Some(Order::Send { audio, video }) => self.sends = [audio, video],
                    Some(Order::Close) => self.rtc.close().expect("it closes"),
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
                // Closed by the other side before the data channel stood.
                self.rtc.disconnect();
                return Instant::now();
            };
            match output {
                Output::Timeout(due) => return due.max(Instant::now() + Duration::from_millis(1)),
                Output::Transmit(transmit) => {
                    // What the network loses is sent again.
                    let _ = self.socket.try_send_to(&transmit.contents, transmit.destination);
                }
                Output::Event(event) => self.take(event),
            }
        }
    }

    fn take(&mut self, event: Event) {
        let mut seen = self.seen.lock().expect("nobody panicked");
        match event {
            Event::Connected => seen.connected = true,
            Event::Closed => seen.closed = true,
            Event::ChannelOpen(id, _) => self.channel = Some(id),
            Event::ChannelData(message) => {
                seen.notices.push(serde_json::from_slice(&message.data).expect("JSON"));
            }
            Event::KeyframeRequest(_) => {
                seen.keyframe_requests += 1;
                self.key_next = true;
            }
            Event::MediaData(frame) => {
                let kind = if frame.params.spec().codec == Codec::Opus {
                    MediaKind::Audio
                } else {
                    MediaKind::Video
                };
                let text = if kind == MediaKind::Video { &frame.data[1..] } else { &frame.data[..] };
                seen.frames.push(Frame {
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

    fn say(&mut self, text: &str) {
        let mut channel = self.channel.and_then(|id| self.rtc.channel(id)).expect("the channel is open");
        assert!(channel.write(false, text.as_bytes()).expect("it can be written"), "the channel is full");
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
            let time = MediaTime::new(ticks, Frequency::new(clock).expect("not zero"));
            writer.write(format, Instant::now(), time, data).expect("it can be written");
        }
    }
}
