//! Agora's notifications: JSON with an HMAC of the body in a header. Events and payloads: "Channel event types",
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

/// HMAC-SHA256 of the body in lower-case hex. (`agora-signature` is the same by SHA-1 and is not looked at.)
const SIGNATURE: &str = "agora-signature-v2";
/// Agora's number for events of channels; other products have other event types.
const REAL_TIME_COMMUNICATION: i64 = 1;

/// Reads the notifications of one Agora project.
#[derive(Debug)]
pub struct AgoraCallbackReader {
    secret: SecretString,
}

impl AgoraCallbackReader {
    /// Notifications that are signed with the secret that Agora's console gave out for them.
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
        let notice: AgoraNotification = json(callback.body)?;
        let Some(what) = AgoraEventKind::of(&notice) else { return Ok(Vec::new()) };
        let payload: AgoraEvent =
            serde_json::from_value(notice.payload).map_err(|_| CallbackError::Malformed)?;
        Ok(payload.told(what, notice.id).into_iter().collect())
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
    /// What a notification is about, if it is about what we keep. Each pair is joining and leaving: of a broadcaster, of
    /// the audience, and of anybody in a channel of the communication profile. Changing between broadcaster and audience
    /// (111, 112) is neither.
    fn of(notice: &AgoraNotification) -> Option<Self> {
        match (notice.product_id, notice.event_type) {
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
    /// Grows with each event of a user; events within a second are told apart by it.
    #[serde(default)]
    client_seq: i64,
    #[serde(default)]
    reason: i64,
}

impl AgoraEvent {
    fn told(self, what: AgoraEventKind, id: String) -> Option<MediaEvent> {
        let media_id = self.uid;
        let kind = match what {
            AgoraEventKind::Closed => MediaEventKind::RoomClosed,
            _ if media_id.is_empty() => return None,
            AgoraEventKind::Joined => MediaEventKind::Joined { media_id, stay: None },
            // 5: the user is in by another device, which put this one out.
            AgoraEventKind::Left if self.reason == 5 => return None,
            // 1: the user left; 3: put out by the management API. The others are broken connections and faults.
            AgoraEventKind::Left => {
                MediaEventKind::Left { media_id, stay: None, clean: matches!(self.reason, 1 | 3) }
            }
        };
        let at = ServiceTime { ms: self.ts.saturating_mul(1000), seq: self.client_seq };
        Some(MediaEvent { id, channel_id: self.channel_name, at, kind })
    }
}
