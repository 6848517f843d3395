//! The one table: meetings, call slots, devices. Record types stay private to this module; what comes out are
//! the core's own types, and a stored record that cannot be read is an error with its key, never a panic.

mod calls;
mod commit;
mod due;
mod lifecycle;
mod meeting;
mod open;
mod parts;
mod settle;
mod user;

pub use calls::Cursor;
pub use commit::{Commit, Outcome, SlotWrite};
pub use due::Due;
pub use lifecycle::Seen;
pub use meeting::{DUE_SHARDS, Loaded, Pending};
pub use open::OpeningView;
pub use user::{Slot, UserRecord};

use crate::aws::explain;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;
use std::error::Error;

/// An item as the table gives it.
type Item = HashMap<String, AttributeValue>;

/// The table, through which everything that lasts goes. Every read is consistent.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
}

/// The table failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It could not be reached, throttled, or refused; the SDK's own retries are used up.
    #[error("the table did not do {operation}: {why}")]
    Unavailable {
        /// What was asked of it.
        operation: &'static str,
        /// What it said.
        why: String,
    },
    /// A record does not have the shape that this version knows.
    #[error("the record {key} cannot be read: {why}")]
    Unreadable {
        /// Its key.
        key: String,
        /// What is wrong with it.
        why: String,
    },
}

impl StoreError {
    fn unavailable<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: std::fmt::Debug,
    {
        move |error| Self::Unavailable { operation, why: explain(&error) }
    }

    #[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
    fn unreadable(key: &str, why: impl ToString) -> Self {
        Self::Unreadable { key: key.to_owned(), why: why.to_string() }
    }
}

impl Table {
    /// The table of that name.
    #[must_use]
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }
}

/// Every item that a query finds, page by page.
async fn query_all(query: QueryFluentBuilder) -> Result<Vec<Item>, StoreError> {
    let mut items = Vec::new();
    let mut from = None;
    loop {
        let output = query.clone().set_exclusive_start_key(from).send().await;
        let output = output.map_err(StoreError::unavailable("Query"))?;
        items.extend(output.items.unwrap_or_default());
        match output.last_evaluated_key {
            Some(key) => from = Some(key),
            None => return Ok(items),
        }
    }
}

fn key(pk: String, sk: &str) -> Item {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(pk)),
        ("sk".to_owned(), AttributeValue::S(sk.to_owned())),
    ])
}

#[expect(clippy::needless_pass_by_value, reason = "numbers are passed by value")]
fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// Seconds since the epoch, as the table's time to live wants them.
fn ttl(ms: i64) -> AttributeValue {
    number(ms / 1_000)
}

fn stored_text<'a>(item: &'a Item, name: &str) -> Option<&'a String> {
    item.get(name).and_then(|value| value.as_s().ok())
}

fn stored_number(item: &Item, name: &str) -> Option<i64> {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok())
}
