//! The table: a DynamoDB-compatible store, in this process or somewhere else, made from the template and reached through
//! the stack's own HTTP server, which keeps the journal.

pub(crate) mod proxy;
pub(crate) mod registry;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use dynoxide::Database;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tracing::debug;

use crate::template;

/// How often expired items are deleted. AWS takes days, so nothing may depend on it.
const EXPIRY_INTERVAL: Duration = Duration::from_mins(1);

/// Where the tables are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// In memory: gone when the stack stops.
    Memory,
    /// In a file in this directory, which is made if need be.
    Directory(PathBuf),
    /// Another DynamoDB-compatible server, by URL.
    External(String),
}

/// Why the tables are not there.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The directory or the database in it cannot be opened.
    #[error("the state directory {} cannot be used: {reason}", path.display())]
    State {
        /// The directory.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The store does not answer as it should.
    #[error("the table store at {url} failed at {operation}: {reason}")]
    Store {
        /// Where the store is.
        url: String,
        /// What was asked.
        operation: String,
        /// What happened.
        reason: String,
    },
}

/// The running store.
pub(crate) struct Tables {
    /// Where it answers, without a slash at the end.
    url: String,
    client: reqwest::Client,
    embedded: Option<Embedded>,
}

/// The store in this process.
struct Embedded {
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), String>>,
    /// Deletes expired items; ends when this is dropped.
    expiry: JoinSet<()>,
}

impl Tables {
    /// Opens the store and creates the tables that it does not have yet.
    pub(crate) async fn start(
        store: &Store,
        tables: &[template::Table],
        client: reqwest::Client,
        region: &str,
    ) -> Result<Self, TableError> {
        let this = match store {
            Store::External(url) => {
                Self { url: url.trim_end_matches('/').to_owned(), client, embedded: None }
            }
            Store::Memory => Self::embed(Database::memory(), PathBuf::from("memory"), client).await?,
            Store::Directory(path) => {
                let failed = |error: std::io::Error| TableError::State {
                    path: path.clone(),
                    reason: error.to_string(),
                };
                std::fs::create_dir_all(path).map_err(failed)?;
                let file = path.join("table.sqlite");
                Self::embed(Database::new(&file.to_string_lossy()), path.clone(), client).await?
            }
        };
        for table in tables {
            this.create(table, region).await?;
        }
        Ok(this)
    }

    /// The same store for somebody else to call; it is stopped by the first one only.
    fn another(&self) -> Self {
        Self { url: self.url.clone(), client: self.client.clone(), embedded: None }
    }

    async fn embed(
        database: dynoxide::Result<Database>,
        path: PathBuf,
        client: reqwest::Client,
    ) -> Result<Self, TableError> {
        let failed = |reason: String| TableError::State { path: path.clone(), reason };
        let database = database.map_err(|error| failed(error.to_string()))?;
        let listener =
            TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| failed(error.to_string()))?;
        let address = listener.local_addr().map_err(|error| failed(error.to_string()))?;

        let mut expiry = JoinSet::new();
        expiry.spawn(delete_expired(database.clone()));
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async move {
            // The sender is dropped without a word when the stack is; that stops the server too.
            let _ = stopped.await;
        }));
        Ok(Self {
            url: format!("http://{address}"),
            client,
            embedded: Some(Embedded { stop, server, expiry }),
        })
    }

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

    /// Calls the store as the AWS SDK would, with a signature that nobody checks.
    async fn call(&self, operation: &str, request: &Value, region: &str) -> Result<Value, TableError> {
        let failed = |reason: String| TableError::Store {
            url: self.url.clone(),
            operation: operation.to_owned(),
            reason,
        };
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential=local/20260101/{region}/dynamodb/aws4_request, SignedHeaders=host, Signature=00"
        );
        let response = self
            .client
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

    /// Stops the store if it is in this process.
    pub(crate) async fn shutdown(self) {
        if let Some(Embedded { stop, server, expiry }) = self.embedded {
            drop(expiry);
            // The server is gone already if the receiver is.
            let _ = stop.send(());
            drop(self.client);
            let _ = server.await;
        }
    }
}

async fn delete_expired(database: Database) {
    loop {
        tokio::time::sleep(EXPIRY_INTERVAL).await;
        let database = database.clone();
        let swept = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
        debug!("expired items deleted: {swept:?}");
    }
}
