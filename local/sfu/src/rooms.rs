//! All rooms: joining and leaving them, what the management API does to them, and their connections' next step.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::media::MediaKind;
use str0m::net::{Protocol, Receive, Transmit};
use str0m::{Input, RtcConfig};

use crate::clock::Clock;
use crate::fault::Fault;
use crate::info::{ParticipantInfo, Reason, RoomInfo, TrackInfo};
use crate::kinds::BOTH;
use crate::notice::Removal;
use crate::parting::Parting;
use crate::peer::Peer;
use crate::permission::Permission;
use crate::room::{Room, Terms};
use crate::token::{Admission, Fingerprint};
use crate::webhook::Webhooks;

/// How often the rooms are looked at when nothing comes: the stack's clock may be moved at any time.
const LOOK: Duration = Duration::from_millis(100);
/// How long it is remembered that a room was deleted: as long as a token may live.
const REMEMBERED_SECONDS: i64 = switchboard_rtc::MAX_TTL_SECONDS as i64;

/// The state of the whole SFU.
pub(crate) struct Rooms {
    setup: Setup,
    open: BTreeMap<String, Room>,
    /// Deleted rooms and when, Unix seconds: older tokens do not make them again.
    deleted: BTreeMap<String, i64>,
    /// Those who are out but have to hear of it.
    parting: Vec<Parting>,
    /// When everything ran last.
    ran: Instant,
    webhooks: Webhooks,
}

/// What does not change.
pub(crate) struct Setup {
    /// How connections are made.
    pub(crate) rtc: RtcConfig,
    /// Where they arrive.
    pub(crate) address: SocketAddr,
    /// Most participants of a room.
    pub(crate) limit: usize,
    /// How long nothing may come from somebody who is in.
    pub(crate) silence: Duration,
    pub(crate) clock: Clock,
}

impl Rooms {
    /// No rooms.
    pub(crate) fn new(setup: Setup, webhooks: Webhooks) -> Self {
        let (open, deleted) = (BTreeMap::new(), BTreeMap::new());
        Self { setup, open, deleted, parting: Vec::new(), ran: Instant::now(), webhooks }
    }

    /// Lets somebody in, in place of an older participant of the same identity. Returns the session and the answer.
    ///
    /// # Errors
    /// The room was deleted or the participant put out since the token was made, the room is full, or the offer
    /// cannot be answered. Then nothing has changed.
    pub(crate) fn join(&mut self, who: Admission, offer: &str) -> Result<(String, String), Fault> {
        let (now, now_ms) = (Instant::now(), self.now_ms());
        if self.deleted.get(&who.room).is_some_and(|deleted| who.issued <= *deleted) {
            return Err(Fault::denied("the room is over"));
        }
        if let Some(room) = self.open.get(&who.room) {
            if room.refuses(&who.identity, who.issued) {
                return Err(Fault::denied("you were removed from the room"));
            }
            let others = room.peers.iter().filter(|peer| peer.who.identity != who.identity).count();
            if others >= room.limit(self.setup.limit) {
                return Err(Fault::full("the room is full"));
            }
        }
        let room_name = who.room.clone();
        let (peer, answer) = Peer::accept(&self.setup.rtc, self.setup.address, who, offer, (now, now_ms))?;
        let session = peer.sid.clone();
        let room = self.room_or_new(&room_name);
        let replaced = room.position(&peer.who.identity);
        let replaced = replaced.map(|old| room.leave(old, Reason::DuplicateIdentity, now, now_ms));
        room.enter(peer);
        if let Some(old) = replaced {
            self.dismiss(old, Some(Removal::Replaced), now);
        }
        Ok((session, answer))
    }

    /// Lets somebody out who says so, by the token of the join or by a new one for the same place.
    ///
    /// # Errors
    /// No such session, or somebody else's.
    pub(crate) fn leave(
        &mut self,
        session: &str,
        token: &Fingerprint,
        admission: Option<&Admission>,
    ) -> Result<(), Fault> {
        let (now, now_ms) = (Instant::now(), self.now_ms());
        let place = self.open.values_mut().find_map(|room| {
            let index = room.peers.iter().position(|peer| peer.sid == session)?;
            Some((room, index))
        });
        let (room, index) = place.ok_or_else(|| Fault::not_found("no such session"))?;
        let who = &room.peers[index].who;
        let again = admission.is_some_and(|new| new.room == who.room && new.identity == who.identity);
        if who.token != *token && !again {
            return Err(Fault::unauthenticated("the token is not that of the session"));
        }
        let peer = room.leave(index, Reason::ClientInitiated, now, now_ms);
        self.dismiss(peer, None, now);
        Ok(())
    }

    /// Makes a room, or changes the terms of the one that is there.
    pub(crate) fn create(&mut self, name: &str, terms: Terms) -> RoomInfo {
        self.deleted.remove(name);
        let room = self.room_or_new(name);
        room.terms.renew(terms);
        room.info()
    }

    /// Ends a room: everybody is out, and their tokens do not make it again.
    ///
    /// # Errors
    /// No such room.
    pub(crate) fn delete(&mut self, name: &str) -> Result<(), Fault> {
        let (now, now_ms) = (Instant::now(), self.now_ms());
        let mut room = self.open.remove(name).ok_or_else(|| Fault::not_found("no such room"))?;
        let now_seconds = now_ms.div_euclid(1000);
        self.deleted.retain(|_, deleted| now_seconds - *deleted <= REMEMBERED_SECONDS);
        self.deleted.insert(name.to_owned(), now_seconds);
        while !room.peers.is_empty() {
            let peer = room.leave(0, Reason::RoomDeleted, now, now_ms);
            self.dismiss(peer, Some(Removal::Closed), now);
        }
        room.finish(now_ms);
        Ok(())
    }

    /// The rooms of these names, or all.
    pub(crate) fn list(&self, names: &[String]) -> Vec<RoomInfo> {
        let wanted = |room: &&Room| names.is_empty() || names.contains(&room.name);
        self.open.values().filter(wanted).map(Room::info).collect()
    }

    /// Who is in a room; nobody is in one that is not there.
    pub(crate) fn participants(&self, room: &str) -> Vec<ParticipantInfo> {
        let peers = self.open.get(room).map(|room| room.peers.iter()).into_iter().flatten();
        peers.map(|peer| ParticipantInfo::of(peer, Reason::None)).collect()
    }

    /// Somebody who is in a room.
    ///
    /// # Errors
    /// No such participant.
    pub(crate) fn participant(&mut self, room: &str, identity: &str) -> Result<ParticipantInfo, Fault> {
        self.find(room, identity).map(|(_, peer)| ParticipantInfo::of(peer, Reason::None))
    }

    /// Puts somebody out, whose tokens so far do not admit any more.
    ///
    /// # Errors
    /// No such participant.
    pub(crate) fn remove(&mut self, room: &str, identity: &str) -> Result<(), Fault> {
        let (now, now_ms) = (Instant::now(), self.now_ms());
        let place = self.open.get_mut(room).and_then(|room| {
            let index = room.position(identity)?;
            Some(room.leave(index, Reason::ParticipantRemoved, now, now_ms))
        });
        let peer = place.ok_or_else(|| Fault::not_found("no such participant"))?;
        self.dismiss(peer, Some(Removal::Removed), now);
        Ok(())
    }

    /// Mutes a track, or ends that.
    ///
    /// # Errors
    /// No such participant or track.
    pub(crate) fn mute(
        &mut self,
        room: &str,
        identity: &str,
        track: &str,
        muted: bool,
    ) -> Result<TrackInfo, Fault> {
        let (changed, peer) = self.find(room, identity)?;
        let kind: Option<MediaKind> = BOTH.into_iter().find(|kind| peer.uplinks[*kind].sid == track);
        let kind = kind.ok_or_else(|| Fault::not_found("no such track"))?;
        peer.uplinks[kind].muted = muted;
        *changed = true;
        Ok(TrackInfo::of(peer, kind))
    }

    /// Changes what somebody may do, or is called.
    ///
    /// # Errors
    /// No such participant.
    pub(crate) fn update(
        &mut self,
        room: &str,
        identity: &str,
        change: impl FnOnce(&mut Admission),
    ) -> Result<ParticipantInfo, Fault> {
        let (_, peer) = self.find(room, identity)?;
        let before: Permission = peer.who.permission.clone();
        change(&mut peer.who);
        let info = ParticipantInfo::of(peer, Reason::None);
        if before != peer.who.permission
            && let Some(room) = self.open.get_mut(room)
        {
            room.assign_slots(Instant::now());
        }
        Ok(info)
    }

    /// Gives a datagram to the connection that it belongs to.
    pub(crate) fn receive(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) {
        let destination = self.setup.address;
        let Ok(received) = Receive::new(Protocol::Udp, source, destination, datagram) else { return };
        let input = Input::Receive(now, received);
        let inside = self.open.values_mut().flat_map(|room| room.peers.iter_mut());
        let mut all = inside.chain(self.parting.iter_mut().map(|parting| &mut parting.peer));
        if let Some(peer) = all.find(|peer| peer.accepts(&input)) {
            peer.receive(input);
        }
    }

    /// Lets everything run until nothing more happens. Returns when to call again.
    pub(crate) fn run(&mut self, now: Instant, send: &mut impl FnMut(&Transmit)) -> Instant {
        let now_ms = self.now_ms();
        // When this task was kept from listening, that was not the participants' silence.
        let listened = now.saturating_duration_since(std::mem::replace(&mut self.ran, now)).min(2 * LOOK);
        let mut next = now + LOOK;
        for room in self.open.values_mut() {
            room.count_silence(listened, self.setup.silence, now, now_ms);
            next = next.min(room.run(now, now_ms, next, send));
        }
        self.parting.retain_mut(|parting| parting.run(now, send));
        self.open.retain(|_, room| {
            let abandoned = room.is_abandoned(now_ms);
            if abandoned {
                room.finish(now_ms);
            }
            !abandoned
        });
        next
    }

    /// Puts everybody out. No more webhooks are sent.
    pub(crate) fn close(&mut self) {
        let now = Instant::now();
        self.webhooks = Webhooks::none();
        for (_, room) in std::mem::take(&mut self.open) {
            for peer in room.peers {
                self.dismiss(peer, Some(Removal::Closed), now);
            }
        }
    }

    /// Whether somebody still has to hear that he is out.
    pub(crate) fn is_parting(&self) -> bool {
        !self.parting.is_empty()
    }

    fn dismiss(&mut self, peer: Peer, reason: Option<Removal>, now: Instant) {
        self.parting.push(Parting::new(peer, reason, now));
    }

    fn find(&mut self, room: &str, identity: &str) -> Result<(&mut bool, &mut Peer), Fault> {
        let missing = || Fault::not_found("no such participant");
        let room = self.open.get_mut(room).ok_or_else(missing)?;
        let index = room.position(identity).ok_or_else(missing)?;
        Ok((&mut room.changed, &mut room.peers[index]))
    }

    fn room_or_new(&mut self, name: &str) -> &mut Room {
        let now_ms = self.now_ms();
        let webhooks = &mut self.webhooks;
        self.open.entry(name.to_owned()).or_insert_with(|| Room::open(name, now_ms, webhooks.outlet()))
    }

    fn now_ms(&self) -> i64 {
        (self.setup.clock)()
    }
}
