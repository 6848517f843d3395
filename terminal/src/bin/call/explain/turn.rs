//! Explanation of TURN credentials of the shared-secret scheme. A user name alone has no signature.

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::explanation::{Explanation, Signature};
use switchboard_rtc::turn::is_password;

/// Smallest expiry in Unix seconds (in 2001). Smaller numbers are not TURN user names.
const MIN_EXPIRY: i64 = 1_000_000_000;

/// Explains a user name, `EXPIRY` or `EXPIRY:USER`; `None` if the text has another format.
pub fn explain_username(username: &str) -> Option<Explanation> {
    let (end, user) = username.split_once(':').map_or((username, None), |(end, user)| (end, Some(user)));
    let ends = end.parse().ok().filter(|end| *end >= MIN_EXPIRY)?;
    Some(Explanation {
        kind: "a TURN user name",
        user: user.map(str::to_owned),
        place: Some("the TURN servers that share its secret".to_owned()),
        rights: vec!["relay media".to_owned()],
        ends: Some(ends),
        signature: Signature::None,
        ..Explanation::default()
    })
}

/// Explains a user name with its password: `{"username", "credential"}` in the form of WebRTC, or with
/// `password` in the form of a TURN REST reply; `None` for another format.
pub fn explain_credential(server: &Map<String, Value>, secret: Option<&SecretString>) -> Option<Explanation> {
    let text = |name: &str| server.get(name).and_then(Value::as_str);
    let username = text("username")?;
    let mut explanation = explain_username(username)?;
    explanation.kind = "a TURN credential";
    if let Some(credential) = text("credential").or_else(|| text("password")) {
        explanation.signature = Signature::of(secret, |secret| is_password(username, credential, secret));
    }
    let urls: Vec<_> = match server.get("urls").or_else(|| server.get("uris")) {
        Some(Value::String(url)) => vec![url.as_str()],
        Some(Value::Array(urls)) => urls.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !urls.is_empty() {
        explanation.place = Some(urls.join(", "));
    }
    Some(explanation)
}
