//! The words for people and the fields for programs.

use chrono::DateTime;
use serde_json::{Value, json};

use super::{Explained, Signature};

impl Signature {
    const fn words(self) -> &'static str {
        match self {
            Self::NotChecked => "not checked; give the secret",
            Self::Right => "right for the given secret",
            Self::Wrong => "wrong for the given secret",
            Self::OtherAlgorithm => "not checked; made with a public key, not with a secret",
            Self::Apart => "none: the password that belongs to it is the proof",
        }
    }
}

impl Explained {
    /// Everything for which it is refused at `now` (Unix seconds), as far as can be told.
    #[must_use]
    pub fn refusals(&self, now: i64) -> Vec<String> {
        let mut refusals = self.faults.clone();
        if self.signature == Signature::Wrong {
            refusals.push("the signature does not match the secret".to_owned());
        }
        match self.ends {
            Some(ends) if ends <= now => {
                refusals.push(format!("it ended {} ago", lasting(now.saturating_sub(ends))));
            }
            None => refusals.push("it says no end".to_owned()),
            Some(_) => {}
        }
        if let Some(begins) = self.begins
            && begins > now
        {
            refusals.push(format!("it begins in {}", lasting(begins.saturating_sub(now))));
        }
        refusals
    }

    /// For people, a line for each thing. `now` in Unix seconds.
    #[must_use]
    pub fn lines(&self, now: i64) -> Vec<String> {
        let mut lines = vec![format!("{:<10} {}", "what", self.kind)];
        let mut line = |name: &str, value: &str| lines.push(format!("{name:<10} {}", printable(value)));
        line("who", self.who.as_deref().unwrap_or("nobody is named"));
        if let Some(place) = &self.place {
            line("where", place);
        }
        if !self.rights.is_empty() {
            line("rights", &self.rights.join(", "));
        }
        if let Some(ends) = self.ends {
            let left = ends.saturating_sub(now);
            let words = if left > 0 { "in" } else { "over for" };
            line("until", &format!("{}({words} {})", date(ends), lasting(left.saturating_abs())));
        }
        if let Some(issuer) = &self.issuer {
            line("made by", issuer);
        }
        line("signature", self.signature.words());
        for note in &self.notes {
            line("note", note);
        }
        let refusals = self.refusals(now);
        let valid = match (refusals.is_empty(), self.signature) {
            (true, Signature::Right) => "yes".to_owned(),
            (true, Signature::Apart) => "yes, with the right password".to_owned(),
            (true, _) => "yes, if the signature is right".to_owned(),
            (false, _) => format!("no: {}", refusals.join("; ")),
        };
        line("valid", &valid);
        lines
    }

    /// For programs. `now` in Unix seconds.
    #[must_use]
    pub fn fields(&self, now: i64) -> Value {
        let refusals = self.refusals(now);
        json!({
            "kind": self.kind, "who": self.who, "where": self.place, "rights": self.rights,
            "begins": self.begins, "ends": self.ends, "issuer": self.issuer, "notes": self.notes,
            "signature": match self.signature {
                Signature::NotChecked | Signature::OtherAlgorithm | Signature::Apart => "not_checked",
                Signature::Right => "right",
                Signature::Wrong => "wrong",
            },
            "valid": refusals.is_empty(), "refusals": refusals,
        })
    }
}

/// Names come out of tokens, and tokens from anybody: nothing in them shall steer a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

/// The UTC date and time of `seconds` (Unix) with a space behind it; empty for a time outside the calendar's range.
fn date(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0)
        .map_or_else(String::new, |at| at.format("%Y-%m-%dT%H:%M:%SZ ").to_string())
}

/// A length of time in the largest unit that says enough.
fn lasting(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}
