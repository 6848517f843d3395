//! The parts of the RTC service that the functions use: users in the media, channels, ids.

use crate::error_chain::ErrorChain;
use crate::ports::{Meetings, Ports};
use crate::service::Service;
use futures::StreamExt;
use futures::stream;
use std::collections::{BTreeMap, BTreeSet};
use switchboard_core::{Meeting, Now, Refusal, RtcCapabilities, SEAT_KEPT_MS, UNUSED_MS};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::ParticipantState;
use switchboard_protocol::requests::MediaReport;
use switchboard_rtc::management::{ChannelSpec, ManagementCapabilities, OpenChannel, RtcError};

/// Largest number of unknown participants that one list of participants removes.
const MAX_STRANGERS: usize = 20;
/// Largest number of these calls to the RTC service at the same time.
const IN_FLIGHT: usize = 8;
/// Milliseconds within which the channel of a meeting is created again at most once.
const CHANNEL_AGAIN_MS: i64 = 30_000;

impl<P: Ports> Service<P> {
    /// Returns the capabilities of the RTC service that the core depends on.
    #[must_use]
    pub fn rtc_capabilities(&self) -> RtcCapabilities {
        let ManagementCapabilities { reports_presence, enforces_rights, .. } = self.capabilities();
        RtcCapabilities { reports_presence, enforces_rights }
    }

    /// Returns the capabilities of the RTC service. Without a configured management API, all are `false`.
    #[must_use]
    pub fn capabilities(&self) -> ManagementCapabilities {
        self.rtc.as_ref().map(|rtc| rtc.control.capabilities()).unwrap_or_default()
    }

    /// Returns the name of a meeting's channel.
    #[must_use]
    pub fn channel_of(&self, meeting: &MeetingId) -> String {
        self.publisher.channel_of(meeting)
    }

    /// Returns the meeting of a channel; `None` for a channel of another deployment.
    #[must_use]
    pub fn meeting_of_channel(&self, channel_id: &str) -> Option<MeetingId> {
        channel_id.strip_prefix(&self.publisher.channel_prefix)?.strip_prefix('-')?.parse().ok()
    }

    /// Returns the user of a meeting with this id at the RTC service.
    #[must_use]
    pub fn user_of(&self, meeting: &Meeting, media_id: &str) -> Option<UserId> {
        self.by_media_id(meeting).remove(media_id)
    }

    /// Returns all current and former participants by their ids at the RTC service.
    fn by_media_id(&self, meeting: &Meeting) -> BTreeMap<String, UserId> {
        let channel = self.channel_of(&meeting.id);
        let id = |user: &UserId, number| self.publisher.minter.media_id(&channel, user.as_str(), number);
        meeting.participants.values().map(|p| (id(&p.user_id, p.number()), p.user_id.clone())).collect()
    }

    /// Checks that the RTC service accepts the ids of `users`. The refusal names the path of the field.
    pub fn check_users<'a>(
        &self,
        meeting: &MeetingId,
        users: impl IntoIterator<Item = (String, &'a UserId)>,
    ) -> Result<(), Refusal> {
        let channel = self.channel_of(meeting);
        for (path, user) in users {
            if let Err(error) = self.publisher.minter.check_ids(&channel, user.as_str()) {
                let words =
                    format!("the RTC service does not accept this user id ({error}); name another user");
                return Err(Refusal { path: Some(path), ..Refusal::new(Code::BadRequest, words) });
            }
        }
        Ok(())
    }

    /// Creates the channel of a meeting before its commit. Refuses with `rtc_unavailable`.
    pub async fn register(&self, meeting: &Meeting, now: Now) -> Result<(), Refusal> {
        let Some(rtc) = self.rtc.as_ref().filter(|_| meeting.end().is_none()) else { return Ok(()) };
        let channel = ChannelSpec {
            id: &self.channel_of(&meeting.id),
            max_participants: meeting.max_participants,
            // The channel exists at least as long as the meeting waits for participants.
            empty_seconds: seconds(UNUSED_MS.max(meeting.unused_ms)),
            departure_seconds: seconds(SEAT_KEPT_MS.max(meeting.empty_ms)),
        };
        match rtc.control.register(channel, rtc.nonce(now)).await {
            Ok(()) | Err(RtcError::Unsupported) => Ok(()),
            Err(error) => {
                tracing::error!(
                    meeting.id = %meeting.id, error = %ErrorChain(&error),
                    "channel of the meeting not created; the answer asks the terminal to retry"
                );
                let words = "the RTC service is unavailable; retry the same request";
                Err(Refusal { retry_after_ms: Some(1_000), ..Refusal::new(Code::RtcUnavailable, words) })
            }
        }
    }

    /// Creates the channel again for a user who gets a join token while no user is in the media: the RTC
    /// service may have closed the channel in the meantime, and not every RTC service creates a channel when
    /// a user joins. At most once in [`CHANNEL_AGAIN_MS`] for each meeting, so that repeated requests do not use
    /// up the quota of the RTC service. A failure is logged. The token is minted in any case, since the channel
    /// may still exist.
    pub(crate) async fn ensure_channel(&self, meeting: &Meeting, now: Now) {
        let is_in_use = meeting.members().any(|p| p.state() == ParticipantState::Joined);
        let may_be_closed = meeting.is_used || meeting.created_ms + UNUSED_MS / 2 <= now.ms;
        if self.rtc.is_none() || is_in_use || !may_be_closed {
            return;
        }
        let is_first = self.table.claim_channel(&meeting.id, now.ms - CHANNEL_AGAIN_MS, now.ms).await;
        let is_first = is_first.unwrap_or_else(|error| {
            tracing::warn!(
                meeting.id = %meeting.id, error = %ErrorChain(&error),
                "time of the meeting's channel not stored; the channel is created again"
            );
            true
        });
        if is_first && self.register(meeting, now).await.is_err() {
            tracing::warn!(meeting.id = %meeting.id, "channel of the meeting not created again before a join token; the token is published nevertheless");
        }
    }

    /// Asks the RTC service for the users in the media of a meeting. Returns `None` if it does not answer.
    pub async fn in_media(&self, meeting: &Meeting, now: Now) -> Option<BTreeSet<UserId>> {
        let rtc = self.rtc.as_ref().filter(|_| self.capabilities().reports_presence)?;
        match rtc.control.members(&self.channel_of(&meeting.id), rtc.nonce(now)).await {
            Ok(ids) => {
                let users = self.by_media_id(meeting);
                let strangers = ids.iter().filter(|id| !users.contains_key(*id));
                stream::iter(strangers.take(MAX_STRANGERS))
                    .for_each_concurrent(IN_FLIGHT, |id| self.remove_stranger(meeting, id, now))
                    .await;
                Some(ids.iter().filter_map(|id| users.get(id)).cloned().collect())
            }
            Err(error) => {
                tracing::warn!(
                    meeting.id = %meeting.id, error = %ErrorChain(&error),
                    "RTC members of the meeting not listed; the connections to the broker are used instead"
                );
                None
            }
        }
    }

    /// Removes a participant of the channel whose id belongs to no user of the meeting, if the RTC service lets
    /// the holder of a join token take any id: a removed user may have returned. With other services, only the
    /// operator's own programs have such ids. A failure is logged; the next list of participants shows the id
    /// again.
    pub async fn remove_stranger(&self, meeting: &Meeting, media_id: &str, now: Now) {
        let Some(rtc) = self.rtc.as_ref().filter(|_| self.capabilities().admits_any_id) else { return };
        tracing::warn!(
            meeting.id = %meeting.id,
            "participant of the channel has an id of no user of the meeting; removing the participant"
        );
        let removed = rtc.control.remove(&self.channel_of(&meeting.id), media_id, rtc.nonce(now)).await;
        is_done("remove", &meeting.id, removed);
    }

    /// Returns whether a terminal's report about its media is confirmed. If the RTC service cannot list
    /// members, the report is trusted; if it can and does not answer, the report is not confirmed. The RTC
    /// service is not asked about a device that is known to be in the media and reports so again, since such
    /// a report only concerns the media that it sends.
    pub async fn confirms(&self, meeting: &Meeting, by: &ClientId, report: MediaReport, now: Now) -> bool {
        let user = &by.user();
        let seat = meeting.participants.get(user).and_then(|p| p.seat());
        let is_in = seat.is_some_and(|seat| seat.device == *by && seat.is_joined());
        if !self.capabilities().reports_presence || (report == MediaReport::Joined && is_in) {
            return true;
        }
        // Only a member's report has an effect, so the RTC service is not asked about other users.
        if !meeting.involves(user) || !self.rtc.as_ref().is_some_and(|rtc| rtc.may_ask(user, now)) {
            return false;
        }
        let users = self.in_media(meeting, now).await;
        users.is_some_and(|users| users.contains(user) == (report == MediaReport::Joined))
    }

    /// Lists the channels of this deployment at the RTC service. Returns `None` if it does not answer.
    pub async fn open_channels(&self, now: Now) -> Option<Vec<OpenChannel>> {
        let rtc = self.rtc.as_ref().filter(|rtc| rtc.control.capabilities().lists_channels)?;
        let prefix = format!("{}-", self.publisher.channel_prefix);
        match rtc.control.channels(&prefix, rtc.nonce(now)).await {
            Ok(channels) => Some(channels),
            Err(error) => {
                tracing::warn!(
                    error = %ErrorChain(&error),
                    "RTC channels not listed; the next sweep will retry"
                );
                None
            }
        }
    }

    /// Closes the channel of a meeting. Returns whether it is closed.
    pub async fn close_channel(&self, meeting: &MeetingId, now: Now) -> bool {
        let Some(rtc) = &self.rtc else { return true };
        let closed = rtc.control.close(&self.channel_of(meeting), rtc.nonce(now)).await;
        is_done("close", meeting, closed)
    }
}

fn seconds(ms: i64) -> u32 {
    u32::try_from(ms / 1_000).unwrap_or(u32::MAX)
}

/// Returns whether a call need not be repeated: it succeeded, or this RTC service does not support it.
pub(crate) fn is_done(what: &str, meeting: &MeetingId, result: Result<(), RtcError>) -> bool {
    match result {
        Ok(()) | Err(RtcError::Unsupported) => true,
        Err(error) => {
            tracing::warn!(
                meeting.id = %meeting, what, error = %ErrorChain(&error),
                "RTC call for the meeting failed; `wake` will retry"
            );
            false
        }
    }
}
