//! The call history of an ended meeting (T47).

use crate::error_chain::ErrorChain;
use crate::ports::{Ports, Users};
use crate::service::Service;
use switchboard_core::Meeting;

impl<P: Ports> Service<P> {
    /// Writes the call history entries of `meeting`, if it has ended. Returns `false` if the write failed;
    /// then the effects of the commit stay pending, and `wake` repeats them.
    pub(crate) async fn write_call_history(&self, meeting: Option<&Meeting>) -> bool {
        let Some(meeting) = meeting else { return true };
        match self.table.write_calls(&meeting.call_history()).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(
                    meeting.id = %meeting.id, error = %ErrorChain(&error),
                    "call history of the meeting not written; `wake` will write it"
                );
                false
            }
        }
    }
}
