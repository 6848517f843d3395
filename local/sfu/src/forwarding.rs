//! Who gets whose packets: places are given to those who are connected, frames go from each sender into the places
//! that it has with the others.

use std::time::Instant;

use str0m::media::{MediaData, MediaKind, Mid};

use crate::notice::{Notice, Occupied};
use crate::peer::Peer;
use crate::room::Room;

impl Room {
    /// Gives everybody a place with everybody else, in the order of joining, and takes it from those who are gone.
    pub(crate) fn seat(&mut self, now: Instant) {
        let publishers: Vec<_> =
            self.peers.iter().filter(|peer| peer.active).map(|peer| peer.sid.clone()).collect();
        let mut newcomers = Vec::new();
        for peer in self.peers.iter_mut().filter(|peer| peer.active) {
            let sees = peer.who.permission.can_subscribe;
            for slot in &mut peer.slots {
                if slot.publisher.as_ref().is_some_and(|sid| !sees || !publishers.contains(sid)) {
                    slot.publisher = None;
                }
            }
            if !sees {
                continue;
            }
            for publisher in publishers.iter().filter(|sid| **sid != peer.sid) {
                if !peer.slots.iter().any(|slot| slot.publisher.as_ref() == Some(publisher))
                    && let Some(free) = peer.slots.iter_mut().find(|slot| slot.publisher.is_none())
                {
                    free.give(publisher);
                    newcomers.push(publisher.clone());
                }
            }
        }
        // Whoever sees somebody for the first time can begin with a key frame only.
        for peer in self.peers.iter_mut().filter(|peer| newcomers.contains(&peer.sid)) {
            peer.ask_for_keyframe(now);
        }
        self.changed = true;
    }

    /// Hands a frame of the participant at `from` to everybody else, unless it may not be seen or heard.
    pub(crate) fn forward(&mut self, from: usize, frame: &MediaData, now: Instant) {
        let sender = &mut self.peers[from];
        let Some(kind) = sender.kind_of(frame.mid) else { return };
        if !sender.uplinks[kind].flowing {
            sender.uplinks[kind].flowing = true;
            self.changed = true;
        }
        let blocked = sender.blocked()[kind];
        let sid = sender.sid.clone();
        let mut misses_keyframe = false;
        for (index, receiver) in self.peers.iter_mut().enumerate() {
            if index == from {
                continue;
            }
            if blocked && kind == MediaKind::Video {
                // When this ends, whoever looks has missed something.
                for slot in receiver.slots.iter_mut().filter(|slot| slot.publisher.as_ref() == Some(&sid)) {
                    slot.lines.video.awaits_keyframe = true;
                }
            } else if !blocked {
                misses_keyframe |= receiver.write(&sid, kind, frame);
            }
        }
        if misses_keyframe {
            self.peers[from].ask_for_keyframe(now);
        }
    }

    /// Passes on that the participant at `viewer` needs a key frame on one of its lines.
    pub(crate) fn pass_on_keyframe_request(&mut self, viewer: usize, mid: Mid, now: Instant) {
        let shown = self.peers[viewer].slots.iter().find(|slot| slot.lines.video.mid == mid);
        let Some(sid) = shown.and_then(|slot| slot.publisher.clone()) else { return };
        if let Some(sender) = self.peers.iter_mut().find(|peer| peer.sid == sid) {
            sender.ask_for_keyframe(now);
        }
    }

    /// Tells everybody what has changed for them. Says whether everybody could be told.
    pub(crate) fn tell(&mut self) -> bool {
        let present: Vec<_> = self
            .peers
            .iter()
            .map(|peer| (peer.sid.clone(), peer.who.identity.clone(), peer.absent()))
            .collect();
        let list = |peer: &Peer| {
            let occupied = peer.slots.iter().filter_map(|slot| {
                let sid = slot.publisher.as_ref()?;
                let (_, user_id, muted) = present.iter().find(|(present, ..)| present == sid)?;
                Some(Occupied {
                    user_id: user_id.clone(),
                    audio_mid: slot.lines.audio.mid.to_string(),
                    video_mid: slot.lines.video.mid.to_string(),
                    muted: *muted,
                })
            });
            Notice::Slots { slots: occupied.collect() }
        };
        let mut all = true;
        for peer in &mut self.peers {
            let slots = list(peer);
            all &= peer.tell(slots);
        }
        all
    }
}
