//! Reads a token without its key, as anybody can, and says in plain words what it is good for.

mod alibaba;
mod jwt;
#[cfg(test)]
mod tests;

use chrono::DateTime;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::output::lasting;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// What it is for.
    pub kind: &'static str,
    /// Whom it is for.
    pub who: Option<String>,
    /// Where it lets them in.
    pub place: Option<String>,
    /// What they may do there.
    pub rights: Vec<String>,
    /// When it begins, Unix seconds.
    pub begins: Option<i64>,
    /// When it ends, Unix seconds.
    pub ends: Option<i64>,
    /// Who made it, as far as it says.
    pub issuer: Option<String>,
    /// What was found out about its signature.
    pub signature: Signature,
    /// Everything else that is wrong with it.
    pub faults: Vec<String>,
}

/// What was found out about a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// No secret was given.
    NotChecked,
    /// Made with the given secret.
    Right,
    /// Not made with the given secret, or altered.
    Wrong,
    /// Made with a kind of key that is not checked here.
    OtherAlgorithm,
}

impl Signature {
    const fn words(self) -> &'static str {
        match self {
            Self::NotChecked => "not checked; give the secret with --secret",
            Self::Right => "right for the given secret",
            Self::Wrong => "wrong for the given secret",
            Self::OtherAlgorithm => "not checked; made with a public key, not with a secret",
        }
    }
}

/// Why a text cannot be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unexplained {
    /// Alibaba's multi-parameter token: a hash.
    #[error(
        "this is a hash, as Alibaba's multi-parameter tokens are: it says nothing by itself; explain `single_token` or \
         the whole `join` object in its place"
    )]
    Hash,
    /// No form that is known here.
    #[error("this is no JSON Web Token, no Alibaba token and no `join` object")]
    Unknown,
}

/// Says what a token, or the token in a `join` object, is good for.
///
/// # Errors
/// It has no form that is known here.
pub fn explain(text: &str, secret: Option<&SecretString>) -> Result<Explained, Unexplained> {
    let text = text.trim();
    if let Ok(Value::Object(join)) = serde_json::from_str(text) {
        // A message may be given whole.
        let join = join.get("join").and_then(Value::as_object).unwrap_or(&join);
        let params = join.get("params").unwrap_or(&Value::Null);
        let token = params["single_token"].as_str().or_else(|| join.get("token").and_then(Value::as_str));
        return explain_token(token.ok_or(Unexplained::Unknown)?, secret);
    }
    explain_token(text, secret)
}

fn explain_token(token: &str, secret: Option<&SecretString>) -> Result<Explained, Unexplained> {
    if token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Unexplained::Hash);
    }
    jwt::explain(token, secret).or_else(|| alibaba::explain(token, secret)).ok_or(Unexplained::Unknown)
}

impl Explained {
    /// Everything for which it is refused now, as far as can be told.
    pub fn refusals(&self, now: i64) -> Vec<String> {
        let mut refusals = self.faults.clone();
        if self.signature == Signature::Wrong {
            refusals.push("the signature does not match the secret".to_owned());
        }
        match self.ends {
            Some(ends) if ends <= now => {
                refusals.push(format!("it ended {} ago", lasting(&json!((now - ends) * 1000))));
            }
            None => refusals.push("it says no end".to_owned()),
            Some(_) => {}
        }
        if let Some(begins) = self.begins
            && begins > now
        {
            refusals.push(format!("it begins in {}", lasting(&json!((begins - now) * 1000))));
        }
        refusals
    }

    /// For people, a line for each thing.
    pub fn lines(&self, now: i64) -> Vec<String> {
        let mut lines = vec![format!("{:<10} {}", "what", self.kind)];
        let mut line = |name: &str, value: &str| lines.push(format!("{name:<10} {value}"));
        line("who", self.who.as_deref().unwrap_or("nobody is named"));
        if let Some(place) = &self.place {
            line("where", place);
        }
        if !self.rights.is_empty() {
            line("rights", &self.rights.join(", "));
        }
        if let Some(ends) = self.ends {
            let time =
                DateTime::from_timestamp(ends, 0).map_or_else(String::new, |time| format!("{time:?} "));
            let left = ends.saturating_sub(now);
            let words = if left > 0 { "in" } else { "over for" };
            line(
                "until",
                &format!("{time}({words} {})", lasting(&json!(left.saturating_abs().saturating_mul(1000)))),
            );
        }
        if let Some(issuer) = &self.issuer {
            line("made by", issuer);
        }
        line("signature", self.signature.words());
        let refusals = self.refusals(now);
        match (refusals.is_empty(), self.signature) {
            (true, Signature::Right) => line("valid", "yes"),
            (true, _) => line("valid", "yes, if the signature is right"),
            (false, _) => line("valid", &format!("no: {}", refusals.join("; "))),
        }
        lines
    }

    /// For programs.
    pub fn fields(&self, now: i64) -> Value {
        let refusals = self.refusals(now);
        json!({
            "kind": self.kind, "who": self.who, "where": self.place, "rights": self.rights,
            "begins": self.begins, "ends": self.ends, "issuer": self.issuer,
            "signature": match self.signature {
                Signature::NotChecked | Signature::OtherAlgorithm => "not_checked",
                Signature::Right => "right",
                Signature::Wrong => "wrong",
            },
            "valid": refusals.is_empty(), "refusals": refusals,
        })
    }
}
