//! The processes of one function: one for each concurrent invocation, up to the function's concurrency. An idle process
//! is kept for the next invocation.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::{Semaphore, oneshot};
use tracing::{debug, error, info, warn};

use super::cold_start::ColdStartError;
use super::other_services::OtherServices;
use super::process::{Delivery, FunctionReply, Process, Processes};
use super::rtc_route::{RTC_API_URL, RTC_PATH};
use crate::aws::REGION;
use crate::instruments::Instruments;
use crate::instruments::journal::{Caller, EntryKind};
use crate::invocation::{FailureKind, Invocation, InvocationFailure, InvocationResult};
use crate::template;

/// Number of processes of one function, unless the template reserves a concurrency for it.
const DEFAULT_CONCURRENCY: usize = 10;

/// Time limit for a new process to request its first invocation. Lambda allows ten seconds; a laptop that compiles at
/// the same time needs more.
const INIT_TIMEOUT: Duration = Duration::from_mins(1);

/// Time that running invocations get when the stack stops.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// Everything that a pool needs to run its function.
pub(super) struct PoolConfig {
    pub(super) function: template::Function,
    pub(super) program: PathBuf,
    /// URL of the stack's HTTP server.
    pub(super) http: String,
    pub(super) other_services: OtherServices,
    pub(super) instruments: Arc<Instruments>,
    pub(super) processes: Arc<Processes>,
}

impl PoolConfig {
    fn concurrency(&self) -> usize {
        self.function.reserved_concurrency.unwrap_or(DEFAULT_CONCURRENCY)
    }
}

/// The processes of one function.
pub(super) struct Pool {
    config: PoolConfig,
    permits: Semaphore,
    idle: Mutex<Vec<Arc<Process>>>,
    started: AtomicU64,
}

impl Pool {
    pub(super) fn new(config: PoolConfig) -> Self {
        Self {
            permits: Semaphore::new(config.concurrency()),
            idle: Mutex::default(),
            started: AtomicU64::new(0),
            config,
        }
    }

    pub(super) fn function(&self) -> &template::Function {
        &self.config.function
    }

    /// Runs one invocation. If all processes are busy, it waits for earlier invocations to end.
    pub(super) async fn invoke(&self, invocation: &Invocation) -> InvocationResult {
        let Ok(_permit) = self.permits.acquire().await else {
            return InvocationResult::Failed(InvocationFailure::stopping(&invocation.request_id));
        };
        let begun = Instant::now();
        let (process, result) = self.run(invocation).await;
        self.report(invocation, process.as_deref(), &result, begun.elapsed());
        if let Some(process) = process.filter(|process| !process.has_exited()) {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(process);
        }
        result
    }

    /// Starts a process and keeps it for the first invocation.
    pub(super) async fn warm_up(&self) -> Result<(), ColdStartError> {
        let failed = |reason| ColdStartError { function: self.config.function.name.clone(), reason };
        let process =
            self.start_process().map_err(|error| failed(format!("the binary cannot be started: {error}")))?;
        match tokio::time::timeout(INIT_TIMEOUT, process.ready()).await {
            Ok(true) => {
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(process);
                Ok(())
            }
            Ok(false) => {
                let (status, output) = (process.exited().await, process.last_output().await);
                Err(failed(if output.is_empty() { status } else { output }))
            }
            Err(_) => {
                process.kill().await;
                Err(failed("its process requested no invocation".to_owned()))
            }
        }
    }

    /// Waits for running invocations for a short time, and then refuses others.
    pub(super) async fn drain(&self) {
        let all = u32::try_from(self.config.concurrency()).unwrap_or(u32::MAX);
        // The result does not matter: the caller kills the processes next.
        let _ = tokio::time::timeout(SHUTDOWN_GRACE, self.permits.acquire_many(all)).await;
        self.permits.close();
    }

    /// Reports whether the pool refuses new invocations because the stack stops.
    pub(super) fn is_stopping(&self) -> bool {
        self.permits.is_closed()
    }

    /// Logs and records the result of an invocation.
    fn report(
        &self,
        invocation: &Invocation,
        process: Option<&Process>,
        result: &InvocationResult,
        took: Duration,
    ) {
        let name = self.config.function.name.as_str();
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let status = match result {
            InvocationResult::Returned(_) => {
                info!(target: "function", origin = name, "{} finished in {duration_ms} ms", invocation.source);
                "returned"
            }
            InvocationResult::Failed(failure) if self.is_stopping() => {
                debug!(target: "function", origin = name, "{} ended because the stack stops", invocation.source);
                failure.kind.name()
            }
            InvocationResult::Failed(failure) => {
                error!(target: "function", origin = name, "{} FAILED after {duration_ms} ms: {}",
                    invocation.source, failure.message());
                failure.kind.name()
            }
        };
        let caller = Caller {
            function: Some(name.to_owned()),
            process: process.and_then(|process| process.caller().process),
            request_id: Some(invocation.request_id.clone()),
            event: invocation.occasion(),
        };
        let detail = json!({"status": status, "duration_ms": duration_ms});
        self.config.instruments.record(EntryKind::Result, &caller, detail);
    }

    /// Runs an invocation in an idle process or a new one; returns the process, if one could be started.
    async fn run(&self, invocation: &Invocation) -> (Option<Arc<Process>>, InvocationResult) {
        let exited = |error_type, message: String| {
            let request_id = &invocation.request_id;
            let failure = InvocationFailure::new(FailureKind::Exited, error_type, request_id, &message);
            InvocationResult::Failed(failure)
        };
        loop {
            let (process, is_new) = match self.take_idle() {
                Some(process) => (process, false),
                None => match self.start_process() {
                    Ok(process) => (process, true),
                    Err(error) => {
                        let message = format!("the binary cannot be started: {error}");
                        return (None, exited("Runtime.InvalidEntrypoint", message));
                    }
                },
            };
            match self.run_in_process(&process, invocation).await {
                Some(result) => return (Some(process), result),
                // The process ended while it was idle, before it took the event: the next one takes it.
                None if !is_new => {
                    let label = process.caller().process.unwrap_or_default();
                    warn!(target: "function", origin = self.config.function.name.as_str(),
                        "process {label} ended while idle ({}); another process takes the event",
                        process.exited().await);
                }
                None => {
                    let message = format!("the process ended during its start: {}", process.exited().await);
                    return (Some(process), exited("Runtime.ExitError", message));
                }
            }
        }
    }

    /// Runs an invocation in a process; returns `None` if the process ended before it took the event.
    async fn run_in_process(&self, process: &Process, invocation: &Invocation) -> Option<InvocationResult> {
        let timeout = self.config.function.timeout;
        let failed = |kind, error_type, message: &str| {
            let failure = InvocationFailure::new(kind, error_type, &invocation.request_id, message);
            InvocationResult::Failed(failure)
        };
        let (taken, was_taken) = oneshot::channel();
        let (reply, answer) = oneshot::channel();
        process.deliver(self.delivery(process, invocation, taken, reply)).await;
        tokio::select! {
            biased;
            Ok(()) = was_taken => {}
            _ = process.exited() => return None,
            () = tokio::time::sleep(INIT_TIMEOUT) => {
                process.kill().await;
                let message = "the process requested no invocation after its start";
                return Some(failed(FailureKind::TimedOut, "Sandbox.Timedout", message));
            }
        }
        Some(tokio::select! {
            biased;
            Ok(reply) = answer => match reply {
                FunctionReply::Returned(result) => InvocationResult::Returned(result),
                FunctionReply::Failed(payload) => {
                    InvocationResult::Failed(InvocationFailure { kind: FailureKind::Failed, payload })
                }
            },
            status = process.exited() => {
                failed(FailureKind::Exited, "Runtime.ExitError", &format!("the process ended: {status}"))
            }
            () = tokio::time::sleep(timeout) => {
                process.kill().await;
                let message = format!("the invocation took longer than {} s; the process was killed", timeout.as_secs());
                failed(FailureKind::TimedOut, "Sandbox.Timedout", &message)
            }
        })
    }

    /// Makes the delivery of an invocation to a process. `taken` fires when the process takes the event, and `reply`
    /// gets the answer.
    fn delivery(
        &self,
        process: &Process,
        invocation: &Invocation,
        taken: oneshot::Sender<()>,
        reply: oneshot::Sender<FunctionReply>,
    ) -> Delivery {
        let mut detail = json!({"source": invocation.source});
        if let (Some(detail), Value::Object(more)) = (detail.as_object_mut(), &invocation.journal_detail) {
            detail.extend(more.clone());
        }
        let caller = Caller { request_id: Some(invocation.request_id.clone()), ..process.caller() };
        let instruments = Arc::clone(&self.config.instruments);
        Delivery {
            request_id: invocation.request_id.clone(),
            event: invocation.event.clone(),
            occasion: invocation.occasion(),
            function_arn: self.config.function.arn.clone(),
            timeout: self.config.function.timeout,
            clock_offset_ms: self.config.instruments.clock.offset_ms(),
            // Recorded before the process sees the event, so that the journal lists the invocation before its calls.
            on_taken: Box::new(move || {
                instruments.record(EntryKind::Invoke, &caller, detail);
                // The receiver is dropped if the invocation was given up meanwhile.
                let _ = taken.send(());
            }),
            reply,
        }
    }

    fn take_idle(&self) -> Option<Arc<Process>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|process| !process.has_exited());
        idle.pop()
    }

    fn start_process(&self) -> std::io::Result<Arc<Process>> {
        let PoolConfig { function, program, http, other_services, processes, .. } = &self.config;
        let label = format!("{}.{}", function.name, self.started.fetch_add(1, Ordering::Relaxed) + 1);
        debug!(target: "function", origin = function.name.as_str(), "starting process {label}");
        let own = |service: &str| format!("{http}/{service}/fn/{label}");
        let iot_data = other_services.iot_data.clone().unwrap_or_else(|| own("iot-data"));
        let sqs = other_services.sqs.clone().unwrap_or_else(|| own("sqs"));
        let mut command = Command::new(program);
        // As in Lambda, a function gets the variables of the template and nothing of this machine.
        command
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "RUST_BACKTRACE"))
            .env("TZ", ":UTC")
            .env("LANG", "en_US.UTF-8")
            .envs(&function.environment)
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL_DYNAMODB", own("dynamodb"))
            .env("AWS_ENDPOINT_URL_IOT_DATA_PLANE", iot_data)
            .env("AWS_ENDPOINT_URL_EVENTBRIDGE", own("events"))
            .env("AWS_ENDPOINT_URL_SQS", sqs)
            // With the scheme: the runtime keeps the path only of a whole URL.
            .env("AWS_LAMBDA_RUNTIME_API", format!("{http}/runtime/{label}"))
            .env("AWS_LAMBDA_FUNCTION_NAME", &function.deployed_name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mb.to_string())
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("AWS_LAMBDA_LOG_LEVEL", &function.log_level)
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", function.deployed_name))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", &label);
        // Only plain HTTP: calls beyond this machine are encrypted, and their signatures may cover the host.
        if function.environment.get(RTC_API_URL).is_some_and(|url| url.starts_with("http://")) {
            command.env(RTC_API_URL, format!("{http}{RTC_PATH}/fn/{label}"));
        }
        Process::start(label, &function.name, &mut command, processes, &self.config.instruments)
    }
}
