//! AWS Lambda on a laptop: the real function binaries as processes that are spawned on demand and served over the
//! Lambda Runtime API, for synchronous and asynchronous invocations.

pub(crate) mod api;
mod asynchronous;
pub(crate) mod invoke;
mod pool;
mod process;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::id::random_id;
use crate::instruments::Instruments;
use crate::journal::Caller;
use crate::queue::Queues;
use crate::template;

use asynchronous::AsynchronousQueue;
pub use pool::{Failure, FailureKind, Outcome};
use pool::{Pool, Setting};
use process::Processes;

/// What an invocation comes from and what it brings.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Its request id, as Lambda gives one to every invocation.
    pub request_id: String,
    /// The event.
    pub event: Bytes,
    /// For log and journal: `rule switchboard-AnswerRule`, `queue …`, `schedule …`, `invoke`.
    pub source: String,
    /// For the journal: more about the event, never its contents.
    pub about: Value,
}

impl Invocation {
    /// An invocation with a new request id.
    #[must_use]
    pub fn new(source: impl Into<String>, event: impl Into<Bytes>) -> Self {
        Self { request_id: random_id(), event: event.into(), source: source.into(), about: Value::Null }
    }
}

/// Why an asynchronous invocation was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// There is no such function.
    #[error("there is no function `{0}`")]
    NoSuchFunction(String),
    /// Too many events wait for the function already.
    #[error("too many events wait for `{0}`")]
    TooMany(String),
}

/// Why the functions cannot be started.
#[derive(Debug, thiserror::Error)]
#[error(
    "function `{function}` has no binary at {}; build it with `cargo build --locked --workspace`, or leave out --no-build",
    path.display()
)]
pub struct NoBinary {
    function: String,
    path: PathBuf,
}

/// Where the functions find the rest of the cloud.
pub(crate) struct Endpoints {
    /// The stack's HTTP server, as `http://127.0.0.1:8080`.
    pub(crate) http: String,
    /// Region.
    pub(crate) region: String,
}

/// All functions of a deployment.
pub struct Functions {
    pools: BTreeMap<String, Arc<Pool>>,
    waiting: BTreeMap<String, AsynchronousQueue>,
    processes: Arc<Processes>,
}

impl Functions {
    /// Prepares the functions; their processes are started when they are needed.
    pub(crate) fn new(
        functions: &[template::Function],
        binaries: &Path,
        endpoints: &Endpoints,
        instruments: &Arc<Instruments>,
        queues: &Arc<Queues>,
    ) -> Result<Self, NoBinary> {
        let processes = Arc::new(Processes::default());
        let mut pools = BTreeMap::new();
        let mut waiting = BTreeMap::new();
        for function in functions {
            let path = binaries.join(format!("{}{}", function.name, std::env::consts::EXE_SUFFIX));
            if !path.is_file() {
                return Err(NoBinary { function: function.name.clone(), path });
            }
            let pool = Arc::new(Pool::new(Setting {
                function: function.clone(),
                program: path,
                http: endpoints.http.clone(),
                region: endpoints.region.clone(),
                instruments: Arc::clone(instruments),
                processes: Arc::clone(&processes),
            }));
            let queue =
                AsynchronousQueue::new(Arc::clone(&pool), Arc::clone(instruments), Arc::clone(queues));
            waiting.insert(function.name.clone(), queue);
            pools.insert(function.name.clone(), pool);
        }
        Ok(Self { pools, waiting, processes })
    }

    /// Runs a function and waits for its answer; `None` if there is no such function. Nobody has to wait: the function
    /// comes to its end all the same, as it does in Lambda when the caller hangs up.
    pub async fn invoke(&self, function: &str, invocation: &Invocation) -> Option<Outcome> {
        let (pool, taken) = (Arc::clone(self.pools.get(function)?), invocation.clone());
        let running = tokio::spawn(async move { pool.invoke(&taken).await });
        Some(running.await.unwrap_or_else(|_| Outcome::Failed(Failure::stopping(&invocation.request_id))))
    }

    /// Takes an event for a function and returns at once.
    ///
    /// # Errors
    /// There is no such function, or too many events wait for it.
    pub fn invoke_later(&self, function: &str, invocation: Invocation) -> Result<(), NotTaken> {
        match self.waiting.get(function) {
            None => Err(NotTaken::NoSuchFunction(function.to_owned())),
            Some(queue) if queue.put(invocation) => Ok(()),
            Some(_) => Err(NotTaken::TooMany(function.to_owned())),
        }
    }

    /// The function that somebody calls by its short name, its name in AWS or its ARN, with or without a qualifier.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&template::Function> {
        let name = name.rsplit_once(":function:").map_or(name, |(_, name)| name);
        let name = name.split(':').next().unwrap_or(name);
        self.pools
            .values()
            .map(|pool| pool.function())
            .find(|function| function.name == name || function.deployed_name == name)
    }

    /// Who is behind a label in an endpoint's path: a function (`answer`) or one of its processes (`answer.3`).
    pub(crate) fn caller(&self, label: &str) -> Caller {
        match self.processes.get(label) {
            Some(process) => process.caller(),
            None => Caller {
                function: Some(label.split('.').next().unwrap_or(label).to_owned()),
                ..Caller::default()
            },
        }
    }

    /// Kills the process behind a caller and returns when it is gone.
    pub(crate) async fn kill(&self, caller: &Caller) {
        if let Some(process) = caller.process.as_deref().and_then(|label| self.processes.get(label)) {
            process.kill().await;
        }
    }

    pub(crate) fn processes(&self) -> &Arc<Processes> {
        &self.processes
    }

    /// Lets running invocations end for a moment, kills all processes and returns when they are gone.
    pub async fn shutdown(&self) {
        futures::future::join_all(self.pools.values().map(|pool| pool.drain())).await;
        self.processes.shutdown().await;
    }
}
