//! The calls to the RTC service that a commit requires.
//!
//! A failed call does not fail the request: downlinks contain `enforced: false`, the effects of the commit
//! stay pending, and `wake` repeats them.

#[cfg(test)]
mod tests;

use crate::ports::Ports;
use crate::rtc_client::RtcClient;
use crate::rtc_service::is_done;
use crate::service::Service;
use futures::StreamExt;
use futures::stream;
use std::collections::BTreeSet;
use switchboard_core::{Decision, Meeting, Now, RtcAction};
use switchboard_protocol::address::UserId;
use switchboard_protocol::downlink::Body;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::UserOrAll;
use switchboard_rtc::management::RtcError;
use tokio::time::{Instant, timeout_at};

/// Largest number of calls to the RTC service at the same time.
const IN_FLIGHT: usize = 16;
/// Result of the calls to the RTC service.
#[derive(Debug, Default)]
pub(super) struct RtcActionsResult {
    /// Users whose rights the RTC service enforces.
    enforced: BTreeSet<UserId>,
    /// Users whose rights the RTC service does not enforce.
    unenforced: BTreeSet<UserId>,
    /// Names of calls that failed and have to be repeated.
    pub(super) failed: Vec<&'static str>,
}

impl RtcActionsResult {
    /// Sets `enforced` in every `speech_changed` of `decision`.
    ///
    /// If only a `repeat` enforced a right, the downlink is published with another id: devices may have
    /// received `enforced: false` with the first id, and would drop a second downlink with the same id.
    pub(super) fn correct(&self, decision: &mut Decision, repeat: bool) {
        for outgoing in decision.notices.iter_mut().chain(&mut decision.answer) {
            let Body::SpeechChanged { user_id, enforced, .. } = &mut outgoing.body else { continue };
            let (some_unenforced, some_enforced) = match user_id {
                UserOrAll::User(user) => (self.unenforced.contains(user), self.enforced.contains(user)),
                UserOrAll::All => (!self.unenforced.is_empty(), !self.enforced.is_empty()),
            };
            *enforced &= !some_unenforced;
            if repeat && some_enforced && *enforced {
                outgoing.subject.push_str(" held");
            }
        }
    }
}

impl<P: Ports> Service<P> {
    /// Returns whether the decision requires calls to the RTC service.
    pub(crate) fn has_rtc_actions(&self, decision: &Decision) -> bool {
        self.rtc.is_some() && !decision.rtc_actions.is_empty()
    }

    /// Makes the calls whose results downlinks contain: removals, and changes of rights.
    pub(super) async fn run_rtc_actions(
        &self,
        meeting: &Meeting,
        actions: &[RtcAction],
        now: Now,
    ) -> RtcActionsResult {
        let Some(rtc) = &self.rtc else { return RtcActionsResult::default() };
        let channel = self.channel_of(&meeting.id);
        let media_id =
            |user: &UserId, number: u32| self.publisher.minter.media_id(&channel, user.as_str(), number);
        run_actions(rtc, &meeting.id, &channel, actions, media_id, now).await
    }

    /// Closes the channel if `actions` contain a close. Returns `false` if `wake` has to repeat the call.
    pub(super) async fn close_if_ended(&self, meeting: &Meeting, actions: &[RtcAction], now: Now) -> bool {
        !actions.contains(&RtcAction::Close) || self.close_channel(&meeting.id, now).await
    }
}

/// Makes the calls of `actions`, except the close, and abandons those that do not finish within
/// [`RtcClient::time_limit`].
async fn run_actions(
    rtc: &RtcClient,
    meeting: &MeetingId,
    channel: &str,
    actions: &[RtcAction],
    media_id: impl Fn(&UserId, u32) -> String,
    now: Now,
) -> RtcActionsResult {
    let deadline = Instant::now() + rtc.time_limit;
    let late = |_| Err(RtcError::Unavailable("no answer in time".into()));
    let one = async |action: &RtcAction| match action {
        RtcAction::Close => RtcActionsResult::default(),
        RtcAction::Remove { user, number } => {
            let media_id = media_id(user, *number);
            let removal = rtc.control.remove(channel, &media_id, rtc.nonce(now));
            let removed = timeout_at(deadline, removal).await.unwrap_or_else(late);
            let failed = if is_done("remove", meeting, removed) { vec![] } else { vec!["remove"] };
            RtcActionsResult { failed, ..RtcActionsResult::default() }
        }
        RtcAction::Restrict { user, number, rights } => {
            let media_id = media_id(user, *number);
            let restriction = rtc.control.restrict(channel, &media_id, *rights, rtc.nonce(now));
            let result = timeout_at(deadline, restriction).await.unwrap_or_else(late);
            let user = BTreeSet::from([user.clone()]);
            let (enforced, unenforced) =
                if result.is_ok() { (user, BTreeSet::new()) } else { (BTreeSet::new(), user) };
            let failed = if is_done("restrict", meeting, result) { vec![] } else { vec!["restrict"] };
            RtcActionsResult { enforced, unenforced, failed }
        }
    };
    let add = |mut all: RtcActionsResult, one: RtcActionsResult| async move {
        all.enforced.extend(one.enforced);
        all.unenforced.extend(one.unenforced);
        all.failed.extend(one.failed);
        all
    };
    stream::iter(actions).map(one).buffer_unordered(IN_FLIGHT).fold(RtcActionsResult::default(), add).await
}
