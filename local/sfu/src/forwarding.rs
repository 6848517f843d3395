//! Forwarding among the participants of one channel: assigns receive slots to publishers, forwards frames into these
//! slots, passes on key-frame requests and sends messages about changes.

use std::time::Instant;

use str0m::media::{MediaData, MediaKind, Mid};

use crate::message::{ServerMessage, SlotEntry};
use crate::peer::Peer;

/// Assigns each connected participant a slot at each other one, in the order of joining. Frees the slots of
/// participants who left, and all slots of a participant who may not subscribe.
pub(crate) fn assign_slots(peers: &mut [Peer], now: Instant) {
    let publishers: Vec<_> =
        peers.iter().filter(|peer| peer.connected).map(|peer| peer.sid.clone()).collect();
    let mut newly_shown = Vec::new();
    for peer in peers.iter_mut().filter(|peer| peer.connected) {
        let subscribes = peer.admission.permission.can_subscribe;
        for slot in &mut peer.slots {
            if slot.publisher.as_ref().is_some_and(|sid| !subscribes || !publishers.contains(sid)) {
                slot.publisher = None;
            }
        }
        if !subscribes {
            continue;
        }
        for publisher in publishers.iter().filter(|sid| **sid != peer.sid) {
            if !peer.slots.iter().any(|slot| slot.publisher.as_ref() == Some(publisher))
                && let Some(free) = peer.slots.iter_mut().find(|slot| slot.publisher.is_none())
            {
                free.assign(publisher);
                newly_shown.push(publisher.clone());
            }
        }
    }
    // The decoder of a new receiver can only start at a key frame.
    for peer in peers.iter_mut().filter(|peer| newly_shown.contains(&peer.sid)) {
        peer.request_keyframe(now);
    }
}

/// Forwards a frame of the participant at index `from` to all others, unless its sender is muted or lacks the
/// permission. Returns `true` if the sender's track has just started to flow.
pub(crate) fn forward(peers: &mut [Peer], from: usize, frame: &MediaData, now: Instant) -> bool {
    let sender = &mut peers[from];
    let Some(kind) = sender.kind_of(frame.mid) else { return false };
    let started = !std::mem::replace(&mut sender.tracks[kind].flowing, true);
    let blocked = sender.blocked()[kind];
    let sid = sender.sid.clone();
    let mut misses_keyframe = false;
    for (index, receiver) in peers.iter_mut().enumerate() {
        if index == from {
            continue;
        }
        if blocked && kind == MediaKind::Video {
            // The receivers miss this frame, so they need a key frame when the block ends.
            for slot in receiver.slots.iter_mut().filter(|slot| slot.publisher.as_ref() == Some(&sid)) {
                slot.lines.video.awaits_keyframe = true;
            }
        } else if !blocked {
            misses_keyframe |= receiver.write(&sid, kind, frame);
        }
    }
    if misses_keyframe {
        peers[from].request_keyframe(now);
    }
    started
}

/// Passes a key-frame request of the participant at index `viewer` on to the publisher shown on line `mid`.
pub(crate) fn pass_on_keyframe_request(peers: &mut [Peer], viewer: usize, mid: Mid, now: Instant) {
    let shown = peers[viewer].slots.iter().find(|slot| slot.lines.video.mid == mid);
    let Some(sid) = shown.and_then(|slot| slot.publisher.clone()) else { return };
    if let Some(sender) = peers.iter_mut().find(|peer| peer.sid == sid) {
        sender.request_keyframe(now);
    }
}

/// Sends each participant the messages about changes. Returns `false` if a data channel was full.
pub(crate) fn send_changes(peers: &mut [Peer]) -> bool {
    let present: Vec<_> = peers
        .iter()
        .map(|peer| (peer.sid.clone(), peer.admission.identity.clone(), peer.unavailable()))
        .collect();
    let list = |peer: &Peer| {
        let occupied = peer.slots.iter().filter_map(|slot| {
            let sid = slot.publisher.as_ref()?;
            let (_, user_id, muted) = present.iter().find(|(present, ..)| present == sid)?;
            Some(SlotEntry {
                user_id: user_id.clone(),
                audio_mid: slot.lines.audio.mid.to_string(),
                video_mid: slot.lines.video.mid.to_string(),
                muted: *muted,
            })
        });
        ServerMessage::Slots { slots: occupied.collect() }
    };
    let mut all_sent = true;
    for peer in peers {
        let slots = list(peer);
        all_sent &= peer.send_changes(slots);
    }
    all_sent
}
