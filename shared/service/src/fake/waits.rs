//! Replaces the service's waits by waits in the virtual time of a test.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A wait of the given time.
pub type Wait = fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;

thread_local! {
    static WAIT: Cell<Option<Wait>> = const { Cell::new(None) };
}

/// Makes the service's waits on this thread take virtual time.
pub fn replace_waits(wait: Wait) {
    WAIT.set(Some(wait));
}

/// Returns the wait of the test, if the test has replaced the waits.
pub(crate) fn replaced(time: Duration) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
    WAIT.get().map(|wait| wait(time))
}
