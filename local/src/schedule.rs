//! Schedules of the template: they invoke their functions by the stack's clock.

use std::sync::Arc;

use serde_json::{Value, json};
use tracing::error;

use crate::clock::iso_8601;
use crate::id::random_id;
use crate::instruments::Instruments;
use crate::runtime::{Functions, Invocation};
use crate::template::{Function, Schedule, Surroundings};

/// Invokes a function regularly until the stack stops. A clock that is moved over several intervals at once invokes it
/// once, as a scheduler does that missed some.
pub(crate) async fn serve(
    schedule: Schedule,
    function: Function,
    functions: Arc<Functions>,
    instruments: Arc<Instruments>,
    surroundings: Surroundings,
) {
    let clock = &instruments.clock;
    let every_ms = i64::try_from(schedule.every.as_millis()).unwrap_or(i64::MAX / 2);
    let mut next_ms = clock.now_ms() + every_ms;
    loop {
        clock.reached(next_ms).await;
        let due_ms = next_ms;
        next_ms += every_ms;
        if next_ms <= clock.now_ms() {
            next_ms = clock.now_ms() + every_ms;
        }
        let event = match &schedule.input {
            Some(input) => input.clone(),
            None => event(&schedule, &function, &surroundings, due_ms).to_string(),
        };
        let invocation = Invocation::new(format!("schedule {}", schedule.name), event);
        if let Err(problem) = functions.invoke_later(&function.name, invocation) {
            error!("schedule {} could not invoke {}: {problem}", schedule.name, function.name);
        }
    }
}

/// The event that the service sends if the schedule has no input of its own.
pub(crate) fn event(schedule: &Schedule, function: &Function, here: &Surroundings, due_ms: i64) -> Value {
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
        "time": iso_8601(due_ms).replace(".000Z", "Z"),
        "region": here.region,
        "resources": [format!("arn:aws:{resource}")],
        "detail": detail,
    })
}
