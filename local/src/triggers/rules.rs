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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::fake::FakeInvoker;
    use super::*;
    use crate::instruments::Instruments;
    use crate::template;

    fn rules(invoker: &Arc<FakeInvoker>) -> Rules {
        let queue = template::Queue {
            name: "failed".to_owned(),
            arn: "arn:aws:sqs:us-east-1:000000000000:failed".to_owned(),
            visibility_timeout: Duration::from_secs(30),
            redrive: None,
        };
        let rule = Rule {
            name: "AnswerRule".to_owned(),
            statement: "SELECT * FROM 'call-up/answer'".parse().expect("a statement"),
            functions: vec!["answer".to_owned()],
            error_queue: Some("failed".to_owned()),
        };
        Rules {
            declared: vec![rule],
            invoker: Arc::<FakeInvoker>::clone(invoker),
            queues: Arc::new(Queues::new(&[queue], Arc::new(Instruments::default()))),
        }
    }

    fn message(topic: &str) -> PublishedMessage<'_> {
        PublishedMessage {
            topic,
            payload: b"{}",
            client_id: Some("GID@@@alice"),
            principal: None,
            source_ip: None,
            trace_id: None,
            received_ms: 0,
        }
    }

    #[test]
    fn a_rule_invokes_its_function_for_messages_to_its_topic_only() {
        let invoker = Arc::new(FakeInvoker::default());
        let rules = rules(&invoker);
        rules.apply(&message("call-up/attend"));
        rules.apply(&message("call-up/answer"));
        assert_eq!(invoker.invoked(), [("answer".to_owned(), "rule AnswerRule".to_owned())]);
    }

    #[test]
    fn a_message_whose_function_cannot_be_invoked_is_kept_in_the_error_queue() {
        let invoker = Arc::new(FakeInvoker::full());
        let rules = rules(&invoker);
        rules.apply(&message("call-up/answer"));
        let kept = rules.queues.receive("failed", 10);
        let document: Value = serde_json::from_str(&kept[0].body).expect("JSON");
        assert_eq!(document["clientId"], "GID@@@alice");
        assert_eq!(document["base64OriginalPayload"], BASE64.encode("{}"));
        assert_eq!(document["failures"][0]["failedResource"], "answer");
    }
}
