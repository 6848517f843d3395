//! One event of a broker rule: reads the request, calls the function, answers refusals.
//!
//! A client mistake is answered, and the invocation succeeds. An invocation fails only if an alarm should follow: then the
//! event goes to the queue of failed events.

use crate::effects::downlinks::DownlinkContext;
use crate::effects::report::InvocationReport;
use crate::error::{InvocationFailure, ServeError};
use crate::error_chain::ErrorChain;
use crate::ports::{Ports, StoreError};
use crate::rule::Received;
use crate::service::Service;
use serde_json::Value;
use switchboard_core::{Action, Cause, Command, Now, Outgoing, Refusal};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::envelope::{self, Envelope};
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::requests::Requests;
use tracing::Instrument;

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
    /// Returns the command that applies `action` in the name of the sender.
    pub fn command(&self, action: Action) -> Command {
        let Envelope { id, hash, .. } = &self.envelope;
        Command { by: self.by.clone(), request_id: id.clone(), hash: hash.clone(), action }
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
            let cause = match &unreadable.re {
                Some(id) => Cause::request(&by, id),
                None => received.unreadable_cause(),
            };
            let context = DownlinkContext { meeting_id: None, rev: None, now_ms: now.ms };
            Ok(service.refuse(&by, &cause, unreadable.into(), &context).await)
        }
    }
}

/// Serves a parsed request with `function`. `received_ms` is when the broker received it, in milliseconds since the epoch.
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
    let context = DownlinkContext { meeting_id, rev: None, now_ms: request.now.ms };
    let span = tracing::info_span!(
        "request",
        request.id = %request.envelope.id,
        request.kind = kind,
        caller.id = %by,
        meeting.id = context.meeting_id.as_ref().map(tracing::field::display),
    );
    let served = async {
        if is_expired(received_ms, &request) {
            let refusal = Refusal::new(
                Code::RequestExpired,
                "the request arrived too late; send it again if it is still wanted",
            );
            return Ok(service.refuse(&by, &cause, refusal, &context).await);
        }
        // Boxed, since the compiler limits the size of nested futures.
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
                tracing::error!(error = %ErrorChain(&error), "request not served; the terminal is asked to retry");
                Ok(service.refuse(&by, &cause, Refusal::unavailable(), &context).await)
            }
        }
    };
    let report = served.instrument(span.clone()).await?;
    span.in_scope(|| report.log());
    Ok(InvocationReport { request: Some(kind), ..report })
}

/// The life of a request counts from its receipt by the broker. The terminal's clock is never used.
fn is_expired<R>(received_ms: Option<i64>, request: &ReceivedRequest<R>) -> bool {
    received_ms.is_some_and(|at| at + i64::from(request.envelope.ttl_ms) < request.now.ms)
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
        let answer = Outgoing::answer(to, cause, refusal.into_body());
        let published = Box::pin(self.publisher.publish_all(vec![answer], context)).await;
        let meeting_id: Option<MeetingId> = context.meeting_id.clone();
        InvocationReport { meeting_id, refused: Some(code), ..InvocationReport::default() }
            .with_published(&published)
    }
}
