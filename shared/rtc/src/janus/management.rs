//! Rooms of Janus's plugin `videoroom` over its HTTP API. Every operation opens its own session and handle,
//! since a Lambda function does not run long enough to keep them alive. Source: the Janus gateway's
//! `rest.html` and `videoroom.html`.
//!
//! The secret of a room is derived from the gateway's secret, so nothing has to be stored. Rooms are private,
//! and creating a room requires the plugin's `admin_key`.

mod gateway;
mod handle;
mod streams;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::management::{
    ChannelSpec, HttpClient, ManagementCapabilities, OpenChannel, RequestContext, RtcError, RtcManagement,
};
use crate::{Account, AccountError, ManagementApi, Rights};
use gateway::JanusGateway;
use handle::{JanusHandle, JanusReply, ROOM_EXISTS};

/// Manages the rooms of one Janus gateway.
#[derive(Debug)]
pub struct JanusManagement {
    gateway: JanusGateway,
    /// `admin_key` of the plugin.
    admin_key: SecretString,
}

impl JanusManagement {
    /// Creates a client for the gateway at `url`, the address of its HTTP API including the base path
    /// (`/janus`).
    ///
    /// # Errors
    /// A setting is missing.
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
            gateway: JanusGateway { url: url.to_owned(), secret: account.key_secret.clone(), http },
            admin_key: api.key_secret.clone(),
        })
    }

    /// Sends one request to the plugin, in a new session.
    async fn request(&self, body: Value, context: RequestContext) -> Result<JanusReply, RtcError> {
        let exchange = async {
            let mut handle = JanusHandle::attach(&self.gateway, context).await?;
            let reply = handle.request(body).await;
            handle.end().await;
            reply
        };
        self.gateway.http.in_time(exchange).await
    }

    /// Sends a request about a room; returns `None` if the room or the participant does not exist.
    async fn room_request(
        &self,
        mut body: Value,
        room: &str,
        context: RequestContext,
    ) -> Result<Option<Value>, RtcError> {
        body["room"] = room.into();
        body["secret"] = self.gateway.room_secret(room).into();
        self.request(body, context).await?.or_not_found()
    }
}

#[async_trait]
impl RtcManagement for JanusManagement {
    fn capabilities(&self) -> ManagementCapabilities {
        ManagementCapabilities {
            reports_presence: true,
            enforces_rights: true,
            lists_channels: true,
            admits_any_id: true,
        }
    }

    /// Creates the room. Ignores `empty_seconds`: a room exists until it is closed, even if it is empty.
    async fn register(&self, channel: ChannelSpec<'_>, context: RequestContext) -> Result<(), RtcError> {
        let body = json!({
            "request": "create",
            "room": channel.id,
            "admin_key": self.admin_key.expose_secret(),
            "secret": self.gateway.room_secret(channel.id),
            "signed_tokens": true,
            "is_private": true,
            "permanent": false,
            "publishers": channel.max_participants,
        });
        match self.request(body, context).await? {
            JanusReply::Done(_) | JanusReply::Refused { code: ROOM_EXISTS } => Ok(()),
            refused @ JanusReply::Refused { .. } => refused.or_error().map(drop),
        }
    }

    async fn close(&self, channel_id: &str, context: RequestContext) -> Result<(), RtcError> {
        self.room_request(json!({ "request": "destroy", "permanent": false }), channel_id, context)
            .await
            .map(drop)
    }

    async fn remove(
        &self,
        channel_id: &str,
        media_id: &str,
        context: RequestContext,
    ) -> Result<(), RtcError> {
        self.room_request(json!({ "request": "kick", "id": media_id }), channel_id, context).await.map(drop)
    }

    /// Blocks the streams that the participant publishes now. Streams published later are not blocked,
    /// because neither rooms nor tokens carry rights. So blocking a microphone that is not published yet
    /// returns [`RtcError::Unsupported`].
    async fn restrict(
        &self,
        channel_id: &str,
        media_id: &str,
        rights: Rights,
        context: RequestContext,
    ) -> Result<(), RtcError> {
        self.gateway
            .http
            .in_time(streams::restrict(&self.gateway, channel_id, media_id, rights, context))
            .await
    }

    async fn members(&self, channel_id: &str, context: RequestContext) -> Result<Vec<String>, RtcError> {
        let body = json!({ "request": "listparticipants" });
        let Some(data) = self.room_request(body, channel_id, context).await? else { return Ok(Vec::new()) };
        let participants = data["participants"].as_array().into_iter().flatten();
        Ok(participants.map(|participant| id_text(&participant["id"])).collect())
    }

    async fn channels(&self, prefix: &str, context: RequestContext) -> Result<Vec<OpenChannel>, RtcError> {
        let body = json!({ "request": "list", "admin_key": self.admin_key.expose_secret() });
        let data = self.request(body, context).await?.or_error()?;
        let rooms = data["list"].as_array().into_iter().flatten().map(|room| id_text(&room["room"]));
        let matching = rooms.filter(|id| id.starts_with(prefix));
        Ok(matching.map(|id| OpenChannel { id, created_ms: None }).collect())
    }
}

/// Converts an id to text. With `string_ids`, Janus writes an id as text, otherwise as a number.
fn id_text(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}
