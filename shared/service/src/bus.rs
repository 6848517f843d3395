//! The event bus on which outcomes are told. Functions that rules invoke have it as their on-success destination, and Lambda
//! tells what they return; what time or the RTC service did is told by a call, in the same form.
//!
//! One call of one service: signed by the SDK's own signer, without the SDK's client for it, which would be most of the
//! code that a function carries for a single request. A failed call is logged and costs an event, never a meeting.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::{Value, json};

use crate::aws::connector;

/// `source` of our own events; Lambda's have `lambda`.
pub const SOURCE: &str = "switchboard";
/// `detail-type` of our own events.
pub const DETAIL_TYPE: &str = "Switchboard Outcome";

/// One attempt, connection included.
const ATTEMPT: Duration = Duration::from_secs(1);
const ATTEMPTS: u32 = 2;

/// An event bus of `EventBridge`.
pub struct Bus {
    pub(crate) name: String,
    /// Where the service is, with a slash at its end.
    pub(crate) url: String,
    pub(crate) region: String,
    pub(crate) credentials: Credentials,
    /// Made at the first call: most wakes find nothing to tell.
    pub(crate) connector: OnceLock<SharedHttpConnector>,
}

/// Why an event was not put on the bus.
#[derive(Debug, thiserror::Error)]
enum BusError {
    #[error("the request cannot be made: {0}")]
    Request(String),
    #[error("no answer: {0}")]
    Silent(String),
    #[error("status {status}: {answer}")]
    Refused { status: u16, answer: String },
}

impl Bus {
    /// Tells an outcome; a failure is logged, and that is all.
    pub async fn put(&self, outcome: &Value, now_ms: i64) {
        for attempt in 1..=ATTEMPTS {
            let done = tokio::time::timeout(ATTEMPT, self.attempt(outcome, now_ms)).await;
            let error = match done {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error,
                Err(_) => BusError::Silent("not in time".to_owned()),
            };
            tracing::warn!(attempt, %error, "an outcome was not put on the event bus");
        }
    }

    async fn attempt(&self, outcome: &Value, now_ms: i64) -> Result<(), BusError> {
        let body = self.body(outcome);
        let request = self.request(&body, now_ms).map_err(|error| BusError::Request(error.to_string()))?;
        let connector = self.connector.get_or_init(|| connector(ATTEMPT));
        let silent = |error: &dyn std::error::Error| BusError::Silent(error.to_string());
        let response = connector.call(request).await.map_err(|error| silent(&error))?;
        let status = response.status().as_u16();
        let answer = ByteStream::new(response.into_body())
            .collect()
            .await
            .map_err(|error| silent(&error))?
            .into_bytes();
        let failed = serde_json::from_slice::<Value>(&answer)
            .ok()
            .and_then(|answer| answer["FailedEntryCount"].as_u64());
        if status == 200 && failed == Some(0) {
            return Ok(());
        }
        let answer = String::from_utf8_lossy(&answer).chars().take(300).collect();
        Err(BusError::Refused { status, answer })
    }

    /// `PutEvents` with one entry. The outcome stands where Lambda puts what a function returned, so that one pattern of a
    /// rule finds both.
    fn body(&self, outcome: &Value) -> String {
        let detail = json!({"responsePayload": outcome}).to_string();
        json!({"Entries": [{
            "EventBusName": self.name,
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Detail": detail,
        }]})
        .to_string()
    }

    fn request(
        &self,
        body: &str,
        now_ms: i64,
    ) -> Result<HttpRequest, Box<dyn std::error::Error + Send + Sync>> {
        let headers =
            [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AWSEvents.PutEvents")];
        let identity = self.credentials.clone().into();
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now_ms).unwrap_or_default());
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("events")
            .time(at)
            .settings(SigningSettings::default())
            .build()?
            .into();
        let signable = SignableRequest::new(
            "POST",
            &self.url,
            headers.into_iter(),
            SignableBody::Bytes(body.as_bytes()),
        )?;
        let (signed, _) = sign(signable, &params)?.into_parts();

        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST")?;
        request.set_uri(self.url.as_str())?;
        for (name, value) in headers.into_iter().chain(signed.headers()) {
            request.headers_mut().try_insert(name.to_owned(), value.to_owned())?;
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bus() -> Bus {
        Bus {
            name: "stack-OutcomeBus".to_owned(),
            url: "https://events.eu-west-1.amazonaws.com/".to_owned(),
            region: "eu-west-1".to_owned(),
            credentials: Credentials::new("AKID", "a-secret", Some("a-session".to_owned()), None, "tests"),
            connector: OnceLock::new(),
        }
    }

    #[test]
    fn an_outcome_stands_where_lambda_puts_what_a_function_returned() {
        let body: Value = serde_json::from_str(&bus().body(&json!({"rev": 3}))).expect("JSON");
        let entry = &body["Entries"][0];
        assert_eq!((&entry["EventBusName"], &entry["Source"]), (&json!("stack-OutcomeBus"), &json!(SOURCE)));
        assert_eq!(entry["Detail"], r#"{"responsePayload":{"rev":3}}"#);
    }

    #[test]
    fn a_call_is_signed_for_the_service_the_region_and_the_second() {
        let request = bus().request("{}", 1_795_366_084_000).expect("it can be made");
        let header = |name: &str| request.headers().get(name).unwrap_or_default().to_owned();
        let authorization = header("authorization");
        assert!(
            authorization
                .starts_with("AWS4-HMAC-SHA256 Credential=AKID/20261122/eu-west-1/events/aws4_request, "),
            "{authorization}"
        );
        assert!(
            authorization.contains("content-type;host;x-amz-date;x-amz-security-token;x-amz-target"),
            "{authorization}"
        );
        assert_eq!(header("x-amz-date"), "20261122T164804Z");
        assert_eq!(header("x-amz-security-token"), "a-session");
        assert_eq!(header("x-amz-target"), "AWSEvents.PutEvents");
        assert!(!authorization.contains("a-secret"));
    }
}
