//! The stack that an event is played on: a running one, or one that this command starts.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use local::instruments::downlinks::Downlink;
use local::{Stack, StackAddresses, StackOptions};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::event_file::EventFile;
use crate::commands::workspace::{READY_FILE, binaries};

/// Stack that events are played on.
pub struct TargetStack {
    addresses: StackAddresses,
    own: Option<Stack>,
    client: reqwest::Client,
}

/// Result of an invocation and the messages that it sent.
pub struct InvokeReport {
    /// Result of the function, or the error that Lambda answers.
    pub result: Value,
    /// `true` if the function failed.
    pub failed: bool,
    /// Duration of the invocation, with the start of a process if the function had none.
    pub took: Duration,
    /// Messages that the function sent, oldest first.
    pub downlinks: Vec<Downlink>,
}

impl TargetStack {
    /// Finds the running stack of a ready file: `file`, or by default that of `make run`. Returns `None` if no stack
    /// runs there, or an error if `file` is given.
    pub async fn running(file: Option<&Path>, workspace: &Path) -> Result<Option<Self>, Box<dyn Error>> {
        let path = file.map_or_else(|| workspace.join(READY_FILE), PathBuf::from);
        let target = match std::fs::read_to_string(&path) {
            Ok(text) => Self { addresses: serde_json::from_str(&text)?, own: None, client: client()? },
            Err(error) if file.is_some() => {
                return Err(format!("cannot read the ready file {}: {error}", path.display()).into());
            }
            Err(_) => return Ok(None),
        };
        match target.now_ms().await {
            Ok(_) => Ok(Some(target)),
            Err(error) if file.is_some() => Err(format!(
                "the stack of {} does not answer: {error}; start it with `make run`",
                path.display()
            )
            .into()),
            // A killed stack leaves its ready file.
            Err(_) => Ok(None),
        }
    }

    /// Starts an empty stack on free ports.
    pub async fn start(workspace: &Path) -> Result<Self, Box<dyn Error>> {
        let options = StackOptions::on_free_ports(workspace.join("template.yaml"), binaries()?);
        let stack = Stack::start(options).await?;
        Ok(Self { addresses: stack.addresses().clone(), own: Some(stack), client: client()? })
    }

    /// `true` if this command started the stack, so that it has no state yet.
    pub fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// Stops the stack if this command started it.
    pub async fn shutdown_own(self) {
        if let Some(stack) = self.own {
            stack.shutdown().await;
        }
    }

    /// Plays an event and waits for its result. A function sends all its messages before it returns.
    pub async fn play(&self, event: &EventFile) -> Result<InvokeReport, Box<dyn Error>> {
        let url = format!("{}/2015-03-31/functions/{}/invocations", self.addresses.lambda, event.function);
        let body = event.received_at(self.now_ms().await?).to_string();
        let begun = Instant::now();
        let response = self.client.post(url).body(body).send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        let took = begun.elapsed();
        let result: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if !status.is_success() {
            return Err(format!("the stack refused to invoke {}: {result}", event.function).into());
        }
        let request_id = headers.get("x-amzn-requestid").and_then(|id| id.to_str().ok());
        let request_id = request_id.ok_or("the answer of the stack has no request id")?;
        let downlinks = self.get(&format!("/local/downlinks?request_id={request_id}")).await?;
        Ok(InvokeReport { result, failed: headers.contains_key("x-amz-function-error"), took, downlinks })
    }

    /// Time of the stack's clock, in milliseconds since the Unix epoch.
    async fn now_ms(&self) -> Result<i64, Box<dyn Error>> {
        let clock: Value = self.get("/local/clock").await?;
        Ok(clock.get("now_ms").and_then(Value::as_i64).ok_or("the answer of /local/clock has no time")?)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Box<dyn Error>> {
        let response = self.client.get(format!("{}{path}", self.addresses.http)).send().await?;
        Ok(response.error_for_status()?.json().await?)
    }
}

/// Makes an HTTP client for loopback, without a proxy.
fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().no_proxy().build()
}
