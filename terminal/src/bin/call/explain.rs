//! Explains tokens in plain words: user, place, rights, expiry, and validity with the reasons against it. Reading a
//! token needs no key; only verifying the signature does. The explanation contains no secret and nothing that is usable
//! as a token.

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

/// Explanation of one token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Kind of the token.
    pub kind: &'static str,
    /// User of the token.
    pub user: Option<String>,
    /// Channel, room or server that the token opens.
    pub place: Option<String>,
    /// Rights of the user there.
    pub rights: Vec<String>,
    /// Begin of the validity, Unix seconds.
    pub begins: Option<i64>,
    /// Expiry, Unix seconds.
    pub ends: Option<i64>,
    /// Issuer that the token names.
    pub issuer: Option<String>,
    /// Result of the signature check.
    pub signature: Signature,
    /// Remarks on this kind of token.
    pub notes: Vec<&'static str>,
    /// Errors in the token besides signature and times.
    pub faults: Vec<String>,
}

/// Result of a signature check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signature {
    /// Not checked: no secret was given.
    #[default]
    NotChecked,
    /// Valid for the given secret.
    Valid,
    /// Signed with another secret, or altered.
    Invalid,
    /// Not checked: signed with a public-key algorithm.
    OtherAlgorithm,
    /// No signature: the password of this user name is the proof.
    None,
}

impl Signature {
    /// Runs `check` if there is a secret.
    fn of(secret: Option<&SecretString>, check: impl FnOnce(&SecretString) -> bool) -> Self {
        match secret.map(check) {
            Some(true) => Self::Valid,
            Some(false) => Self::Invalid,
            None => Self::NotChecked,
        }
    }
}

/// Secrets for checking signatures.
#[derive(Clone, Copy, Debug, Default)]
pub struct Secrets<'a> {
    /// Secret of logins, and of tokens without a secret of their own below.
    pub any: Option<&'a SecretString>,
    /// The secret half of the key at the RTC service (`RTC_KEY_SECRET`).
    pub rtc: Option<&'a SecretString>,
    /// Secret of the TURN servers (`TURN_SECRET`).
    pub turn: Option<&'a SecretString>,
}

impl<'a> Secrets<'a> {
    fn for_rtc(self) -> Option<&'a SecretString> {
        self.rtc.or(self.any)
    }
}

/// A text without an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// A hash: Alibaba's multi-parameter token.
    #[error(
        "this is a hash, such as Alibaba's multi-parameter token, and contains no fields; pass `single_token` or the whole \
         `join` object"
    )]
    Hash,
    /// An unknown format.
    #[error(
        "unknown format: expected a `join` object, a token of LiveKit, Alibaba, Agora, Tencent or Janus, a JSON Web Token \
         or a TURN credential"
    )]
    Unknown,
}

/// Explains a token, or each token in a `join` object, in a message with one, or in an entry of `iceServers`.
///
/// # Errors
/// A hash or an unknown format.
pub fn explain(text: &str, secrets: Secrets<'_>) -> Result<Vec<Explanation>, ExplainError> {
    let text = text.trim();
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => match object.get("join") {
            Some(Value::Object(join)) => explain_join(join, secrets),
            _ if object.contains_key("username") => {
                let secrets = Secrets { turn: secrets.turn.or(secrets.any), ..secrets };
                turn::explain_credential(&object, secrets.turn)
                    .map(|one| vec![one])
                    .ok_or(ExplainError::Unknown)
            }
            _ => explain_join(&object, secrets),
        },
        Ok(Value::String(token)) => explain_token(&token, secrets).map(|one| vec![one]),
        // A TURN user name without a user is a number, which is JSON too.
        _ => explain_token(text, secrets).map(|one| vec![one]),
    }
}

fn explain_join(join: &Map<String, Value>, secrets: Secrets<'_>) -> Result<Vec<Explanation>, ExplainError> {
    let params = join.get("params").unwrap_or(&Value::Null);
    // Prefer `single_token`: `token` is a hash at Alibaba.
    let token = params["single_token"].as_str().or_else(|| join.get("token")?.as_str());
    let mut all = vec![explain_token(token.ok_or(ExplainError::Unknown)?, secrets)?];
    let others = ["core_token", "private_map_key"].into_iter().filter_map(|name| params[name].as_str());
    for token in others {
        all.push(explain_token(token, secrets)?);
    }
    let servers = params["iceServers"].as_array().into_iter().flatten().filter_map(Value::as_object);
    all.extend(servers.filter_map(|server| turn::explain_credential(server, secrets.turn)));
    Ok(all)
}

fn explain_token(token: &str, secrets: Secrets<'_>) -> Result<Explanation, ExplainError> {
    if token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(ExplainError::Hash);
    }
    let rtc = secrets.for_rtc();
    jwt::explain(token, secrets)
        .or_else(|| agora::explain(token, rtc))
        .or_else(|| alibaba::explain(token, rtc))
        .or_else(|| tencent::explain(token, rtc))
        .or_else(|| janus::explain(token, rtc))
        .or_else(|| turn::explain_username(token))
        .ok_or(ExplainError::Unknown)
}

/// Returns the words for the granted rights.
fn granted<const N: usize>(rights: [(bool, &str); N]) -> Vec<String> {
    rights.into_iter().filter(|(granted, _)| *granted).map(|(_, words)| words.to_owned()).collect()
}
