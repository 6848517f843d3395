//! Nudges: a message on the delay queue that makes `wake` look at a meeting when its next deadline is due.
//! Losing one loses nothing: the deadline stands on the record and the sweep finds it.

use crate::aws::explain;
use aws_sdk_sqs::Client;
use serde::{Deserialize, Serialize};
use switchboard_protocol::id::MeetingId;

/// What is due within this time is armed at once; the sweep arms or does the rest.
pub const ARM_WITHIN_MS: i64 = 120_000;

/// A message on the delay queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nudge {
    /// The meeting to look at.
    pub meeting_id: MeetingId,
}

/// The delay queue.
#[derive(Debug, Clone)]
pub struct Timer {
    /// The client.
    pub client: Client,
    /// The queue that `wake` is fed from.
    pub queue_url: String,
}

impl Timer {
    /// Arms a nudge for `due_at_ms` if that is near. A failure is logged and left to the sweep.
    pub async fn arm(&self, meeting_id: &MeetingId, due_at_ms: i64, now_ms: i64) {
        let Some(delay_seconds) = delay_seconds(due_at_ms, now_ms) else { return };
        let nudge = Nudge { meeting_id: meeting_id.clone() };
        let body = serde_json::to_string(&nudge).unwrap_or_default();
        let request = self.client.send_message().queue_url(&self.queue_url).delay_seconds(delay_seconds);
        if let Err(error) = request.message_body(body).send().await {
            let error = explain(&error);
            tracing::warn!(meeting.id = %meeting_id, error, "a timer was not armed; the sweep will find the deadline");
        }
    }
}

/// The time left, rounded up, and one second more, so that the wake never comes early; `None` if it is far off.
fn delay_seconds(due_at_ms: i64, now_ms: i64) -> Option<i32> {
    let left_ms = (due_at_ms - now_ms).max(0);
    if left_ms > ARM_WITHIN_MS {
        return None;
    }
    i32::try_from((left_ms + 999) / 1_000 + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_never_comes_before_its_deadline() {
        assert_eq!(delay_seconds(10_000, 0), Some(11));
        assert_eq!(delay_seconds(10_001, 0), Some(12));
        assert_eq!(delay_seconds(0, 5_000), Some(1));
        assert_eq!(delay_seconds(120_001, 0), None);
    }
}
