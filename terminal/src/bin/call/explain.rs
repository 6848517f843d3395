//! Explains tokens in plain words: user, place, rights, expiry, and validity or the reasons against it. Only
//! the check of the signature needs a key. The explanation contains no secret, and nothing that could be used
//! as a token.

mod agora;
mod alibaba;
mod explanation;
#[cfg(test)]
mod fixture;
mod janus;
mod jwt;
mod tencent;
#[cfg(test)]
mod tests;
mod turn;
mod words;

use serde_json::{Map, Value};

pub use explanation::{Explanation, Secrets};

/// Error of a text that cannot be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// The text is a hash: Alibaba's multi-parameter token.
    #[error(
        "this is a hash, such as Alibaba's multi-parameter token, and contains no fields; pass `single_token` or the whole \
         `join` object"
    )]
    Hash,
    /// The format is unknown.
    #[error(
        "unknown format: expected a `join` object, a token of LiveKit, Alibaba, Agora, Tencent or Janus, a JSON Web Token \
         or a TURN credential"
    )]
    Unknown,
}

/// Explains a token, or each token in a `join` object, in a message that contains one, or in an entry of
/// `iceServers`.
///
/// # Errors
/// The text is a hash, or its format is unknown.
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
        // A TURN user name without a user is a number, and therefore also JSON.
        _ => explain_token(text, secrets).map(|one| vec![one]),
    }
}

fn explain_join(join: &Map<String, Value>, secrets: Secrets<'_>) -> Result<Vec<Explanation>, ExplainError> {
    let params = join.get("params").unwrap_or(&Value::Null);
    // `single_token` is preferred, since Alibaba's `token` is a hash.
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
