//! Checks of the promises once the faults have ended and time has passed.

use crate::phone::Phone;
use crate::watch::orphan_since_ms;
use crate::world::{function_time, world};
use simulator::rest::{self, Inside, people};
use switchboard_core::{Meeting, Participant};
use switchboard_protocol::address::UserId;
use switchboard_protocol::id::MeetingId;
use switchboard_service::fake::StoredMeeting;

fn violate(words: &str) {
    world().trace(|| format!("VIOLATION: {words}"));
    world().watch.borrow_mut().violate(words);
}

/// Checks the promises about live calls, some minutes after the last fault.
pub fn check_live() {
    let found = {
        let world = world();
        let table = world.table();
        let mut found: Vec<String> = table.meetings.values().flat_map(of_meeting).collect();
        found.extend(slots());
        found.extend(phones());
        found.extend(channels());
        found
    };
    for words in &found {
        violate(words);
    }
}

/// Checks that each terminal shows its meeting as the table has it. `asked` is `true` after each terminal has sent
/// `sync`.
pub fn check_views(asked: bool) {
    let found: Vec<String> = {
        let world = world();
        let table = world.table();
        let difference = |phone: &std::cell::RefCell<Phone>| {
            let phone = phone.borrow();
            let call = phone.call.as_ref()?;
            let stored = table.meetings.get(&call.meeting_id.parse::<MeetingId>().ok()?)?;
            let difference = call.view.difference(&stored.meeting, function_time())?;
            let when = if asked { "after a sync" } else { "without any fault" };
            Some(format!("{} shows another meeting than the table, {when}: {difference}", phone.id))
        };
        world.phones.iter().filter_map(difference).collect()
    };
    for words in &found {
        violate(words);
    }
}

/// Checks the promises about ended calls, after all users have hung up and the longest grace is over.
pub fn check_over() {
    let found = {
        let world = world();
        let table = world.table();
        let live = table.meetings.values().filter(|stored| stored.meeting.end().is_none());
        let (forgotten, live): (Vec<_>, Vec<_>) =
            live.partition(|stored| has_forgotten_seat(&stored.meeting));
        world.watch.borrow_mut().forgotten += forgotten.len() as u64;
        let mut found: Vec<String> = live
            .into_iter()
            .map(|stored| {
                let meeting = &stored.meeting;
                format!(
                    "the {:?} {} did not end: {:?}{}",
                    *meeting.mode,
                    meeting.id,
                    meeting.phase,
                    people(meeting)
                )
            })
            .collect();
        for stored in table.meetings.values().filter(|stored| stored.meeting.end().is_some()) {
            for (user, call) in stored.meeting.call_history() {
                let key = (call.ended_ms, call.meeting_id.clone());
                if !table.calls.get(&user).is_some_and(|calls| calls.contains_key(&key)) {
                    found.push(format!("the call {} is missing in the history of {user}", call.meeting_id));
                }
            }
        }
        found
    };
    for words in &found {
        violate(words);
    }
    check_live();
}

fn of_meeting(stored: &StoredMeeting) -> Vec<String> {
    let meeting = &*stored.meeting;
    let mut found = rest::of_meeting(&stored.loaded(), world().service.rtc_capabilities());
    if meeting.end().is_none() {
        found.extend(meeting.members().filter_map(|member| of_member(meeting, member)));
    }
    found
}

/// Returns the first contradiction between a seat in the table, its device, and the media.
fn of_member(meeting: &Meeting, member: &Participant) -> Option<String> {
    let world = world();
    let phone = world.phones[world.phone_of(&member.seat()?.device)?].borrow();
    let shows_it = phone.call.as_ref().is_some_and(|call| call.meeting_id == meeting.id.as_str());
    if !shows_it && is_forgotten(&phone) {
        return None;
    }
    let inside = if world.service.rtc.is_some() {
        let rtc = world.rtc.borrow();
        let channel = rtc.channels.get(&world.service.channel_of(&meeting.id));
        let inside = channel.and_then(|channel| channel.members.values().find(|m| m.phone == phone.index));
        inside.map_or(Inside::No, |inside| Inside::Yes { may_speak: inside.rights.microphone })
    } else {
        Inside::Unknown
    };
    rest::of_seat(meeting, member, &phone, inside)
}

/// Returns `true` if this app restarted and forgot its call, and no event notified the service of the restart.
fn is_forgotten(phone: &Phone) -> bool {
    let world = world();
    let watch = world.watch.borrow();
    let is_unseen = world.service.rtc.is_none() || watch.unseen.contains(&phone.index);
    phone.epoch > 1 && watch.unheard.contains(&phone.index) && is_unseen
}

/// Returns `true` if an app that restarted unnoticed has a seat of the meeting.
fn has_forgotten_seat(meeting: &Meeting) -> bool {
    let world = world();
    let devices = meeting.members().filter_map(|member| world.phone_of(&member.seat()?.device));
    let mut forgotten = devices.filter(|phone| is_forgotten(&world.phones[*phone].borrow()));
    forgotten.next().is_some()
}

fn slots() -> Vec<String> {
    let world = world();
    let table = world.table();
    let is_dead = |user: &UserId, id: &MeetingId| {
        !table.meetings.get(id).is_some_and(|stored| stored.meeting.involves(user))
    };
    let dead = table.slots.iter().filter(|(user, id)| is_dead(user, id));
    dead.map(|(user, id)| {
        format!("the call slot of {user} names the call {id}, which does not involve the user")
    })
    .collect()
}

fn phones() -> Vec<String> {
    let world = world();
    let table = world.table();
    let of_phone = |phone: &std::cell::RefCell<Phone>| {
        let phone = phone.borrow();
        let id = phone.call.as_ref().and_then(|call| call.meeting_id.parse::<MeetingId>().ok());
        rest::of_app(&phone, id.and_then(|id| table.meetings.get(&id)).map(|stored| &*stored.meeting))
    };
    world.phones.iter().flat_map(of_phone).collect()
}

fn channels() -> Vec<String> {
    let world = world();
    let table = world.table();
    let rtc = world.rtc.borrow();
    let mut found = Vec::new();
    for (id, channel) in &rtc.channels {
        if orphan_since_ms(id).is_some() {
            found.push(format!("the channel {id} is open without a live meeting"));
            continue;
        }
        let meeting = world.service.meeting_of_channel(id).and_then(|id| table.meetings.get(&id));
        for (media_id, inside) in &channel.members {
            let device = world.phones[inside.phone].borrow().id.clone();
            let has_seat = meeting.is_some_and(|stored| stored.meeting.members().any(|p| p.sits_on(&device)));
            if !has_seat {
                found.push(format!("{device} is in the channel {id} as {media_id}, without a seat"));
            }
        }
    }
    found
}
