//! The stack that an event is played on: one that runs already, or one of our own.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use local::downlinks::Downlink;
use local::{Options, Ready, Stack};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::event::Event;
use crate::environment::READY_FILE;

/// Where events are played.
pub struct Target {
    ready: Ready,
    own: Option<Stack>,
    client: reqwest::Client,
}

/// What came of an event.
pub struct Played {
    /// The function's result, or what Lambda answers in its place.
    pub result: Value,
    /// Whether the function failed.
    pub failed: bool,
    /// How long the invocation took, with the start of a process if one was needed.
    pub took: Duration,
    /// What the function sent, oldest first.
    pub downlinks: Vec<Downlink>,
}

impl Target {
    /// The stack of a ready file, if it runs. One that was asked for must.
    pub async fn running(file: Option<&Path>, workspace: &Path) -> Result<Option<Self>, Box<dyn Error>> {
        let path = file.map_or_else(|| workspace.join(READY_FILE), PathBuf::from);
        let target = match std::fs::read_to_string(&path) {
            Ok(text) => Self { ready: serde_json::from_str(&text)?, own: None, client: client()? },
            Err(error) if file.is_some() => return Err(format!("{}: {error}", path.display()).into()),
            Err(_) => return Ok(None),
        };
        match target.now_ms().await {
            Ok(_) => Ok(Some(target)),
            Err(error) if file.is_some() => {
                Err(format!("the stack of {} does not answer: {error}", path.display()).into())
            }
            // It was left behind by a stack that was killed.
            Err(_) => Ok(None),
        }
    }

    /// A stack on free ports, with nothing in it.
    pub async fn own(workspace: &Path) -> Result<Self, Box<dyn Error>> {
        let program = std::env::current_exe()?;
        let binaries = program.parent().ok_or("this program is in no directory")?.to_owned();
        let options = Options::on_free_ports(workspace.join("template.yaml"), binaries);
        let stack = Stack::start(options).await?;
        Ok(Self { ready: stack.ready().clone(), own: Some(stack), client: client()? })
    }

    /// Whether nothing has happened on it yet.
    pub fn is_fresh(&self) -> bool {
        self.own.is_some()
    }

    /// Stops it if it is our own.
    pub async fn leave(self) {
        if let Some(stack) = self.own {
            stack.shutdown().await;
        }
    }

    /// Plays an event and waits for what comes of it. What a function sends, it sends before it returns.
    pub async fn play(&self, event: &Event) -> Result<Played, Box<dyn Error>> {
        let url = format!("{}/2015-03-31/functions/{}/invocations", self.ready.lambda, event.function);
        let body = event.at(self.now_ms().await?).to_string();
        let begun = Instant::now();
        let response = self.client.post(url).body(body).send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        let took = begun.elapsed();
        let result: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if !status.is_success() {
            return Err(format!("{} was not invoked: {result}", event.function).into());
        }
        let request_id = headers.get("x-amzn-requestid").and_then(|id| id.to_str().ok());
        let request_id = request_id.ok_or("the stack did not name the invocation")?;
        let downlinks = self.get(&format!("/local/downlinks?request_id={request_id}")).await?;
        Ok(Played { result, failed: headers.contains_key("x-amz-function-error"), took, downlinks })
    }

    /// The stack's clock.
    async fn now_ms(&self) -> Result<i64, Box<dyn Error>> {
        let clock: Value = self.get("/local/clock").await?;
        Ok(clock.get("now_ms").and_then(Value::as_i64).ok_or("the stack has no clock")?)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Box<dyn Error>> {
        let response = self.client.get(format!("{}{path}", self.ready.http)).send().await?;
        Ok(response.error_for_status()?.json().await?)
    }
}

/// A client for loopback: no proxy.
fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().no_proxy().build()
}
