//! Queues of the template.

use std::time::Duration;

use super::evaluate::Evaluator;
use super::resource::QUEUE;
use super::yaml::TemplateError;

/// Resource of type `AWS::SQS::Queue`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Name of the queue.
    pub name: String,
    /// ARN of the queue.
    pub arn: String,
    /// Time for which a received message is hidden.
    pub visibility_timeout: Duration,
    /// Dead-letter queue, if the queue has one.
    pub redrive: Option<Redrive>,
}

/// Dead-letter queue for messages that were received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// Name of the dead-letter queue.
    pub queue: String,
    /// Number of receives after which a message moves to the dead-letter queue.
    pub max_receive_count: u32,
}

/// Default visibility timeout of AWS.
const DEFAULT_VISIBILITY_SECONDS: u64 = 30;

pub(super) fn queues(evaluator: &Evaluator<'_>) -> Result<Vec<Queue>, TemplateError> {
    let mut queues = Vec::new();
    for id in evaluator.resources(QUEUE)? {
        let properties = Evaluator::properties(&id);
        let name = evaluator.name(&id, &properties)?;
        let visibility_seconds = evaluator.number_at(&properties.key("VisibilityTimeout"))?;
        let policy = properties.key("RedrivePolicy");
        let redrive = if evaluator.at(&policy)?.is_some() {
            let count = policy.key("maxReceiveCount");
            let max_receive_count = evaluator
                .number_at(&count)?
                .and_then(|count| u32::try_from(count).ok())
                .ok_or_else(|| evaluator.error(&count, "must be a number"))?;
            Some(Redrive {
                queue: evaluator.queue_of_arn(&policy.key("deadLetterTargetArn"))?,
                max_receive_count,
            })
        } else {
            None
        };
        queues.push(Queue {
            arn: evaluator.arn("sqs", &name),
            name,
            visibility_timeout: Duration::from_secs(visibility_seconds.unwrap_or(DEFAULT_VISIBILITY_SECONDS)),
            redrive,
        });
    }
    Ok(queues)
}
