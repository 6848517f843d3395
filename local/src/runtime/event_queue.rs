//! Asynchronous invocation as in Lambda: a bounded queue of events per function, retries, a maximum age, a destination
//! for results and a queue for failed events.

mod lateness;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{error, warn};

use self::lateness::{Finished, Late};
use super::pool::Pool;
use crate::aws::iso_8601;
use crate::instruments::Instruments;
use crate::instruments::faults::{Fault, FaultKind};
use crate::instruments::journal::Caller;
use crate::instruments::outcomes::BusEvent;
use crate::invocation::{Invocation, InvocationFailure, InvocationResult};
use crate::queue::Queues;

/// Number of events that may wait for one function. Lambda allows far more; on a laptop, more means an endless loop.
const CAPACITY: usize = 1000;

/// Delays of Lambda before the first and before the second retry.
const RETRY_DELAYS: [Duration; 2] = [Duration::from_mins(1), Duration::from_mins(2)];

/// The events that wait for one function.
pub(super) struct EventQueue {
    delivery: Arc<EventDelivery>,
    capacity: Arc<Semaphore>,
}

/// Delivers events to one function.
struct EventDelivery {
    pool: Arc<Pool>,
    instruments: Arc<Instruments>,
    queues: Arc<Queues>,
    finished: Finished,
}

impl EventQueue {
    pub(super) fn new(pool: Arc<Pool>, instruments: Arc<Instruments>, queues: Arc<Queues>) -> Self {
        let delivery = Arc::new(EventDelivery { pool, instruments, queues, finished: Finished::default() });
        Self { delivery, capacity: Arc::new(Semaphore::new(CAPACITY)) }
    }

    /// Number of events that wait or are delivered now.
    pub(super) fn depth(&self) -> usize {
        CAPACITY - self.capacity.available_permits()
    }

    /// Queues an event; returns `false` if the queue is full.
    pub(super) fn accept(&self, invocation: Invocation) -> bool {
        let function = self.delivery.pool.function().name.as_str();
        let inject = |kind| self.delivery.inject_fault(kind, &invocation);
        if inject(FaultKind::DropInvoke).is_some() {
            return true;
        }
        let race = inject(FaultKind::RaceInvoke).is_some();
        let duplicate = inject(FaultKind::DuplicateInvoke).is_some();
        let number = self.delivery.finished.next();
        let late = Late {
            delay_ms: inject(FaultKind::DelayInvoke).map(|fault| fault.delay_ms),
            behind: inject(FaultKind::ReorderInvoke).map(|fault| fault.delay_ms),
        };
        let Ok(permit) = Arc::clone(&self.capacity).try_acquire_owned() else {
            error!(target: "function", origin = function,
                "event of {} refused: {CAPACITY} events wait already", invocation.source);
            return false;
        };
        if race {
            tokio::spawn(Arc::clone(&self.delivery).run(invocation.clone(), false, None));
        }
        let delivery = Arc::clone(&self.delivery);
        tokio::spawn(async move {
            late.wait(&delivery.instruments.clock, &delivery.finished, number).await;
            Arc::clone(&delivery).run(invocation, duplicate, Some(permit)).await;
            delivery.finished.finish(number);
        });
        true
    }
}

impl EventDelivery {
    fn inject_fault(&self, kind: FaultKind, invocation: &Invocation) -> Option<Fault> {
        let occasion = invocation.occasion();
        let function = Some(self.pool.function().name.clone());
        let caller = Caller { function, event: occasion.clone(), ..Caller::default() };
        self.instruments.inject_fault(kind, &caller, &occasion, json!({}))
    }

    /// Delivers an event once or, with `duplicate`, twice. The permit is the event's place in the queue.
    async fn run(
        self: Arc<Self>,
        invocation: Invocation,
        duplicate: bool,
        _permit: Option<OwnedSemaphorePermit>,
    ) {
        self.deliver(&invocation).await;
        if duplicate {
            self.deliver(&invocation).await;
        }
    }

    /// Invokes the function until it succeeds, the retries are used up or the event is too old.
    async fn deliver(&self, invocation: &Invocation) {
        let clock = &self.instruments.clock;
        let function = self.pool.function();
        let policy = &function.async_invoke;
        let received_ms = clock.now_ms();
        let too_old_ms = received_ms + i64::try_from(policy.max_age.as_millis()).unwrap_or(i64::MAX / 2);

        let mut attempts = 0;
        loop {
            attempts += 1;
            let failure = match self.pool.invoke(invocation).await {
                InvocationResult::Returned(result) => {
                    return self.publish_result(invocation, attempts, &result);
                }
                InvocationResult::Failed(failure) => failure,
            };
            if self.pool.is_stopping() {
                return;
            }
            let delay = RETRY_DELAYS.get(attempts - 1).filter(|_| attempts <= policy.retries as usize);
            let Some(delay) = delay else {
                return self.keep_failed(invocation, "RetriesExhausted", attempts, &failure);
            };
            let retry_ms = clock.now_ms() + i64::try_from(delay.as_millis()).unwrap_or_default();
            if retry_ms > too_old_ms {
                return self.keep_failed(invocation, "EventAgeExceeded", attempts, &failure);
            }
            warn!(target: "function", origin = function.name.as_str(),
                "event of {} failed; will retry in {} s", invocation.source, delay.as_secs());
            clock.wait_until(retry_ms).await;
        }
    }

    /// Publishes the result of the function on its event bus, if it has one.
    fn publish_result(&self, invocation: &Invocation, attempts: usize, result: &[u8]) {
        let function = self.pool.function();
        let Some(bus) = &function.async_invoke.on_success else { return };
        let mut detail = self.destination_record(invocation, "Success", attempts, result);
        detail["responseContext"] = json!({"statusCode": 200, "executedVersion": "$LATEST"});
        self.instruments.outcomes.publish(&BusEvent {
            source: "lambda",
            detail_type: "Lambda Function Invocation Result - Success",
            resources: vec![bus.clone(), format!("{}:$LATEST", function.arn)],
            detail,
            at_ms: self.instruments.clock.now_ms(),
        });
    }

    /// Sends a failed event to the failure queue of the function, if it has one.
    fn keep_failed(
        &self,
        invocation: &Invocation,
        condition: &str,
        attempts: usize,
        failure: &InvocationFailure,
    ) {
        let function = self.pool.function();
        let Some(queue) = &function.async_invoke.on_failure else {
            error!(target: "function", origin = function.name.as_str(),
                "event of {} failed and is lost: the function has no failure queue", invocation.source);
            return;
        };
        error!(target: "function", origin = function.name.as_str(),
            "event of {} failed ({condition}); kept in queue {queue}", invocation.source);
        let record = self.destination_record(invocation, condition, attempts, &failure.payload);
        self.queues.send(queue, record.to_string(), Duration::ZERO);
    }

    /// Makes the record that Lambda sends to a destination.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>
    fn destination_record(
        &self,
        invocation: &Invocation,
        condition: &str,
        attempts: usize,
        response: &[u8],
    ) -> Value {
        let json = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap_or(Value::Null);
        json!({
            "version": "1.0",
            "timestamp": iso_8601(self.instruments.clock.now_ms()),
            "requestContext": {
                "requestId": invocation.request_id,
                "functionArn": format!("{}:$LATEST", self.pool.function().arn),
                "condition": condition,
                "approximateInvokeCount": attempts,
            },
            "requestPayload": json(&invocation.event),
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "responsePayload": json(response),
        })
    }
}
