//! `EventBridge` as the adapter of [`OutcomeBus`].
//!
//! Functions that rules invoke have the bus as their on-success destination, so Lambda forwards their
//! results. `wake` and `rtc-webhook` put their reports on the bus with this adapter, in the same form.
//!
//! A failed call is logged. It loses an event, but never a change of a meeting.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use serde_json::{Value, json};

use super::connector::Https;
use super::signed::{Answer, CallError, SignedCalls};
use crate::error_chain::ErrorChain;
use crate::ports::OutcomeBus;

/// `source` of the events that the service puts on the bus itself. Lambda's own events have `lambda`.
pub const SOURCE: &str = "switchboard";
/// `detail-type` of the events that the service puts on the bus itself.
pub const DETAIL_TYPE: &str = "Switchboard Outcome";

/// Time limit of one attempt, including the connection.
const ATTEMPT: Duration = Duration::from_secs(1);
const ATTEMPTS: u32 = 2;
const PUT_EVENTS: &str = "AWSEvents.PutEvents";

/// An event bus of `EventBridge`.
pub struct EventBus {
    name: String,
    calls: SignedCalls,
}

/// Error of a call to the event bus.
#[derive(Debug, thiserror::Error)]
enum BusError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("no response in time")]
    Late(#[source] tokio::time::error::Elapsed),
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
                Err(late) => BusError::Late(late),
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
        let connector = OnceLock::new();
        let calls =
            SignedCalls { service: "events", url, region, credentials, https, connect: ATTEMPT, connector };
        Self { name, calls }
    }

    async fn attempt(&self, report: &Value, now_ms: i64) -> Result<(), BusError> {
        let Answer { status, body } = self.calls.post(PUT_EVENTS, &self.body(report), at(now_ms)).await?;
        let failed = serde_json::from_slice::<Value>(&body)
            .ok()
            .and_then(|answer| answer["FailedEntryCount"].as_u64());
        if status == 200 && failed == Some(0) {
            return Ok(());
        }
        let answer = String::from_utf8_lossy(&body).chars().take(300).collect();
        Err(BusError::Refused { status, answer })
    }

    /// Returns the body of `PutEvents` with one entry. The report is in the same place as the function's
    /// result in Lambda's events, so that one rule pattern matches both.
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
}

fn at(now_ms: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now_ms).unwrap_or_default())
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
        let request = bus().calls.request(PUT_EVENTS, "{}", at(1_795_366_084_000)).expect("it can be made");
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
