//! The DynamoDB table: meetings, call slots, devices, call history. Every read is consistent, except the read
//! of the index.
//!
//! A stored record that cannot be read is an error with the key of the record, never a panic.

mod availability;
mod call_history;
mod channel;
mod commit;
mod due;
mod effects_done;
#[cfg(test)]
mod item_size;
mod lifecycle;
mod meeting;
mod open;
mod own_write;
mod parts;
mod record;
mod retellings;
mod rings;
mod table;
mod user;

pub use meeting::DUE_SHARDS;
pub use parts::MAX_MEETINGS_OF_USER;

use crate::ports::StoreError;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;
use std::error::Error;
use std::fmt;

/// An item as DynamoDB returns it.
type Item = HashMap<String, AttributeValue>;

/// The table that stores everything of the service.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// Makes the adapter for the table `name`.
    #[must_use]
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }
}

impl StoreError {
    fn unavailable<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> Self
    where
        E: Error + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
    {
        move |error| Self::Unavailable { operation, source: Box::new(error) }
    }

    /// Returns the error of a write. If the table finds the request invalid, the service has a bug, and no
    /// retry would help.
    fn of<E, R>(operation: &'static str, error: SdkError<E, R>) -> Self
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
    {
        if is_invalid(&error) {
            return Self::Invalid { operation, source: Box::new(error) };
        }
        Self::Unavailable { operation, source: Box::new(error) }
    }

    fn unreadable(key: &str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unreadable { key: key.to_owned(), source: source.into() }
    }

    fn invalid<E: Error + Send + Sync + 'static>(operation: &'static str) -> impl Fn(E) -> Self {
        move |error| Self::Invalid { operation, source: Box::new(error) }
    }
}

/// Returns whether the table found the request invalid, for example because the item would be too large.
fn is_invalid<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("ValidationException")
}

/// Reads every item that a query finds, page by page.
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

/// Returns the output of a conditional update; `None` if the condition was not met.
fn if_met(
    sent: Result<UpdateItemOutput, SdkError<UpdateItemError>>,
) -> Result<Option<UpdateItemOutput>, StoreError> {
    match sent {
        Ok(output) => Ok(Some(output)),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
        {
            Ok(None)
        }
        Err(error) => Err(StoreError::of("UpdateItem", error)),
    }
}

/// Converts milliseconds to seconds since the epoch, the unit of DynamoDB's time to live.
fn ttl(ms: i64) -> AttributeValue {
    number(ms / 1_000)
}

fn stored_text<'a>(item: &'a Item, name: &str) -> Option<&'a String> {
    item.get(name).and_then(|value| value.as_s().ok())
}

fn stored_number(item: &Item, name: &str) -> Option<i64> {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok())
}
