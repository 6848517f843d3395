//! What a commit wants done: downlinks, a timer, and the note that it was done.

use super::push::{asked_for, push_wanted};
use super::service::PENDING_MS;
use super::{Outcome, Service};
use crate::downlink::{About, Told};
use crate::store::{Loaded, Pending};
use std::collections::BTreeMap;
use switchboard_core::{Decision, MediaAct, Meeting, Now};
use switchboard_protocol::address::ClientId;
use switchboard_protocol::id::InviteId;
use switchboard_protocol::object::Reach;

impl Service {
    /// Does what a committed decision wants done.
    ///
    /// A new meeting (`before` is `None`) answers first, since its caller should not wait for phones to confirm;
    /// everywhere else the answer comes last, so that a death before it makes the terminal ask again.
    pub async fn perform(
        &self,
        before: Option<&Meeting>,
        mut decision: Decision,
        guarded: bool,
        now: Now,
    ) -> Outcome {
        let Some(after) = decision.next.take().or_else(|| before.cloned()) else { return Outcome::default() };
        let after = &after;
        let committed = before.is_none_or(|before| before.rev < after.rev);
        let outcome = Outcome { refused: decision.refused, ..Outcome::of(after, &decision) };
        let asked_for = asked_for(&decision);
        let next = Some(after).filter(|_| committed);
        let timer = self.arm(before, next, guarded, now);
        // Boxed, since every caller of every function would carry it.
        let turn = if before.is_none() { Turn::Creation } else { Turn::First };
        let carried_out = Box::pin(self.carry_out(after, decision, turn, now));
        let (done, ()) = futures::join!(carried_out, timer);
        let remembered = self.remember(next).await;
        if remembered && done.all() && (guarded || done.offered) {
            self.settle(after, after.rev, &done, now).await;
        }
        // A repeat rings again, since nobody knows whether the first time came so far; nor whether it told of a push.
        let push_wanted = push_wanted(
            after,
            |p, invite| if committed { p.changed_rev == after.rev } else { asked_for.contains(invite) },
            &done.told.reached,
        );
        let outcome = Outcome { push_wanted, ..done.add_to(outcome) };
        self.announce(&outcome, now).await;
        outcome
    }

    /// Does the effects of an earlier commit again, since nobody reported them done. `false` if that is so still.
    pub async fn perform_again(&self, loaded: &Loaded, rev: u64, pending: &Pending, now: Now) -> bool {
        let meeting = &loaded.meeting;
        let decision = switchboard_core::redo(meeting, rev, &pending.cause, now);
        let outcome = Outcome::of(meeting, &decision);
        let done = Box::pin(self.carry_out(meeting, decision, Turn::Again, now)).await;
        let settled =
            self.remember(Some(meeting)).await && done.all() && self.settle(meeting, rev, &done, now).await;
        let push_wanted = push_wanted(meeting, |p, _| p.changed_rev == rev, &done.told.reached);
        self.announce(&Outcome { push_wanted, ..done.add_to(outcome) }, now).await;
        settled
    }

    /// Tells the event bus, where nobody else does: what a rule's function returns is told by Lambda.
    async fn announce(&self, outcome: &Outcome, now: Now) {
        if let Some(bus) = self.bus.as_ref().filter(|_| outcome.is_news()) {
            Box::pin(bus.put(&outcome.to_value(), now.ms)).await;
        }
    }

    /// Tells the RTC service and everybody concerned.
    ///
    /// Rights and removals come first, since what is told says whether they hold. Closing the channel keeps nobody
    /// waiting.
    async fn carry_out(&self, meeting: &Meeting, mut decision: Decision, turn: Turn, now: Now) -> Done {
        let acts = std::mem::take(&mut decision.media);
        let mut heeded = self.hold(meeting, &acts, now).await;
        heeded.correct(&mut decision, turn == Turn::Again);
        let answer_first = turn != Turn::First;
        let (told, closed) =
            futures::join!(self.tell(meeting, decision, answer_first, now), self.close(meeting, &acts, now));
        if !closed {
            heeded.failed.push("close");
        }
        Done { acts, unheeded: heeded.failed, ..told }
    }

    async fn tell(&self, meeting: &Meeting, decision: Decision, answer_first: bool, now: Now) -> Done {
        let about = About::meeting(meeting, now);
        let (mut first, mut last) = (decision.tells, Vec::new());
        match decision.answer {
            Some(answer) if answer_first => first.insert(0, answer),
            Some(answer) => last.push(answer),
            None => {}
        }
        let offered = first.iter().any(|tell| tell.offers().is_some());
        let cause = first.first().map(|tell| tell.cause.clone());
        let told = self.outbox.tell_all(first, &about).await;
        if let Some(cause) = cause.filter(|_| offered) {
            let waiting = meeting.tell_waiting(&told.best_reach(), &cause);
            self.outbox.tell_all(waiting, &about).await;
        }
        let answered = self.outbox.tell_all(last, &about).await;
        Done { told, answered, offered, ..Done::default() }
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
    /// the news is told once more, under an id of its own. And a right that was taken while it was being given back, or
    /// the other way round, is what it is now.
    async fn settle(&self, meeting: &Meeting, rev: u64, done: &Done, now: Now) -> bool {
        let present = match self.table.settle(&meeting.id, rev, &done.told.reached).await {
            Ok(present) => present,
            Err(error) => {
                tracing::warn!(%error, "the effects could not be marked as done; they will be repeated");
                return false;
            }
        };
        let unconfirmed: Vec<&(InviteId, ClientId)> = done
            .told
            .reached
            .iter()
            .filter(|(_, reach)| **reach != Reach::Delivered)
            .map(|(offer, _)| offer)
            .collect();
        if let Some(present) = present.filter(|present| present.meeting.rev > meeting.rev) {
            let closings = present.meeting.close_again(&unconfirmed);
            self.outbox.tell_all(closings, &About::meeting(&present.meeting, now)).await;
            let overtaken = present.meeting.overtaken(&done.acts, rev);
            self.hold(&present.meeting, &overtaken, now).await;
        }
        true
    }
}

/// Which time the effects of a commit are carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Those of a meeting that is new.
    Creation,
    /// Of any other commit.
    First,
    /// Once more, since nobody knows whether all was done.
    Again,
}

/// What became of a decision's effects.
#[derive(Debug, Default)]
struct Done {
    told: Told,
    answered: Told,
    /// Whether somebody was rung.
    offered: bool,
    acts: Vec<MediaAct>,
    /// What the RTC service did not do.
    unheeded: Vec<&'static str>,
}

impl Done {
    /// Whether nothing has to be done again. What a device was not told, a `sync` repairs.
    fn all(&self) -> bool {
        self.unheeded.is_empty()
    }

    fn add_to(self, outcome: Outcome) -> Outcome {
        let outcome = outcome.told(&self.told).told(&self.answered);
        Outcome { media_failed: self.unheeded, ..outcome }
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
