//! The meeting that a terminal shows, from the downlinks that it received.

use serde_json::Value;
use std::collections::BTreeMap;
use switchboard_core::{Meeting, Now};
use switchboard_protocol::address::UserId;
use terminal::ReceivedDownlink;

/// A meeting as shown.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Revision of the latest whole meeting.
    rev: u64,
    pub mode: String,
    pub host: String,
    pub locked: bool,
    pub people: BTreeMap<String, Person>,
}

/// A participant as shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// Revision of the latest snapshot.
    rev: u64,
    pub state: String,
    pub hand: bool,
    pub speech: String,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn is_member(state: &str) -> bool {
    matches!(state, "accepted" | "joined" | "reconnecting")
}

impl View {
    /// Applies a whole meeting, unless a newer one is shown.
    pub fn apply_meeting(&mut self, meeting: &Value) {
        let rev = meeting["rev"].as_u64().unwrap_or_default();
        if rev < self.rev {
            return;
        }
        self.rev = rev;
        self.mode = text(&meeting["mode"]);
        self.host = text(&meeting["host"]);
        self.locked = meeting["locked"] == true;
        for participant in meeting["participants"].as_array().into_iter().flatten() {
            self.apply_participant(participant, rev);
        }
    }

    fn apply_participant(&mut self, participant: &Value, rev: u64) {
        let person = self.people.entry(text(&participant["user_id"])).or_default();
        if rev >= person.rev {
            *person = Person {
                rev,
                state: text(&participant["state"]),
                hand: participant["hand"] == true,
                speech: text(&participant["speech"]["mode"]),
            };
        }
    }

    /// Applies a notice or an answer about this meeting.
    pub fn apply(&mut self, message: &ReceivedDownlink) {
        let (body, rev) = (&message.body, message.rev.unwrap_or_default());
        let field = |name: &str| body.get(name).unwrap_or(&Value::Null);
        match message.kind.as_str() {
            "participant_updated" => self.apply_participant(field("participant"), rev),
            "invitation_updated" => {
                let person = self.people.entry(text(field("user_id"))).or_default();
                if rev >= person.rev {
                    person.rev = rev;
                    person.state = text(field("state"));
                }
            }
            "host_changed" if rev >= self.rev => self.host = text(field("host")),
            "hand_changed" => {
                let hands: Vec<&str> =
                    field("hands").as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                for (user, person) in &mut self.people {
                    person.hand = hands.contains(&user.as_str());
                }
            }
            "speech_changed" => {
                let (user, mode) = (text(field("user_id")), text(field("mode")));
                let (host, by) = (self.host.clone(), text(field("by")));
                // `*` means all members except the host and the sender.
                let is_meant =
                    |other: &str| if user == "*" { other != host && other != by } else { other == user };
                for (_, person) in self.people.iter_mut().filter(|(other, _)| is_meant(other)) {
                    if user != "*" || is_member(&person.state) {
                        person.speech.clone_from(&mode);
                    }
                }
            }
            _ => {}
        }
        if let Some(meeting) = body.get("meeting").filter(|meeting| meeting.is_object()) {
            self.apply_meeting(meeting);
        }
    }

    /// Returns the state of a user as shown.
    #[must_use]
    pub fn state_of(&self, user: &UserId) -> &str {
        self.people.get(user.as_str()).map_or("", |person| person.state.as_str())
    }

    /// Returns `true` if a user other than `user` is in the meeting.
    #[must_use]
    pub fn has_others(&self, user: &UserId) -> bool {
        self.people.iter().any(|(other, person)| other != user.as_str() && is_member(&person.state))
    }

    /// Returns the first difference between this view and the stored meeting, in the fields that members receive.
    #[must_use]
    pub fn difference(&self, meeting: &Meeting, now: Now) -> Option<String> {
        let stored = serde_json::to_value(meeting.view(now.ms)).unwrap_or_default();
        let mut view = Self::default();
        view.apply_meeting(&stored);
        if view.host != self.host {
            return Some(format!("host {} is shown as {}", view.host, self.host));
        }
        if view.mode != self.mode || view.locked != self.locked {
            return Some(format!("{} is shown as {} (locked: {})", view.mode, self.mode, self.locked));
        }
        let shown = |state: &str| if is_member(state) { state.to_owned() } else { "out".to_owned() };
        view.people.iter().find_map(|(user, person)| {
            let known = self.people.get(user).cloned().unwrap_or_default();
            let (is, was) = (shown(&person.state), shown(&known.state));
            if is != was {
                return Some(format!("{user} is {is} and is shown as {was}"));
            }
            let is_in = is_member(&person.state);
            (is_in && (person.hand, &person.speech) != (known.hand, &known.speech))
                .then(|| format!("{user}: hand or speech differ: {person:?} is shown as {known:?}"))
        })
    }
}
