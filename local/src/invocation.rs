//! Invocations of functions: the event, the result, and [`Invoker`], the interface between the parts that invoke
//! functions (rules, queues, schedules, URLs, the broker) and the part that runs them.

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::aws::random_id;

/// An event for a function.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Request id, as Lambda gives one to every invocation.
    pub request_id: String,
    /// Event as JSON.
    pub event: Bytes,
    /// Source for log and journal: `rule switchboard-AnswerRule`, `queue …`, `schedule …`, `invoke`.
    pub source: String,
    /// Further fields for the journal entry; never the content of the event.
    pub journal_detail: Value,
}

impl Invocation {
    /// Describes the event for faults: its source and, of a rule's event, topic and client ID.
    pub(crate) fn occasion(&self) -> String {
        let field = |name: &str| self.journal_detail.get(name).and_then(Value::as_str).unwrap_or_default();
        [self.source.as_str(), field("topic"), field("client_id")].join(" ").trim_end().to_owned()
    }

    /// Makes an invocation with a new request id.
    #[must_use]
    pub fn new(source: impl Into<String>, event: impl Into<Bytes>) -> Self {
        Self {
            request_id: random_id(),
            event: event.into(),
            source: source.into(),
            journal_detail: Value::Null,
        }
    }
}

/// Result of an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvocationResult {
    /// The function returned this JSON.
    Returned(Bytes),
    /// The function failed, or was ended.
    Failed(InvocationFailure),
}

/// Failure of an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvocationFailure {
    /// Kind of the failure.
    pub kind: FailureKind,
    /// Answer of Lambda: a JSON object with `errorType` and `errorMessage`.
    pub payload: Bytes,
}

/// Kind of a failed invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The function returned an error.
    Failed,
    /// The invocation exceeded its time limit, and the process was killed.
    TimedOut,
    /// The process of the function ended.
    Exited,
}

impl FailureKind {
    /// Name in the journal.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Exited => "exited",
        }
    }
}

impl InvocationFailure {
    /// Makes a failure that the runtime reports, not the function.
    pub(crate) fn new(kind: FailureKind, error_type: &str, request_id: &str, message: &str) -> Self {
        let message = format!("RequestId: {request_id} Error: {message}");
        let payload = json!({"errorType": error_type, "errorMessage": message});
        Self { kind, payload: payload.to_string().into() }
    }

    /// Makes the failure of an invocation that came while the stack stops.
    pub(crate) fn stopping(request_id: &str) -> Self {
        Self::new(FailureKind::Exited, "Runtime.Shutdown", request_id, "the stack is stopping")
    }

    /// Error type and message in one line, for logs.
    #[must_use]
    pub fn message(&self) -> String {
        let payload: Value = serde_json::from_slice(&self.payload).unwrap_or_default();
        let field = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        format!("{}: {}", field("errorType"), field("errorMessage"))
    }
}

/// Refusal of an asynchronous invocation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeLaterError {
    /// The template declares no function of this name.
    #[error("unknown function `{0}`")]
    UnknownFunction(String),
    /// The queue of waiting events is full.
    #[error("too many events wait for function `{0}`; try again later")]
    QueueFull(String),
}

/// Invokes functions by name.
#[async_trait]
pub trait Invoker: Send + Sync {
    /// Runs a function and returns its result; `None` for an unknown function. If the returned future is dropped, the
    /// function still runs to its end, as in Lambda when the caller disconnects.
    async fn invoke(&self, function: &str, invocation: &Invocation) -> Option<InvocationResult>;

    /// Queues an event for a function and returns at once.
    ///
    /// # Errors
    /// The function is unknown, or too many events wait for it.
    fn invoke_later(&self, function: &str, invocation: Invocation) -> Result<(), InvokeLaterError>;
}
