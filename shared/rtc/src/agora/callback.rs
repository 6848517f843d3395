//! Notifications of Agora: JSON with an HMAC of the body in a header. Source: "Channel event types",
//! <https://docs.agora.io/en/api-reference/api-ref/rtc/channel-event-types>.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;

use crate::callback::{
    Callback, CallbackError, CallbackReader, MediaEvent, MediaEventKind, ServiceTime, json, text_or_number,
};

/// Header with the HMAC-SHA256 of the body in lower-case hex. The header `agora-signature` has an HMAC-SHA1
/// and is ignored.
const SIGNATURE: &str = "agora-signature-v2";
/// Agora's product number for RTC channels; other products have other event types.
const REAL_TIME_COMMUNICATION: i64 = 1;

/// Reads the notifications of one Agora project.
#[derive(Debug)]
pub struct AgoraCallbackReader {
    secret: SecretString,
}

impl AgoraCallbackReader {
    /// Creates a reader of notifications that are signed with `secret` from Agora's console.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        Self { secret: secret.clone() }
    }

    fn is_signed(&self, callback: &Callback<'_>) -> bool {
        let Ok(signature) = HEXLOWER.decode(callback.header(SIGNATURE).as_bytes()) else { return false };
        let mac = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes())
            .expect("HMAC takes a key of any length");
        mac.chain_update(callback.body).verify_slice(&signature).is_ok()
    }
}

impl CallbackReader for AgoraCallbackReader {
    fn read(&self, callback: &Callback<'_>) -> Result<Vec<MediaEvent>, CallbackError> {
        if !self.is_signed(callback) {
            return Err(CallbackError::Forged);
        }
        let notification: AgoraNotification = json(callback.body)?;
        let Some(kind) = AgoraEventKind::of(&notification) else { return Ok(Vec::new()) };
        let payload: AgoraEvent =
            serde_json::from_value(notification.payload).map_err(|_| CallbackError::Malformed)?;
        Ok(payload.into_media_event(kind, notification.id).into_iter().collect())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AgoraNotification {
    #[serde(rename = "noticeId")]
    id: String,
    product_id: i64,
    event_type: i64,
    payload: Value,
}

#[derive(Clone, Copy)]
enum AgoraEventKind {
    Joined,
    Left,
    Closed,
}

impl AgoraEventKind {
    /// Returns the kind of a notification; `None` for kinds that are ignored. The event types are pairs of
    /// joining and leaving: of a broadcaster (103, 104), of an audience member (105, 106), and of a user in
    /// the communication profile (107, 108). A change between broadcaster and audience (111, 112) is ignored.
    fn of(notification: &AgoraNotification) -> Option<Self> {
        match (notification.product_id, notification.event_type) {
            (REAL_TIME_COMMUNICATION, 103 | 105 | 107) => Some(Self::Joined),
            (REAL_TIME_COMMUNICATION, 104 | 106 | 108) => Some(Self::Left),
            (REAL_TIME_COMMUNICATION, 102) => Some(Self::Closed),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AgoraEvent {
    channel_name: String,
    /// Unix seconds.
    ts: i64,
    #[serde(default, deserialize_with = "text_or_number")]
    uid: String,
    /// Increases with each event of a user, and therefore orders events of the same second.
    #[serde(default)]
    client_seq: i64,
    #[serde(default)]
    reason: i64,
}

impl AgoraEvent {
    fn into_media_event(self, kind: AgoraEventKind, id: String) -> Option<MediaEvent> {
        let media_id = self.uid;
        let kind = match kind {
            AgoraEventKind::Closed => MediaEventKind::ChannelClosed,
            _ if media_id.is_empty() => return None,
            AgoraEventKind::Joined => MediaEventKind::Joined { media_id, stay: None },
            // 5: the user joined with another device, which replaced this one, so the user is still in the
            // channel.
            AgoraEventKind::Left if self.reason == 5 => return None,
            // 1: the user left; 3: the management API removed the user. Other reasons are lost connections
            // and errors.
            AgoraEventKind::Left => {
                MediaEventKind::Left { media_id, stay: None, clean: matches!(self.reason, 1 | 3) }
            }
        };
        let at = ServiceTime { ms: self.ts.saturating_mul(1000), seq: self.client_seq };
        Some(MediaEvent { id, channel_id: self.channel_name, at, kind })
    }
}
