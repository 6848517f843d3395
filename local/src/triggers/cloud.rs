//! Connects the broker to the functions: a connection invokes the authorizer, and a published message goes to the
//! rules.

use std::sync::Arc;

use async_trait::async_trait;
use broker::{Cloud, Published};
use serde_json::Value;

use super::rules::Rules;
use crate::invocation::{Invocation, InvocationResult, Invoker};
use crate::sql::PublishedMessage;

/// The cloud behind the broker.
pub(crate) struct LocalCloud {
    pub(crate) invoker: Arc<dyn Invoker>,
    pub(crate) rules: Rules,
    /// Name of the authorizer function.
    pub(crate) authorizer: Option<String>,
}

#[async_trait]
impl Cloud for LocalCloud {
    async fn authorize(&self, event: Value) -> Result<Value, String> {
        let authorizer = self.authorizer.as_deref().ok_or("the template has no authorizer")?;
        let invocation = Invocation::new("connect", event.to_string());
        match self.invoker.invoke(authorizer, &invocation).await {
            Some(InvocationResult::Returned(result)) => serde_json::from_slice(&result)
                .map_err(|error| format!("the authorizer returned invalid JSON: {error}")),
            Some(InvocationResult::Failed(failure)) => Err(failure.message()),
            None => Err(format!("unknown authorizer function `{authorizer}`")),
        }
    }

    async fn published(&self, published: Published) {
        self.rules.apply(&PublishedMessage {
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
