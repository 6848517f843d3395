//! Functions of the template: binary, environment, limits, role, queues and schedules.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value as Json;

use super::evaluate::{Evaluator, text};
use super::policy::{PolicyStatement, statements};
use super::resource::{FUNCTION, URL};
use super::yaml::{Place, TemplateError};

/// Resource of type `AWS::Serverless::Function`.
#[derive(Clone, PartialEq, Eq)]
pub struct Function {
    /// Name of the binary, which is the name of the function in the stack.
    pub name: String,
    /// Name in AWS.
    pub deployed_name: String,
    /// ARN in AWS.
    pub arn: String,
    /// Memory in megabytes; not enforced here.
    pub memory_mb: u64,
    /// Time limit of an invocation.
    pub timeout: Duration,
    /// Maximum number of concurrent invocations, if the template reserves a concurrency.
    pub reserved_concurrency: Option<usize>,
    /// Environment variables. They hold secrets, so the type has no `Debug`.
    pub environment: BTreeMap<String, String>,
    /// Lowest level of log lines that the function writes.
    pub log_level: String,
    /// Statements of its role.
    pub role: Vec<PolicyStatement>,
    /// Settings of asynchronous invocations.
    pub async_invoke: AsyncInvokeConfig,
    /// Queues whose messages invoke the function.
    pub queues: Vec<QueueSource>,
    /// Schedules that invoke the function.
    pub schedules: Vec<Schedule>,
    /// `true` if the function has a public URL.
    pub has_url: bool,
}

/// Settings of asynchronous invocations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsyncInvokeConfig {
    /// Number of retries of a failed invocation.
    pub retries: u32,
    /// Maximum age of an event; an older one is not retried.
    pub max_age: Duration,
    /// Name of the queue for failed events.
    pub on_failure: Option<String>,
    /// ARN of the event bus for results.
    pub on_success: Option<String>,
}

/// Queue whose messages invoke a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSource {
    /// Name of the queue.
    pub queue: String,
    /// Maximum number of messages of one invocation.
    pub batch_size: usize,
    /// `true` if the result of the function names the failed messages.
    pub reports_failures: bool,
}

/// Schedule that invokes a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Name of the event in the template.
    pub name: String,
    /// Time between two invocations.
    pub every: Duration,
    /// Event for the function; `None` selects the event that AWS sends by default.
    pub input: Option<String>,
    /// `true` for EventBridge Scheduler (`ScheduleV2`), `false` for an EventBridge rule (`Schedule`).
    pub scheduler: bool,
}

pub(super) fn functions(evaluator: &Evaluator<'_>) -> Result<Vec<Function>, TemplateError> {
    evaluator.resources(FUNCTION)?.iter().map(|id| function(evaluator, id)).collect()
}

fn function(evaluator: &Evaluator<'_>, id: &str) -> Result<Function, TemplateError> {
    let globals = Place::of(&["Globals", "Function"]);
    let own = Evaluator::properties(id);
    // SAM's rules: a value of the function replaces a global one, and mappings are merged key by key.
    let either = |path: &[&str]| {
        let place = |base: &Place| path.iter().fold(base.clone(), |place, key| place.key(*key));
        let own = place(&own);
        if evaluator.source.get(&own).is_some() { own } else { place(&globals) }
    };

    let runtime = either(&["Runtime"]);
    if !evaluator.required_text(&runtime)?.starts_with("provided.") {
        return Err(evaluator.error(&runtime, "the laptop stack runs binaries (`provided.al2023`) only"));
    }
    let binary = Place::of(&["Resources", id, "Metadata", "BuildProperties", "Binary"]);
    let deployed_name = evaluator.name(id, &own)?;

    let mut environment = BTreeMap::new();
    for base in [&globals, &own] {
        let place = base.key("Environment").key("Variables");
        if let Some(Json::Object(variables)) = evaluator.at(&place)? {
            environment.extend(variables.iter().map(|(name, value)| (name.clone(), text(value))));
        }
    }

    let on_failure = either(&["EventInvokeConfig", "DestinationConfig", "OnFailure", "Destination"]);
    let on_failure = match evaluator.at(&on_failure)? {
        Some(_) => Some(evaluator.queue_of_arn(&on_failure)?),
        None => None,
    };
    let on_success = either(&["EventInvokeConfig", "DestinationConfig", "OnSuccess", "Destination"]);
    let on_success = match evaluator.at(&on_success)? {
        Some(_) => Some(evaluator.bus_arn(&on_success)?),
        None => None,
    };
    let retries = evaluator.number_at(&either(&["EventInvokeConfig", "MaximumRetryAttempts"]))?;
    let max_age = evaluator.number_at(&either(&["EventInvokeConfig", "MaximumEventAgeInSeconds"]))?;
    let reserved = evaluator.number_at(&either(&["ReservedConcurrentExecutions"]))?;
    let log_level = evaluator.text_at(&either(&["LoggingConfig", "ApplicationLogLevel"]))?;

    let mut function = Function {
        name: evaluator.required_text(&binary)?,
        arn: evaluator.arn("lambda", &format!("function:{deployed_name}")),
        deployed_name,
        memory_mb: evaluator.number_at(&either(&["MemorySize"]))?.unwrap_or(128),
        timeout: Duration::from_secs(evaluator.number_at(&either(&["Timeout"]))?.unwrap_or(3)),
        reserved_concurrency: reserved.and_then(|reserved| usize::try_from(reserved).ok()),
        environment,
        log_level: log_level.unwrap_or_else(|| "INFO".to_owned()),
        role: statements(evaluator, &either(&["Policies"]))?,
        async_invoke: AsyncInvokeConfig {
            // Defaults of Lambda: two retries, six hours.
            retries: retries.and_then(|retries| u32::try_from(retries).ok()).unwrap_or(2),
            max_age: Duration::from_secs(max_age.unwrap_or(6 * 3600)),
            on_failure,
            on_success,
        },
        queues: Vec::new(),
        schedules: Vec::new(),
        has_url: false,
    };
    function.has_url = has_url(evaluator, &function.arn)?;
    if evaluator.source.get(&own.key("FunctionUrlConfig")).is_some() {
        let problem = "the laptop stack reads `AWS::Lambda::Url`, not `FunctionUrlConfig`";
        return Err(evaluator.error(&own.key("FunctionUrlConfig"), problem));
    }
    events(evaluator, &own.key("Events"), &mut function)?;
    Ok(function)
}

/// Returns `true` if a resource of the template gives the function a public URL. A setting that the stack does not
/// support is an error.
fn has_url(evaluator: &Evaluator<'_>, arn: &str) -> Result<bool, TemplateError> {
    for id in evaluator.resources(URL)? {
        let place = Evaluator::properties(&id);
        if evaluator.required_text(&place.key("TargetFunctionArn"))? != arn {
            continue;
        }
        let properties = evaluator.at(&place)?.unwrap_or_default();
        for (name, value) in properties.as_object().into_iter().flatten() {
            match (name.as_str(), value.as_str()) {
                ("TargetFunctionArn", _) | ("AuthType", Some("NONE")) | ("InvokeMode", Some("BUFFERED")) => {}
                _ => {
                    let problem = "the laptop stack supports function URLs with `AuthType: NONE` only";
                    return Err(evaluator.error(&place.key(name), problem));
                }
            }
        }
        if properties.get("AuthType").is_none() {
            return Err(evaluator.error(&place, "needs `AuthType`"));
        }
        return Ok(true);
    }
    Ok(false)
}

fn events(evaluator: &Evaluator<'_>, place: &Place, function: &mut Function) -> Result<(), TemplateError> {
    for (name, _) in evaluator.source.entries(place) {
        let kind = place.key(name).key("Type");
        let properties = place.key(name).key("Properties");
        match evaluator.required_text(&kind)?.as_str() {
            "SQS" => {
                let report = properties.key("FunctionResponseTypes");
                let report = evaluator.at(&report)?.unwrap_or_default();
                let batch_size = evaluator.number_at(&properties.key("BatchSize"))?.unwrap_or(10);
                function.queues.push(QueueSource {
                    queue: evaluator.queue_of_arn(&properties.key("Queue"))?,
                    batch_size: usize::try_from(batch_size).unwrap_or(10),
                    reports_failures: report
                        .as_array()
                        .is_some_and(|types| types.iter().any(|kind| kind == "ReportBatchItemFailures")),
                });
            }
            kind @ ("Schedule" | "ScheduleV2") => {
                let scheduler = kind == "ScheduleV2";
                let expression = properties.key(if scheduler { "ScheduleExpression" } else { "Schedule" });
                let every = rate(&evaluator.required_text(&expression)?).ok_or_else(|| {
                    evaluator
                        .error(&expression, "the laptop stack supports `rate(n minutes|hours|days)` only")
                })?;
                let enabled = evaluator.text_at(&properties.key("Enabled"))?;
                let state = evaluator.text_at(&properties.key("State"))?;
                if enabled.as_deref() == Some("false") || state.as_deref() == Some("DISABLED") {
                    continue;
                }
                let input = evaluator.text_at(&properties.key("Input"))?;
                function.schedules.push(Schedule { name: name.to_owned(), every, input, scheduler });
            }
            other => {
                let problem = format!(
                    "the laptop stack supports events of type SQS, Schedule and ScheduleV2, not `{other}`"
                );
                return Err(evaluator.error(&kind, problem));
            }
        }
    }
    Ok(())
}

/// Parses the interval of `rate(1 minute)`.
fn rate(expression: &str) -> Option<Duration> {
    let (count, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let seconds = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3600,
        "day" => 86400,
        _ => return None,
    };
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    Some(Duration::from_secs(count.checked_mul(seconds)?))
}
