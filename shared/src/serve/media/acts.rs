//! Doing what the core wants of the RTC service.
//!
//! Nothing here fails a request. What was not done is told honestly (`enforced`), stays noted on the record, and is
//! done again by `wake`.

use crate::address::UserId;
use crate::id::MeetingId;
use crate::meeting::{Decision, MediaAct, Meeting, Now};
use crate::message::downlink::Body;
use crate::message::object::Whom;
use crate::rtc::control::ControlError;
use crate::serve::Service;
use futures::StreamExt;
use futures::stream;
use std::collections::BTreeSet;

/// Calls to the RTC service that one decision makes at once.
const IN_FLIGHT: usize = 16;

/// How the RTC service took what it was told.
#[derive(Debug, Default)]
pub(in crate::serve) struct Heeded {
    /// Who is not held to what the meeting allows.
    unheld: BTreeSet<UserId>,
    /// What was not done and is to be done again.
    pub(in crate::serve) failed: Vec<&'static str>,
}

impl Heeded {
    /// Makes every statement about somebody's speech say whether the RTC service holds them to it.
    pub(in crate::serve) fn correct(&self, decision: &mut Decision) {
        let bodies = decision.tells.iter_mut().chain(&mut decision.answer).map(|tell| &mut tell.body);
        for body in bodies {
            if let Body::SpeechChanged { user_id, enforced, .. } = body {
                *enforced &= match user_id {
                    Whom::User(user) => !self.unheld.contains(user),
                    Whom::Everybody => self.unheld.is_empty(),
                };
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
        let one = async |act: &MediaAct| {
            let id = |user: &UserId, number| self.outbox.minter.media_id(&channel, user.as_str(), number);
            match act {
                MediaAct::Close => Heeded::default(),
                MediaAct::Remove { user, number } => {
                    let removed = rtc.control.remove(&channel, &id(user, *number), rtc.moment(now)).await;
                    let failed = if done("remove", &meeting.id, removed) { vec![] } else { vec!["remove"] };
                    Heeded { failed, ..Heeded::default() }
                }
                MediaAct::Restrict { user, number, rights } => {
                    let media_id = id(user, *number);
                    let held = rtc.control.restrict(&channel, &media_id, *rights, rtc.moment(now)).await;
                    let unheld = held.is_err().then(|| user.clone()).into_iter().collect();
                    let failed = if done("restrict", &meeting.id, held) { vec![] } else { vec!["restrict"] };
                    Heeded { unheld, failed }
                }
            }
        };
        let add = |mut all: Heeded, one: Heeded| async move {
            all.unheld.extend(one.unheld);
            all.failed.extend(one.failed);
            all
        };
        stream::iter(acts).map(one).buffer_unordered(IN_FLIGHT).fold(Heeded::default(), add).await
    }

    /// Closes the channel if that is wanted. `false` leaves it to `wake`.
    pub(in crate::serve) async fn close(&self, meeting: &Meeting, acts: &[MediaAct], now: Now) -> bool {
        !acts.contains(&MediaAct::Close) || self.close_channel(&meeting.id, now).await
    }
}

/// Whether nothing is left to do: it is done, or cannot be done at this service.
pub(super) fn done(what: &str, meeting: &MeetingId, result: Result<(), ControlError>) -> bool {
    match result {
        Ok(()) | Err(ControlError::Unsupported) => true,
        Err(error) => {
            tracing::warn!(meeting.id = %meeting, what, %error, "the RTC service did not do it; it will be told again");
            false
        }
    }
}
