//! Contract of the custom authorizer: its event and its result.
//! Source: AWS IoT Core developer guide, "Defining your Lambda function" under custom authentication.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::policy::{Policy, PolicyError};

const MOST_DOCUMENTS: usize = 10;
const LONGEST_DOCUMENT: usize = 2048;
const LONGEST_PRINCIPAL: usize = 128;
const SECONDS: std::ops::RangeInclusive<i64> = 300..=86_400;

/// Principal, policy and connection time granted to a client.
#[derive(Debug, Clone)]
pub(crate) struct ConnectGrant {
    pub(crate) principal: String,
    pub(crate) policy: Policy,
    /// Longest duration of the connection.
    pub(crate) disconnect_after_ms: i64,
}

/// Reason why a result of the authorizer grants nothing. AWS IoT Core refuses the connection in each case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GrantError {
    #[error("not authenticated")]
    NotAuthenticated,
    #[error("malformed result of the authorizer: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("principalId must be 1 to 128 letters and digits")]
    Principal,
    #[error("{0} policy documents; at most 10 are allowed")]
    TooManyDocuments(usize),
    #[error("policy document {0} is longer than 2048 characters")]
    DocumentTooLong(usize),
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error("{field} must be 300 to 86400, not {value}")]
    Seconds { field: &'static str, value: i64 },
}

/// Builds the event of a client that connects with MQTT over TCP, for an authorizer without token signing.
pub(crate) fn event(client_id: &str, username: Option<&str>, password: Option<&[u8]>) -> Value {
    let mut mqtt = Map::new();
    if let Some(username) = username {
        mqtt.insert("username".to_owned(), json!(username));
    }
    if let Some(password) = password {
        mqtt.insert("password".to_owned(), json!(STANDARD.encode(password)));
    }
    mqtt.insert("clientId".to_owned(), json!(client_id));
    json!({
        "signatureVerified": false,
        "protocols": ["mqtt"],
        "protocolData": {"mqtt": mqtt},
        "connectionMetadata": {"id": Uuid::new_v4().to_string()},
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizerResult {
    #[serde(default)]
    is_authenticated: bool,
    #[serde(default)]
    principal_id: String,
    #[serde(default)]
    policy_documents: Vec<Value>,
    disconnect_after_in_seconds: Option<i64>,
    refresh_after_in_seconds: Option<i64>,
}

/// Checks the result of the authorizer as strictly as AWS IoT Core.
///
/// `refreshAfterInSeconds` is checked but has no effect: the policy applies to the whole connection.
pub(crate) fn grant(result: Value) -> Result<ConnectGrant, GrantError> {
    let result = AuthorizerResult::deserialize(result)?;
    if !result.is_authenticated {
        return Err(GrantError::NotAuthenticated);
    }
    let principal = result.principal_id;
    if principal.is_empty()
        || principal.len() > LONGEST_PRINCIPAL
        || !principal.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        return Err(GrantError::Principal);
    }
    if result.policy_documents.len() > MOST_DOCUMENTS {
        return Err(GrantError::TooManyDocuments(result.policy_documents.len()));
    }
    for (index, document) in result.policy_documents.iter().enumerate() {
        let length =
            document.as_str().map_or_else(|| document.to_string().len(), |text| text.chars().count());
        if length > LONGEST_DOCUMENT {
            return Err(GrantError::DocumentTooLong(index));
        }
    }
    let seconds = |field, value: Option<i64>| match value.unwrap_or(*SECONDS.end()) {
        value if SECONDS.contains(&value) => Ok(value),
        value => Err(GrantError::Seconds { field, value }),
    };
    let disconnect_after = seconds("disconnectAfterInSeconds", result.disconnect_after_in_seconds)?;
    seconds("refreshAfterInSeconds", result.refresh_after_in_seconds)?;
    Ok(ConnectGrant {
        principal,
        policy: Policy::parse(&result.policy_documents)?,
        disconnect_after_ms: disconnect_after * 1000,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{GrantError, event, grant};
    use crate::policy::PUBLISH;

    fn valid_result() -> Value {
        json!({
            "isAuthenticated": true,
            "principalId": "abc123",
            "disconnectAfterInSeconds": 300,
            "refreshAfterInSeconds": 86400,
            "policyDocuments": [
                r#"{"Statement":{"Effect":"Allow","Action":"iot:Publish","Resource":"a"}}"#,
                {"Statement": {"Effect": "Allow", "Action": "iot:Publish", "Resource": "b"}},
            ],
        })
    }

    #[test]
    fn the_event_has_the_form_of_aws_iot_core() {
        let event = event("GID@@@alice", Some("?x-amz-customauthorizer-name=a"), Some(b"secret"));
        assert!(event["connectionMetadata"]["id"].is_string());
        let mut event = event;
        event["connectionMetadata"]["id"] = json!("id");
        assert_eq!(
            event,
            json!({
                "signatureVerified": false,
                "protocols": ["mqtt"],
                "protocolData": {"mqtt": {
                    "username": "?x-amz-customauthorizer-name=a",
                    "password": "c2VjcmV0",
                    "clientId": "GID@@@alice",
                }},
                "connectionMetadata": {"id": "id"},
            })
        );
    }

    #[test]
    fn missing_credentials_are_absent_from_the_event() {
        assert_eq!(event("c", None, None)["protocolData"]["mqtt"], json!({"clientId": "c"}));
    }

    #[test]
    fn documents_may_be_strings_or_objects() {
        let grant = grant(valid_result()).expect("valid");
        assert_eq!(grant.principal, "abc123");
        assert_eq!(grant.disconnect_after_ms, 300_000);
        assert!(grant.policy.allows(PUBLISH, "a") && grant.policy.allows(PUBLISH, "b"));
    }

    #[test]
    fn a_result_without_authentication_grants_nothing() {
        for value in [json!(false), json!(null)] {
            let mut result = valid_result();
            result["isAuthenticated"] = value.clone();
            assert!(grant(result).is_err(), "{value}");
        }
        assert!(matches!(grant(json!({})), Err(GrantError::NotAuthenticated)));
        assert!(matches!(grant(json!("yes")), Err(GrantError::Unreadable(_))));
    }

    #[test]
    fn limits_of_aws_iot_core_are_enforced() {
        let long = format!(r#"{{"Statement":[],"Id":"{}"}}"#, "x".repeat(2048));
        for (field, value) in [
            ("principalId", json!("")),
            ("principalId", json!("a-b")),
            ("principalId", json!("x".repeat(129))),
            ("disconnectAfterInSeconds", json!(299)),
            ("disconnectAfterInSeconds", json!(86401)),
            ("refreshAfterInSeconds", json!(1)),
            ("policyDocuments", json!(vec![json!({"Statement": []}); 11])),
            ("policyDocuments", json!([long])),
            ("policyDocuments", json!(["no json"])),
        ] {
            let mut result = valid_result();
            result[field] = value.clone();
            assert!(grant(result).is_err(), "{field}: {value}");
        }
    }
}
