//! Removes the tokens from a message before it is printed.

use serde_json::Value;

/// Text that replaces the value of a secret field.
const HIDDEN: &str = "(not shown)";

/// Names of further secret fields, as in `iceServers` and push channels.
const SECRET_FIELDS: [&str; 5] = ["private_map_key", "credential", "password", "secret", "authorization"];

/// Returns a copy of the value without tokens.
pub fn redacted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let shown =
                    if is_secret(name) && value.is_string() { HIDDEN.into() } else { redacted(value) };
                (name.clone(), shown)
            })
            .collect(),
        Value::Array(values) => values.iter().map(redacted).collect(),
        plain => plain.clone(),
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    // RTC services have several tokens (`single_token`, `core_token`, …), and may add others with similar
    // names.
    name.contains("token") || SECRET_FIELDS.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_form_of_a_join_token_is_hidden_and_the_rest_stays() {
        let message = json!({"type": "token", "join": {
            "channel_id": "m1", "token": "T", "token_expires_in_ms": 5,
            "params": {
                "app_id": "a", "single_token": "S", "private_map_key": "P",
                "iceServers": [{"urls": ["turn:h"], "username": "u", "credential": "C"}],
            },
        }});
        assert_eq!(
            redacted(&message),
            json!({"type": "token", "join": {
                "channel_id": "m1", "token": HIDDEN, "token_expires_in_ms": 5,
                "params": {
                    "app_id": "a", "single_token": HIDDEN, "private_map_key": HIDDEN,
                    "iceServers": [{"urls": ["turn:h"], "username": "u", "credential": HIDDEN}],
                },
            }})
        );
    }
}
