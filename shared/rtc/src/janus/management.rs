//! Rooms of Janus's plugin `videoroom` over its HTTP API. Every operation takes a session and a handle of its own: a
//! function does not live long enough to keep one. Source: the Janus gateway's `rest.html` and `videoroom.html`.
//!
//! A room's secret is derived from the gateway's, so that nothing has to be stored; rooms are private, and a stranger
//! cannot make any without the plugin's `admin_key`.

mod handle;
mod streams;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::mac::hmac_sha256;
use crate::management::{
    ChannelSpec, HttpClient, ManagementCapabilities, OpenChannel, RequestContext, RtcError, RtcManagement,
};
use crate::{Account, AccountError, ManagementApi, Rights};
use handle::{JanusHandle, JanusReply};

/// Errors of the plugin, from `janus_videoroom.c`.
const NO_SUCH_ROOM: i64 = 426;
const ROOM_EXISTS: i64 = 427;
const NO_SUCH_FEED: i64 = 428;
const UNAUTHORIZED: i64 = 433;

/// Manages the rooms of one gateway.
#[derive(Debug)]
pub struct JanusManagement {
    url: String,
    /// `token_auth_secret` of the gateway.
    secret: SecretString,
    /// `admin_key` of the plugin.
    admin_key: SecretString,
    http: HttpClient,
}

impl JanusManagement {
    /// Manages the gateway at `api.url`, the address of its HTTP API with its base path (`/janus`).
    ///
    /// # Errors
    /// A setting that is missing.
    pub fn new(
        account: &Account,
        api: &ManagementApi,
        url: &str,
        http: HttpClient,
    ) -> Result<Self, AccountError> {
        if account.key_secret.expose_secret().is_empty() {
            return Err(AccountError::Missing("RTC_KEY_SECRET"));
        }
        if api.key_secret.expose_secret().is_empty() {
            return Err(AccountError::Missing("RTC_API_KEY_SECRET"));
        }
        Ok(Self {
            url: url.to_owned(),
            secret: account.key_secret.clone(),
            admin_key: api.key_secret.clone(),
            http,
        })
    }

    /// The secret that moderates a room. The label keeps it apart from everything else that is derived.
    fn room_secret(&self, room: &str) -> String {
        let message = format!("switchboard room\n{room}");
        HEXLOWER.encode(&hmac_sha256(self.secret.expose_secret().as_bytes(), message.as_bytes())[..16])
    }

    /// Asks the plugin one thing.
    async fn ask(&self, body: Value, at: RequestContext) -> Result<JanusReply, RtcError> {
        let asked = async {
            let mut handle = JanusHandle::attach(self, at).await?;
            let reply = handle.ask(body).await;
            handle.end().await;
            reply
        };
        self.http.in_time(asked).await
    }

    /// Asks about a room that may be gone; `None` if it is, or if the participant is.
    async fn ask_room(
        &self,
        mut body: Value,
        room: &str,
        at: RequestContext,
    ) -> Result<Option<Value>, RtcError> {
        body["room"] = room.into();
        body["secret"] = self.room_secret(room).into();
        self.ask(body, at).await?.or_gone()
    }
}

#[async_trait]
impl RtcManagement for JanusManagement {
    fn capabilities(&self) -> ManagementCapabilities {
        ManagementCapabilities { reports_presence: true, enforces_rights: true, lists_channels: true }
    }

    /// A room stays until it is closed, also when it is empty.
    async fn register(&self, channel: ChannelSpec<'_>, at: RequestContext) -> Result<(), RtcError> {
        let body = json!({
            "request": "create",
            "room": channel.id,
            "admin_key": self.admin_key.expose_secret(),
            "secret": self.room_secret(channel.id),
            "signed_tokens": true,
            "is_private": true,
            "permanent": false,
            "publishers": channel.max_participants,
        });
        match self.ask(body, at).await? {
            JanusReply::Done(_) | JanusReply::Refused { code: ROOM_EXISTS } => Ok(()),
            refused @ JanusReply::Refused { .. } => refused.or_error().map(drop),
        }
    }

    async fn close(&self, channel_id: &str, at: RequestContext) -> Result<(), RtcError> {
        self.ask_room(json!({ "request": "destroy", "permanent": false }), channel_id, at).await.map(drop)
    }

    async fn remove(&self, channel_id: &str, media_id: &str, at: RequestContext) -> Result<(), RtcError> {
        self.ask_room(json!({ "request": "kick", "id": media_id }), channel_id, at).await.map(drop)
    }

    /// Blocks what is published now; what somebody publishes anew later is not blocked, since neither a room nor its
    /// tokens know rights. So a microphone that shall be blocked and is not there is [`RtcError::Unsupported`].
    async fn restrict(
        &self,
        channel_id: &str,
        media_id: &str,
        rights: Rights,
        at: RequestContext,
    ) -> Result<(), RtcError> {
        self.http.in_time(streams::restrict(self, channel_id, media_id, rights, at)).await
    }

    async fn members(&self, channel_id: &str, at: RequestContext) -> Result<Vec<String>, RtcError> {
        let asked = json!({ "request": "listparticipants" });
        let Some(data) = self.ask_room(asked, channel_id, at).await? else { return Ok(Vec::new()) };
        let people = data["participants"].as_array().into_iter().flatten();
        Ok(people.map(|who| name(&who["id"])).collect())
    }

    async fn channels(&self, prefix: &str, at: RequestContext) -> Result<Vec<OpenChannel>, RtcError> {
        let body = json!({ "request": "list", "admin_key": self.admin_key.expose_secret() });
        let data = self.ask(body, at).await?.or_error()?;
        let rooms = data["list"].as_array().into_iter().flatten().map(|room| name(&room["room"]));
        let ours = rooms.filter(|id| id.starts_with(prefix));
        Ok(ours.map(|id| OpenChannel { id, created_ms: None }).collect())
    }
}

/// An id, which is text with `string_ids` and a number without.
fn name(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

impl JanusReply {
    /// What the plugin said.
    fn or_error(self) -> Result<Value, RtcError> {
        match self {
            Self::Done(data) => Ok(data),
            Self::Refused { code: UNAUTHORIZED } => Err(RtcError::Unauthorized("videoroom error 433".into())),
            Self::Refused { code } => Err(RtcError::Refused(format!("videoroom error {code}"))),
        }
    }

    /// The same, with `None` for a room or a participant that is not there.
    fn or_gone(self) -> Result<Option<Value>, RtcError> {
        match self {
            Self::Refused { code: NO_SUCH_ROOM | NO_SUCH_FEED } => Ok(None),
            other => other.or_error().map(Some),
        }
    }
}
