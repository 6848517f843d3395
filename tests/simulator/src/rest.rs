//! Contradictions in a world at rest: the faults are over, and time went on.

use crate::app::{App, Media};
use switchboard_core::{Meeting, Participant, RtcCapabilities};
use switchboard_protocol::object::{Mode, SpeechMode};
use switchboard_service::ports::Loaded;

/// The media of a device, as the RTC service has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inside {
    /// The RTC service tells nobody who is in the media.
    Unknown,
    /// The device is not in the channel.
    No,
    /// The device is in the channel.
    Yes {
        /// True if the channel lets it speak.
        may_speak: bool,
    },
}

/// Returns a meeting in words.
#[must_use]
pub fn name(meeting: &Meeting) -> String {
    format!("the {:?} {}", *meeting.mode, meeting.id)
}

/// Returns the participants of a meeting with their states.
#[must_use]
pub fn people(meeting: &Meeting) -> String {
    meeting
        .participants
        .values()
        .fold(String::new(), |text, p| text + &format!(" {}={:?}", p.user_id, p.state()))
}

/// Returns the contradictions within a stored meeting.
#[must_use]
pub fn of_meeting(stored: &Loaded, rtc: RtcCapabilities) -> Vec<String> {
    let meeting = &stored.meeting;
    let name = name(meeting);
    let mut found = Vec::new();
    if !stored.pending.is_empty() {
        found.push(format!("{name} has pending effects: {:?}", stored.pending));
    }
    let due_at_ms = stored.next_due_ms(rtc);
    if stored.due_at_ms.is_some() != due_at_ms.is_some() || stored.due_at_ms > due_at_ms {
        found.push(format!("{name} is due at {due_at_ms:?}, and the index says {:?}", stored.due_at_ms));
    }
    if let Some(open) = meeting.pending().next() {
        found.push(format!("{name} has an open offer to {}", open.user_id));
    }
    if meeting.end().is_some() {
        return found;
    }
    if meeting.members().next().is_none() {
        found.push(format!("{name} is live without a member: {:?}{}", meeting.phase, people(meeting)));
    }
    if *meeting.mode == Mode::Direct && meeting.members().count() < 2 {
        found.push(format!("{name} has one side only:{}", people(meeting)));
    }
    found
}

/// Returns the first contradiction between a seat in the table, the app on its device, and the media.
#[must_use]
pub fn of_seat(meeting: &Meeting, member: &Participant, app: &App, inside: Inside) -> Option<String> {
    let (name, seat) = (name(meeting), member.seat()?);
    let device = &seat.device;
    let Some(call) = app.call.as_ref().filter(|call| call.meeting_id == meeting.id.as_str()) else {
        let other = app.call.as_ref().map_or("no call", |call| call.meeting_id.as_str());
        return Some(format!("{name}: {device} has a seat ({:?}) and shows {other}", member.state()));
    };
    if call.media != Media::In {
        return Some(format!("{name}: {device} is not in the media ({:?})", member.state()));
    }
    let heard = match inside {
        Inside::Unknown => return None,
        Inside::No => None,
        Inside::Yes { may_speak } => Some(may_speak),
    };
    if !seat.is_joined() {
        return Some(format!("{name}: {device} is in the media, and its state is {:?}", member.state()));
    }
    let Some(heard) = heard else {
        return Some(format!("{name}: {device} has a seat and is not in the channel"));
    };
    let may_speak = *member.speech.mode != SpeechMode::Hard;
    (heard != may_speak)
        .then(|| format!("{name}: {device} may speak: {may_speak}, and the channel lets it: {heard}"))
}

/// Returns the contradictions between an app and the stored meeting that it shows.
pub fn of_app(app: &App, meeting: Option<&Meeting>) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(meeting) = app.rings.values().next() {
        found.push(format!("{} rings for {meeting}", app.id));
    }
    let Some(call) = &app.call else { return found };
    let member = meeting.and_then(|meeting| meeting.participants.get(&app.user));
    if !member.is_some_and(|member| member.sits_on(&app.id)) {
        let state = member.map(Participant::state);
        let end = meeting.and_then(|meeting| meeting.end());
        found.push(format!(
            "{} shows the call {}, in which it has no seat ({state:?}, {end:?})",
            app.id, call.meeting_id
        ));
    }
    found
}
