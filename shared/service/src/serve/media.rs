//! The RTC service as the functions use it: asked who is in the media, told which channels there are to be, and heard.

mod acts;

use super::{Failure, Outcome, Service};
use crate::store::Loaded;
use acts::{PATIENCE, done};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use switchboard_core::{MediaSeen, Meeting, Now, Refusal, UNUSED_MS, media_seen};
use switchboard_protocol::address::UserId;
use switchboard_protocol::code::Code;
use switchboard_protocol::id::{IdKey, MeetingId};
use switchboard_protocol::requests::MediaReport;
use switchboard_rtc::management::{
    ChannelSpec, ManagementCapabilities, OpenChannel, RequestContext, RtcError, RtcManagement,
};

/// The management of the RTC service, with what makes each call unlike any other.
pub struct Rtc {
    control: Box<dyn RtcManagement>,
    key: IdKey,
    instance: String,
    calls: AtomicU64,
    /// How long people wait to be told because of it.
    patience: Duration,
}

impl Rtc {
    /// Calls of this process are told from those of others by `instance`.
    #[must_use]
    pub fn new(control: Box<dyn RtcManagement>, key: IdKey, instance: String) -> Self {
        Self { control, key, instance, calls: AtomicU64::new(0), patience: PATIENCE }
    }

    fn moment(&self, now: Now) -> RequestContext {
        let call = self.calls.fetch_add(1, Ordering::Relaxed).to_string();
        let fields = ["rtc", &self.instance, &now.ms.to_string(), &call];
        RequestContext { now_ms: now.ms, nonce: self.key.unforeseen(&fields) }
    }
}

impl Service {
    /// The moment of an invocation, with what the RTC service can do.
    #[must_use]
    pub fn now(&self, ms: i64) -> Now {
        let can = self.capabilities();
        Now { ms, rtc_tells: can.reports_presence, rtc_restricts: can.enforces_rights }
    }

    /// What the RTC service does when it is told to; nothing where it is not managed.
    #[must_use]
    pub fn capabilities(&self) -> ManagementCapabilities {
        self.rtc.as_ref().map(|rtc| rtc.control.capabilities()).unwrap_or_default()
    }

    /// The name of a meeting's channel.
    #[must_use]
    pub fn channel_of(&self, meeting: &MeetingId) -> String {
        self.outbox.channel_of(meeting)
    }

    /// The meeting that a channel belongs to; `None` for one that is not of this deployment.
    #[must_use]
    pub fn meeting_of_channel(&self, channel_id: &str) -> Option<MeetingId> {
        channel_id.strip_prefix(&self.outbox.channel_prefix)?.strip_prefix('-')?.parse().ok()
    }

    /// Who of a meeting is known to the RTC service by this id.
    #[must_use]
    pub fn user_of(&self, meeting: &Meeting, media_id: &str) -> Option<UserId> {
        self.by_media_id(meeting).remove(media_id)
    }

    /// Everybody who has or had a part, by the id that the RTC service knows them by.
    fn by_media_id(&self, meeting: &Meeting) -> BTreeMap<String, UserId> {
        let channel = self.channel_of(&meeting.id);
        let id = |user: &UserId, number| self.outbox.minter.media_id(&channel, user.as_str(), number);
        meeting.participants.values().map(|p| (id(&p.user_id, p.number()), p.user_id.clone())).collect()
    }

    /// Refuses users whom the RTC service could not take, with the field that names them.
    pub fn check_users<'a>(
        &self,
        meeting: &MeetingId,
        users: impl IntoIterator<Item = (String, &'a UserId)>,
    ) -> Result<(), Refusal> {
        let channel = self.channel_of(meeting);
        for (path, user) in users {
            if let Err(error) = self.outbox.minter.check_ids(&channel, user.as_str()) {
                let words = format!("the RTC service does not know such users: {error}");
                return Err(Refusal { path: Some(path), ..Refusal::new(Code::BadRequest, words) });
            }
        }
        Ok(())
    }

    /// Makes the channel of a meeting that is about to be committed. Refused with `rtc_unavailable`.
    pub async fn register(&self, meeting: &Meeting, now: Now) -> Result<(), Refusal> {
        let Some(rtc) = self.rtc.as_ref().filter(|_| meeting.end().is_none()) else { return Ok(()) };
        let channel = ChannelSpec {
            id: &self.channel_of(&meeting.id),
            max_participants: meeting.max_participants,
            empty_seconds: u32::try_from(UNUSED_MS / 1_000).unwrap_or(u32::MAX),
        };
        match rtc.control.register(channel, rtc.moment(now)).await {
            Ok(()) | Err(RtcError::Unsupported) => Ok(()),
            Err(error) => {
                tracing::error!(meeting.id = %meeting.id, %error, "the channel was not made");
                let words = "the media service cannot be reached now; send the same request again";
                Err(Refusal { retry_after_ms: Some(1_000), ..Refusal::new(Code::RtcUnavailable, words) })
            }
        }
    }

    /// Who is in the media of a meeting, as the RTC service says; `None` if it cannot say now.
    pub async fn in_media(&self, meeting: &Meeting, now: Now) -> Option<BTreeSet<UserId>> {
        let rtc = self.rtc.as_ref().filter(|_| now.rtc_tells)?;
        match rtc.control.members(&self.channel_of(&meeting.id), rtc.moment(now)).await {
            Ok(ids) => {
                let people = self.by_media_id(meeting);
                Some(ids.iter().filter_map(|id| people.get(id)).cloned().collect())
            }
            Err(error) => {
                tracing::warn!(meeting.id = %meeting.id, %error, "the RTC service does not say who is in");
                None
            }
        }
    }

    /// Whether a terminal's report about its media is so. Trusted where the RTC service cannot tell; not believed where
    /// it could and does not.
    pub async fn confirms(&self, meeting: &Meeting, user: &UserId, report: MediaReport, now: Now) -> bool {
        if !now.rtc_tells {
            return true;
        }
        // Only a member's report means anything; for others nobody is asked.
        if !meeting.concerns(user) {
            return false;
        }
        let here = self.in_media(meeting, now).await;
        here.is_some_and(|here| here.contains(user) == (report == MediaReport::Joined))
    }

    /// Applies what the RTC service says of who is in the media.
    pub async fn note_media(
        &self,
        loaded: Loaded,
        seen: &MediaSeen,
        now: Now,
    ) -> Result<(Outcome, Loaded), Failure> {
        self.apply(loaded, None, |meeting| media_seen(meeting, seen, now), now).await
    }

    /// The channels of this deployment that exist at the RTC service; `None` if it does not say.
    pub async fn open_channels(&self, now: Now) -> Option<Vec<OpenChannel>> {
        let rtc = self.rtc.as_ref().filter(|rtc| rtc.control.capabilities().lists_channels)?;
        let prefix = format!("{}-", self.outbox.channel_prefix);
        match rtc.control.channels(&prefix, rtc.moment(now)).await {
            Ok(channels) => Some(channels),
            Err(error) => {
                tracing::warn!(%error, "the RTC service does not say which channels there are");
                None
            }
        }
    }

    /// Closes a channel; whether it is closed now.
    pub async fn close_channel(&self, meeting: &MeetingId, now: Now) -> bool {
        let Some(rtc) = &self.rtc else { return true };
        let closed = rtc.control.close(&self.channel_of(meeting), rtc.moment(now)).await;
        done("close", meeting, closed)
    }
}
