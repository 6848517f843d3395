//! The process of the service, which a test may crash.

use std::cell::Cell;
use std::rc::Rc;

/// The process of the service. All adapters share it, so that a crash stops all of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Process {
    crashed: Rc<Cell<bool>>,
}

impl Process {
    pub(super) fn crash(&self) {
        self.crashed.set(true);
    }

    pub(super) fn is_crashed(&self) -> bool {
        self.crashed.get()
    }
}
