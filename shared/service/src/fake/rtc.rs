//! An RTC service that records calls.

use async_trait::async_trait;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use switchboard_rtc::management::{
    ChannelSpec, ManagementCapabilities, OpenChannel, RequestContext, RtcError, RtcManagement,
};
use switchboard_rtc::{Credential, MintError, MintRequest, Minter, Provider, Rights, UnsupportedIdError};

/// A minter whose tokens contain the user.
#[derive(Debug, Clone, Copy)]
pub struct FakeMinter;

impl FakeMinter {
    /// A user id that the minter does not accept.
    pub const UNACCEPTED_USER: &'static str = "unaccepted";
}

impl Minter for FakeMinter {
    fn provider(&self) -> Provider {
        Provider::Livekit
    }

    fn url(&self) -> &'static str {
        "wss://rtc.example.org"
    }

    fn check_ids(&self, _: &str, user_id: &str) -> Result<(), UnsupportedIdError> {
        if user_id == Self::UNACCEPTED_USER {
            Err(UnsupportedIdError::Empty { what: "user_id" })
        } else {
            Ok(())
        }
    }

    fn mint(&self, request: &MintRequest<'_>) -> Result<Credential, MintError> {
        Ok(Credential {
            token: format!("token of {}", request.user_id).into(),
            token_expires_in_ms: i64::from(request.ttl_seconds) * 1_000,
            rights_enforced: true,
            params: serde_json::Map::new(),
        })
    }
}

/// A call to the management API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RtcCall {
    /// Creates the channel.
    Register(String),
    /// Closes the channel.
    Close(String),
    /// Removes the participant with this id from the channel.
    Remove(String, String),
    /// Sets the rights of the participant with this id.
    Restrict(String, String, Rights),
}

/// An RTC service with a management API, in memory. Clones share its state.
#[derive(Debug, Clone, Default)]
pub struct FakeRtc(Arc<Mutex<RtcState>>);

#[derive(Debug, Default)]
struct RtcState {
    capabilities: ManagementCapabilities,
    calls: Vec<RtcCall>,
    members: Vec<String>,
    channels: Vec<OpenChannel>,
    is_down: bool,
}

impl FakeRtc {
    /// Makes an RTC service with all capabilities.
    #[must_use]
    pub fn capable() -> Self {
        let rtc = Self::default();
        rtc.state().capabilities = ManagementCapabilities {
            reports_presence: true,
            enforces_rights: true,
            lists_channels: true,
            admits_any_id: false,
        };
        rtc
    }

    /// Lets holders of a join token take any id in a channel.
    pub fn admit_any_id(&self) {
        self.state().capabilities.admits_any_id = true;
    }

    /// Sets the ids of the users in every channel.
    pub fn set_members(&self, members: &[&str]) {
        self.state().members = members.iter().map(ToString::to_string).collect();
    }

    /// Sets the open channels.
    pub fn set_channels(&self, channels: Vec<OpenChannel>) {
        self.state().channels = channels;
    }

    /// Makes every later call fail, or succeed again.
    pub fn set_down(&self, is_down: bool) {
        self.state().is_down = is_down;
    }

    /// Removes and returns the successful calls, oldest first.
    #[must_use]
    pub fn take_calls(&self) -> Vec<RtcCall> {
        std::mem::take(&mut self.state().calls)
    }

    fn state(&self) -> MutexGuard<'_, RtcState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer<T>(&self, answer: impl FnOnce(&mut RtcState) -> T) -> Result<T, RtcError> {
        let mut state = self.state();
        if state.is_down {
            return Err(RtcError::Unavailable("fault of the test".to_owned()));
        }
        Ok(answer(&mut state))
    }

    fn record(&self, call: RtcCall) -> Result<(), RtcError> {
        self.answer(|state| state.calls.push(call))
    }
}

#[async_trait]
impl RtcManagement for FakeRtc {
    fn capabilities(&self) -> ManagementCapabilities {
        self.state().capabilities
    }

    async fn register(&self, channel: ChannelSpec<'_>, _: RequestContext) -> Result<(), RtcError> {
        self.record(RtcCall::Register(channel.id.to_owned()))
    }

    async fn close(&self, channel_id: &str, _: RequestContext) -> Result<(), RtcError> {
        self.record(RtcCall::Close(channel_id.to_owned()))
    }

    async fn remove(&self, channel_id: &str, media_id: &str, _: RequestContext) -> Result<(), RtcError> {
        self.record(RtcCall::Remove(channel_id.to_owned(), media_id.to_owned()))
    }

    async fn restrict(
        &self,
        channel_id: &str,
        media_id: &str,
        rights: Rights,
        _: RequestContext,
    ) -> Result<(), RtcError> {
        self.record(RtcCall::Restrict(channel_id.to_owned(), media_id.to_owned(), rights))
    }

    async fn members(&self, _: &str, _: RequestContext) -> Result<Vec<String>, RtcError> {
        self.answer(|state| state.members.clone())
    }

    async fn channels(&self, _: &str, _: RequestContext) -> Result<Vec<OpenChannel>, RtcError> {
        self.answer(|state| state.channels.clone())
    }
}
