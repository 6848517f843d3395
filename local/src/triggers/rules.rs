//! The rule engine: invokes the functions of every rule that matches a published message.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;
use tracing::{error, warn};

use crate::invocation::{Invocation, Invoker};
use crate::queue::Queues;
use crate::sql::{PublishedMessage, RuleEvent};
use crate::template::Rule;

/// The rules of a deployment, with the functions and queues that they act on.
pub(crate) struct Rules {
    pub(crate) declared: Vec<Rule>,
    pub(crate) invoker: Arc<dyn Invoker>,
    pub(crate) queues: Arc<Queues>,
}

impl Rules {
    /// Applies every rule whose topic filter matches the message.
    pub(crate) fn apply(&self, message: &PublishedMessage<'_>) {
        for rule in &self.declared {
            if !rule.statement.topic_filter().matches(message.topic) {
                continue;
            }
            if let Some(event) = rule.statement.apply(message) {
                self.invoke_functions(rule, message, &event);
            } else {
                warn!(
                    "rule {} skipped a message to topic {}: its condition is false, or it selects a payload that is not JSON",
                    rule.name, message.topic
                );
            }
        }
    }

    fn invoke_functions(&self, rule: &Rule, message: &PublishedMessage<'_>, event: &RuleEvent) {
        let event = match serde_json::to_vec(event) {
            Ok(event) => event,
            Err(error) => return error!("event of rule {} dropped, not JSON: {error}", rule.name),
        };
        for function in &rule.functions {
            let mut invocation = Invocation::new(format!("rule {}", rule.name), event.clone());
            invocation.journal_detail = json!({"topic": message.topic, "client_id": message.client_id});
            if let Err(error) = self.invoker.invoke_later(function, invocation) {
                self.run_error_action(rule, message, function, &error.to_string());
            }
        }
    }

    /// Keeps a message that could not be delivered in the error queue of the rule, if it has one.
    fn run_error_action(&self, rule: &Rule, message: &PublishedMessage<'_>, function: &str, problem: &str) {
        let Some(queue) = &rule.error_queue else {
            return error!("rule {} could not invoke {function}, message lost: {problem}", rule.name);
        };
        error!("rule {} could not invoke {function}, message kept in queue {queue}: {problem}", rule.name);
        // Format: https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html
        let document = json!({
            "ruleName": rule.name,
            "topic": message.topic,
            "cloudwatchTraceId": message.trace_id,
            "clientId": message.client_id,
            "base64OriginalPayload": BASE64.encode(message.payload),
            "failures": [{"failedAction": "LambdaAction", "failedResource": function, "errorMessage": problem}],
        });
        self.queues.send(queue, document.to_string(), Duration::ZERO);
    }
}
