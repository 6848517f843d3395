//! One process of a function: the child itself, and the mailbox through which the Runtime API hands it one invocation
//! at a time.

use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::journal::Caller;
use crate::log;

/// An invocation on its way to a process.
pub(crate) struct Delivery {
    pub(crate) request_id: String,
    pub(crate) event: Bytes,
    pub(crate) function_arn: String,
    pub(crate) timeout: Duration,
    /// How far the stack's clock is ahead of the system's, in milliseconds.
    pub(crate) clock_offset_ms: i64,
    /// Called when the process has taken it, just before it sees it: from then on its time counts.
    pub(crate) taken: Box<dyn FnOnce() + Send>,
    /// Where the answer goes.
    pub(crate) reply: oneshot::Sender<Reply>,
}

/// What a process answered.
pub(crate) enum Reply {
    /// The function's result.
    Returned(Bytes),
    /// The error that the function returned.
    Failed(Bytes),
}

/// A running process.
pub(crate) struct Process {
    label: String,
    function: String,
    inbox: mpsc::Sender<Delivery>,
    outbox: tokio::sync::Mutex<mpsc::Receiver<Delivery>>,
    current: Mutex<Option<(String, oneshot::Sender<Reply>)>>,
    request_id: Mutex<Option<String>>,
    stop: Notify,
    exit: watch::Receiver<Option<String>>,
}

impl Process {
    /// Starts a process. Its output goes to the log; when it ends, it leaves the register.
    ///
    /// # Errors
    /// The system cannot start the program.
    pub(crate) fn start(
        label: String,
        function: &str,
        command: &mut Command,
        processes: &Arc<Processes>,
    ) -> std::io::Result<Arc<Self>> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        // In a group of its own, so that a Ctrl-C in the terminal reaches the stack only, which then ends its children.
        #[cfg(unix)]
        command.process_group(0);
        let (inbox, outbox) = mpsc::channel(1);
        let (exited, exit) = watch::channel(None);
        let process = Arc::new(Self {
            label,
            function: function.to_owned(),
            inbox,
            outbox: tokio::sync::Mutex::new(outbox),
            current: Mutex::new(None),
            request_id: Mutex::new(None),
            stop: Notify::new(),
            exit,
        });
        // Before it runs: its first call must find it.
        processes.add(Arc::clone(&process));
        let mut child = command.spawn().inspect_err(|_| processes.remove(&process.label))?;
        forward_output(function, child.stdout.take());
        forward_output(function, child.stderr.take());

        tokio::spawn({
            let (process, processes) = (Arc::clone(&process), Arc::clone(processes));
            async move {
                let status = tokio::select! {
                    status = child.wait() => status,
                    () = process.stop.notified() => {
                        // It fails only if the process has ended already, and then waiting tells how.
                        let _ = child.start_kill();
                        child.wait().await
                    }
                };
                processes.remove(&process.label);
                exited.send_replace(Some(describe(status)));
            }
        });
        Ok(process)
    }

    /// Who a call of this process comes from.
    pub(crate) fn caller(&self) -> Caller {
        Caller {
            function: Some(self.function.clone()),
            process: Some(self.label.clone()),
            request_id: self.request_id.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Whether the process has ended.
    pub(crate) fn has_exited(&self) -> bool {
        self.exit.borrow().is_some()
    }

    /// Returns how the process ended, once it has.
    pub(crate) async fn exited(&self) -> String {
        let mut exit = self.exit.clone();
        // The sender lives in the task that waits for the child; it is gone only when the whole stack is.
        match exit.wait_for(Option::is_some).await {
            Ok(status) => status.clone().unwrap_or_default(),
            Err(_) => "stopped".to_owned(),
        }
    }

    /// Kills the process and returns when it is gone.
    pub(crate) async fn kill(&self) {
        self.stop.notify_one();
        self.exited().await;
    }

    /// Puts an invocation into the mailbox. If the process has ended, nobody takes it.
    pub(crate) async fn deliver(&self, delivery: Delivery) {
        *self.request_id.lock().unwrap_or_else(PoisonError::into_inner) = Some(delivery.request_id.clone());
        let _ = self.inbox.send(delivery).await;
    }

    /// The next invocation, for the Runtime API; `None` if none will come.
    pub(crate) async fn next(&self) -> Option<Delivery> {
        self.outbox.lock().await.recv().await
    }

    /// Remembers who waits for the answer to an invocation that the process has taken.
    pub(crate) fn working_on(&self, request_id: &str, reply: oneshot::Sender<Reply>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        *current = Some((request_id.to_owned(), reply));
    }

    /// Passes an answer on; false if the process is not working on such a request.
    pub(crate) fn answer(&self, request_id: &str, reply: Reply) -> bool {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match current.take_if(|(expected, _)| expected == request_id) {
            Some((_, waiting)) => waiting.send(reply).is_ok(),
            None => false,
        }
    }
}

/// The processes that run now, by label.
#[derive(Default)]
pub(crate) struct Processes {
    running: Mutex<BTreeMap<String, Arc<Process>>>,
}

impl Processes {
    pub(crate) fn get(&self, label: &str) -> Option<Arc<Process>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).get(label).cloned()
    }

    fn add(&self, process: Arc<Process>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(process.label.clone(), process);
    }

    fn remove(&self, label: &str) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(label);
    }

    /// Kills all processes and returns when they are gone.
    pub(crate) async fn shutdown(&self) {
        let running: Vec<_> =
            self.running.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        futures::future::join_all(running.iter().map(|process| process.kill())).await;
    }
}

/// Copies what a process writes to the log, line by line.
fn forward_output(function: &str, output: Option<impl AsyncRead + Unpin + Send + 'static>) {
    let Some(output) = output else { return };
    let function = function.to_owned();
    tokio::spawn(async move {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        loop {
            line.clear();
            match output.read_until(b'\n', &mut line).await {
                Ok(0) | Err(_) => return,
                Ok(_) => log::function_line(&function, String::from_utf8_lossy(&line).trim_end()),
            }
        }
    });
}

/// How a process ended, in words: `exit status: 1`, `signal: 9 (SIGKILL)`.
fn describe(status: std::io::Result<ExitStatus>) -> String {
    status.map_or_else(|error| format!("unknown: {error}"), |status| status.to_string())
}
