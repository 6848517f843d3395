//! The functions, as short as they can be said: load, decide with the real core, commit, effects.

use crate::network::{Ask, Downlink, Uplink};
use crate::scene::Scene;
use crate::world::{Pending, Record, World};
use std::collections::BTreeMap;
use switchboard_core::cause::Cause;
use switchboard_core::{
    Action, Command, Decision, Device, Invitee, Meeting, Opening, SlotChange, Tell, decide, redo, tick,
};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::id::{BodyHash, IdKey, InviteId, MeetingId, RequestId};
use switchboard_protocol::object::{BusyPolicy, Media, ParticipantState};
use switchboard_protocol::requests::CreateMeeting;

/// Effects that nobody reported done are done again after this time.
const PENDING_MS: i64 = 5_000;

/// What the service derives its ids with.
pub fn key() -> IdKey {
    IdKey::new("an id key of the model only".to_owned().into())
}

/// Serves one request; one who dies commits and does nothing more.
pub fn serve(world: &mut World, scene: &Scene, uplink: &Uplink, dies: bool) {
    let request_id: RequestId = uplink.id.parse().expect("an id of the model");
    let (meeting_id, action) = match &uplink.ask {
        Ask::Create => {
            let id = key().meeting(&uplink.by, &request_id);
            let known = world.records.get(id.as_str()).map(|record| record.meeting.merged_into.clone());
            match known {
                None => return create(world, scene, uplink, &id, dies),
                Some(Some(met)) => (met.to_string(), merging(scene, uplink)),
                Some(None) => (id.to_string(), Action::CreateAgain),
            }
        }
        Ask::Accept(id) => (id.clone(), Action::Accept { invite_id: invite_id(world, id, &uplink.by) }),
        Ask::Reject(id) => (id.clone(), Action::Reject { invite_id: invite_id(world, id, &uplink.by) }),
        Ask::Refresh(id) => (id.clone(), Action::RefreshToken),
        Ask::Leave(id) => (id.clone(), Action::Leave),
        Ask::Cancel(id) => (id.clone(), Action::CancelInvite { invitees: None }),
        Ask::Destroy(id) => (id.clone(), Action::Destroy),
        Ask::Invite(id) => (id.clone(), invitation(scene, uplink, id)),
        Ask::Remove(id) => (id.clone(), removal()),
    };
    change(world, uplink, &meeting_id, action, dies);
}

/// Decides on a meeting that exists.
fn change(world: &mut World, uplink: &Uplink, meeting_id: &str, action: Action, dies: bool) {
    let request_id: RequestId = uplink.id.parse().expect("an id of the model");
    let command = Command {
        by: uplink.by.clone(),
        request_id,
        hash: BodyHash::of(format!("{:?}", uplink.ask).as_bytes()),
        action,
    };
    let before = world.records[meeting_id].meeting.clone();
    let decision = decide(&before, &command, world.now());
    note_application(world, uplink, &before, &decision);
    if decision.answer.is_none() {
        world.seen.unanswered = true;
    }
    let cause = Cause::Request { client_id: command.by, request_id: command.request_id };
    commit_and_perform(world, meeting_id, &decision, Some(cause), dies);
}

fn invite_id(world: &World, meeting: &str, by: &ClientId) -> InviteId {
    let participant = world.records[meeting].meeting.participants.get(&by.user());
    let invitation = participant.and_then(|p| p.invitation.as_ref());
    invitation.map_or_else(|| "none".parse().expect("an id"), |invitation| invitation.id.clone())
}

fn create(world: &mut World, scene: &Scene, uplink: &Uplink, id: &MeetingId, dies: bool) {
    let request_id: RequestId = uplink.id.parse().expect("an id of the model");
    let device = scene.device(&uplink.by);
    let invitee = |user: &UserId| Invitee {
        user_id: user.clone(),
        invite_id: key().invite(id, &uplink.by, &request_id, user),
        name: None,
        devices: devices_of(scene, user),
        busy: is_busy(world, user),
    };
    let opening = Opening {
        meeting_id: id.clone(),
        by: uplink.by.clone(),
        name: None,
        busy: is_busy(world, &uplink.by.user()),
        request_id: request_id.clone(),
        hash: BodyHash::of(format!("{:?}", uplink.ask).as_bytes()),
        create: CreateMeeting::new(scene.mode, Media::Audio, device.calls.clone()),
        invitees: device.calls.iter().map(invitee).collect(),
    };
    if let Some(met) = met(world, &opening) {
        let mark = world.records[&met].meeting.merged_mark(&opening, world.now());
        world.records.insert(id.to_string(), Record::new(mark, BTreeMap::new()));
        return change(world, uplink, &met, merging(scene, uplink), dies);
    }
    match Meeting::open(&opening, world.now()) {
        Ok(decision) => {
            world.seen.applied.insert((uplink.by.clone(), uplink.id.clone()));
            let cause = Cause::Request { client_id: opening.by, request_id: opening.request_id };
            commit_and_perform(world, id.as_str(), &decision, Some(cause), dies);
        }
        Err(_) if dies => {}
        Err(refusal) => {
            let cause = Cause::Request { client_id: opening.by, request_id: opening.request_id };
            let refusal = Tell::answer(&uplink.by, &cause, refusal.into_body());
            world.downlinks.insert(Downlink::of(&refusal, id.as_str()));
        }
    }
}

/// The call that holds the caller's slot, if it is one of the same two.
fn met(world: &World, opening: &Opening) -> Option<String> {
    let id = world.slots.get(&opening.by.user())?;
    let call = &world.records.get(id)?.meeting;
    call.meets(&opening.by, &opening.create, world.now()).then(|| id.clone())
}

fn merging(scene: &Scene, uplink: &Uplink) -> Action {
    let device = scene.device(&uplink.by);
    Action::Merge { peer: device.calls[0].clone(), busy: BusyPolicy::default() }
}

/// The host brings Carol in.
fn invitation(scene: &Scene, uplink: &Uplink, meeting: &str) -> Action {
    let user: UserId = "carol".parse().expect("an account of the model");
    let (meeting, request) = (meeting.parse().expect("an id"), uplink.id.parse().expect("an id"));
    let invitee = Invitee {
        invite_id: key().invite(&meeting, &uplink.by, &request, &user),
        name: None,
        devices: devices_of(scene, &user),
        busy: false,
        user_id: user,
    };
    Action::Invite { invitees: vec![invitee], ring_seconds: None, ext: None }
}

/// The host puts Bob out.
fn removal() -> Action {
    let user = "bob".parse().expect("an account of the model");
    Action::Remove { user, ban: false, for_seconds: None }
}

fn devices_of(scene: &Scene, user: &UserId) -> Vec<Device> {
    let theirs = scene.devices.iter().filter(|device| device.id.user() == *user);
    theirs.map(|device| Device { client_id: device.id.clone(), seen_ms: 0 }).collect()
}

/// A held slot is believed only after its meeting was looked at.
fn is_busy(world: &World, user: &UserId) -> bool {
    let holder = world.slots.get(user).and_then(|id| world.records.get(id));
    holder.is_some_and(|record| record.meeting.occupies(user, world.now()))
}

/// Looks at a meeting: effects that nobody reported done, then what is overdue.
pub fn wake(world: &mut World, id: &str, dies: bool) {
    let now = world.now();
    let record = world.records[id].clone();
    if !dies {
        for (rev, pending) in record.pending.iter().filter(|(_, pending)| pending.due_ms <= now.ms) {
            let again = redo(&record.meeting, *rev, &pending.cause, now);
            tell(world, id, &again);
            world.records.get_mut(id).expect("it is there").pending.remove(rev);
        }
    }
    let decision = tick(&record.meeting, now);
    commit_and_perform(world, id, &decision, None, dies);
}

fn commit_and_perform(world: &mut World, id: &str, decision: &Decision, cause: Option<Cause>, dies: bool) {
    let due_ms = world.now().ms + PENDING_MS;
    if let Some(next) = &decision.next {
        let seen = world.records.get(id);
        if seen.is_some_and(|seen| seen.meeting.end().is_some() && seen.meeting.phase != next.phase) {
            world.seen.revived = true;
        }
        let guarded = seen.is_none() || decision.is_asked_for_by_nobody(cause.as_ref());
        let deadline = Cause::Deadline { meeting_id: next.id.clone(), rev: next.rev };
        let cause = cause.filter(|cause| next.remembers(cause, next.rev)).unwrap_or(deadline);
        let mut pending = seen.map(|seen| seen.pending.clone()).unwrap_or_default();
        if guarded && dies {
            pending.insert(next.rev, Pending { cause, due_ms });
        }
        world.records.insert(id.to_owned(), Record::new(next.clone(), pending));
        for slot in &decision.slots {
            match slot {
                SlotChange::Claim(user) => {
                    world.slots.insert(user.clone(), id.to_owned());
                }
                SlotChange::Free(user) if world.slots.get(user).is_some_and(|holder| holder == id) => {
                    world.slots.remove(user);
                }
                SlotChange::Free(_) => {}
            }
        }
    }
    if !dies {
        tell(world, id, decision);
    }
}

fn tell(world: &mut World, id: &str, decision: &Decision) {
    for tell in decision.tells.iter().chain(&decision.answer) {
        let downlink = Downlink::of(tell, id);
        let meeting = &world.records[id].meeting;
        let of = meeting.participants.get(&tell.to.user()).map(|p| p.state);
        let is_out = matches!(of, Some(ParticipantState::Removed | ParticipantState::Banned));
        if downlink.news == crate::network::News::In && is_out {
            world.seen.token_after_removal = true;
        }
        if downlink.matters() {
            world.downlinks.insert(downlink);
        }
    }
}

/// A request is applied when it changes more than time alone would have.
fn note_application(world: &mut World, uplink: &Uplink, before: &Meeting, decision: &Decision) {
    let Some(next) = &decision.next else { return };
    let by_time = tick(before, world.now()).next.unwrap_or_else(|| before.clone());
    let same = Meeting { rev: next.rev, told_rev: next.told_rev, requests: next.requests.clone(), ..by_time };
    if same != *next && !world.seen.applied.insert((uplink.by.clone(), uplink.id.clone())) {
        world.seen.applied_twice = true;
    }
}
