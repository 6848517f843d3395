//! The table store: a DynamoDB-compatible server, embedded or external, with the tables of the template. Functions
//! reach it through the endpoint `/dynamodb`.

pub(crate) mod registry;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use bytes::Bytes;
use dynoxide::{Database, storage_backend};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tracing::debug;

use crate::instruments::Instruments;
use crate::template;

/// Interval of the stack's clock at which expired items are deleted, in milliseconds.
const EXPIRY_INTERVAL_MS: i64 = 60_000;
/// Time for which an expired item is kept, in milliseconds. AWS, too, deletes within a few days, so no function may depend on
/// it.
const EXPIRED_KEPT_MS: i64 = 2 * 24 * 3_600 * 1_000;

/// Location of the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableStore {
    /// Memory: the tables are lost when the stack stops.
    Memory,
    /// File in this directory, which is created if it is missing.
    Directory(PathBuf),
    /// URL of another DynamoDB-compatible server.
    External(String),
}

/// Error of the table store.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The state directory or the database in it cannot be opened.
    #[error("cannot use the state directory {}: {reason}; choose another one with --state", path.display())]
    State {
        /// Path of the directory.
        path: PathBuf,
        /// Error of the system or the database.
        reason: String,
    },
    /// The store cannot be reached or returned an error.
    #[error("{operation} failed at the table store {url}: {reason}")]
    Store {
        /// URL of the store.
        url: String,
        /// DynamoDB operation.
        operation: String,
        /// Error of the connection, or the answer.
        reason: String,
    },
}

/// The running store.
pub(crate) struct Tables {
    client: TableClient,
    embedded: Option<EmbeddedStore>,
}

/// Client of the running store.
#[derive(Clone)]
pub(crate) struct TableClient {
    /// URL without a slash at the end.
    url: String,
    http: reqwest::Client,
}

/// A store in this process.
struct EmbeddedStore {
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), String>>,
    /// Task that deletes expired items; it ends when this is dropped.
    expiry: JoinSet<()>,
}

impl Tables {
    /// Opens the store and creates the tables that are missing. Items in memory are deleted two
    /// days after their expiry by the stack's clock, those in a directory at their expiry by the system's.
    pub(crate) async fn start(
        store: &TableStore,
        tables: &[template::Table],
        http: reqwest::Client,
        region: &str,
        instruments: &Arc<Instruments>,
    ) -> Result<Self, TableError> {
        let this = match store {
            TableStore::External(url) => {
                let url = url.trim_end_matches('/').to_owned();
                Self { client: TableClient { url, http }, embedded: None }
            }
            TableStore::Memory => {
                let clock = Arc::new(ExpiryClock(Arc::clone(instruments)));
                let database = Database::memory_with_clock(clock);
                Self::embed(database, PathBuf::from("memory"), http, instruments).await?
            }
            TableStore::Directory(path) => {
                let failed = |error: std::io::Error| TableError::State {
                    path: path.clone(),
                    reason: error.to_string(),
                };
                std::fs::create_dir_all(path).map_err(failed)?;
                let file = path.join("table.sqlite");
                let database = Database::new(&file.to_string_lossy());
                Self::embed(database, path.clone(), http, instruments).await?
            }
        };
        for table in tables {
            this.client.create(table, region).await?;
        }
        Ok(this)
    }

    /// Makes a client of the store.
    pub(crate) fn client(&self) -> TableClient {
        self.client.clone()
    }

    async fn embed(
        database: dynoxide::Result<Database>,
        path: PathBuf,
        http: reqwest::Client,
        instruments: &Arc<Instruments>,
    ) -> Result<Self, TableError> {
        let failed = |reason: String| TableError::State { path: path.clone(), reason };
        let database = database.map_err(|error| failed(error.to_string()))?;
        let listener =
            TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| failed(error.to_string()))?;
        let address = listener.local_addr().map_err(|error| failed(error.to_string()))?;

        let mut expiry = JoinSet::new();
        expiry.spawn(delete_expired(database.clone(), Arc::clone(instruments)));
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async move {
            // An error means that the sender was dropped with the stack, which stops the server, too.
            let _ = stopped.await;
        }));
        Ok(Self {
            client: TableClient { url: format!("http://{address}"), http },
            embedded: Some(EmbeddedStore { stop, server, expiry }),
        })
    }

    /// Stops an embedded store; an external one keeps running.
    pub(crate) async fn shutdown(self) {
        if let Some(EmbeddedStore { stop, server, expiry }) = self.embedded {
            drop(expiry);
            // Fails only if the server has ended already.
            let _ = stop.send(());
            drop(self.client);
            let _ = server.await;
        }
    }
}

impl TableClient {
    async fn create(&self, table: &template::Table, region: &str) -> Result<(), TableError> {
        match self.call("CreateTable", &table.create, region).await {
            Ok(_) => {}
            Err(error) if error.to_string().contains("ResourceInUseException") => {
                debug!("table {} exists already", table.name);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        if let Some(time_to_live) = &table.time_to_live {
            self.call("UpdateTimeToLive", time_to_live, region).await?;
        }
        let status = self.call("DescribeTable", &json!({"TableName": table.name}), region).await?;
        debug!("table {} is {}", table.name, status["Table"]["TableStatus"]);
        Ok(())
    }

    /// Calls an operation as the AWS SDK does. The signature is not a valid one, since the store does not check it.
    pub(crate) async fn call(
        &self,
        operation: &str,
        request: &Value,
        region: &str,
    ) -> Result<Value, TableError> {
        let failed = |reason: String| TableError::Store {
            url: self.url.clone(),
            operation: operation.to_owned(),
            reason,
        };
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential=local/20260101/{region}/dynamodb/aws4_request, SignedHeaders=host, Signature=00"
        );
        let response = self
            .http
            .post(format!("{}/", self.url))
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("x-amz-date", "20260101T000000Z")
            .header("authorization", credential)
            .body(request.to_string())
            .send()
            .await
            .map_err(|error| failed(error.to_string()))?;
        let status = response.status();
        let body = response.text().await.map_err(|error| failed(error.to_string()))?;
        if status.is_success() {
            Ok(serde_json::from_str(&body).unwrap_or_default())
        } else {
            Err(failed(format!("HTTP {}: {body}", status.as_u16())))
        }
    }

    /// Forwards a request with its headers and returns the answer of the store.
    pub(crate) async fn forward(
        &self,
        headers: HeaderMap,
        body: Bytes,
    ) -> reqwest::Result<reqwest::Response> {
        self.http.post(format!("{}/", self.url)).headers(headers).body(body).send().await
    }
}

/// The clock by which the embedded store deletes expired items: the stack's clock, late by the time for which they are kept.
struct ExpiryClock(Arc<Instruments>);

impl ExpiryClock {
    fn since_epoch(&self) -> Duration {
        let late_ms = self.0.clock.now_ms().saturating_sub(EXPIRED_KEPT_MS);
        Duration::from_millis(u64::try_from(late_ms).unwrap_or_default())
    }
}

impl storage_backend::Clock for ExpiryClock {
    fn now_unix_secs(&self) -> u64 {
        self.since_epoch().as_secs()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.since_epoch().as_secs_f64()
    }
}

async fn delete_expired(database: Database, instruments: Arc<Instruments>) {
    let clock = &instruments.clock;
    let mut next_ms = clock.now_ms() + EXPIRY_INTERVAL_MS;
    loop {
        clock.wait_until(next_ms).await;
        // Before the work, so that a move of the clock during it counts.
        next_ms = clock.now_ms() + EXPIRY_INTERVAL_MS;
        let database = database.clone();
        let swept = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
        debug!("deleted expired items: {swept:?}");
    }
}
