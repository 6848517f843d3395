//! Schedules of the template: invoke their functions at intervals of the stack's clock.

use std::sync::Arc;

use serde_json::{Value, json};
use tracing::error;

use crate::aws::{iso_8601_seconds, random_id};
use crate::instruments::Instruments;
use crate::invocation::{Invocation, Invoker};
use crate::template::{Function, Schedule, StackIdentity};

/// Invokes a function at regular intervals until the task ends. If the clock is moved over several intervals at once,
/// the function is invoked once.
pub(crate) async fn run(
    schedule: Schedule,
    function: Function,
    invoker: Arc<dyn Invoker>,
    instruments: Arc<Instruments>,
    identity: StackIdentity,
) {
    let clock = &instruments.clock;
    let every_ms = i64::try_from(schedule.every.as_millis()).unwrap_or(i64::MAX / 2);
    let mut next_ms = clock.now_ms() + every_ms;
    loop {
        clock.wait_until(next_ms).await;
        let due_ms = next_ms;
        next_ms += every_ms;
        if next_ms <= clock.now_ms() {
            next_ms = clock.now_ms() + every_ms;
        }
        let event = match &schedule.input {
            Some(input) => input.clone(),
            None => event(&schedule, &function, &identity, due_ms).to_string(),
        };
        let invocation = Invocation::new(format!("schedule {}", schedule.name), event);
        if let Err(problem) = invoker.invoke_later(&function.name, invocation) {
            error!(
                "schedule {} could not invoke {}, will invoke it at the next interval: {problem}",
                schedule.name, function.name
            );
        }
    }
}

/// Makes the event that AWS sends if the schedule does not declare an input.
pub(crate) fn event(schedule: &Schedule, function: &Function, here: &StackIdentity, due_ms: i64) -> Value {
    let name = format!("{}-{}", function.deployed_name, schedule.name);
    let (source, resource, detail) = if schedule.scheduler {
        (
            "aws.scheduler",
            format!("scheduler:{}:{}:schedule/default/{name}", here.region, here.account_id),
            json!("{}"),
        )
    } else {
        ("aws.events", format!("events:{}:{}:rule/{name}", here.region, here.account_id), json!({}))
    };
    json!({
        "version": "0",
        "id": random_id(),
        "detail-type": "Scheduled Event",
        "source": source,
        "account": here.account_id,
        "time": iso_8601_seconds(due_ms),
        "region": here.region,
        "resources": [format!("arn:aws:{resource}")],
        "detail": detail,
    })
}
