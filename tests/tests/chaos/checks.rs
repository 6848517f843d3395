//! The promises about a stack at rest: the faults are over, and time went on.

use crate::table::StackTable;
use crate::world::{World, world};
use simulator::rest::{self, Inside};
use simulator::script::Script;
use std::collections::BTreeMap;
use switchboard_core::{Meeting, Now, Participant, RtcCapabilities};
use switchboard_protocol::id::MeetingId;
use switchboard_service::ports::Loaded;

/// Checks what must hold while calls go on. `is_over`: after everybody has hung up, no meeting lives.
pub async fn check(script: &Script, table: &StackTable, is_over: bool) {
    let world = world();
    let meetings = table.meetings(&script.prefix).await;
    let mut found: Vec<String> = Vec::new();
    for stored in meetings.values() {
        found.extend(rest::of_meeting(stored, capabilities(&world)));
        if stored.meeting.end().is_some() {
            continue;
        }
        found
            .extend(stored.meeting.members().filter_map(|member| of_member(&world, &stored.meeting, member)));
        if is_over && !has_forgotten_seat(&world, &stored.meeting) {
            let (name, people) = (rest::name(&stored.meeting), rest::people(&stored.meeting));
            found.push(format!("{name} is undead: {:?}{people}", stored.meeting.phase));
        }
    }
    found.extend(slots(script, table, &meetings).await);
    found.extend(world.phones.iter().flat_map(|phone| {
        let phone = phone.borrow();
        rest::of_app(&phone.app, shown(&phone.app, &meetings).map(|stored| &stored.meeting))
    }));
    found.extend(channels(&world, &meetings));
    world.watch.borrow_mut().check_failures();
    count(&world, &meetings);
    for words in &found {
        world.violate(words);
    }
}

/// Checks that each terminal shows what the table has.
pub async fn check_views(script: &Script, table: &StackTable, when: &str) {
    let world = world();
    let meetings = table.meetings(&script.prefix).await;
    for phone in &world.phones {
        let phone = phone.borrow();
        let Some(stored) = shown(&phone.app, &meetings) else { continue };
        let now = Now { ms: world.watch.borrow().stack_ms() };
        let difference = phone.app.call.as_ref().and_then(|call| call.view.difference(&stored.meeting, now));
        if let Some(difference) = difference {
            world.violate(&format!(
                "{} shows another meeting than the table, {when}: {difference}",
                phone.app.id
            ));
        }
    }
}

fn shown<'a>(app: &simulator::app::App, meetings: &'a BTreeMap<MeetingId, Loaded>) -> Option<&'a Loaded> {
    meetings.get(&app.call.as_ref()?.meeting_id.parse::<MeetingId>().ok()?)
}

/// Capabilities of LiveKit, whose management API the stand-in has.
fn capabilities(world: &World) -> RtcCapabilities {
    let is_managed = world.rtc.is_some();
    RtcCapabilities { reports_presence: is_managed, enforces_rights: is_managed }
}

fn of_member(world: &World, meeting: &Meeting, member: &Participant) -> Option<String> {
    let device = &member.seat()?.device;
    let phone = world.phones.iter().find(|phone| phone.borrow().app.id == *device)?.borrow();
    let shows_it = phone.app.call.as_ref().is_some_and(|call| call.meeting_id == meeting.id.as_str());
    if !shows_it && is_forgotten(world, &phone.app) {
        return None;
    }
    let inside = match &world.rtc {
        None => Inside::Unknown,
        Some(rtc) => {
            let join = phone.app.call.as_ref().and_then(|call| call.join.as_ref());
            let inside = join.and_then(|join| rtc.inside(&join.channel_id, &join.user_id));
            match inside.filter(|(by, _)| *by == phone.app.index) {
                Some((_, may_speak)) => Inside::Yes { may_speak },
                None => Inside::No,
            }
        }
    };
    rest::of_seat(meeting, member, &phone.app, inside)
}

/// Returns whether everything fell to faults that would tell the service that this app restarted and forgot its call.
fn is_forgotten(world: &World, app: &simulator::app::App) -> bool {
    let watch = world.watch.borrow();
    let is_unseen = world.rtc.is_none()
        || watch.faults_of("drop_callback")
            + watch.faults_of("kill_before_call")
            + watch.faults_of("kill_after_call")
            > 0;
    app.epoch > 1 && watch.unheard.contains(app.id.as_str()) && is_unseen
}

fn has_forgotten_seat(world: &World, meeting: &Meeting) -> bool {
    let is_lost = meeting.members().filter_map(Participant::seat).any(|seat| {
        let phone = world.phones.iter().find(|phone| phone.borrow().app.id == seat.device);
        phone.is_some_and(|phone| is_forgotten(world, &phone.borrow().app))
    });
    world.watch.borrow_mut().forgotten += u64::from(is_lost);
    is_lost
}

async fn slots(script: &Script, table: &StackTable, meetings: &BTreeMap<MeetingId, Loaded>) -> Vec<String> {
    let mut found = Vec::new();
    for user in 0..script.users {
        let user = script.user_name(user).parse().expect("an account");
        let Some(id) = table.slot(&user).await else { continue };
        if !meetings.get(&id).is_some_and(|stored| stored.meeting.involves(&user)) {
            found.push(format!("the call slot of {user} is held for the dead call {id}"));
        }
    }
    found
}

fn channels(world: &World, meetings: &BTreeMap<MeetingId, Loaded>) -> Vec<String> {
    let Some(rtc) = &world.rtc else { return Vec::new() };
    let live: Vec<&str> = meetings
        .values()
        .filter(|stored| stored.meeting.end().is_none())
        .map(|s| s.meeting.id.as_str())
        .collect();
    let is_dead = |room: &str| !live.iter().any(|id| room.ends_with(id));
    let mut found: Vec<String> = rtc
        .rooms()
        .into_iter()
        .filter(|room| is_dead(room))
        .map(|room| format!("the channel {room} is open without a live meeting"))
        .collect();
    for (room, user, phone) in rtc.members() {
        let device = world.phones[phone].borrow().app.id.clone();
        let meeting = meetings.values().find(|stored| room.ends_with(stored.meeting.id.as_str()));
        let has_seat =
            meeting.is_some_and(|stored| stored.meeting.members().any(|member| member.sits_on(&device)));
        if !has_seat {
            found.push(format!("{device} is in the channel {room} as {user}, without a seat"));
        }
    }
    found
}

fn count(world: &World, meetings: &BTreeMap<MeetingId, Loaded>) {
    use switchboard_protocol::code::EndReason;
    let of = |fits: &dyn Fn(&Meeting) -> bool| {
        meetings.values().filter(|stored| fits(&stored.meeting)).count() as u64
    };
    let is_lost = |reason| matches!(reason, EndReason::Lost | EndReason::RtcFailed);
    world.watch.borrow_mut().meetings = [
        meetings.len() as u64,
        of(&|meeting| meeting.active_since_ms.is_some()),
        of(&|meeting| meeting.end().is_some_and(|end| is_lost(end.reason))),
    ];
}
