//! The processes of one function: as many as there are invocations at a time, up to its concurrency, kept for the next.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::{Semaphore, oneshot};
use tracing::{debug, error, info, warn};

use super::Invocation;
use super::process::{Delivery, Process, Processes, Reply};
use crate::instruments::Instruments;
use crate::journal::{Caller, Kind};
use crate::template;

/// Most processes of one function, unless the template reserves a concurrency for it.
const DEFAULT_CONCURRENCY: usize = 10;

/// How long a new process may take to ask for its first invocation. Lambda allows ten seconds; a laptop that compiles
/// at the same time gets more.
const INIT_TIMEOUT: Duration = Duration::from_mins(1);

/// How long a running invocation may take when the stack stops.
const GRACE: Duration = Duration::from_secs(2);

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The function's result.
    Returned(Bytes),
    /// It failed.
    Failed(Failure),
}

/// Why an invocation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In what way.
    pub kind: FailureKind,
    /// What Lambda answers: a JSON object with `errorType` and `errorMessage`.
    pub payload: Bytes,
}

/// In what way an invocation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The function returned an error.
    Failed,
    /// It took too long and was killed.
    TimedOut,
    /// Its process ended.
    Exited,
}

impl FailureKind {
    fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Exited => "exited",
        }
    }
}

impl Failure {
    fn new(kind: FailureKind, error_type: &str, request_id: &str, message: &str) -> Self {
        let payload = json!({"errorType": error_type, "errorMessage": format!("RequestId: {request_id} Error: {message}")});
        Self { kind, payload: payload.to_string().into() }
    }

    /// It came when nothing is run any more.
    pub(super) fn stopping(request_id: &str) -> Self {
        Self::new(FailureKind::Exited, "Runtime.Shutdown", request_id, "the stack is stopping")
    }

    /// The error message, for logs.
    #[must_use]
    pub fn message(&self) -> String {
        let payload: Value = serde_json::from_slice(&self.payload).unwrap_or_default();
        let field = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        format!("{}: {}", field("errorType"), field("errorMessage"))
    }
}

/// What a pool needs to run its function.
pub(super) struct Setting {
    pub(super) function: template::Function,
    pub(super) program: PathBuf,
    pub(super) http: String,
    pub(super) region: String,
    pub(super) instruments: Arc<Instruments>,
    pub(super) processes: Arc<Processes>,
}

impl Setting {
    fn concurrency(&self) -> usize {
        self.function.reserved_concurrency.unwrap_or(DEFAULT_CONCURRENCY)
    }
}

/// The processes of one function.
pub(super) struct Pool {
    setting: Setting,
    permits: Semaphore,
    idle: Mutex<Vec<Arc<Process>>>,
    started: AtomicU64,
}

impl Pool {
    pub(super) fn new(setting: Setting) -> Self {
        Self {
            permits: Semaphore::new(setting.concurrency()),
            idle: Mutex::default(),
            started: AtomicU64::new(0),
            setting,
        }
    }

    pub(super) fn function(&self) -> &template::Function {
        &self.setting.function
    }

    /// Runs one invocation, after those before it if all processes are busy.
    pub(super) async fn invoke(&self, invocation: &Invocation) -> Outcome {
        let Ok(_permit) = self.permits.acquire().await else {
            return Outcome::Failed(Failure::stopping(&invocation.request_id));
        };
        let begun = Instant::now();
        let name = self.setting.function.name.as_str();
        let (process, outcome) = self.run(invocation).await;

        let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let status = match &outcome {
            Outcome::Returned(_) => {
                info!(target: "function", origin = name, "{} {duration_ms} ms", invocation.source);
                "returned"
            }
            Outcome::Failed(failure) if self.is_stopping() => {
                debug!(target: "function", origin = name, "{} was cut off", invocation.source);
                failure.kind.name()
            }
            Outcome::Failed(failure) => {
                error!(target: "function", origin = name, "{} FAILED after {duration_ms} ms: {}",
                    invocation.source, failure.message());
                failure.kind.name()
            }
        };
        let caller = Caller {
            function: Some(name.to_owned()),
            process: process.as_ref().and_then(|process| process.caller().process),
            request_id: Some(invocation.request_id.clone()),
        };
        let detail = json!({"status": status, "duration_ms": duration_ms});
        self.setting.instruments.record(Kind::Result, &caller, detail);
        if let Some(process) = process.filter(|process| !process.has_exited()) {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(process);
        }
        outcome
    }

    /// Lets running invocations end if they do so soon, and takes no others.
    pub(super) async fn drain(&self) {
        let all = u32::try_from(self.setting.concurrency()).unwrap_or(u32::MAX);
        // Whether they made it or not, the processes are killed next.
        let _ = tokio::time::timeout(GRACE, self.permits.acquire_many(all)).await;
        self.permits.close();
    }

    /// Whether no further invocations are taken.
    pub(super) fn is_stopping(&self) -> bool {
        self.permits.is_closed()
    }

    async fn run(&self, invocation: &Invocation) -> (Option<Arc<Process>>, Outcome) {
        loop {
            let (process, fresh) = match self.take_idle() {
                Some(process) => (process, false),
                None => match self.start() {
                    Ok(process) => (process, true),
                    Err(error) => {
                        let failure = Failure::new(
                            FailureKind::Exited,
                            "Runtime.InvalidEntrypoint",
                            &invocation.request_id,
                            &format!("the binary cannot be started: {error}"),
                        );
                        return (None, Outcome::Failed(failure));
                    }
                },
            };
            match self.run_in(&process, invocation).await {
                Some(outcome) => return (Some(process), outcome),
                // It ended while it was idle, before it took the event: another one takes it.
                None if !fresh => warn!(target: "function", origin = self.setting.function.name.as_str(),
                    "{} ended while idle ({})", process.caller().process.unwrap_or_default(), process.exited().await),
                None => {
                    let message = format!("the process ended during its start: {}", process.exited().await);
                    let failure = Failure::new(
                        FailureKind::Exited,
                        "Runtime.ExitError",
                        &invocation.request_id,
                        &message,
                    );
                    return (Some(process), Outcome::Failed(failure));
                }
            }
        }
    }

    /// Runs an invocation in a process; `None` if the process ended before it took the event.
    async fn run_in(&self, process: &Process, invocation: &Invocation) -> Option<Outcome> {
        let timeout = self.setting.function.timeout;
        let (taken, was_taken) = oneshot::channel();
        let (reply, answer) = oneshot::channel();
        let mut about = json!({"source": invocation.source});
        if let (Some(about), Value::Object(more)) = (about.as_object_mut(), &invocation.about) {
            about.extend(more.clone());
        }
        let caller = Caller { request_id: Some(invocation.request_id.clone()), ..process.caller() };
        let instruments = Arc::clone(&self.setting.instruments);
        process
            .deliver(Delivery {
                request_id: invocation.request_id.clone(),
                event: invocation.event.clone(),
                function_arn: self.setting.function.arn.clone(),
                timeout,
                clock_offset_ms: self.setting.instruments.clock.offset_ms(),
                // Before the process sees the event, so that the journal has the invocation before what it does.
                taken: Box::new(move || {
                    instruments.record(Kind::Invoke, &caller, about);
                    // Nobody waits for the time to count if the invocation was given up meanwhile.
                    let _ = taken.send(());
                }),
                reply,
            })
            .await;
        tokio::select! {
            biased;
            Ok(()) = was_taken => {}
            _ = process.exited() => return None,
            () = tokio::time::sleep(INIT_TIMEOUT) => {
                process.kill().await;
                return Some(Outcome::Failed(Failure::new(FailureKind::TimedOut, "Sandbox.Timedout",
                    &invocation.request_id, "the process asked for no invocation after its start")));
            }
        }
        let failed = |kind, error_type, message: String| {
            Outcome::Failed(Failure::new(kind, error_type, &invocation.request_id, &message))
        };
        Some(tokio::select! {
            biased;
            Ok(reply) = answer => match reply {
                Reply::Returned(result) => Outcome::Returned(result),
                Reply::Failed(payload) => Outcome::Failed(Failure { kind: FailureKind::Failed, payload }),
            },
            status = process.exited() => {
                failed(FailureKind::Exited, "Runtime.ExitError", format!("the process ended: {status}"))
            }
            () = tokio::time::sleep(timeout) => {
                process.kill().await;
                failed(FailureKind::TimedOut, "Sandbox.Timedout",
                    format!("it took longer than {} s and was killed", timeout.as_secs()))
            }
        })
    }

    fn take_idle(&self) -> Option<Arc<Process>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|process| !process.has_exited());
        idle.pop()
    }

    fn start(&self) -> std::io::Result<Arc<Process>> {
        let Setting { function, program, http, region, processes, .. } = &self.setting;
        let label = format!("{}.{}", function.name, self.started.fetch_add(1, Ordering::Relaxed) + 1);
        debug!(target: "function", origin = function.name.as_str(), "starting process {label}");
        let mut command = Command::new(program);
        // As in Lambda, a function finds what the template declares and nothing of the machine around it.
        command
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "RUST_BACKTRACE"))
            .env("TZ", ":UTC")
            .env("LANG", "en_US.UTF-8")
            .envs(&function.environment)
            .env("AWS_REGION", region)
            .env("AWS_DEFAULT_REGION", region)
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL_DYNAMODB", format!("{http}/dynamodb/fn/{label}"))
            .env("AWS_ENDPOINT_URL_IOT_DATA_PLANE", format!("{http}/iot-data/fn/{label}"))
            .env("AWS_ENDPOINT_URL_EVENTBRIDGE", format!("{http}/events/fn/{label}"))
            .env("AWS_ENDPOINT_URL_SQS", format!("{http}/sqs/fn/{label}"))
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
        Process::start(label, &function.name, &mut command, processes)
    }
}
