//! Webhooks of `LiveKit`, with an `Authorization` token that is bound to the body. Events:
//! <https://docs.livekit.io/home/server/webhooks/>. The members are those of `livekit_webhook.proto` and
//! `livekit_models.proto` in protobuf's JSON form, which omits members with their default value.

use secrecy::SecretString;
use serde::Deserialize;

use super::{ApiKey, verify_webhook};
use crate::callback::{
    Callback, CallbackError, CallbackReader, MediaEvent, MediaEventKind, ServiceTime, Stay, json,
    number_or_text,
};

/// Reads the webhooks of one `LiveKit` deployment.
#[derive(Debug)]
pub struct LivekitCallbackReader {
    key: ApiKey,
}

impl LivekitCallbackReader {
    /// Creates a reader of webhooks that are signed with this key: `webhook.api_key` in the server's configuration.
    #[must_use]
    pub fn new(id: &str, secret: &SecretString) -> Self {
        Self { key: ApiKey { id: id.to_owned(), secret: secret.clone() } }
    }
}

impl CallbackReader for LivekitCallbackReader {
    fn read(&self, callback: &Callback<'_>) -> Result<Vec<MediaEvent>, CallbackError> {
        verify_webhook(callback.header("authorization"), callback.body, &self.key, callback.now_ms)
            .map_err(|_| CallbackError::Forged)?;
        let webhook: LivekitWebhook = json(callback.body)?;
        Ok(webhook.into_media_event().into_iter().collect())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LivekitWebhook {
    event: String,
    #[serde(default)]
    id: String,
    /// Unix seconds.
    #[serde(default, alias = "created_at", deserialize_with = "number_or_text")]
    created_at: i64,
    room: Option<LivekitWebhookRoom>,
    participant: Option<LivekitWebhookParticipant>,
}

#[derive(Deserialize)]
struct LivekitWebhookRoom {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LivekitWebhookParticipant {
    #[serde(default)]
    identity: String,
    #[serde(default)]
    sid: String,
    /// Unix seconds.
    #[serde(default, alias = "joined_at", deserialize_with = "number_or_text")]
    joined_at: i64,
    /// Unix milliseconds. Servers from before the end of 2024 do not send it.
    #[serde(default, alias = "joined_at_ms", deserialize_with = "number_or_text")]
    joined_at_ms: i64,
    /// The member is omitted for `STANDARD`. Other kinds, such as recorders and agents, are not users.
    kind: Option<String>,
    #[serde(default, alias = "disconnect_reason")]
    disconnect_reason: String,
}

impl LivekitWebhook {
    fn into_media_event(self) -> Option<MediaEvent> {
        let channel_id = self.room?.name;
        let participant = self.participant.filter(LivekitWebhookParticipant::is_user);
        let kind = match self.event.as_str() {
            "participant_joined" => participant?.joined(),
            "participant_left" => participant?.left()?,
            "participant_connection_aborted" => participant?.aborted(),
            "room_finished" => MediaEventKind::ChannelClosed,
            _ => return None,
        };
        let at = ServiceTime { ms: self.created_at.saturating_mul(1000), seq: 0 };
        Some(MediaEvent { id: self.id, channel_id, at, kind })
    }
}

impl LivekitWebhookParticipant {
    fn is_user(&self) -> bool {
        !self.identity.is_empty() && self.kind.as_deref().is_none_or(|kind| kind == "STANDARD")
    }

    fn stay(&self) -> Option<Stay> {
        let since_ms = match self.joined_at_ms {
            0 => self.joined_at.saturating_mul(1000),
            ms => ms,
        };
        (!self.sid.is_empty() && since_ms > 0).then(|| Stay { id: self.sid.clone(), since_ms })
    }

    fn joined(self) -> MediaEventKind {
        MediaEventKind::Joined { stay: self.stay(), media_id: self.identity }
    }

    fn left(self) -> Option<MediaEventKind> {
        let clean = match self.disconnect_reason.as_str() {
            // The user is still in the room: another connection replaced this one, or the session moved to
            // another node.
            "DUPLICATE_IDENTITY" | "MIGRATION" => return None,
            "CLIENT_INITIATED" | "PARTICIPANT_REMOVED" => true,
            _ => false,
        };
        Some(MediaEventKind::Left { stay: self.stay(), media_id: self.identity, clean })
    }

    fn aborted(self) -> MediaEventKind {
        MediaEventKind::Left { stay: self.stay(), media_id: self.identity, clean: false }
    }
}
