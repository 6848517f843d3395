//! The custom authorizer's contract: the event that it gets and the answer that it gives.
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

/// What a client that may connect is and may do.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) principal: String,
    pub(crate) policy: Policy,
    /// How long the connection may last.
    pub(crate) disconnect_after_ms: i64,
}

/// Why an answer gives no grant. The service refuses the connection in each case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoGrant {
    #[error("not authenticated")]
    NotAuthenticated,
    #[error("the answer cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("principalId must be 1 to 128 letters and digits")]
    Principal,
    #[error("there are {0} policy documents, at most 10 are allowed")]
    TooManyDocuments(usize),
    #[error("policy document {0} is longer than 2048 characters")]
    DocumentTooLong(usize),
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error("{field} must be 300 to 86400, not {value}")]
    Seconds { field: &'static str, value: i64 },
}

/// Builds the event for a client that connects with MQTT over TCP, for an authorizer without token signing.
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
struct Answer {
    #[serde(default)]
    is_authenticated: bool,
    #[serde(default)]
    principal_id: String,
    #[serde(default)]
    policy_documents: Vec<Value>,
    disconnect_after_in_seconds: Option<i64>,
    refresh_after_in_seconds: Option<i64>,
}

/// Reads the authorizer's answer, as strictly as the service does.
///
/// `refreshAfterInSeconds` is checked but has no effect: the policy holds for the whole connection.
pub(crate) fn grant(answer: Value) -> Result<Grant, NoGrant> {
    let answer = Answer::deserialize(answer)?;
    if !answer.is_authenticated {
        return Err(NoGrant::NotAuthenticated);
    }
    let principal = answer.principal_id;
    if principal.is_empty()
        || principal.len() > LONGEST_PRINCIPAL
        || !principal.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        return Err(NoGrant::Principal);
    }
    if answer.policy_documents.len() > MOST_DOCUMENTS {
        return Err(NoGrant::TooManyDocuments(answer.policy_documents.len()));
    }
    for (index, document) in answer.policy_documents.iter().enumerate() {
        let length =
            document.as_str().map_or_else(|| document.to_string().len(), |text| text.chars().count());
        if length > LONGEST_DOCUMENT {
            return Err(NoGrant::DocumentTooLong(index));
        }
    }
    let seconds = |field, value: Option<i64>| match value.unwrap_or(*SECONDS.end()) {
        value if SECONDS.contains(&value) => Ok(value),
        value => Err(NoGrant::Seconds { field, value }),
    };
    let disconnect_after = seconds("disconnectAfterInSeconds", answer.disconnect_after_in_seconds)?;
    seconds("refreshAfterInSeconds", answer.refresh_after_in_seconds)?;
    Ok(Grant {
        principal,
        policy: Policy::parse(&answer.policy_documents)?,
        disconnect_after_ms: disconnect_after * 1000,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{NoGrant, event, grant};
    use crate::policy::PUBLISH;

    fn answer() -> Value {
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
    fn the_event_is_the_services() {
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
    fn credentials_that_were_not_sent_are_absent() {
        assert_eq!(event("c", None, None)["protocolData"]["mqtt"], json!({"clientId": "c"}));
    }

    #[test]
    fn documents_may_be_strings_or_objects() {
        let grant = grant(answer()).expect("a valid answer");
        assert_eq!(grant.principal, "abc123");
        assert_eq!(grant.disconnect_after_ms, 300_000);
        assert!(grant.policy.allows(PUBLISH, "a") && grant.policy.allows(PUBLISH, "b"));
    }

    #[test]
    fn an_answer_without_authentication_is_no_grant() {
        for value in [json!(false), json!(null)] {
            let mut answer = answer();
            answer["isAuthenticated"] = value.clone();
            assert!(grant(answer).is_err(), "{value}");
        }
        assert!(matches!(grant(json!({})), Err(NoGrant::NotAuthenticated)));
        assert!(matches!(grant(json!("yes")), Err(NoGrant::Unreadable(_))));
    }

    #[test]
    fn limits_of_the_service_are_enforced() {
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
            let mut answer = answer();
            answer[field] = value.clone();
            assert!(grant(answer).is_err(), "{field}: {value}");
        }
    }
}
