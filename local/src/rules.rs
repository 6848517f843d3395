//! The rule engine: which functions get which event for a message that the broker accepted.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;
use tracing::{error, warn};

use crate::queue::Queues;
use crate::runtime::{Functions, Invocation};
use crate::sql::{Event, Message};
use crate::template::Rule;

/// The rules of a deployment and what they act on.
pub(crate) struct Rules {
    pub(crate) declared: Vec<Rule>,
    pub(crate) functions: Arc<Functions>,
    pub(crate) queues: Arc<Queues>,
}

impl Rules {
    /// Applies every rule that listens to the message's topic.
    pub(crate) fn apply(&self, message: &Message<'_>) {
        for rule in &self.declared {
            if !rule.statement.from().matches(message.topic) {
                continue;
            }
            if let Some(event) = rule.statement.apply(message) {
                self.act(rule, message, &event);
            } else {
                warn!("rule {} selects nothing from a message to {}", rule.name, message.topic);
            }
        }
    }

    fn act(&self, rule: &Rule, message: &Message<'_>, event: &Event) {
        let event = match serde_json::to_vec(event) {
            Ok(event) => event,
            Err(error) => return error!("the event of rule {} cannot be written: {error}", rule.name),
        };
        for function in &rule.functions {
            let mut invocation = Invocation::new(format!("rule {}", rule.name), event.clone());
            invocation.about = json!({"topic": message.topic, "client_id": message.client_id});
            if let Err(error) = self.functions.invoke_later(function, invocation) {
                error!("rule {} could not invoke {function}: {error}", rule.name);
                self.keep(rule, message, function, &error.to_string());
            }
        }
    }

    /// The rule's error action.
    fn keep(&self, rule: &Rule, message: &Message<'_>, function: &str, problem: &str) {
        let Some(queue) = &rule.error_queue else { return };
        // https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html
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
