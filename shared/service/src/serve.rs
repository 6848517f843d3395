//! Serving one event: who and what, the function's own behaviour, and what becomes of its result.
//!
//! A client's mistake is an answer and success. An error is for faults worth an alarm: then the event lands on
//! the queue of failed events.

mod effects;
mod media;
mod outcome;
mod people;
mod push;
mod service;

pub use media::Rtc;
pub use outcome::Outcome;
pub use people::People;
pub use push::PushWanted;
pub use service::{Service, Terms, back_off};

use crate::aws::Aws;
use crate::clock;
use crate::config::{Config, ConfigError, environment};
use crate::downlink::About;
use crate::rule::Received;
use crate::store::StoreError;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use switchboard_core::cause::Cause;
use switchboard_core::{Action, Command, Now, Refusal, Tell};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::envelope::{self, Envelope};
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::requests::Requests;
use tracing::Instrument;

/// A request that was read, from a device that the broker proved.
#[derive(Debug, Clone)]
pub struct Request<R> {
    /// The device that asks.
    pub by: ClientId,
    /// What it asks.
    pub envelope: Envelope<R>,
    /// The moment of this invocation.
    pub now: Now,
}

impl<R: Requests> Request<R> {
    /// The command that asks `action` of a meeting.
    pub fn command(&self, action: Action) -> Command {
        let Envelope { id, hash, .. } = &self.envelope;
        Command { by: self.by.clone(), request_id: id.clone(), hash: hash.clone(), action }
    }

    /// The cause of everything that this request makes.
    pub fn cause(&self) -> Cause {
        Cause::Request { client_id: self.by.clone(), request_id: self.envelope.id.clone() }
    }
}

/// Why a request was not served.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The client's mistake, or a state that does not allow it: answered, and that is all.
    #[error("refused: {}", .0.message)]
    Refused(Refusal),
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The broker.
    #[error(transparent)]
    Broker(#[from] crate::downlink::BrokerError),
    /// Others committed first, every time.
    #[error("the meeting changed under every attempt")]
    Contended,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// An event that could not be handled; lands on the queue of failed events, under a stable type.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    kind: &'static str,
    message: String,
}

impl Fault {
    /// An event that is not what it should be.
    pub fn malformed(error: &dyn std::error::Error) -> Self {
        Self { kind: "MalformedEvent", message: error.to_string() }
    }
}

impl From<&Failure> for Fault {
    fn from(failure: &Failure) -> Self {
        let kind = match failure {
            Failure::Refused(_) => "Refused",
            Failure::Store(StoreError::Unreadable { .. }) => "UnreadableRecord",
            Failure::Store(StoreError::Unavailable { .. }) => "TableUnavailable",
            Failure::Broker(_) => "BrokerUnavailable",
            Failure::Contended => "Contended",
        };
        Self { kind, message: failure.to_string() }
    }
}

impl From<Fault> for Diagnostic {
    fn from(fault: Fault) -> Self {
        Diagnostic { error_type: fault.kind.to_owned(), error_message: fault.message }
    }
}

/// Runs a function until Lambda stops it: the whole of a `main.rs`.
pub async fn run<R, F>(function: F) -> Result<(), lambda_runtime::Error>
where
    R: Requests,
    F: AsyncFn(Request<R>, &Service) -> Result<Outcome, Failure>,
{
    init_logs();
    let service = connect()?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let now = service.now(clock::now_ms(&event.context));
        serve(event.payload, now, &service, &function).await
    }))
    .await
}

/// The same for a function that no terminal speaks to: it gets the event as it is.
pub async fn run_event<F>(function: F) -> Result<(), lambda_runtime::Error>
where
    F: AsyncFn(Value, Now, &Service) -> Result<Value, Fault>,
{
    init_logs();
    let service = connect()?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let now = service.now(clock::now_ms(&event.context));
        Box::pin(function(event.payload, now, &service)).await
    }))
    .await
}

/// Configuration and clients, once per process.
pub fn connect() -> Result<Service, ConfigError> {
    let config = Config::read(&environment)?;
    let aws = Aws::read(&environment)?;
    Ok(Service::new(config, &aws))
}

/// One line of JSON per log event, at the level that Lambda's logging configuration sets.
pub fn init_logs() {
    let level = environment("AWS_LAMBDA_LOG_LEVEL").and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_target(false)
        // Lambda's log entries have a time already.
        .without_time()
        .with_max_level(level.unwrap_or(tracing::Level::INFO))
        .init();
}

/// Serves one event of a rule.
pub async fn serve<R, F>(event: Value, now: Now, service: &Service, function: &F) -> Result<Outcome, Fault>
where
    R: Requests,
    F: AsyncFn(Request<R>, &Service) -> Result<Outcome, Failure>,
{
    let received = Received::from_event(event).map_err(|error| Fault::malformed(&error))?;
    let Some(by) = received.sender.clone() else {
        tracing::warn!(trace.id = received.trace_id, "an uplink without a sender cannot be answered");
        return Ok(Outcome::default());
    };
    let about = |meeting_id: Option<MeetingId>| About { meeting_id, rev: None, now_ms: now.ms };

    let envelope = match envelope::read::<R>(&received.payload) {
        Ok(envelope) => envelope,
        Err(unreadable) => {
            let cause = match &unreadable.re {
                Some(id) => Cause::Request { client_id: by.clone(), request_id: id.clone() },
                None => received.unreadable_cause(),
            };
            return Ok(service.refuse(&by, &cause, unreadable.into(), &about(None)).await);
        }
    };
    let request = Request { by, envelope, now };
    let meeting_id = request.envelope.request.meeting_id().cloned();
    let (by, cause, kind) = (request.by.clone(), request.cause(), request.envelope.request.kind());
    let span = tracing::info_span!(
        "request",
        request.id = %request.envelope.id,
        request.kind = kind,
        caller.id = %by,
        meeting.id = meeting_id.as_ref().map(tracing::field::display),
    );
    let answered = async {
        if expired(&received, &request) {
            let refusal = Refusal::new(
                Code::RequestExpired,
                "the request came too late; send it again if it still matters",
            );
            return Ok(service.refuse(&by, &cause, refusal, &about(meeting_id)).await);
        }
        // Boxed, as the compiler's limit on nested futures wants it.
        match Box::pin(function(request, service)).await {
            Ok(outcome) => Ok(outcome),
            Err(Failure::Refused(refusal)) => {
                Ok(service.refuse(&by, &cause, refusal, &about(meeting_id)).await)
            }
            Err(failure @ Failure::Store(StoreError::Unreadable { .. })) => {
                tracing::error!(error = %failure, "a stored record cannot be read");
                let refusal = Refusal::new(Code::Internal, "a fault of ours; it was reported");
                service.refuse(&by, &cause, refusal, &about(meeting_id)).await;
                Err(Fault::from(&failure))
            }
            Err(failure) => {
                tracing::error!(error = %failure, "the request could not be served");
                Ok(service.refuse(&by, &cause, Refusal::unavailable(), &about(meeting_id)).await)
            }
        }
    };
    let outcome = answered.instrument(span.clone()).await?;
    span.in_scope(|| outcome.log());
    Ok(Outcome { request: Some(kind), ..outcome })
}

/// The life of a request counts from the broker's receipt: the terminal's clock is never asked.
fn expired<R>(received: &Received, request: &Request<R>) -> bool {
    received.received_ms.is_some_and(|at| at + i64::from(request.envelope.ttl_ms) < request.now.ms)
}

impl Service {
    async fn refuse(&self, to: &ClientId, cause: &Cause, refusal: Refusal, about: &About) -> Outcome {
        let code = refusal.code;
        let answer = Tell::answer(to, cause, refusal.into_body());
        let told = Box::pin(self.outbox.tell_all(vec![answer], about)).await;
        Outcome { meeting_id: about.meeting_id.clone(), refused: Some(code), ..Outcome::default() }
            .told(&told)
    }
}
