//! Doing what the core wants of the RTC service.
//!
//! Nothing here fails a request. What was not done is told honestly (`enforced`), stays noted on the record, and is
//! done again by `wake`.

#[cfg(test)]
mod tests;

use super::Rtc;
use crate::serve::Service;
use futures::StreamExt;
use futures::stream;
use std::collections::BTreeSet;
use std::time::Duration;
use switchboard_core::{Decision, MediaAct, Meeting, Now};
use switchboard_protocol::address::UserId;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::UserOrAll;
use switchboard_rtc::management::RtcError;
use tokio::time::{Instant, timeout_at};

/// Calls to the RTC service that one decision makes at once.
const IN_FLIGHT: usize = 16;
/// How long people wait to be told because of the RTC service, however much it is to do: less than a function lives.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);

/// How the RTC service took what it was told.
#[derive(Debug, Default)]
pub(in crate::serve) struct Heeded {
    /// Who is held to what the meeting allows.
    held: BTreeSet<UserId>,
    /// Who is not.
    unheld: BTreeSet<UserId>,
    /// What was not done and is to be done again.
    pub(in crate::serve) failed: Vec<&'static str>,
}

impl Heeded {
    /// Makes every statement about somebody's speech say whether the RTC service holds them to it.
    ///
    /// What came true by doing it `again` is said under an id of its own: under the first one devices may have heard that
    /// it is not so, and drop what else comes with that.
    pub(in crate::serve) fn correct(&self, decision: &mut Decision, again: bool) {
        for tell in decision.tells.iter_mut().chain(&mut decision.answer) {
            let Body::SpeechChanged { user_id, enforced, .. } = &mut tell.body else { continue };
            let (unheld, held) = match user_id {
                UserOrAll::User(user) => (self.unheld.contains(user), self.held.contains(user)),
                UserOrAll::All => (!self.unheld.is_empty(), !self.held.is_empty()),
            };
            *enforced &= !unheld;
            if again && held && *enforced {
                tell.subject.push_str(" held");
            }
        }
    }
}

impl Service {
    /// Whether anything of this is the RTC service's to do.
    pub(in crate::serve) fn has_media_acts(&self, decision: &Decision) -> bool {
        self.rtc.is_some() && !decision.media.is_empty()
    }

    /// Does what must be known before anybody is told: removals, and rights taken or given back.
    pub(in crate::serve) async fn hold(&self, meeting: &Meeting, acts: &[MediaAct], now: Now) -> Heeded {
        let Some(rtc) = &self.rtc else { return Heeded::default() };
        let channel = self.channel_of(&meeting.id);
        let media_id =
            |user: &UserId, number: u32| self.outbox.minter.media_id(&channel, user.as_str(), number);
        rtc.hold(&meeting.id, &channel, acts, media_id, now).await
    }

    /// Closes the channel if that is wanted. `false` leaves it to `wake`.
    pub(in crate::serve) async fn close(&self, meeting: &Meeting, acts: &[MediaAct], now: Now) -> bool {
        !acts.contains(&MediaAct::Close) || self.close_channel(&meeting.id, now).await
    }
}

impl Rtc {
    /// Puts out and holds whom `acts` name, as far as that is done in time.
    async fn hold(
        &self,
        meeting: &MeetingId,
        channel: &str,
        acts: &[MediaAct],
        media_id: impl Fn(&UserId, u32) -> String,
        now: Now,
    ) -> Heeded {
        let deadline = Instant::now() + self.patience;
        let late = |_| Err(RtcError::Unavailable("no answer in time".into()));
        let one = async |act: &MediaAct| match act {
            MediaAct::Close => Heeded::default(),
            MediaAct::Remove { user, number } => {
                let media_id = media_id(user, *number);
                let removal = self.control.remove(channel, &media_id, self.moment(now));
                let removed = timeout_at(deadline, removal).await.unwrap_or_else(late);
                let failed = if done("remove", meeting, removed) { vec![] } else { vec!["remove"] };
                Heeded { failed, ..Heeded::default() }
            }
            MediaAct::Restrict { user, number, rights } => {
                let media_id = media_id(user, *number);
                let restriction = self.control.restrict(channel, &media_id, *rights, self.moment(now));
                let result = timeout_at(deadline, restriction).await.unwrap_or_else(late);
                let who = BTreeSet::from([user.clone()]);
                let (held, unheld) =
                    if result.is_ok() { (who, BTreeSet::new()) } else { (BTreeSet::new(), who) };
                let failed = if done("restrict", meeting, result) { vec![] } else { vec!["restrict"] };
                Heeded { held, unheld, failed }
            }
        };
        let add = |mut all: Heeded, one: Heeded| async move {
            all.held.extend(one.held);
            all.unheld.extend(one.unheld);
            all.failed.extend(one.failed);
            all
        };
        stream::iter(acts).map(one).buffer_unordered(IN_FLIGHT).fold(Heeded::default(), add).await
    }
}

/// Whether nothing is left to do: it is done, or cannot be done at this service.
pub(super) fn done(what: &str, meeting: &MeetingId, result: Result<(), RtcError>) -> bool {
    match result {
        Ok(()) | Err(RtcError::Unsupported) => true,
        Err(error) => {
            tracing::warn!(meeting.id = %meeting, what, %error, "the RTC service did not do it; it will be told again");
            false
        }
    }
}
