//! Secrets from Systems Manager's Parameter Store, which are read once per cold start.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use super::connector::Https;
use super::signed::{Answer, CallError, SignedCalls};
use crate::error_chain::ErrorChain;
use crate::secrets_error::SecretsError;

/// Time limit of one attempt, including the connection.
const ATTEMPT: Duration = Duration::from_secs(2);
/// Number of attempts. Together with the waits, they take less than Lambda's ten seconds for a cold start.
const ATTEMPTS: u32 = 3;
/// Wait before the second attempt. Each further wait is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 200 });
/// Largest number of names in one request.
pub(super) const MAX_NAMES: usize = 10;

/// The Parameter Store.
pub(super) struct ParameterStore(SignedCalls);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    parameters: Vec<Parameter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    name: String,
    value: String,
}

#[derive(Deserialize, Default)]
struct StoreRefusal {
    #[serde(rename = "__type", default)]
    kind: String,
}

impl ParameterStore {
    /// Makes the adapter. `url` is the address of the service, with a slash at its end.
    pub(super) fn new(
        url: String,
        region: String,
        credentials: aws_credential_types::Credentials,
        https: Https,
    ) -> Self {
        let connector = OnceLock::new();
        Self(SignedCalls { service: "ssm", url, region, credentials, https, connect: ATTEMPT, connector })
    }

    /// Reads the parameters `path/NAME`. Omits a name without a parameter.
    pub(super) async fn read(
        &self,
        path: &str,
        names: &[&'static str],
        at: SystemTime,
    ) -> Result<BTreeMap<&'static str, SecretString>, SecretsError> {
        let full: Vec<String> = names.iter().map(|name| format!("{path}/{name}")).collect();
        let body = json!({"Names": full, "WithDecryption": true}).to_string();
        let mut attempt = 1;
        loop {
            let answer =
                tokio::time::timeout(ATTEMPT, self.0.post("AmazonSSM.GetParameters", &body, at)).await;
            let answer = answer.unwrap_or_else(|late| Err(CallError::NoResponse(Box::new(late))));
            let error = match read_answer(path, answer) {
                Ok(found) => {
                    let value = |full: &String| found.get(full).cloned();
                    let pairs =
                        names.iter().zip(&full).filter_map(|(name, full)| Some((*name, value(full)?)));
                    return Ok(pairs.collect());
                }
                Err(error) => error,
            };
            if attempt == ATTEMPTS || !error.is_passing() {
                return Err(error);
            }
            tracing::warn!(attempt, error = %ErrorChain(&error), "secrets not read from the Parameter Store; retrying");
            tokio::time::sleep(FIRST_WAIT * 2_u32.pow(attempt - 1)).await;
            attempt += 1;
        }
    }
}

fn read_answer(
    path: &str,
    answer: Result<Answer, CallError>,
) -> Result<BTreeMap<String, SecretString>, SecretsError> {
    let Answer { status, body } = answer.map_err(|error| SecretsError::NoAnswer(Box::new(error)))?;
    if status != 200 {
        let refusal: StoreRefusal = serde_json::from_slice(&body).unwrap_or_default();
        let kind = refusal.kind.rsplit('#').next().unwrap_or_default().chars().take(100).collect();
        return Err(SecretsError::Refused { path: path.to_owned(), status, kind });
    }
    let found: Found = serde_json::from_slice(&body).map_err(|_| SecretsError::Malformed)?;
    Ok(found.parameters.into_iter().map(|parameter| (parameter.name, parameter.value.into())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_credential_types::Credentials;
    use axum::extract::Request;
    use axum::http::StatusCode;
    use secrecy::ExposeSecret;
    use std::sync::{Arc, Mutex};

    /// Starts a store that gives these answers one after the other. Also returns the requests it receives:
    /// target and body.
    async fn store(answers: &[(u16, &'static str)]) -> (ParameterStore, Arc<Mutex<Vec<(String, String)>>>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (noted, answers) = (Arc::clone(&asked), Arc::new(Mutex::new(answers.to_vec())));
        let answer = move |request: Request| {
            let (noted, answers) = (Arc::clone(&noted), Arc::clone(&answers));
            async move {
                let target = request.headers()["x-amz-target"].to_str().expect("text").to_owned();
                let signature = request.headers()["authorization"].to_str().expect("text");
                assert!(signature.contains("/eu-west-1/ssm/aws4_request"), "{signature}");
                let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.expect("is read");
                let body = String::from_utf8(body.to_vec()).expect("text");
                noted.lock().expect("not poisoned").push((target, body));
                let (status, text) = answers.lock().expect("not poisoned").remove(0);
                (StatusCode::from_u16(status).expect("a status"), text)
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/", listener.local_addr().expect("is bound"));
        tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
        let credentials = Credentials::new("AKID", "of-the-tests", None, None, "tests");
        let https = Https::read(&|_: &'static str| None).expect("the embedded authorities");
        (ParameterStore::new(url, "eu-west-1".to_owned(), credentials, https), asked)
    }

    async fn read(store: &ParameterStore) -> Result<BTreeMap<&'static str, SecretString>, SecretsError> {
        store.read("/calls/prod", &["ID_KEY", "TURN_SECRET"], SystemTime::UNIX_EPOCH).await
    }

    const FOUND: &str = r#"{"Parameters":[{"Name":"/calls/prod/ID_KEY","Value":"hush","Version":3}],
        "InvalidParameters":["/calls/prod/TURN_SECRET"]}"#;

    #[tokio::test]
    async fn secrets_are_read_by_their_names_and_missing_ones_left_out() {
        let (store, asked) = store(&[(200, FOUND)]).await;
        let secrets = read(&store).await.expect("read");
        assert_eq!(secrets.keys().copied().collect::<Vec<_>>(), ["ID_KEY"]);
        assert_eq!(secrets["ID_KEY"].expose_secret(), "hush");
        let (target, body) = asked.lock().expect("not poisoned").remove(0);
        assert_eq!(target, "AmazonSSM.GetParameters");
        let wanted = r#"{"Names":["/calls/prod/ID_KEY","/calls/prod/TURN_SECRET"],"WithDecryption":true}"#;
        assert_eq!(body, wanted);
    }

    #[tokio::test]
    async fn a_throttled_read_is_repeated_and_a_denied_one_is_not() {
        let throttled = (400, r#"{"__type":"ThrottlingException"}"#);
        let (busy, asked) = store(&[throttled, (503, ""), (200, FOUND)]).await;
        assert!(read(&busy).await.is_ok());
        assert_eq!(asked.lock().expect("not poisoned").len(), 3);

        let (closed, asked) =
            store(&[(400, r#"{"__type":"com.amazonaws.ssm#AccessDeniedException","message":"no"}"#)]).await;
        let error = read(&closed).await.expect_err("denied").to_string();
        assert!(error.contains("/calls/prod/…") && error.contains("AccessDeniedException"), "{error}");
        assert_eq!(asked.lock().expect("not poisoned").len(), 1);

        let (lasting, _) = store(&[throttled, throttled, throttled]).await;
        assert!(read(&lasting).await.is_err(), "the cold start fails after the last attempt");
    }

    #[tokio::test]
    async fn an_answer_of_another_form_is_an_error_without_its_text() {
        let (store, _) = store(&[(200, r#"{"Parameters":"hush"}"#)]).await;
        let error = read(&store).await.expect_err("malformed");
        assert!(matches!(error, SecretsError::Malformed));
        assert!(!format!("{error:?}").contains("hush"));
    }
}
