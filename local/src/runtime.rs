//! AWS Lambda on a laptop: starts the real function binaries as processes on demand and serves them the Lambda Runtime
//! API, for synchronous and asynchronous invocations.

pub(crate) mod api;
mod cold_start;
mod event_queue;
mod other_services;
mod pool;
mod process;
mod rtc_route;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use crate::instruments::Instruments;
use crate::instruments::journal::Caller;
use crate::invocation::{Invocation, InvocationFailure, InvocationResult, InvokeLaterError, Invoker};
use crate::queue::Queues;
use crate::template;

pub use cold_start::ColdStartError;
use event_queue::EventQueue;
pub use other_services::OtherServices;
use pool::{Pool, PoolConfig};
use process::Processes;
use rtc_route::RTC_API_URL;
pub(crate) use rtc_route::RTC_PATH;

/// Error: the binary of a function is missing.
#[derive(Debug, thiserror::Error)]
#[error(
    "function `{function}` has no binary at {}; build it with `cargo build --locked --workspace`, or leave out --no-build",
    path.display()
)]
pub struct MissingBinary {
    function: String,
    path: PathBuf,
}

/// All functions of a deployment.
pub struct Functions {
    pools: BTreeMap<String, Arc<Pool>>,
    event_queues: BTreeMap<String, EventQueue>,
    processes: Arc<Processes>,
}

impl Functions {
    /// Prepares the functions without starting a process. `binaries` is the directory of the binaries, and `http` the
    /// URL of the stack's HTTP server, where the processes find the AWS services that are not among `other_services`.
    pub(crate) fn new(
        functions: &[template::Function],
        binaries: &Path,
        http: &str,
        other_services: &OtherServices,
        instruments: &Arc<Instruments>,
        queues: &Arc<Queues>,
    ) -> Result<Self, MissingBinary> {
        let processes = Arc::new(Processes::default());
        let mut pools = BTreeMap::new();
        let mut event_queues = BTreeMap::new();
        for function in functions {
            let path = binaries.join(format!("{}{}", function.name, std::env::consts::EXE_SUFFIX));
            if !path.is_file() {
                return Err(MissingBinary { function: function.name.clone(), path });
            }
            let pool = Arc::new(Pool::new(PoolConfig {
                function: function.clone(),
                program: path,
                http: http.to_owned(),
                other_services: other_services.clone(),
                instruments: Arc::clone(instruments),
                processes: Arc::clone(&processes),
            }));
            let event_queue = EventQueue::new(Arc::clone(&pool), Arc::clone(instruments), Arc::clone(queues));
            event_queues.insert(function.name.clone(), event_queue);
            pools.insert(function.name.clone(), pool);
        }
        Ok(Self { pools, event_queues, processes })
    }

    /// Finds a function by its short name, its name in AWS or its ARN, with or without a qualifier.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&template::Function> {
        let name = name.rsplit_once(":function:").map_or(name, |(_, name)| name);
        let name = name.split(':').next().unwrap_or(name);
        self.pools
            .values()
            .map(|pool| pool.function())
            .find(|function| function.name == name || function.deployed_name == name)
    }

    /// Source of a call, by the label in the path of the endpoint: a function (`answer`) or a process (`answer.3`).
    pub(crate) fn caller(&self, label: &str) -> Caller {
        match self.processes.get(label) {
            Some(process) => process.caller(),
            None => Caller {
                function: Some(label.split('.').next().unwrap_or(label).to_owned()),
                ..Caller::default()
            },
        }
    }

    /// Address of the management API of the RTC service as the template gives it to the calling function, without a slash
    /// at its end; `None` if there is no such function or address.
    pub(crate) fn rtc_url(&self, caller: &Caller) -> Option<&str> {
        let function = self.find(caller.function.as_deref()?)?;
        function
            .environment
            .get(RTC_API_URL)
            .map(|url| url.trim_end_matches('/'))
            .filter(|url| !url.is_empty())
    }

    /// Kills the process of a caller and returns when the process has ended.
    pub(crate) async fn kill(&self, caller: &Caller) {
        if let Some(process) = caller.process.as_deref().and_then(|label| self.processes.get(label)) {
            process.kill().await;
        }
    }

    /// Starts one process of each function and waits until it requests its first invocation. The process then stays
    /// idle until an invocation comes.
    ///
    /// # Errors
    /// The process of a function ended or requested no invocation in time. The error is that of the first such
    /// function, by name, and contains the last line of the process's error output, which names the wrong setting.
    pub(crate) async fn require_start(&self) -> Result<(), ColdStartError> {
        let started = futures::future::join_all(self.pools.values().map(|pool| pool.warm_up())).await;
        started.into_iter().collect()
    }

    /// Processes that run now.
    pub(crate) fn processes(&self) -> &Arc<Processes> {
        &self.processes
    }

    /// Number of events that wait for their functions or are delivered now.
    pub(crate) fn waiting_events(&self) -> usize {
        self.event_queues.values().map(EventQueue::depth).sum()
    }

    /// Gives running invocations a short time to end, kills all processes and returns when they have ended.
    pub async fn shutdown(&self) {
        futures::future::join_all(self.pools.values().map(|pool| pool.drain())).await;
        self.processes.shutdown().await;
    }
}

#[async_trait]
impl Invoker for Functions {
    async fn invoke(&self, function: &str, invocation: &Invocation) -> Option<InvocationResult> {
        let (pool, owned) = (Arc::clone(self.pools.get(function)?), invocation.clone());
        let running = tokio::spawn(async move { pool.invoke(&owned).await });
        let stopping = || InvocationResult::Failed(InvocationFailure::stopping(&invocation.request_id));
        Some(running.await.unwrap_or_else(|_| stopping()))
    }

    fn invoke_later(&self, function: &str, invocation: Invocation) -> Result<(), InvokeLaterError> {
        match self.event_queues.get(function) {
            None => Err(InvokeLaterError::UnknownFunction(function.to_owned())),
            Some(queue) if queue.accept(invocation) => Ok(()),
            Some(_) => Err(InvokeLaterError::QueueFull(function.to_owned())),
        }
    }
}
