//! The next wake of a meeting: a message on the delay queue for its next deadline.

use super::PENDING_MS;
use crate::error_chain::ErrorChain;
use crate::ports::{Loaded, NewConnection, Nudge, Ports, Wakes};
use crate::service::Service;
use switchboard_core::{Meeting, Now};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::MeetingId;

/// Delay in seconds of the message that makes `wake` check whether a meeting knows of a lost device.
const LOST_DEVICE_CHECK_SECONDS: i32 = 5;
/// Delay in seconds of the message that makes `wake` check a new connection. Until then, the terminal may send
/// a request to its meeting.
const CONNECTION_CHECK_SECONDS: i32 = 5;
/// Milliseconds within which a deadline is scheduled on the delay queue. The sweep finds later deadlines.
pub const SCHEDULE_WITHIN_MS: i64 = 120_000;

impl<P: Ports> Service<P> {
    /// Schedules a wake of the meeting at `due_at_ms`, if that is within [`SCHEDULE_WITHIN_MS`]. A failure is
    /// logged, and the sweep finds the deadline.
    pub async fn schedule_wake(&self, meeting_id: &MeetingId, due_at_ms: i64, now_ms: i64) {
        let Some(delay_seconds) = delay_seconds(due_at_ms, now_ms) else { return };
        let nudge = Nudge { meeting_id: meeting_id.clone(), lost_device: None, new_connection: None };
        if let Err(error) = self.wakes.schedule(&nudge, delay_seconds).await {
            tracing::warn!(
                meeting.id = %meeting_id, error = %ErrorChain(&error),
                "wake of the meeting not scheduled; the sweep will find its deadline"
            );
        }
    }

    /// Makes `wake` check in a few seconds whether the meeting knows that `device` lost its connection, in
    /// case this invocation crashes before the meeting's commit. A failure is logged; then only a repetition
    /// of the event informs the meeting.
    pub async fn schedule_device_check(&self, meeting_id: &MeetingId, device: &ClientId) {
        let nudge =
            Nudge { meeting_id: meeting_id.clone(), lost_device: Some(device.clone()), new_connection: None };
        if let Err(error) = self.wakes.schedule(&nudge, LOST_DEVICE_CHECK_SECONDS).await {
            tracing::warn!(
                meeting.id = %meeting_id, %device, error = %ErrorChain(&error),
                "check of the lost device not scheduled; the meeting is informed by this invocation or by its repetition"
            );
        }
    }

    /// Makes `wake` check in a few seconds whether the device of a seat has confirmed the seat over its new
    /// connection. A failure is logged; then only the broker's event informs the meeting.
    pub async fn schedule_connection_check(&self, meeting_id: &MeetingId, connection: NewConnection) {
        let device = connection.device.clone();
        let nudge =
            Nudge { meeting_id: meeting_id.clone(), lost_device: None, new_connection: Some(connection) };
        if let Err(error) = self.wakes.schedule(&nudge, CONNECTION_CHECK_SECONDS).await {
            tracing::warn!(
                meeting.id = %meeting_id, %device, error = %ErrorChain(&error),
                "check of the device's new connection not scheduled; the broker's event informs the meeting"
            );
        }
    }

    /// Schedules the next wake of a committed meeting, unless the index already had the same time before the
    /// commit: then its message is already on the queue.
    ///
    /// The time in the index is compared, not the deadline. After a guarded commit, the index has the time at
    /// which the effects are repeated, and only for that time a message is on the queue.
    pub(super) async fn schedule_next(
        &self,
        before: Option<&Loaded>,
        next: Option<&Meeting>,
        guarded: bool,
        now: Now,
    ) {
        let Some(next) = next else { return };
        let pending = before.into_iter().flat_map(|before| before.pending.values());
        let due = if guarded {
            Some(now.ms + PENDING_MS)
        } else {
            pending.map(|pending| pending.due_ms).chain(next.next_deadline_ms(self.rtc_capabilities())).min()
        };
        let known = before.and_then(|before| before.due_at_ms);
        if let Some(due) = due.filter(|due| guarded || known != Some(*due)) {
            self.schedule_wake(&next.id, due, now.ms).await;
        }
    }
}

/// Returns the seconds until the deadline, rounded up, plus one, so that the wake never comes before its
/// deadline; `None` beyond [`SCHEDULE_WITHIN_MS`].
fn delay_seconds(due_at_ms: i64, now_ms: i64) -> Option<i32> {
    let left_ms = (due_at_ms - now_ms).max(0);
    if left_ms > SCHEDULE_WITHIN_MS {
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
