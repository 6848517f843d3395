//! The RTC service as the functions use it: users in the media, channels, ids.

use crate::error_chain::ErrorChain;
use crate::ports::Ports;
use crate::service::Service;
use std::collections::{BTreeMap, BTreeSet};
use switchboard_core::{Meeting, Now, Refusal, RtcCapabilities, SEAT_KEPT_MS, UNUSED_MS};
use switchboard_protocol::address::{ClientId, UserId};
use switchboard_protocol::code::Code;
use switchboard_protocol::id::MeetingId;
use switchboard_protocol::object::ParticipantState;
use switchboard_protocol::requests::MediaReport;
use switchboard_rtc::management::{ChannelSpec, ManagementCapabilities, OpenChannel, RtcError};

impl<P: Ports> Service<P> {
    /// Returns what the core has to know of the RTC service's capabilities.
    #[must_use]
    pub fn rtc_capabilities(&self) -> RtcCapabilities {
        let ManagementCapabilities { reports_presence, enforces_rights, .. } = self.capabilities();
        RtcCapabilities { reports_presence, enforces_rights }
    }

    /// Returns the capabilities of the RTC service; none without a configured management API.
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
                let words = format!("the RTC service does not accept this user id: {error}");
                return Err(Refusal { path: Some(path), ..Refusal::new(Code::BadRequest, words) });
            }
        }
        Ok(())
    }

    /// Makes the channel of a meeting before its commit. Refused with `rtc_unavailable`.
    pub async fn register(&self, meeting: &Meeting, now: Now) -> Result<(), Refusal> {
        let Some(rtc) = self.rtc.as_ref().filter(|_| meeting.end().is_none()) else { return Ok(()) };
        let channel = ChannelSpec {
            id: &self.channel_of(&meeting.id),
            max_participants: meeting.max_participants,
            // The channel lasts at least as long as the meeting waits for anybody.
            empty_seconds: seconds(UNUSED_MS.max(meeting.unused_ms)),
            departure_seconds: seconds(SEAT_KEPT_MS.max(meeting.empty_ms)),
        };
        match rtc.control.register(channel, rtc.nonce(now)).await {
            Ok(()) | Err(RtcError::Unsupported) => Ok(()),
            Err(error) => {
                tracing::error!(
                    meeting.id = %meeting.id, error = %ErrorChain(&error),
                    "channel of the meeting not made; the terminal is asked to retry"
                );
                let words = "the media service cannot be reached now; send the same request again";
                Err(Refusal { retry_after_ms: Some(1_000), ..Refusal::new(Code::RtcUnavailable, words) })
            }
        }
    }

    /// Makes the channel again for a user who gets a join token while nobody is in the media: the RTC service may have closed
    /// it meanwhile, and not all of them make a channel at the first join. A failure is logged; the token is given in any
    /// case, since the channel may still be there.
    pub(crate) async fn ensure_channel(&self, meeting: &Meeting, now: Now) {
        let is_in_use = meeting.members().any(|p| p.state() == ParticipantState::Joined);
        let may_be_closed = meeting.is_used || meeting.created_ms + UNUSED_MS / 2 <= now.ms;
        if !is_in_use && may_be_closed && self.register(meeting, now).await.is_err() {
            tracing::warn!(meeting.id = %meeting.id, "channel of the meeting not made again before a join token");
        }
    }

    /// Asks the RTC service for the users in the media of a meeting; `None` if it does not answer.
    pub async fn in_media(&self, meeting: &Meeting, now: Now) -> Option<BTreeSet<UserId>> {
        let rtc = self.rtc.as_ref().filter(|_| self.capabilities().reports_presence)?;
        match rtc.control.members(&self.channel_of(&meeting.id), rtc.nonce(now)).await {
            Ok(ids) => {
                let users = self.by_media_id(meeting);
                Some(ids.iter().filter_map(|id| users.get(id)).cloned().collect())
            }
            Err(error) => {
                tracing::warn!(
                    meeting.id = %meeting.id, error = %ErrorChain(&error),
                    "RTC members of the meeting not listed; the broker's presence is used instead"
                );
                None
            }
        }
    }

    /// Returns whether a terminal's report about its media is confirmed. A report is trusted if the RTC service cannot list
    /// members, and not if it can and does not answer. A device that is known to be in the media, and says so again, only
    /// reports what it sends: the RTC service is not asked.
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

    /// Lists the channels of this deployment at the RTC service; `None` if it does not answer.
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

/// Returns whether a call does not have to be repeated: it succeeded, or this RTC service does not support it.
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
