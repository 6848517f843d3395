//! Says in plain words what a token is good for: who, where, which rights, until when, valid or why not. Reads a token
//! without its key, as anybody can; the key is needed only to check the signature. What is said shows no secret, and
//! nothing that could be used in place of the token.

mod agora;
mod alibaba;
#[cfg(test)]
mod fixture;
mod janus;
mod jwt;
mod tencent;
#[cfg(test)]
mod tests;
mod turn;
mod words;

use secrecy::SecretString;
use serde_json::{Map, Value};

/// What a token says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// What one should know about such tokens.
    pub notes: Vec<&'static str>,
    /// Everything else that is wrong with it.
    pub faults: Vec<String>,
}

/// What was found out about a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signature {
    /// No secret was given.
    #[default]
    NotChecked,
    /// Made with the given secret.
    Right,
    /// Not made with the given secret, or altered.
    Wrong,
    /// Made with a kind of key that is not checked here.
    OtherAlgorithm,
    /// Not part of it: the password that belongs to it is the proof.
    Apart,
}

impl Signature {
    /// By `check`, if there is a secret to check it with.
    fn of(secret: Option<&SecretString>, check: impl FnOnce(&SecretString) -> bool) -> Self {
        match secret.map(check) {
            Some(true) => Self::Right,
            Some(false) => Self::Wrong,
            None => Self::NotChecked,
        }
    }
}

/// The secrets that signatures are checked with, as far as they are known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Secrets<'a> {
    /// For whatever has none of its own below, logins among it.
    pub any: Option<&'a SecretString>,
    /// The secret half of the key at the RTC service (`RTC_KEY_SECRET`).
    pub rtc: Option<&'a SecretString>,
    /// The TURN server's (`TURN_SECRET`).
    pub turn: Option<&'a SecretString>,
}

impl<'a> Secrets<'a> {
    fn for_rtc(self) -> Option<&'a SecretString> {
        self.rtc.or(self.any)
    }
}

/// Why a text cannot be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unexplained {
    /// Alibaba's multi-parameter token: a hash.
    #[error(
        "this is a hash, as Alibaba's multi-parameter tokens are: it says nothing by itself; explain `single_token` or \
         the whole `join` object in its place"
    )]
    Hash,
    /// No form that is known here.
    #[error(
        "this is no `join` object and no token of LiveKit, Alibaba, Agora, Tencent or Janus, no JSON Web Token and no \
         TURN credential"
    )]
    Unknown,
}

/// Says what a token is good for, or each of the tokens in a `join` object, in a message that has one, or in an entry
/// of `iceServers`.
///
/// # Errors
/// It has no form that is known here.
pub fn explain(text: &str, secrets: Secrets<'_>) -> Result<Vec<Explained>, Unexplained> {
    let text = text.trim();
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => match object.get("join") {
            Some(Value::Object(join)) => explain_join(join, secrets),
            _ if object.contains_key("username") => {
                let secrets = Secrets { turn: secrets.turn.or(secrets.any), ..secrets };
                turn::explain_credential(&object, secrets.turn)
                    .map(|one| vec![one])
                    .ok_or(Unexplained::Unknown)
            }
            _ => explain_join(&object, secrets),
        },
        Ok(Value::String(token)) => explain_token(&token, secrets).map(|one| vec![one]),
        // A user name of TURN without a user is a number, which is JSON too.
        _ => explain_token(text, secrets).map(|one| vec![one]),
    }
}

fn explain_join(join: &Map<String, Value>, secrets: Secrets<'_>) -> Result<Vec<Explained>, Unexplained> {
    let params = join.get("params").unwrap_or(&Value::Null);
    // The readable form of Alibaba's hash comes first.
    let token = params["single_token"].as_str().or_else(|| join.get("token")?.as_str());
    let mut all = vec![explain_token(token.ok_or(Unexplained::Unknown)?, secrets)?];
    let others = ["core_token", "private_map_key"].into_iter().filter_map(|name| params[name].as_str());
    for token in others {
        all.push(explain_token(token, secrets)?);
    }
    let servers = params["iceServers"].as_array().into_iter().flatten().filter_map(Value::as_object);
    all.extend(servers.filter_map(|server| turn::explain_credential(server, secrets.turn)));
    Ok(all)
}

fn explain_token(token: &str, secrets: Secrets<'_>) -> Result<Explained, Unexplained> {
    if token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Unexplained::Hash);
    }
    let rtc = secrets.for_rtc();
    jwt::explain(token, secrets)
        .or_else(|| agora::explain(token, rtc))
        .or_else(|| alibaba::explain(token, rtc))
        .or_else(|| tencent::explain(token, rtc))
        .or_else(|| janus::explain(token, rtc))
        .or_else(|| turn::explain_username(token))
        .ok_or(Unexplained::Unknown)
}

/// The words of those that are granted.
fn granted<const N: usize>(rights: [(bool, &str); N]) -> Vec<String> {
    rights.into_iter().filter(|(granted, _)| *granted).map(|(_, words)| words.to_owned()).collect()
}
