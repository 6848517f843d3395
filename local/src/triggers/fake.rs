//! A fake [`Invoker`] for the tests of the triggers: records invocations and returns prepared results.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use crate::invocation::{Invocation, InvocationResult, InvokeLaterError, Invoker};

/// Records invocations and runs no function.
#[derive(Default)]
pub(super) struct FakeInvoker {
    /// Result of every synchronous invocation, as JSON.
    result: Bytes,
    /// `true` if the queues of waiting events are full.
    is_full: bool,
    invoked: Mutex<Vec<(String, Invocation)>>,
}

impl FakeInvoker {
    /// Makes an invoker whose functions return this JSON.
    pub(super) fn returning(result: impl Into<Bytes>) -> Self {
        Self { result: result.into(), ..Self::default() }
    }

    /// Makes an invoker that refuses every asynchronous invocation.
    pub(super) fn full() -> Self {
        Self { is_full: true, ..Self::default() }
    }

    /// Functions and sources of the invocations so far.
    pub(super) fn invoked(&self) -> Vec<(String, String)> {
        let invoked = self.invoked.lock().unwrap_or_else(PoisonError::into_inner);
        invoked.iter().map(|(function, invocation)| (function.clone(), invocation.source.clone())).collect()
    }

    fn record(&self, function: &str, invocation: Invocation) {
        let mut invoked = self.invoked.lock().unwrap_or_else(PoisonError::into_inner);
        invoked.push((function.to_owned(), invocation));
    }
}

#[async_trait]
impl Invoker for FakeInvoker {
    async fn invoke(&self, function: &str, invocation: &Invocation) -> Option<InvocationResult> {
        self.record(function, invocation.clone());
        Some(InvocationResult::Returned(self.result.clone()))
    }

    fn invoke_later(&self, function: &str, invocation: Invocation) -> Result<(), InvokeLaterError> {
        if self.is_full {
            return Err(InvokeLaterError::QueueFull(function.to_owned()));
        }
        self.record(function, invocation);
        Ok(())
    }
}
