//! The calls to the RTC service that a commit requires.
//!
//! No failure here fails a request: downlinks say `enforced: false`, the effects of the commit stay pending, and `wake` repeats
//! them.

#[cfg(test)]
mod tests;

use crate::ports::Ports;
use crate::rtc_client::RtcClient;
use crate::rtc_service::is_done;
use crate::service::Service;
use futures::StreamExt;
use futures::stream;
use std::collections::BTreeSet;
use switchboard_core::{Decision, MediaAct, Meeting, Now};
use switchboard_protocol::address::UserId;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::UserOrAll;
use switchboard_rtc::management::RtcError;
use tokio::time::{Instant, timeout_at};

/// Limit of calls to the RTC service at the same time.
const IN_FLIGHT: usize = 16;
/// Result of the calls.
#[derive(Debug, Default)]
pub(super) struct MediaActsResult {
    /// Users whose rights the RTC service enforces.
    enforced: BTreeSet<UserId>,
    /// Users whose rights the RTC service does not enforce.
    unenforced: BTreeSet<UserId>,
    /// Names of calls that failed and have to be repeated.
    pub(super) failed: Vec<&'static str>,
}

impl MediaActsResult {
    /// Sets `enforced` in every `speech_changed` of `decision`.
    ///
    /// A right that is enforced only by a `repeat` is published under another id: devices may have received
    /// `enforced: false` under the first id, and drop a second downlink with it.
    pub(super) fn correct(&self, decision: &mut Decision, repeat: bool) {
        for tell in decision.notices.iter_mut().chain(&mut decision.answer) {
            let Body::SpeechChanged { user_id, enforced, .. } = &mut tell.body else { continue };
            let (some_unenforced, some_enforced) = match user_id {
                UserOrAll::User(user) => (self.unenforced.contains(user), self.enforced.contains(user)),
                UserOrAll::All => (!self.unenforced.is_empty(), !self.enforced.is_empty()),
            };
            *enforced &= !some_unenforced;
            if repeat && some_enforced && *enforced {
                tell.subject.push_str(" held");
            }
        }
    }
}

impl<P: Ports> Service<P> {
    /// Returns whether the decision requires calls to the RTC service.
    pub(crate) fn has_media_acts(&self, decision: &Decision) -> bool {
        self.rtc.is_some() && !decision.media.is_empty()
    }

    /// Makes the calls whose results downlinks contain: removals, and rights taken or given back.
    pub(super) async fn apply_media_acts(
        &self,
        meeting: &Meeting,
        acts: &[MediaAct],
        now: Now,
    ) -> MediaActsResult {
        let Some(rtc) = &self.rtc else { return MediaActsResult::default() };
        let channel = self.channel_of(&meeting.id);
        let media_id =
            |user: &UserId, number: u32| self.publisher.minter.media_id(&channel, user.as_str(), number);
        apply_acts(rtc, &meeting.id, &channel, acts, media_id, now).await
    }

    /// Closes the channel if `acts` contain that. Returns `false` if `wake` has to repeat it.
    pub(super) async fn close_if_ended(&self, meeting: &Meeting, acts: &[MediaAct], now: Now) -> bool {
        !acts.contains(&MediaAct::Close) || self.close_channel(&meeting.id, now).await
    }
}

/// Makes the calls of `acts`, except closing, and gives up those that do not finish within [`RtcClient::time_limit`].
async fn apply_acts(
    rtc: &RtcClient,
    meeting: &MeetingId,
    channel: &str,
    acts: &[MediaAct],
    media_id: impl Fn(&UserId, u32) -> String,
    now: Now,
) -> MediaActsResult {
    let deadline = Instant::now() + rtc.time_limit;
    let late = |_| Err(RtcError::Unavailable("no answer in time".into()));
    let one = async |act: &MediaAct| match act {
        MediaAct::Close => MediaActsResult::default(),
        MediaAct::Remove { user, number } => {
            let media_id = media_id(user, *number);
            let removal = rtc.control.remove(channel, &media_id, rtc.nonce(now));
            let removed = timeout_at(deadline, removal).await.unwrap_or_else(late);
            let failed = if is_done("remove", meeting, removed) { vec![] } else { vec!["remove"] };
            MediaActsResult { failed, ..MediaActsResult::default() }
        }
        MediaAct::Restrict { user, number, rights } => {
            let media_id = media_id(user, *number);
            let restriction = rtc.control.restrict(channel, &media_id, *rights, rtc.nonce(now));
            let result = timeout_at(deadline, restriction).await.unwrap_or_else(late);
            let user = BTreeSet::from([user.clone()]);
            let (enforced, unenforced) =
                if result.is_ok() { (user, BTreeSet::new()) } else { (BTreeSet::new(), user) };
            let failed = if is_done("restrict", meeting, result) { vec![] } else { vec!["restrict"] };
            MediaActsResult { enforced, unenforced, failed }
        }
    };
    let add = |mut all: MediaActsResult, one: MediaActsResult| async move {
        all.enforced.extend(one.enforced);
        all.unenforced.extend(one.unenforced);
        all.failed.extend(one.failed);
        all
    };
    stream::iter(acts).map(one).buffer_unordered(IN_FLIGHT).fold(MediaActsResult::default(), add).await
}
