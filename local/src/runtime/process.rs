//! One process of a function: the child process, and the mailbox from which the Runtime API gives it one invocation at
//! a time.

use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::instruments::Instruments;
use crate::instruments::journal::Caller;
use crate::log;

/// An invocation on its way to a process.
pub(crate) struct Delivery {
    pub(crate) request_id: String,
    pub(crate) event: Bytes,
    /// Source, topic and client ID of the event.
    pub(crate) occasion: String,
    pub(crate) function_arn: String,
    pub(crate) timeout: Duration,
    /// Offset of the stack's clock, in milliseconds.
    pub(crate) clock_offset_ms: i64,
    /// Called when the process takes the event, just before the process sees it. The time limit starts then.
    pub(crate) on_taken: Box<dyn FnOnce() + Send>,
    /// Receives the answer.
    pub(crate) reply: oneshot::Sender<FunctionReply>,
}

/// Answer of a function process.
pub(crate) enum FunctionReply {
    /// Result of the function, as JSON.
    Returned(Bytes),
    /// Error of the function, as JSON.
    Failed(Bytes),
}

/// A running process.
pub(crate) struct Process {
    label: String,
    function: String,
    inbox: mpsc::Sender<Delivery>,
    outbox: tokio::sync::Mutex<mpsc::Receiver<Delivery>>,
    current: Mutex<Option<(String, oneshot::Sender<FunctionReply>)>>,
    /// Request id and occasion of the last invocation.
    invocation: Mutex<Option<(String, String)>>,
    stop: Notify,
    exit: watch::Receiver<Option<String>>,
    /// `true` once the process has requested an invocation.
    polled: watch::Sender<bool>,
    /// The last line of the process's error output.
    last_output: Arc<Mutex<String>>,
    /// Ends when the error output is read to its end.
    errors_read: watch::Receiver<()>,
}

impl Process {
    /// Starts a process and adds it to `processes`, where it stays until it ends. Its output goes to the log, and its
    /// metrics to `instruments`.
    ///
    /// # Errors
    /// The system cannot start the program.
    pub(crate) fn start(
        label: String,
        function: &str,
        command: &mut Command,
        processes: &Arc<Processes>,
        instruments: &Arc<Instruments>,
    ) -> std::io::Result<Arc<Self>> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        // In a process group of its own, so that Ctrl-C reaches only the stack, which then ends its children.
        #[cfg(unix)]
        command.process_group(0);
        let (inbox, outbox) = mpsc::channel(1);
        let (exited, exit) = watch::channel(None);
        let (reading, errors_read) = watch::channel(());
        let process = Arc::new(Self {
            label,
            function: function.to_owned(),
            inbox,
            outbox: tokio::sync::Mutex::new(outbox),
            current: Mutex::new(None),
            invocation: Mutex::new(None),
            stop: Notify::new(),
            exit,
            polled: watch::Sender::new(false),
            last_output: Arc::default(),
            errors_read,
        });
        // Added before the process runs, so that its first call finds it.
        processes.add(Arc::clone(&process));
        let mut child = command.spawn().inspect_err(|_| processes.remove(&process.label))?;
        let metrics = Arc::clone(instruments);
        forward_output(function, child.stdout.take(), move |line| metrics.metrics.add_line(line));
        let last_output = Arc::clone(&process.last_output);
        forward_output(function, child.stderr.take(), move |line| {
            let _ = &reading;
            line.clone_into(&mut last_output.lock().unwrap_or_else(PoisonError::into_inner));
            false
        });

        tokio::spawn({
            let (process, processes) = (Arc::clone(&process), Arc::clone(processes));
            async move {
                let status = tokio::select! {
                    status = child.wait() => status,
                    () = process.stop.notified() => {
                        // Fails only if the process has ended already; `wait` then returns its status.
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

    /// This process as the source of a call.
    pub(crate) fn caller(&self) -> Caller {
        let invocation = self.invocation.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (request_id, event) = invocation.unzip();
        Caller {
            function: Some(self.function.clone()),
            process: Some(self.label.clone()),
            request_id,
            event: event.unwrap_or_default(),
        }
    }

    /// Reports whether the process has ended.
    pub(crate) fn has_exited(&self) -> bool {
        self.exit.borrow().is_some()
    }

    /// Waits until the process has ended, and returns its exit status in words.
    pub(crate) async fn exited(&self) -> String {
        let mut exit = self.exit.clone();
        // The task that waits for the child owns the sender. It is dropped only together with the whole stack.
        match exit.wait_for(Option::is_some).await {
            Ok(status) => status.clone().unwrap_or_default(),
            Err(_) => "stopped".to_owned(),
        }
    }

    /// Waits until the process has requested its first invocation; returns `false` if it has ended before.
    pub(crate) async fn ready(&self) -> bool {
        let mut polled = self.polled.subscribe();
        tokio::select! {
            biased;
            Ok(_) = polled.wait_for(|polled| *polled) => true,
            _ = self.exited() => false,
        }
    }

    /// Returns the last line that an ended process wrote to its error output.
    pub(crate) async fn last_output(&self) -> String {
        let mut errors_read = self.errors_read.clone();
        // The channel carries no value: the wait ends when the reader drops the sender.
        let _ = errors_read.changed().await;
        self.last_output.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Kills the process and returns when it has ended.
    pub(crate) async fn kill(&self) {
        self.stop.notify_one();
        self.exited().await;
    }

    /// Puts an invocation into the mailbox, where it stays if the process has ended.
    pub(crate) async fn deliver(&self, delivery: Delivery) {
        let invocation = (delivery.request_id.clone(), delivery.occasion.clone());
        *self.invocation.lock().unwrap_or_else(PoisonError::into_inner) = Some(invocation);
        let _ = self.inbox.send(delivery).await;
    }

    /// Waits for the next invocation, for the Runtime API; `None` if the mailbox is closed.
    pub(crate) async fn next(&self) -> Option<Delivery> {
        self.polled.send_replace(true);
        self.outbox.lock().await.recv().await
    }

    /// Marks an invocation as running and remembers the receiver of its answer.
    pub(crate) fn begin(&self, request_id: &str, reply: oneshot::Sender<FunctionReply>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        *current = Some((request_id.to_owned(), reply));
    }

    /// Forwards the answer of an invocation; returns `false` if the process does not run an invocation with this id.
    pub(crate) fn finish(&self, request_id: &str, reply: FunctionReply) -> bool {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match current.take_if(|(expected, _)| expected == request_id) {
            Some((_, waiting)) => waiting.send(reply).is_ok(),
            None => false,
        }
    }
}

/// The running processes, by label.
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

    /// Kills all processes and returns when they have ended.
    pub(crate) async fn shutdown(&self) {
        let running: Vec<_> =
            self.running.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        futures::future::join_all(running.iter().map(|process| process.kill())).await;
    }
}

/// Copies the output of a process to the log, line by line, and calls `seen` with each line.
fn forward_output(
    function: &str,
    output: Option<impl AsyncRead + Unpin + Send + 'static>,
    is_taken: impl Fn(&str) -> bool + Send + 'static,
) {
    let Some(output) = output else { return };
    let function = function.to_owned();
    tokio::spawn(async move {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        loop {
            line.clear();
            match output.read_until(b'\n', &mut line).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {
                    let line = String::from_utf8_lossy(&line);
                    if !is_taken(line.trim_end()) {
                        log::function_line(&function, line.trim_end());
                    }
                }
            }
        }
    });
}

/// Describes an exit status: `exit status: 1`, `signal: 9 (SIGKILL)`.
fn describe(status: std::io::Result<ExitStatus>) -> String {
    status.map_or_else(|error| format!("unknown: {error}"), |status| status.to_string())
}
