//! The delay queue that feeds `wake`, as the adapter of [`Wakes`].

use crate::ports::{Nudge, SweepRest, Wakes};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::SdkError;
use aws_sdk_sqs::operation::send_message::SendMessageError;

/// The delay queue.
#[derive(Debug, Clone)]
pub struct WakeQueue {
    /// Client of the queue.
    pub client: Client,
    /// Address of the queue that feeds `wake`.
    pub queue_url: String,
}

impl Wakes for WakeQueue {
    type Error = SdkError<SendMessageError>;

    async fn schedule(&self, nudge: &Nudge, delay_seconds: i32) -> Result<(), Self::Error> {
        self.send(serde_json::to_string(nudge).unwrap_or_default(), delay_seconds).await
    }

    async fn continue_sweep(&self, rest: &SweepRest) -> Result<(), Self::Error> {
        self.send(serde_json::to_string(rest).unwrap_or_default(), 0).await
    }
}

impl WakeQueue {
    async fn send(&self, body: String, delay_seconds: i32) -> Result<(), SdkError<SendMessageError>> {
        let request = self.client.send_message().queue_url(&self.queue_url).delay_seconds(delay_seconds);
        request.message_body(body).send().await.map(|_| ())
    }
}
