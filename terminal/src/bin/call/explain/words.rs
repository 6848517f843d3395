//! Prints an explanation as text for people and as fields for programs.

use chrono::DateTime;
use serde_json::{Value, json};

use super::explanation::{Explanation, Signature};
use crate::printable;

impl Signature {
    const fn words(self) -> &'static str {
        match self {
            Self::NotChecked => "not checked; give the secret",
            Self::Valid => "valid for the given secret",
            Self::Invalid => "invalid for the given secret",
            Self::OtherAlgorithm => "not checked; uses a public-key algorithm",
            Self::None => "none: the password of this user name is the proof",
        }
    }
}

impl Explanation {
    /// Returns the reasons for which a server refuses the token at `now` (Unix seconds), as far as they can
    /// be read from the token.
    #[must_use]
    pub fn refusals(&self, now: i64) -> Vec<String> {
        let mut refusals = self.faults.clone();
        if self.signature == Signature::Invalid {
            refusals.push("the signature does not match the secret".to_owned());
        }
        match self.ends {
            Some(ends) if ends <= now => {
                refusals.push(format!("expired {} ago", duration(now.saturating_sub(ends))));
            }
            None => refusals.push("the token has no expiry".to_owned()),
            Some(_) => {}
        }
        if let Some(begins) = self.begins
            && begins > now
        {
            refusals.push(format!("becomes valid in {}", duration(begins.saturating_sub(now))));
        }
        refusals
    }

    /// Returns the explanation for people, with one line for each property. `now` is in Unix seconds.
    #[must_use]
    pub fn lines(&self, now: i64) -> Vec<String> {
        let mut lines = vec![format!("{:<10} {}", "what", self.kind)];
        let mut line = |name: &str, value: &str| lines.push(format!("{name:<10} {}", printable::line(value)));
        line("who", self.user.as_deref().unwrap_or("no user named"));
        if let Some(place) = &self.place {
            line("where", place);
        }
        if !self.rights.is_empty() {
            line("rights", &self.rights.join(", "));
        }
        if let Some(ends) = self.ends {
            let left = ends.saturating_sub(now);
            let words = if left > 0 { "in" } else { "expired for" };
            line("until", &format!("{}({words} {})", date(ends), duration(left.saturating_abs())));
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
            (true, Signature::Valid) => "yes".to_owned(),
            (true, Signature::None) => "yes, with the password".to_owned(),
            (true, _) => "yes, if the signature is valid".to_owned(),
            (false, _) => format!("no: {}", refusals.join("; ")),
        };
        line("valid", &valid);
        lines
    }

    /// Returns the explanation for programs. `now` is in Unix seconds.
    #[must_use]
    pub fn fields(&self, now: i64) -> Value {
        let refusals = self.refusals(now);
        json!({
            "kind": self.kind, "who": self.user, "where": self.place, "rights": self.rights,
            "begins": self.begins, "ends": self.ends, "issuer": self.issuer, "notes": self.notes,
            "signature": match self.signature {
                Signature::NotChecked | Signature::OtherAlgorithm | Signature::None => "not_checked",
                Signature::Valid => "right",
                Signature::Invalid => "wrong",
            },
            "valid": refusals.is_empty(), "refusals": refusals,
        })
    }
}

/// Returns the UTC date and time of `seconds` (Unix) followed by a space; empty for a time outside the
/// calendar's range.
fn date(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0)
        .map_or_else(String::new, |at| at.format("%Y-%m-%dT%H:%M:%SZ ").to_string())
}

/// Formats a duration in seconds, minutes or hours.
fn duration(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}
