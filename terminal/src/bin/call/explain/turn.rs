//! TURN credentials of the shared-secret scheme. A user name alone can be read, but proves nothing.

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::{Explained, Signature};
use switchboard_rtc::turn::is_password;

/// Unix seconds below this are no end of a credential, but some other number: it was 2001.
const LEAST_END: i64 = 1_000_000_000;

/// Explains a user name, `END` or `END:USER`; `None` for anything else.
pub fn explain_username(username: &str) -> Option<Explained> {
    let (end, user) = username.split_once(':').map_or((username, None), |(end, user)| (end, Some(user)));
    let ends = end.parse().ok().filter(|end| *end >= LEAST_END)?;
    Some(Explained {
        kind: "a TURN user name",
        who: user.map(str::to_owned),
        place: Some("the TURN servers that share its secret".to_owned()),
        rights: vec!["relay media".to_owned()],
        ends: Some(ends),
        signature: Signature::Apart,
        ..Explained::default()
    })
}

/// Explains a user name with its password: `{"username", "credential"}` as WebRTC has it, or with `password` as the servers'
/// reply has it; `None` for anything else.
pub fn explain_credential(server: &Map<String, Value>, secret: Option<&SecretString>) -> Option<Explained> {
    let text = |name: &str| server.get(name).and_then(Value::as_str);
    let username = text("username")?;
    let mut explained = explain_username(username)?;
    explained.kind = "a TURN credential";
    if let Some(credential) = text("credential").or_else(|| text("password")) {
        explained.signature = Signature::of(secret, |secret| is_password(username, credential, secret));
    }
    let urls: Vec<_> = match server.get("urls").or_else(|| server.get("uris")) {
        Some(Value::String(url)) => vec![url.as_str()],
        Some(Value::Array(urls)) => urls.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !urls.is_empty() {
        explained.place = Some(urls.join(", "));
    }
    Some(explained)
}
