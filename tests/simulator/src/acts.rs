//! Carries out the steps of a script.

use crate::app::short;
use crate::calls::{crash, hang_up, media_breaks, media_returns};
use crate::dice::Dice;
use crate::script::{Act, Script, Step};
use crate::stage::{after, now_ms, request, stage, trace, with};
use serde_json::{Value, json};

/// Longest time in milliseconds for which a device is away.
const LONGEST_AWAY_MS: i64 = 80_000;

/// Carries out a step, if the state of the device allows it.
pub fn carry_out(script: &Script, step: &Step) {
    let phone = step.phone;
    let mut dice = Dice::new(&[script.seed, step.number]);
    let (is_on, call, user, create) = with(phone, |phone| {
        let call = phone.call.as_ref().map(|call| call.meeting_id.clone());
        (phone.is_on, call, phone.user.clone(), phone.last_create.clone())
    });
    if !is_on {
        return;
    }
    trace(|| format!("{} does {:?}", with(phone, |phone| short(&phone.id).to_owned()), step.act));
    let others: Vec<String> =
        (0..script.users).map(|user| script.user_name(user)).filter(|other| other != user.as_str()).collect();
    match (step.act, &call) {
        (Act::CallOne, None) => create_one(phone, &others, &mut dice),
        (Act::CallGroup, None) => create_group(phone, &others, &mut dice),
        (Act::CallOne, Some(_)) if dice.percent(30) => create_one(phone, &others, &mut dice),
        (Act::HangUp, Some(meeting)) => hang_up(phone, meeting),
        (Act::Invite, Some(meeting)) => {
            let invitees = some_of(&others, 3, &mut dice);
            request(phone, "invite", json!({"meeting_id": meeting, "invitees": invitees}));
        }
        (Act::CancelInvite, Some(meeting)) => {
            request(phone, "cancel_invite", json!({"meeting_id": meeting}));
        }
        (Act::Destroy, Some(meeting)) => {
            request(phone, "destroy_meeting", json!({"meeting_id": meeting}));
        }
        (Act::TakeBack, _) => match create.filter(|_| dice.percent(50)) {
            Some(create) => drop(request(phone, "destroy_meeting", json!({"create_id": create}))),
            // The user takes the request back at once, as after a wrong number.
            None if call.is_none() => {
                create_one(phone, &others, &mut dice);
                let create = with(phone, |phone| phone.last_create.clone());
                after(dice.between(1, 400), move || {
                    request(phone, "destroy_meeting", json!({"create_id": create}));
                });
            }
            None => {}
        },
        (Act::Join, None) => join(phone, false, &mut dice),
        (Act::TakeOver, None) => join(phone, true, &mut dice),
        (Act::Moderate, Some(meeting)) => moderate(phone, meeting, &mut dice),
        (Act::Hand, Some(meeting)) => {
            let kind = if dice.percent(70) { "raise_hand" } else { "lower_hand" };
            request(phone, kind, json!({"meeting_id": meeting}));
        }
        (Act::UnmuteSelf, Some(meeting)) => {
            request(phone, "unmute_self", json!({"meeting_id": meeting}));
        }
        (Act::Update, Some(meeting)) => update(phone, meeting, &mut dice),
        (Act::Report, Some(meeting)) => {
            let flag = dice.percent(50);
            request(
                phone,
                "report_media",
                json!({"meeting_id": meeting, "state": "joined", "audio": flag, "video": !flag}),
            );
        }
        (Act::Refresh, Some(meeting)) => {
            request(phone, "refresh_token", json!({"meeting_id": meeting}));
        }
        (Act::Sync, _) => drop(request(phone, "sync", json!({}))),
        (Act::History, _) => drop(request(phone, "history", json!({"limit": 5}))),
        (Act::LoseBroker | Act::LoseMedia | Act::LoseAll | Act::Crash, _) => {
            lose(phone, step.act, script, &mut dice);
        }
        _ => {}
    }
}

fn some_of(users: &[String], most: usize, dice: &mut Dice) -> Vec<String> {
    let mut chosen: Vec<String> = Vec::new();
    for _ in 0..=dice.index(most) {
        if let Some(user) = dice.pick(users)
            && !chosen.contains(user)
        {
            chosen.push(user.clone());
        }
    }
    chosen
}

fn create(phone: usize, fields: Value) {
    let id = request(phone, "create_meeting", fields);
    with(phone, |phone| phone.last_create = Some(id));
}

fn create_one(phone: usize, others: &[String], dice: &mut Dice) {
    // Callees come from a few neighbours, so that users often call each other at the same time.
    let near = &others[..others.len().min(3)];
    let Some(callee) = dice.pick(near) else { return };
    let mut fields = json!({
        "mode": "direct", "media": "audio", "invitees": [callee], "ring_seconds": dice.between(10, 45),
    });
    if dice.percent(15) {
        fields["policy"] = json!({"busy": "ring"});
    }
    create(phone, fields);
}

fn create_group(phone: usize, others: &[String], dice: &mut Dice) {
    let mut invitees = some_of(others, 6, dice);
    if dice.percent(10) {
        invitees = others.to_vec();
    }
    let join = ["invited", "lobby", "open"][dice.index(3)];
    let leave = ["transfer", "transfer", "grace_end", "end", "continue"][dice.index(5)];
    let fields = json!({
        "mode": "group", "media": "video", "invitees": invitees, "ring_seconds": dice.between(10, 60),
        "unused_seconds": dice.between(30, 300), "empty_seconds": dice.between(0, 60),
        "policy": {
            "join": join, "host_leave": leave, "invite": (["host", "any"][dice.index(2)]),
            "entry_muted": dice.percent(20),
        },
    });
    create(phone, fields);
}

/// Joins a live group; with `takeover`, joins a live meeting of which the user is already a member.
fn join(phone: usize, takeover: bool, dice: &mut Dice) {
    let user = with(phone, |phone| phone.user.clone());
    let meetings = stage().meetings(&user, takeover);
    if let Some(meeting) = dice.pick(&meetings) {
        request(phone, "join", json!({"meeting_id": meeting, "media": "audio", "takeover": takeover}));
    }
}

fn moderate(phone: usize, meeting: &str, dice: &mut Dice) {
    let people: Vec<String> = with(phone, |phone| {
        let call = phone.call.as_ref()?;
        Some(call.view.people.keys().filter(|user| **user != phone.user.as_str()).cloned().collect())
    })
    .unwrap_or_default();
    let Some(user) = dice.pick(&people) else { return };
    let (kind, more) = match dice.index(12) {
        0 | 1 => ("mute", json!({"user_id": user, "mode": "hard", "for_seconds": dice.between(5, 60)})),
        2 => ("mute", json!({"user_id": user, "mode": "hard"})),
        3 => ("mute", json!({"user_id": "*", "mode": (["soft", "hard"][dice.index(2)])})),
        4 => ("allow_speech", json!({"user_id": user})),
        5 => ("remove", json!({"user_id": user})),
        6 => ("remove", json!({"user_id": user, "ban": true, "for_seconds": dice.between(5, 90)})),
        7 => ("transfer_host", json!({"user_id": user})),
        8 => ("set_role", json!({"user_id": user, "role": (["cohost", "member"][dice.index(2)])})),
        9 | 10 => ("admit", json!({"users": "*"})),
        _ => ("deny", json!({"users": [user]})),
    };
    let mut fields = more;
    fields["meeting_id"] = meeting.into();
    request(phone, kind, fields);
}

fn update(phone: usize, meeting: &str, dice: &mut Dice) {
    let fields = match dice.index(4) {
        0 => json!({"locked": dice.percent(50)}),
        1 => json!({"title": "another title"}),
        2 => json!({"policy": {"join": (["invited", "lobby", "open"][dice.index(3)])}}),
        _ => json!({"extend_minutes": 5}),
    };
    let mut fields = fields;
    fields["meeting_id"] = meeting.into();
    request(phone, "update_meeting", fields);
}

/// Breaks connections of a device or crashes its app, and restores them later.
fn lose(phone: usize, act: Act, script: &Script, dice: &mut Dice) {
    let noticed_ms = if dice.percent(50) { dice.between(0, 500) } else { dice.between(1_000, 45_000) };
    // Every device is back at most 5 s after the busy time.
    let away_ms = dice.between(300, LONGEST_AWAY_MS);
    let away_ms = if dice.percent(50) { away_ms / 10 } else { away_ms };
    let away_ms = away_ms.min(script.busy_ms + 5_000 - now_ms()).max(100);
    match act {
        Act::LoseMedia => {
            media_breaks(phone);
            after(away_ms, move || media_returns(phone));
        }
        Act::LoseBroker => {
            stage().unlink(phone, noticed_ms);
            after(away_ms, move || stage().link(phone));
        }
        Act::LoseAll => {
            media_breaks(phone);
            stage().unlink(phone, noticed_ms);
            after(away_ms, move || {
                stage().link(phone);
                media_returns(phone);
            });
        }
        _ => {
            crash(phone, noticed_ms);
            after(away_ms, move || {
                if !with(phone, |phone| phone.is_on) {
                    stage().switch_on(phone);
                }
            });
        }
    }
}
