//! The cloud behind the broker: its authorizer is the template's, and what is published goes to the template's rules.

use std::sync::Arc;

use async_trait::async_trait;
use broker::{Cloud, Published};
use serde_json::Value;

use crate::rules::Rules;
use crate::runtime::{Functions, Invocation, Outcome};
use crate::sql::Message;

/// Connects the broker to functions and rules.
pub(crate) struct LocalCloud {
    pub(crate) functions: Arc<Functions>,
    pub(crate) rules: Rules,
    /// Name of the function that decides who may connect.
    pub(crate) authorizer: Option<String>,
}

#[async_trait]
impl Cloud for LocalCloud {
    async fn authorize(&self, event: Value) -> Result<Value, String> {
        let authorizer = self.authorizer.as_deref().ok_or("the template has no authorizer")?;
        let invocation = Invocation::new("connect", event.to_string());
        match self.functions.invoke(authorizer, &invocation).await {
            Some(Outcome::Returned(result)) => {
                serde_json::from_slice(&result).map_err(|error| format!("its answer is no JSON: {error}"))
            }
            Some(Outcome::Failed(failure)) => Err(failure.message()),
            None => Err(format!("there is no function `{authorizer}`")),
        }
    }

    async fn published(&self, published: Published) {
        self.rules.apply(&Message {
            topic: &published.topic,
            payload: &published.payload,
            client_id: published.client_id.as_deref(),
            principal: published.principal.as_deref(),
            source_ip: published.source_ip.as_deref(),
            trace_id: published.trace_id.as_deref(),
            received_ms: published.received_ms,
        });
    }
}
