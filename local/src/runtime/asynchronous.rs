//! Asynchronous invocation as Lambda does it: a bounded queue per function, retries, an age limit, and a destination for
//! what failed.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{error, warn};

use super::Invocation;
use super::pool::{Failure, Outcome, Pool};
use crate::clock::iso_8601;
use crate::faults::Kind as Fault;
use crate::instruments::Instruments;
use crate::journal::{Caller, Kind};
use crate::outcomes::Told;
use crate::queue::Queues;

/// Most events that wait for one function. Lambda's own limit is far away; on a laptop more means that something loops.
const CAPACITY: usize = 1000;

/// How long Lambda waits before the first and before the second retry.
const RETRY_DELAYS: [Duration; 2] = [Duration::from_mins(1), Duration::from_mins(2)];

/// The events that wait for one function.
pub(super) struct AsynchronousQueue {
    work: Arc<Work>,
    room: Arc<Semaphore>,
}

struct Work {
    pool: Arc<Pool>,
    instruments: Arc<Instruments>,
    queues: Arc<Queues>,
}

impl AsynchronousQueue {
    pub(super) fn new(pool: Arc<Pool>, instruments: Arc<Instruments>, queues: Arc<Queues>) -> Self {
        Self { work: Arc::new(Work { pool, instruments, queues }), room: Arc::new(Semaphore::new(CAPACITY)) }
    }

    /// Takes an event; false if there is no room.
    pub(super) fn put(&self, invocation: Invocation) -> bool {
        let function = self.work.pool.function().name.as_str();
        if self.work.strikes(Fault::DropInvoke, &invocation) {
            return true;
        }
        let twice_at_once = self.work.strikes(Fault::RaceInvoke, &invocation);
        let twice = self.work.strikes(Fault::DuplicateInvoke, &invocation);
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else {
            error!(target: "function", origin = function, "{CAPACITY} events wait already; one more was refused");
            return false;
        };
        if twice_at_once {
            tokio::spawn(Arc::clone(&self.work).perform(invocation.clone(), false, None));
        }
        tokio::spawn(Arc::clone(&self.work).perform(invocation, twice, Some(room)));
        true
    }
}

impl Work {
    fn strikes(&self, fault: Fault, invocation: &Invocation) -> bool {
        let function = &self.pool.function().name;
        let strikes = self.instruments.faults.strikes(fault, function, &invocation.source).is_some();
        if strikes {
            let caller = Caller { function: Some(function.clone()), ..Caller::default() };
            self.instruments.record(Kind::Fault, &caller, json!({"kind": fault}));
        }
        strikes
    }

    async fn perform(
        self: Arc<Self>,
        invocation: Invocation,
        twice: bool,
        _room: Option<OwnedSemaphorePermit>,
    ) {
        self.deliver(&invocation).await;
        if twice {
            self.deliver(&invocation).await;
        }
    }

    async fn deliver(&self, invocation: &Invocation) {
        let clock = &self.instruments.clock;
        let function = self.pool.function();
        let policy = &function.asynchronous;
        let received_ms = clock.now_ms();
        let too_old_ms = received_ms + i64::try_from(policy.max_age.as_millis()).unwrap_or(i64::MAX / 2);

        let mut attempts = 0;
        loop {
            attempts += 1;
            let failure = match self.pool.invoke(invocation).await {
                Outcome::Returned(result) => return self.tell(invocation, attempts, &result),
                Outcome::Failed(failure) => failure,
            };
            if self.pool.is_stopping() {
                return;
            }
            let delay = RETRY_DELAYS.get(attempts - 1).filter(|_| attempts <= policy.retries as usize);
            let Some(delay) = delay else {
                return self.give_up(invocation, "RetriesExhausted", attempts, &failure);
            };
            let retry_ms = clock.now_ms() + i64::try_from(delay.as_millis()).unwrap_or_default();
            if retry_ms > too_old_ms {
                return self.give_up(invocation, "EventAgeExceeded", attempts, &failure);
            }
            warn!(target: "function", origin = function.name.as_str(), "retried in {} s", delay.as_secs());
            clock.reached(retry_ms).await;
        }
    }

    /// Tells what the function returned on its event bus.
    fn tell(&self, invocation: &Invocation, attempts: usize, result: &[u8]) {
        let function = self.pool.function();
        let Some(bus) = &function.asynchronous.on_success else { return };
        let mut detail = self.record(invocation, "Success", attempts, result);
        detail["responseContext"] = json!({"statusCode": 200, "executedVersion": "$LATEST"});
        self.instruments.outcomes.take(&Told {
            source: "lambda",
            detail_type: "Lambda Function Invocation Result - Success",
            resources: vec![bus.clone(), format!("{}:$LATEST", function.arn)],
            detail,
            at_ms: self.instruments.clock.now_ms(),
        });
    }

    /// Hands a failed event to the function's destination.
    fn give_up(&self, invocation: &Invocation, condition: &str, attempts: usize, failure: &Failure) {
        let function = self.pool.function();
        let Some(queue) = &function.asynchronous.on_failure else {
            error!(target: "function", origin = function.name.as_str(), "the event of {} is lost", invocation.source);
            return;
        };
        error!(target: "function", origin = function.name.as_str(),
            "the event of {} is kept in the queue {queue} ({condition})", invocation.source);
        let record = self.record(invocation, condition, attempts, &failure.payload);
        self.queues.send(queue, record.to_string(), Duration::ZERO);
    }

    /// What Lambda tells a destination.
    fn record(&self, invocation: &Invocation, condition: &str, attempts: usize, response: &[u8]) -> Value {
        let json = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap_or(Value::Null);
        // https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
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
