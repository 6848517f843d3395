//! Renders messages as sentences. It reads plain JSON, so that messages of a newer service can be shown, too.

use std::fmt::{Arguments, Write as _};

use serde_json::Value;

use super::redact::redacted;
use crate::printable;

/// Fields of the envelope, which a sentence omits.
const ENVELOPE: [&str; 8] = ["v", "type", "id", "re", "rev", "prev_rev", "server_ms", "expires_in_ms"];

/// Returns the sentence for a downlink.
pub fn sentence(body: &Value) -> String {
    let text = |name: &str| text(body, name);
    match text("type") {
        "meeting_created" => {
            let meeting = meeting_sentence(&body["meeting"]);
            match join_words(&body["join"]) {
                Some(join) => format!("{meeting}; {join}"),
                None => meeting,
            }
        }
        "invitation" => offer_words(body),
        "invitation_updated" => {
            let user = text("user_id");
            format!("{user} is {}{} (reach: {})", spaced(text("state")), remark(body), text("reach"))
        }
        "invitation_closed" => format!("stop ringing: {}{}", spaced(text("reason")), quoted(body)),
        "invitation_result" => invitation_result_words(body),
        "invitation_accepted" | "joined" | "token" | "meeting_merged" => {
            join_words(&body["join"]).unwrap_or_default()
        }
        "participant_updated" => participant_words(&body["participant"]),
        "participant_removed" => format!("you are {}{}{}", spaced(text("reason")), limit(body), quoted(body)),
        "host_changed" => format!("{} is host, after {}", text("host"), text("previous")),
        "speech_changed" => {
            let [user, mode, by] = ["user_id", "mode", "by"].map(text);
            format!("{user} may speak: {mode}{} (by {by}{})", limit(body), enforcement(body))
        }
        "hand_changed" => format!("raised: {}", names(&body["hands"])),
        "lobby_waiting" => "waiting for a host to admit you".to_owned(),
        "lobby_result" => match (body["admitted"] == true, join_words(&body["join"])) {
            (true, join) => format!("admitted; {}", join.unwrap_or_default()),
            (false, _) => "not admitted".to_owned(),
        },
        "lobby_updated" => listed(&body["users"], lobby_decision_words),
        "lobby_request" => format!("{} asks to come in", caller(body)),
        "meeting_updated" => meeting_sentence(&body["meeting"]),
        "meeting_ending" => format!("in {}: {}", duration(&body["in_ms"]), spaced(text("reason"))),
        "meeting_ended" => {
            let reason = spaced(text("reason"));
            let words = match body["duration_ms"].as_i64() {
                Some(1..) => format!("{reason}, after {}", duration(&body["duration_ms"])),
                _ => reason,
            };
            words + &quoted(body)
        }
        "missed_call" => format!("from {}: {}", caller(&body["from"]), spaced(text("reason"))),
        "state" => {
            let live =
                format!("{} live, {} to answer", count(&body["meetings"]), count(&body["invitations"]));
            match count(&body["missed"]) {
                0 => live,
                missed => format!("{live}, {missed} missed"),
            }
        }
        "history" => format!("{} past calls", count(&body["calls"])),
        "settings" => settings_words(body),
        "error" => {
            let path = body["path"].as_str().map_or_else(String::new, |path| format!(" at `{path}`"));
            let reason = body["reason"].as_str().map_or_else(String::new, |reason| format!(" ({reason})"));
            let wait = body["retry_after_ms"].as_u64().map_or_else(String::new, wait_words);
            format!("{}{path}{reason}: {}{wait}", text("code"), text("message"))
        }
        "ok" => String::new(),
        // A type of a newer service is shown field by field.
        _ => rest(body, &ENVELOPE),
    }
}

/// Returns the words for the wait that a refusal asks for, in seconds and rounded up.
pub fn wait_words(retry_after_ms: u64) -> String {
    format!("; again in {} s", retry_after_ms.div_ceil(1_000))
}

/// Returns the words for the invitations, and for the users without an invitation.
fn invitation_result_words(body: &Value) -> String {
    let invited = listed(&body["invitations"], |invitation| {
        let [user, state] = ["user_id", "state"].map(|name| text(invitation, name));
        format!("{user} {}{}", spaced(state), remark(invitation))
    });
    let not_invited = listed(&body["not_invited"], |user| {
        let why: Vec<_> = ["state", "code"].into_iter().filter_map(|name| user[name].as_str()).collect();
        let why = if why.len() == 2 && why[0] == why[1] { &why[..1] } else { &why[..] };
        format!("{} not invited: {}", text(user, "user_id"), spaced(&why.join(", ")))
    });
    [invited, not_invited].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Returns the words for the duration of a ban or a block; empty if it has no end.
fn limit(body: &Value) -> String {
    match &body["until_in_ms"] {
        Value::Null => String::new(),
        in_ms => format!(" for {}", duration(in_ms)),
    }
}

/// Returns the words for the enforcement of a block by the RTC service; empty for a soft mute.
fn enforcement(body: &Value) -> &'static str {
    match (text(body, "mode"), &body["enforced"]) {
        ("hard", Value::Bool(true)) => ", enforced by the RTC service",
        ("hard", Value::Bool(false)) => ", not enforced by the RTC service",
        _ => "",
    }
}

fn settings_words(settings: &Value) -> String {
    let who = match text(settings, "who") {
        "allowed" => format!("calls of {}", names(&settings["allow"])),
        "nobody" => "no calls".to_owned(),
        who => format!("calls of {}", spaced(who)),
    };
    let blocked = match count(&settings["blocked"]) {
        0 => String::new(),
        _ => format!("; blocks {}", names(&settings["blocked"])),
    };
    let silent = match &settings["do_not_disturb_in_ms"] {
        Value::Null => String::new(),
        in_ms => format!("; do not disturb for {}", duration(in_ms)),
    };
    format!("takes {who}{blocked}{silent}")
}

/// Largest number of lines for missed calls below a `state`.
const MISSED_LINES: usize = 5;

/// Returns the lines below the sentence: one for each meeting, participant, invitation and past call, and for
/// a limited number of missed calls.
pub fn details(body: &Value) -> Vec<String> {
    let list = |name: &str| body[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut lines = Vec::new();
    for meeting in list("meetings") {
        lines.push(meeting_sentence(meeting));
        let participants = meeting["participants"].as_array().into_iter().flatten();
        lines.extend(participants.map(|participant| format!("  {}", participant_words(participant))));
    }
    lines.extend(list("invitations").iter().filter(|invitation| invitation.get("from").is_some()).map(
        |invitation| format!("{} (meeting {})", offer_words(invitation), text(invitation, "meeting_id")),
    ));
    lines.extend(list("missed").iter().take(MISSED_LINES).map(missed_call_sentence));
    if list("missed").len() > MISSED_LINES {
        lines.push("more with `call history`".to_owned());
    }
    lines.extend(list("calls").iter().map(past_call_sentence));
    if let (false, Some(cursor)) = (list("calls").is_empty(), body["cursor"].as_str()) {
        lines.push(format!("more with --cursor {cursor}"));
    }
    lines
}

/// Returns the fields of a request.
pub fn request(body: &Value) -> String {
    rest(body, &["v", "type", "id"])
}

/// Returns a duration, which is given in milliseconds, in a readable unit.
fn duration(ms: &Value) -> String {
    let ms = ms.as_i64().unwrap_or_default().max(0);
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..120_000 => format!("{} s", ms / 1_000),
        120_000..7_200_000 => format!("{} min", ms / 60_000),
        _ => format!("{} h", ms / 3_600_000),
    }
}

fn meeting_sentence(meeting: &Value) -> String {
    let [id, mode, media, state] = ["meeting_id", "mode", "media", "state"].map(|name| text(meeting, name));
    let title = printable::name(&meeting["title"]).map_or_else(String::new, |title| format!(" “{title}”"));
    format!("{mode} {media} meeting {id}{title} is {state}")
}

fn offer_words(offer: &Value) -> String {
    let mut words = format!(
        "{} calls: {} {}, rings for {}",
        caller(&offer["from"]),
        text(offer, "mode"),
        text(offer, "media"),
        duration(&offer["deadline_in_ms"])
    );
    if let Some(title) = printable::name(&offer["title"]) {
        add(&mut words, format_args!(", “{title}”"));
    }
    if count(&offer["group"]) > 0 {
        add(&mut words, format_args!(", with {}", names(&offer["group"])));
    }
    if text(offer, "delivery") == "queued" {
        words += ", from the queue";
    }
    format!("{words}; invitation {}", text(offer, "invite_id"))
}

fn participant_words(participant: &Value) -> String {
    let mut words = format!("{} {}", text(participant, "user_id"), spaced(text(participant, "state")));
    if text(participant, "role") != "member" {
        add(&mut words, format_args!(", {}", text(participant, "role")));
    }
    let speech = &participant["speech"];
    if !matches!(text(speech, "mode"), "free" | "?") {
        add(&mut words, format_args!(", muted ({}{})", text(speech, "mode"), limit(speech)));
    }
    let sends: Vec<_> =
        ["audio", "video", "screen"].into_iter().filter(|kind| participant["media"][kind] == true).collect();
    if matches!(text(participant, "state"), "accepted" | "joined" | "reconnecting") && !sends.is_empty() {
        add(&mut words, format_args!(", sends {}", sends.join(" and ")));
    }
    words + &remark(participant) + &removal_proof(participant)
}

/// Returns the words for the proof that a removed participant is out of the media, if the service has a
/// proof.
fn removal_proof(participant: &Value) -> String {
    let Some(removed_ms) = participant["removed_ms"].as_i64() else { return String::new() };
    let mut words = match participant["confirmed_gone_ms"].as_i64() {
        Some(gone_ms) => {
            let after = Value::from(gone_ms.saturating_sub(removed_ms));
            format!(", out of the media (confirmed after {})", duration(&after))
        }
        None => ", not yet confirmed to be out of the media".to_owned(),
    };
    match participant["reentries_stopped"].as_u64() {
        Some(1) => words += "; came back and was stopped",
        Some(count @ 2..) => add(&mut words, format_args!("; came back {count} times and was stopped")),
        _ => {}
    }
    words
}

/// Returns the words for the reason and the text of a user who declined, and for the code of the end if it differs from the state.
fn remark(participant: &Value) -> String {
    let [reason, code] = ["reason", "code"].map(|name| participant[name].as_str());
    let known = ["declined", text(participant, "state")];
    let reason = reason.filter(|reason| *reason != "declined");
    let code = code.filter(|code| !known.contains(code) && Some(*code) != reason);
    let mut words = String::new();
    for word in [reason, code].into_iter().flatten() {
        add(&mut words, format_args!(", {}", spaced(word)));
    }
    words + &quoted(participant)
}

/// Returns the quoted text of another user.
fn quoted(body: &Value) -> String {
    body["text"].as_str().map_or_else(String::new, |text| format!(": “{text}”"))
}

fn lobby_decision_words(decision: &Value) -> String {
    let user = text(decision, "user_id");
    match (decision["admitted"] == true, decision["code"].as_str()) {
        (true, _) => format!("{user} admitted"),
        (false, None) => format!("{user} not admitted"),
        (false, Some(code)) => format!("{user} not admitted: {}", spaced(code)),
    }
}

fn join_words(join: &Value) -> Option<String> {
    join.as_object()?;
    let rights: Vec<_> = ["microphone", "camera", "screen", "data", "subscribe"]
        .into_iter()
        .filter(|right| join["rights"][right] == true)
        .collect();
    Some(format!(
        "you may join {} channel {} ({}; token for {})",
        text(join, "provider"),
        text(join, "channel_id"),
        rights.join(", "),
        duration(&join["token_expires_in_ms"])
    ))
}

fn missed_call_sentence(missed: &Value) -> String {
    let [media, reason, id] = ["media", "reason", "meeting_id"].map(|name| text(missed, name));
    let (time, from) = (time(&missed["at_ms"]), caller(&missed["from"]));
    format!("{time}  missed: {from}, {media}, {} ({id})", spaced(reason))
}

/// Returns a time, which is given in milliseconds since the epoch, in the time zone of this machine.
fn time(ms: &Value) -> String {
    let time = ms.as_i64().and_then(chrono::DateTime::from_timestamp_millis).unwrap_or_default();
    time.with_timezone(&chrono::Local).format("%Y-%m-%d %H:%M").to_string()
}

fn past_call_sentence(call: &Value) -> String {
    let time = time(&call["ended_ms"]);
    let way = if text(call, "direction") == "in" { "from" } else { "to" };
    let [mode, media, reason, id] = ["mode", "media", "reason", "meeting_id"].map(|name| text(call, name));
    let peers = names(&call["peers"]);
    let missed = if call["missed"].is_object() { "missed, " } else { "" };
    format!(
        "{time}  {way} {peers}: {mode} {media}, {missed}{}, {}{} ({id})",
        spaced(reason),
        duration(&call["duration_ms"]),
        quoted(call)
    )
}

/// Returns the fields that are not in `known`, as `name=value`, without tokens.
fn rest(body: &Value, known: &[&str]) -> String {
    let shown = redacted(body);
    let fields = shown.as_object().into_iter().flatten().filter(|(name, _)| !known.contains(&name.as_str()));
    let words: Vec<_> = fields
        .map(|(name, value)| match value.as_str() {
            Some(text) => format!("{name}={text}"),
            None => format!("{name}={value}"),
        })
        .collect();
    words.join(" ")
}

fn add(words: &mut String, more: Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _ = words.write_fmt(more);
}

fn caller(from: &Value) -> String {
    match printable::name(&from["name"]) {
        Some(name) => format!("{name} ({})", text(from, "user_id")),
        None => text(from, "user_id").to_owned(),
    }
}

fn listed(list: &Value, words: impl Fn(&Value) -> String) -> String {
    list.as_array().into_iter().flatten().map(words).collect::<Vec<_>>().join(", ")
}

fn names(list: &Value) -> String {
    listed(list, |name| name.as_str().unwrap_or("?").to_owned())
}

fn count(list: &Value) -> usize {
    list.as_array().map_or(0, Vec::len)
}

fn spaced(word: &str) -> String {
    word.replace('_', " ")
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get(field).and_then(Value::as_str).unwrap_or("?")
}

#[cfg(test)]
mod tests;
