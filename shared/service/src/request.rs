//! One event of a broker rule: reads the event and the request in it, calls the function, and answers
//! refusals. The run loop in `run.rs` passes each event to [`serve_event`], together with the program's
//! function.
//!
//! The payload is nested in the event as base64, never flattened. So no field of the payload can be mistaken
//! for the client ID, and bytes that are not JSON also arrive and can be answered. Any field may be missing,
//! since the rule engine drops undefined fields; without `payload`, the message was empty.
//!
//! A client's mistake is answered, and the invocation succeeds. An invocation fails only for an error that
//! should raise an alarm; then the event goes to the queue of failed events.

use crate::effects::downlinks::DownlinkContext;
use crate::effects::report::InvocationReport;
use crate::error::{InvocationFailure, ServeError};
use crate::error_chain::ErrorChain;
use crate::metrics;
use crate::ports::{Ports, StoreError};
use crate::service::Service;
use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use switchboard_core::{Action, Cause, Command, Now, Outgoing, Refusal};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::envelope::{self, Envelope};
use switchboard_protocol::id::{BodyHash, MeetingId};
use switchboard_protocol::requests::Requests;
use tracing::Instrument;

/// The event in its JSON form (`events/*.json`).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct RuleEvent {
    // The rule engine omits the field for a message without bytes.
    payload: Option<String>,
    client_id: Option<String>,
    received_ms: Option<i64>,
    trace_id: Option<String>,
    topic: Option<String>,
    source_ip: Option<String>,
}

/// A message of a terminal, with the sender that the broker authenticated.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The sender; `None` if the message was not sent over MQTT by a valid client ID.
    pub sender: Option<ClientId>,
    /// Time of receipt by the broker, in milliseconds since the epoch.
    pub received_ms: Option<i64>,
    /// The broker's id of the message.
    pub trace_id: String,
    /// Topic to which the message was published. Only used in log lines about messages that are not requests.
    pub topic: Option<String>,
    /// Address of the sender's connection. Only used in log lines about messages that are not requests.
    pub source_ip: Option<String>,
    /// The published bytes.
    pub payload: Vec<u8>,
}

/// Error of an event that is not from a rule of the template.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// A field is missing or has another type.
    #[error("event is not from a broker rule")]
    Shape(#[from] serde_json::Error),
    /// The event has none of the fields of a rule.
    #[error("event has no field of a broker rule")]
    NoFields,
    /// `payload` is not base64.
    #[error("payload of the event is not base64")]
    Payload(#[from] base64::DecodeError),
}

impl Received {
    /// Reads the event of a rule.
    pub fn from_event(event: Value) -> Result<Self, RuleError> {
        let event: RuleEvent = serde_json::from_value(event)?;
        if event == RuleEvent::default() {
            return Err(RuleError::NoFields);
        }
        Ok(Self {
            // For messages that were not sent over MQTT, the rule engine sets "n/a", which does not parse as
            // a client ID.
            sender: event.client_id.and_then(|id| ClientId::try_from(id).ok()),
            received_ms: event.received_ms,
            trace_id: event.trace_id.unwrap_or_default(),
            topic: event.topic,
            source_ip: event.source_ip,
            payload: BASE64_STANDARD.decode(event.payload.unwrap_or_default())?,
        })
    }

    /// Returns the cause of an answer to a payload without a usable request id.
    #[must_use]
    pub fn unreadable_cause(&self) -> Cause {
        Cause::Unreadable { trace_id: self.trace_id.clone(), hash: BodyHash::of(&self.payload) }
    }
}

/// A parsed request, from a device that the broker authenticated.
#[derive(Debug, Clone)]
pub struct ReceivedRequest<R> {
    /// The sender.
    pub by: ClientId,
    /// The request with its id.
    pub envelope: Envelope<R>,
    /// Time of this invocation.
    pub now: Now,
}

impl<R: Requests> ReceivedRequest<R> {
    /// Returns the command that applies `action` on behalf of the sender.
    pub fn command(&self, action: Action) -> Command {
        let Envelope { id, hash, .. } = &self.envelope;
        let other_calls = BTreeMap::new();
        Command { by: self.by.clone(), request_id: id.clone(), hash: hash.clone(), action, other_calls }
    }

    /// Returns the cause of everything that this request changes.
    pub fn cause(&self) -> Cause {
        Cause::request(&self.by, &self.envelope.id)
    }
}

/// Serves one event of a rule with `function`.
pub async fn serve_event<R, P, F>(
    event: Value,
    now: Now,
    service: &Service<P>,
    function: &F,
) -> Result<InvocationReport, InvocationFailure>
where
    R: Requests,
    P: Ports,
    F: AsyncFn(ReceivedRequest<R>, &Service<P>) -> Result<InvocationReport, ServeError>,
{
    let received = Received::from_event(event).map_err(|error| InvocationFailure::malformed(&error))?;
    let Some(by) = received.sender.clone() else {
        tracing::warn!(
            trace.id = received.trace_id,
            topic = received.topic,
            source.ip = received.source_ip,
            "request dropped: the event has no valid client ID, so it cannot be answered"
        );
        return Ok(InvocationReport::default());
    };
    match envelope::read::<R>(&received.payload) {
        Ok(envelope) => {
            serve_request(ReceivedRequest { by, envelope, now }, received.received_ms, service, function)
                .await
        }
        Err(unreadable) => {
            tracing::warn!(
                caller.id = %by,
                trace.id = received.trace_id,
                topic = received.topic,
                source.ip = received.source_ip,
                code = ?unreadable.code,
                path = unreadable.path,
                "request refused: its payload cannot be read"
            );
            let cause = match &unreadable.re {
                Some(id) => Cause::request(&by, id),
                None => received.unreadable_cause(),
            };
            let context = DownlinkContext { meeting_id: None, rev: None, now_ms: now.ms };
            metrics::count_request(Some(unreadable.code));
            Ok(service.refuse(&by, &cause, unreadable.into(), &context).await)
        }
    }
}

/// Serves a parsed request with `function`. `received_ms` is the time of its receipt by the broker, in
/// milliseconds since the epoch.
pub async fn serve_request<R, P, F>(
    request: ReceivedRequest<R>,
    received_ms: Option<i64>,
    service: &Service<P>,
    function: &F,
) -> Result<InvocationReport, InvocationFailure>
where
    R: Requests,
    P: Ports,
    F: AsyncFn(ReceivedRequest<R>, &Service<P>) -> Result<InvocationReport, ServeError>,
{
    let meeting_id = request.envelope.request.meeting_id().cloned();
    let (by, cause, kind) = (request.by.clone(), request.cause(), request.envelope.request.kind());
    let now_ms = request.now.ms;
    let context = DownlinkContext { meeting_id, rev: None, now_ms };
    let span = tracing::info_span!(
        "request",
        request.id = %request.envelope.id,
        request.kind = kind,
        caller.id = %by,
        meeting.id = context.meeting_id.as_ref().map(tracing::field::display),
    );
    let served = async {
        if let Err(refusal) = service.paces.count(&by, kind, &service.limits, request.now) {
            return Ok(service.refuse(&by, &cause, refusal, &context).await);
        }
        if is_expired(received_ms, &request) {
            let refusal = Refusal::new(
                Code::RequestExpired,
                "the request expired before it was read; send a new request if it is still wanted",
            );
            return Ok(service.refuse(&by, &cause, refusal, &context).await);
        }
        // The future is boxed, since the compiler limits the size of nested futures.
        match Box::pin(function(request, service)).await {
            Ok(report) => Ok(report),
            Err(ServeError::Refused(refusal)) => Ok(service.refuse(&by, &cause, refusal, &context).await),
            Err(error @ ServeError::Store(StoreError::Unreadable { .. } | StoreError::Invalid { .. })) => {
                tracing::error!(
                    error = %ErrorChain(&error),
                    "request failed with an internal error; the event goes to the queue of failed events"
                );
                let refusal = Refusal::new(Code::Internal, "internal error; it has been reported");
                service.refuse(&by, &cause, refusal, &context).await;
                Err(InvocationFailure::from(&error))
            }
            Err(error) => {
                tracing::error!(error = %ErrorChain(&error), "request not served; the answer asks the terminal to retry");
                Ok(service.refuse(&by, &cause, Refusal::unavailable(), &context).await)
            }
        }
    };
    let served = metrics::timed(received_ms, now_ms, served.instrument(span.clone())).await;
    metrics::count_request(served.as_ref().map_or(Some(Code::Internal), |report| report.refused));
    let report = served?;
    span.in_scope(|| report.log());
    Ok(InvocationReport { request: Some(kind), ..report })
}

/// Largest number of milliseconds by which the broker's clock may be behind the function's before requests
/// expire too early. Both clocks belong to the cloud provider and differ by milliseconds. With a larger
/// leeway, a retried invocation could ring for a caller who has given up.
const BROKER_CLOCK_LEEWAY_MS: i64 = 2_000;

/// Returns whether the request's life is over. It counts from the receipt by the broker; the terminal's clock
/// is never used.
fn is_expired<R>(received_ms: Option<i64>, request: &ReceivedRequest<R>) -> bool {
    let life_ms = i64::from(request.envelope.ttl_ms) + BROKER_CLOCK_LEEWAY_MS;
    received_ms.is_some_and(|at| at + life_ms < request.now.ms)
}

impl<P: Ports> Service<P> {
    /// Publishes `refusal` as the answer to `cause`.
    async fn refuse(
        &self,
        to: &ClientId,
        cause: &Cause,
        refusal: Refusal,
        context: &DownlinkContext,
    ) -> InvocationReport {
        let code = refusal.code;
        let meeting_id: Option<MeetingId> = context.meeting_id.clone();
        let named = refusal.meeting_id.clone().or_else(|| meeting_id.clone());
        let context = DownlinkContext { meeting_id: named, ..context.clone() };
        let answer = Outgoing::answer(to, cause, refusal.into_body());
        let published = Box::pin(self.publisher.publish_all(vec![answer], &context)).await;
        let report = InvocationReport { meeting_id, refused: Some(code), ..InvocationReport::default() };
        let report = report.with_published(&published);
        metrics::count_report(&report);
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    // Proves: sender
    #[test]
    fn the_sender_is_whom_the_broker_names_never_whom_the_payload_names() {
        let payload = BASE64_STANDARD.encode(r#"{"client_id":"GID@@@mallory"}"#);
        let event =
            json!({"payload": payload, "client_id": "GID@@@alice.phone", "received_ms": 5, "trace_id": "t"});
        let received = Received::from_event(event).expect("well formed");
        assert_eq!(received.sender.expect("was sent over MQTT").user().as_str(), "alice");
    }

    #[test]
    fn every_field_that_the_template_selects_is_read() {
        let template = include_str!("../../../template.yaml");
        let mut selected: Vec<&str> = Vec::new();
        for rest in template.split("SELECT encode(*, 'base64')").skip(1) {
            let statement = rest.split("FROM").next().unwrap_or_default();
            let names =
                statement.split(" AS ").skip(1).filter_map(|rest| rest.split([',', ' ', '\n']).next());
            selected.extend(names);
        }
        assert!(selected.len() > 6, "the rules of the template are found: {selected:?}");
        let all = json!({"payload": "", "client_id": "GID@@@alice", "received_ms": 5, "trace_id": "t",
            "topic": "call-up/answer", "source_ip": "192.0.2.7"});
        let event: RuleEvent = serde_json::from_value(all.clone()).expect("well formed");
        let read = serde_json::to_value(&event).expect("serialises");
        assert_eq!(read, all);
        let unread: Vec<_> = selected.iter().filter(|name| read.get(**name).is_none()).collect();
        assert!(unread.is_empty(), "the rules send fields that no function reads: {unread:?}");
        let received = Received::from_event(all).expect("well formed");
        assert_eq!(
            (received.topic.as_deref(), received.source_ip.as_deref()),
            (Some("call-up/answer"), Some("192.0.2.7"))
        );
    }

    #[test]
    fn every_field_may_be_missing() {
        let received = Received::from_event(json!({"payload": ""})).expect("well formed");
        assert_eq!((received.sender, received.received_ms, received.payload), (None, None, Vec::new()));
        let received = Received::from_event(json!({"payload": "", "client_id": "n/a"})).expect("well formed");
        assert_eq!(received.sender, None);
        for empty in
            [json!({"client_id": "GID@@@alice"}), json!({"client_id": "GID@@@alice", "payload": null})]
        {
            let received = Received::from_event(empty).expect("well formed");
            assert_eq!((received.sender.is_some(), received.payload), (true, Vec::new()));
        }
        assert!(Received::from_event(json!("text")).is_err());
        assert!(Received::from_event(json!({"Records": []})).is_err());
        assert!(Received::from_event(json!({"payload": "%"})).is_err());
    }
}
