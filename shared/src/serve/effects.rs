//! What a commit wants done: downlinks, a timer, and the note that it was done.

use super::service::PENDING_MS;
use super::{Outcome, Service};
use crate::address::ClientId;
use crate::downlink::{About, Told};
use crate::id::InviteId;
use crate::meeting::{Decision, Meeting, Now, Tell};
use crate::message::object::Reach;
use crate::store::{Loaded, Pending};
use std::collections::BTreeMap;

impl Service {
    /// Does what a committed decision wants done.
    ///
    /// A new meeting (`before` is `None`) answers first, since its caller should not wait for phones to confirm;
    /// everywhere else the answer comes last, so that a death before it makes the terminal ask again.
    pub async fn perform(
        &self,
        before: Option<&Meeting>,
        decision: Decision,
        guarded: bool,
        now: Now,
    ) -> Outcome {
        let Some(after) = decision.next.as_ref().or(before) else { return Outcome::default() };
        let about = About::meeting(after, now);
        let outcome = Outcome {
            meeting_id: Some(after.id.clone()),
            rev: Some(after.rev),
            state: Some(after.phase.name()),
            refused: decision.refused,
            ..Outcome::default()
        };
        let (mut first, mut last) = (decision.tells, Vec::new());
        match decision.answer {
            Some(answer) if before.is_none() => first.insert(0, answer),
            Some(answer) => last.push(answer),
            None => {}
        }
        let offers = first.iter().any(|tell| tell.offers().is_some());
        let cause = first.first().or(last.first()).map(|tell| tell.cause.clone());
        let timer = self.arm(before, decision.next.as_ref(), guarded, now);
        let (told, ()) = futures::join!(self.outbox.tell_all(first, &about), timer);
        if let Some(cause) = cause.filter(|_| offers) {
            let waiting = after.tell_waiting(&told.best_reach(), &cause);
            self.outbox.tell_all(waiting, &about).await;
        }
        let answered = self.outbox.tell_all(last, &about).await;
        let remembered = self.remember(decision.next.as_ref()).await;
        if remembered && (guarded || offers) {
            self.settle(after, after.rev, &told, now).await;
        }
        outcome.told(&told).told(&answered)
    }

    /// Does the effects of an earlier commit again, since nobody reported them done.
    pub async fn perform_again(&self, loaded: &Loaded, rev: u64, pending: &Pending, now: Now) -> Outcome {
        let meeting = &loaded.meeting;
        let decision = crate::meeting::redo(meeting, rev, &pending.cause, now);
        let tells: Vec<Tell> = decision.answer.into_iter().chain(decision.tells).collect();
        let told = self.outbox.tell_all(tells, &About::meeting(meeting, now)).await;
        if self.remember(Some(meeting)).await {
            self.settle(meeting, rev, &told, now).await;
        }
        Outcome { meeting_id: Some(meeting.id.clone()), rev: Some(meeting.rev), ..Outcome::default() }
            .told(&told)
    }

    /// T47: an ended meeting goes into the call history of its people. `false` leaves the commit pending.
    async fn remember(&self, meeting: Option<&Meeting>) -> bool {
        let calls = meeting.map(Meeting::call_history).unwrap_or_default();
        match self.table.write_calls(&calls).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "the call history was not written; it will be");
                false
            }
        }
    }

    /// Asks to be woken at what comes next, unless that was asked for already.
    async fn arm(&self, before: Option<&Meeting>, next: Option<&Meeting>, guarded: bool, now: Now) {
        let Some(next) = next else { return };
        let deadline = next.next_deadline_ms(now.rtc_tells);
        let due = if guarded { Some(now.ms + PENDING_MS) } else { deadline };
        let known = before.and_then(|before| before.next_deadline_ms(now.rtc_tells));
        if let Some(due) = due.filter(|due| guarded || known != Some(*due)) {
            self.timer.arm(&next.id, due, now.ms).await;
        }
    }

    /// After the fan-out: how far it got, and that nothing is left to do. Losing this write costs a repetition.
    ///
    /// An offer that went to the queue while its invitation was being closed may stand behind the news of that, so
    /// the news is told once more, under an id of its own.
    async fn settle(&self, meeting: &Meeting, rev: u64, told: &Told, now: Now) {
        let present = match self.table.settle(&meeting.id, rev, &told.reached).await {
            Ok(present) => present,
            Err(error) => {
                tracing::warn!(%error, "the effects could not be marked as done; they will be repeated");
                return;
            }
        };
        let unconfirmed: Vec<&(InviteId, ClientId)> = told
            .reached
            .iter()
            .filter(|(_, reach)| **reach != Reach::Delivered)
            .map(|(offer, _)| offer)
            .collect();
        if let Some(present) = present.filter(|present| present.meeting.rev > meeting.rev) {
            let closings = present.meeting.close_again(&unconfirmed);
            self.outbox.tell_all(closings, &About::meeting(&present.meeting, now)).await;
        }
    }
}

impl About {
    /// A downlink about this meeting as it stands.
    #[must_use]
    pub fn meeting(meeting: &Meeting, now: Now) -> Self {
        Self { meeting_id: Some(meeting.id.clone()), rev: Some(meeting.rev), now_ms: now.ms }
    }
}

impl Told {
    /// How far each invitation got on its best device.
    #[must_use]
    pub fn best_reach(&self) -> BTreeMap<InviteId, Reach> {
        let mut best: BTreeMap<InviteId, Reach> = BTreeMap::new();
        for ((invite, _), reach) in &self.reached {
            let known = best.entry(invite.clone()).or_insert(*reach);
            *known = (*known).max(*reach);
        }
        best
    }
}
