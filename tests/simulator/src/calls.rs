//! The app on a device: its reactions to answers, notices and rings.

use crate::app::{Call, Media, Waiting, short};
use crate::dice::Dice;
use crate::stage::{after, now_ms, request, stage, trace, with};
use crate::view::View;
use serde_json::{Value, json};
use switchboard_protocol::join::Join;
use terminal::{ReceivedDownlink, Refused};

/// Time in milliseconds before a hang-up that failed is repeated.
const HANG_UP_AGAIN_MS: i64 = 5_000;
/// Maximum number of repetitions of a request after retryable refusals.
const MAX_REFUSALS: u32 = 3;

fn dice(phone: usize, what: u64, number: u64) -> Dice {
    Dice::new(&[stage().seed(), phone as u64, what, number])
}

/// Counts a ring, and schedules the user's decision about it.
pub fn rings(phone: usize, meeting_id: &str, invite_id: &str) {
    let number = with(phone, |phone| {
        phone.rung += 1;
        phone.rung
    });
    trace(|| format!("{} rings", with(phone, |phone| short(&phone.id).to_owned())));
    let mut dice = dice(phone, 11, number);
    let wait_ms = dice.between(200, 15_000);
    let choice = dice.index(100);
    let (meeting_id, invite_id) = (meeting_id.to_owned(), invite_id.to_owned());
    after(wait_ms, move || {
        let (is_ringing, is_busy) =
            with(phone, |phone| (phone.rings.contains_key(&invite_id), phone.call.is_some()));
        if !is_ringing {
            return;
        }
        let fields = json!({"meeting_id": meeting_id, "invite_id": invite_id});
        let with_field = |name: &str, value: &str| {
            let mut fields = fields.clone();
            fields[name] = value.into();
            fields
        };
        match choice {
            0..60 if !is_busy || choice < 20 => {
                request(phone, "accept", with_field("media", "audio"));
            }
            60..75 => {
                request(phone, "reject", with_field("reason", if is_busy { "busy" } else { "declined" }));
            }
            75..80 => {
                request(phone, "silence", fields);
            }
            _ => {}
        }
    });
}

/// Processes the answer to a request.
pub fn answered(phone: usize, waited: &Waiting, message: &ReceivedDownlink) {
    let id = message.meeting_id.as_deref();
    match (message.kind.as_str(), id) {
        ("state", _) => apply_state(phone, waited, message),
        ("lobby_waiting", Some(id)) => with(phone, |phone| phone.lobby = Some(id.to_owned())),
        ("meeting_created" | "meeting_merged" | "invitation_accepted" | "joined" | "token", Some(id)) => {
            enter_call(phone, id, message);
        }
        ("meeting_ended", Some(id)) => end_call(phone, Some(id)),
        _ => {
            if let Some(id) = id {
                show(phone, id, message);
            }
        }
    }
}

/// Processes the refusal of a request.
pub fn refused(phone: usize, waited: Waiting, refusal: &Refused) {
    let (code, is_retryable) = (refusal.code.as_str(), refusal.retryable);
    let (kind, meeting) = (waited.uplink.kind().to_owned(), waited.meeting.clone());
    trace(|| format!("    {kind} is refused: {code}"));
    match (kind.as_str(), code) {
        (_, "meeting_ended") => end_call(phone, refusal.meeting_id.as_deref().or(meeting.as_deref())),
        (
            "rejoin" | "sync" | "refresh_token",
            "not_admitted" | "forbidden" | "meeting_not_found" | "banned",
        ) => {
            end_call(phone, meeting.as_deref());
        }
        _ if is_retryable && code != "request_expired" && waited.refusals < MAX_REFUSALS => {
            let wait_ms = refusal.retry_after_ms.and_then(|ms| i64::try_from(ms).ok()).unwrap_or(1_000);
            let epoch = with(phone, |phone| phone.epoch);
            after(wait_ms, move || {
                if with(phone, |phone| phone.is_on && phone.epoch == epoch) {
                    stage().send(phone, waited.uplink, waited.refusals + 1);
                }
            });
        }
        _ if is_retryable => given_up(phone, &waited),
        ("rejoin" | "refresh_token", _) => look_again(phone),
        _ => {}
    }
}

/// Processes the end of a request without a final answer. The service may have carried the request out, so the app
/// takes back what the user does not know of.
pub fn given_up(phone: usize, waited: &Waiting) {
    let (id, meeting) = (waited.uplink.id(), waited.meeting.as_deref());
    match waited.uplink.kind() {
        "create_meeting" => take_back(phone, id.to_owned()),
        "destroy_meeting" => {
            if let Some(create) = with(phone, |phone| phone.taken_back.remove(id)) {
                after(HANG_UP_AGAIN_MS, move || take_back(phone, create));
            }
        }
        "leave" => hang_up_again(phone, meeting),
        "accept" | "join" => {
            let is_call = with(phone, |phone| {
                phone.call.as_ref().is_some_and(|call| Some(call.meeting_id.as_str()) == meeting)
            });
            if !is_call && let Some(meeting) = meeting {
                hang_up(phone, meeting);
            }
        }
        "rejoin" | "refresh_token" | "sync" => look_again(phone),
        _ => {}
    }
}

/// Takes a create request back. [`given_up`] repeats this until the service has answered.
fn take_back(phone: usize, create: String) {
    let destroy = request(phone, "destroy_meeting", json!({"create_id": create}));
    with(phone, |phone| phone.taken_back.insert(destroy, create));
}

fn hang_up_again(phone: usize, meeting: Option<&str>) {
    let Some(meeting) = meeting.map(str::to_owned) else { return };
    let epoch = with(phone, |phone| phone.epoch);
    after(HANG_UP_AGAIN_MS, move || {
        let is_wanted = with(phone, |phone| {
            let is_back = phone.call.as_ref().is_some_and(|call| call.meeting_id == meeting);
            phone.is_on && phone.epoch == epoch && !is_back
        });
        if is_wanted {
            request(phone, "leave", json!({"meeting_id": meeting}));
        }
    });
}

/// Processes a notice.
pub fn noticed(phone: usize, message: &ReceivedDownlink) {
    let Some(id) = message.meeting_id.as_deref() else { return };
    let (is_call, is_lobby, user) = with(phone, |phone| {
        let is_call = phone.call.as_ref().is_some_and(|call| call.meeting_id == id);
        (is_call, phone.lobby.as_deref() == Some(id), phone.user.clone())
    });
    match message.kind.as_str() {
        "meeting_ended" | "participant_removed" => {
            with(phone, |phone| {
                if is_lobby {
                    phone.lobby = None;
                }
            });
            end_call(phone, Some(id));
        }
        "lobby_result" if is_lobby => {
            with(phone, |phone| phone.lobby = None);
            if message.body.get("admitted") == Some(&Value::Bool(true)) {
                enter_call(phone, id, message);
            }
        }
        "meeting_merged" if is_call => enter_call(phone, id, message),
        _ if is_call => {
            show(phone, id, message);
            if message.is_loss_of_seat(user.as_str()) {
                request(phone, "rejoin", json!({"meeting_id": id}));
            }
        }
        // A late answer to a request that the app gave up: the user does not know of the seat yet.
        "meeting_created" | "invitation_accepted" | "joined" if message.answers().is_some() => {
            let is_free = with(phone, |phone| phone.call.is_none());
            if is_free && message.body.contains_key("join") {
                enter_call(phone, id, message);
            }
        }
        _ => {}
    }
}

/// Applies a message about the present call.
fn show(phone: usize, id: &str, message: &ReceivedDownlink) {
    let (enters, is_over) = with(phone, |phone| {
        let user = phone.user.clone();
        let Some(call) = phone.call.as_mut().filter(|call| call.meeting_id == id) else {
            return (false, false);
        };
        call.view.apply(message);
        let enters = call.media == Media::Out && call.view.has_others(&user);
        // The user left on another device, or accepted another call there.
        (enters, message.kind == "participant_updated" && call.view.state_of(&user) == "left")
    });
    if is_over {
        end_call(phone, Some(id));
    } else if enters {
        enter_media(phone);
    }
}

/// Makes a meeting the device's call, and hangs up the call before it.
fn enter_call(phone: usize, id: &str, message: &ReceivedDownlink) {
    let Some(join) = message.field::<Join>("join") else {
        return show(phone, id, message);
    };
    let other = with(phone, |phone| {
        phone.call.as_ref().map(|call| call.meeting_id.clone()).filter(|other| other != id)
    });
    if let Some(other) = other {
        hang_up(phone, &other);
    }
    let (enters, number) = with(phone, |phone| {
        phone.left.remove(id);
        phone.lobby = None;
        let user = phone.user.clone();
        let call = phone.call.get_or_insert_with(|| Call {
            meeting_id: id.to_owned(),
            since_ms: now_ms(),
            ..Call::default()
        });
        call.join = Some(join);
        call.view.apply(message);
        let waits = message.kind == "meeting_created" && call.view.mode == "direct";
        (call.media == Media::Out && (!waits || call.view.has_others(&user)), call.view.people.len())
    });
    // Some apps enter the media while the call still rings.
    if enters || dice(phone, 12, number as u64).percent(30) {
        enter_media(phone);
    }
}

/// Enters the media with the token of the call.
fn enter_media(phone: usize) {
    let entering = with(phone, |phone| {
        let (epoch, call) = (phone.epoch, phone.call.as_mut()?);
        if call.media != Media::Out || call.join.is_none() {
            return None;
        }
        call.media = Media::Entering;
        Some((call.meeting_id.clone(), epoch, call.attempts))
    });
    let Some((meeting, epoch, attempts)) = entering else { return };
    let wait_ms = dice(phone, 13, u64::from(attempts)).between(80, 600);
    after(wait_ms, move || {
        let join = with(phone, |phone| {
            let call = phone.call.as_mut().filter(|call| call.meeting_id == meeting)?;
            (phone.epoch == epoch && call.media == Media::Entering).then(|| call.join.clone()).flatten()
        });
        let Some(join) = join else { return };
        let is_in = if stage().has_rtc() {
            stage().enter_media(phone, &join)
        } else {
            replace_in_media(phone, &join);
            true
        };
        let is_over = with(phone, |phone| {
            let Some(call) = phone.call.as_mut() else { return true };
            call.media = if is_in { Media::In } else { Media::Out };
            if is_in {
                call.attempts = 0;
            }
            false
        });
        if is_over {
            return;
        }
        if is_in {
            report(phone, &meeting, "joined");
        } else {
            look_again(phone);
        }
    });
}

/// Ends the stay of the user's other device in the channel: an RTC service that is not managed, too, allows one device
/// for each user.
fn replace_in_media(phone: usize, join: &Join) {
    for other in 0..stage().phones() {
        let is_same = |join: &Join, of: &Join| join.channel_id == of.channel_id && join.user_id == of.user_id;
        let is_replaced = other != phone
            && with(other, |other| {
                let call = other.call.as_ref().filter(|call| call.media == Media::In);
                call.and_then(|call| call.join.as_ref()).is_some_and(|of| is_same(join, of))
            });
        if is_replaced {
            stage().media_lost(other, &join.channel_id);
        }
    }
}

fn report(phone: usize, meeting: &str, state: &str) {
    request(phone, "report_media", json!({"meeting_id": meeting, "state": state, "audio": true}));
}

/// Requests the state after some seconds, to learn why the device is not in the media. If the call is still live, the
/// device then takes its seat again.
fn look_again(phone: usize) {
    let again = with(phone, |phone| {
        let (epoch, call) = (phone.epoch, phone.call.as_mut()?);
        call.attempts += 1;
        Some((i64::from(call.attempts.min(10)) * 1_000, call.meeting_id.clone(), epoch))
    });
    let Some((wait_ms, meeting, epoch)) = again else { return };
    after(wait_ms, move || {
        let is_wanted = with(phone, |phone| {
            let is_call = phone.call.as_ref().is_some_and(|call| call.meeting_id == meeting);
            phone.epoch == epoch && phone.is_on && is_call
        });
        if is_wanted {
            request(phone, "sync", json!({}));
        }
    });
}

/// Processes the end of this device's stay in a channel by the RTC service.
pub fn media_lost(phone: usize, channel_id: &str) {
    let is_call = with(phone, |phone| {
        let call = phone.call.as_mut()?;
        let is_here = call.join.as_ref().is_some_and(|join| join.channel_id == channel_id);
        (is_here && call.media == Media::In).then(|| call.media = Media::Out)
    });
    if is_call.is_some() {
        look_again(phone);
    }
}

/// Applies a `state`: ends the call or takes the seat again, depending on the listed meetings.
fn apply_state(phone: usize, waited: &Waiting, message: &ReceivedDownlink) {
    let user = with(phone, |phone| phone.user.clone());
    let listed = message.body.get("meetings").and_then(Value::as_array);
    let meetings: Vec<&Value> = listed.into_iter().flatten().collect();
    let mut seats = Vec::new();
    for meeting in meetings {
        let mut view = View::default();
        view.apply_meeting(meeting);
        let id = meeting["meeting_id"].as_str().unwrap_or_default().to_owned();
        with(phone, |phone| {
            if let Some(call) = phone.call.as_mut().filter(|call| call.meeting_id == id) {
                call.view.apply_meeting(meeting);
            }
        });
        if matches!(view.state_of(&user), "accepted" | "joined" | "reconnecting") {
            seats.push((id, view.state_of(&user).to_owned()));
        }
    }
    let (call, left, has_forgotten) = with(phone, |phone| {
        let call = phone.call.as_ref().map(|call| (call.meeting_id.clone(), call.media, call.since_ms));
        (call, phone.left.clone(), std::mem::take(&mut phone.has_forgotten))
    });
    if let Some((id, media, since_ms)) = &call {
        let own = seats.iter().find(|(seat, _)| seat == id);
        match own {
            // A state that was requested before the call began may be older than the call.
            None if *since_ms <= waited.since_ms && waited.meeting.as_ref().is_none_or(|of| of == id) => {
                end_call(phone, Some(id));
            }
            Some(_) if *media == Media::Out => come_back(phone, id),
            Some((_, state)) if state == "reconnecting" => come_back(phone, id),
            _ => {}
        }
    }
    for (seat, _) in seats.iter().filter(|(seat, _)| call.as_ref().is_none_or(|(id, ..)| id != seat)) {
        if left.contains(seat) {
            request(phone, "leave", json!({"meeting_id": seat}));
        } else if has_forgotten && call.is_none() {
            match dice(phone, 14, seats.len() as u64).index(3) {
                0 => drop(request(phone, "rejoin", json!({"meeting_id": seat}))),
                1 => drop(request(
                    phone,
                    "join",
                    json!({"meeting_id": seat, "media": "audio", "takeover": true}),
                )),
                _ => {}
            }
        }
    }
}

/// Takes the seat again. The caller of a direct call that still rings does not need to.
fn come_back(phone: usize, id: &str) {
    let is_waiting = with(phone, |phone| {
        let user = phone.user.clone();
        phone.call.as_ref().is_some_and(|call| call.view.mode == "direct" && !call.view.has_others(&user))
    });
    if !is_waiting {
        request(phone, "rejoin", json!({"meeting_id": id}));
    }
}

/// Confirms the seat of a device that has connected again.
pub fn reconnected(phone: usize) {
    let call = with(phone, |phone| phone.call.as_ref().map(|call| (call.meeting_id.clone(), call.media)));
    match call {
        Some((meeting, Media::In)) => report(phone, &meeting, "joined"),
        Some((meeting, _)) => come_back(phone, &meeting),
        None => {}
    }
}

/// Leaves a meeting, and the media at once.
pub fn hang_up(phone: usize, meeting: &str) {
    let device = with(phone, |phone| {
        phone.left.insert(meeting.to_owned());
        short(&phone.id).to_owned()
    });
    trace(|| format!("{device} hangs up {}", &meeting[..6]));
    end_call(phone, Some(meeting));
    request(phone, "leave", json!({"meeting_id": meeting}));
}

/// Forgets the call, and leaves the media on purpose.
fn end_call(phone: usize, meeting: Option<&str>) {
    let call = with(phone, |phone| {
        phone.call.take_if(|call| meeting.is_none_or(|meeting| call.meeting_id == meeting))
    });
    if let Some(call) = &call {
        let device = with(phone, |phone| short(&phone.id).to_owned());
        trace(|| format!("{device} is out of {}", &call.meeting_id[..6]));
    }
    exit_media(phone, call, "left");
}

/// Breaks the connection of this device to the media.
pub fn media_breaks(phone: usize) {
    let call = with(phone, |phone| {
        let call = phone.call.as_mut()?;
        let before = call.clone();
        call.media = Media::Out;
        Some(before)
    });
    exit_media(phone, call, "dropped");
}

fn exit_media(phone: usize, call: Option<Call>, what: &str) {
    if let Some(Call { join: Some(join), media: Media::In, .. }) = call
        && stage().has_rtc()
    {
        stage().exit_media(phone, &join.channel_id, &join.user_id, what);
    }
}

/// Tries to get back into the media after a break.
pub fn media_returns(phone: usize) {
    let meeting = with(phone, |phone| {
        phone.call.as_ref().filter(|call| call.media == Media::Out).map(|call| call.meeting_id.clone())
    });
    if let Some(meeting) = meeting
        && with(phone, |phone| phone.is_linked)
    {
        request(phone, "rejoin", json!({"meeting_id": meeting}));
    }
}

/// Ends the app without a word: the connections to broker and media break.
pub fn crash(phone: usize, noticed_after_ms: i64) {
    media_breaks(phone);
    stage().switch_off(phone, noticed_after_ms);
}
