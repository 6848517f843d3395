//! Answers of the table that get lost on their way to the client.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The answers to writes that get lost: the server has stored the write, and the client sees HTTP 500. For one call at a time.
#[derive(Debug, Clone, Default)]
pub struct LostAnswers(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// Number of answers that still get lost.
    left: AtomicUsize,
    /// `true` if the call under way is a write.
    is_write: AtomicBool,
}

impl LostAnswers {
    /// Loses this number of answers from now on.
    pub fn lose(&self, answers: usize) {
        self.0.left.store(answers, Ordering::SeqCst);
    }

    /// Returns `true` if no further answer gets lost.
    pub fn are_all_lost(&self) -> bool {
        self.0.left.load(Ordering::SeqCst) == 0
    }
}

impl Intercept for LostAnswers {
    fn name(&self) -> &'static str {
        "LostAnswers"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let target = context.request().headers().get("x-amz-target").unwrap_or_default();
        let writes = ["UpdateItem", "PutItem", "TransactWriteItems", "BatchWriteItem"];
        let is_write = writes.iter().any(|operation| target.ends_with(operation));
        self.0.is_write.store(is_write, Ordering::SeqCst);
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let take = |left: usize| left.checked_sub(1);
        if self.0.is_write.load(Ordering::SeqCst)
            && self.0.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok()
        {
            *context.response_mut() = HttpResponse::new(500.try_into()?, "{}".into());
        }
        Ok(())
    }
}
