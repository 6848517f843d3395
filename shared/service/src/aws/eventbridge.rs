//! `EventBridge` as the adapter of [`OutcomeBus`].
//!
//! Functions that rules invoke have the bus as their on-success destination, so Lambda forwards their results. `wake` and
//! `rtc-webhook` put their reports on the bus by this call, in the same form.
//!
//! The call is signed by the SDK's own signer, without the SDK's client of `EventBridge`, which would be a large part of the
//! binary for a single request. A failed call is logged and costs an event, never a meeting.

use std::error::Error;
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

use super::connector::Https;
use crate::error_chain::ErrorChain;
use crate::ports::OutcomeBus;

/// `source` of the events that the service puts on the bus itself; Lambda's events have `lambda`.
pub const SOURCE: &str = "switchboard";
/// `detail-type` of the events that the service puts on the bus itself.
pub const DETAIL_TYPE: &str = "Switchboard Outcome";

/// Time-out of one attempt, connection included.
const ATTEMPT: Duration = Duration::from_secs(1);
const ATTEMPTS: u32 = 2;

/// An event bus of `EventBridge`.
pub struct EventBus {
    name: String,
    /// Address of the service, with a slash at its end.
    url: String,
    region: String,
    credentials: Credentials,
    https: Https,
    /// Made at the first call: most wakes have nothing to report.
    connector: OnceLock<SharedHttpConnector>,
}

/// Error of a call to the event bus.
#[derive(Debug, thiserror::Error)]
enum BusError {
    #[error("request cannot be built")]
    Request(#[source] Box<dyn Error + Send + Sync>),
    #[error("no response")]
    NoResponse(#[source] Box<dyn Error + Send + Sync>),
    #[error("status {status}: {answer}")]
    Refused { status: u16, answer: String },
}

impl OutcomeBus for EventBus {
    async fn put(&self, report: &Value, now_ms: i64) {
        for attempt in 1..=ATTEMPTS {
            let done = tokio::time::timeout(ATTEMPT, self.attempt(report, now_ms)).await;
            let error = match done {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error,
                Err(late) => BusError::NoResponse(Box::new(late)),
            };
            tracing::warn!(
                attempt, error = %ErrorChain(&error), bus = self.name,
                "PutEvents on the event bus failed; the event is dropped after {ATTEMPTS} attempts"
            );
        }
    }
}

impl EventBus {
    /// Makes the adapter of the bus `name`. `url` is the address of the service, with a slash at its end.
    pub(super) fn new(
        name: String,
        url: String,
        region: String,
        credentials: Credentials,
        https: Https,
    ) -> Self {
        Self { name, url, region, credentials, https, connector: OnceLock::new() }
    }

    async fn attempt(&self, report: &Value, now_ms: i64) -> Result<(), BusError> {
        let body = self.body(report);
        let request = self.request(&body, now_ms).map_err(BusError::Request)?;
        let connector = self.connector.get_or_init(|| self.https.connector(ATTEMPT));
        let response =
            connector.call(request).await.map_err(|error| BusError::NoResponse(Box::new(error)))?;
        let status = response.status().as_u16();
        let answer = ByteStream::new(response.into_body())
            .collect()
            .await
            .map_err(|error| BusError::NoResponse(Box::new(error)))?
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

    /// Returns the body of `PutEvents` with one entry. The report is at the place where Lambda puts the result of a function,
    /// so that one rule pattern matches both.
    fn body(&self, report: &Value) -> String {
        let detail = json!({"responsePayload": report}).to_string();
        json!({"Entries": [{
            "EventBusName": self.name,
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Detail": detail,
        }]})
        .to_string()
    }

    fn request(&self, body: &str, now_ms: i64) -> Result<HttpRequest, Box<dyn Error + Send + Sync>> {
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

    fn bus() -> EventBus {
        EventBus::new(
            "stack-OutcomeBus".to_owned(),
            "https://events.eu-west-1.amazonaws.com/".to_owned(),
            "eu-west-1".to_owned(),
            Credentials::new("AKID", "a-secret", Some("a-session".to_owned()), None, "tests"),
            Https::read(&|_| None).expect("the embedded authorities"),
        )
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
