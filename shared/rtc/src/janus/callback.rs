//! Events of a Janus server, sent by its handler `sampleevh`: one event or a list of them, with HTTP basic authentication.
//! Form: <https://janus.conf.meetecho.com/docs/eventhandlers.html>; the video room's own events as its source writes them
//! (`notify_event` in `janus_videoroom.c`, 1.1.2).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use subtle::ConstantTimeEq;

use crate::callback::{
    Callback, CallbackError, CallbackReader, MediaEvent, MediaEventKind, ServiceTime, json, text_or_number,
};

/// `backend_user` of the event handler; its `backend_pwd` is the secret.
pub const USER: &str = "switchboard";
/// Events of plugins.
const PLUGIN: i64 = 64;
const VIDEO_ROOM: &str = "janus.plugin.videoroom";

/// Reads the events of one Janus server.
#[derive(Debug)]
pub struct JanusCallbackReader {
    authorization: SecretString,
}

impl JanusCallbackReader {
    /// Events that come with this password.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        let login = STANDARD.encode(format!("{USER}:{}", secret.expose_secret()));
        Self { authorization: format!("Basic {login}").into() }
    }
}

impl CallbackReader for JanusCallbackReader {
    fn read(&self, callback: &Callback<'_>) -> Result<Vec<MediaEvent>, CallbackError> {
        let expected = self.authorization.expose_secret().as_bytes();
        if !bool::from(callback.header("authorization").as_bytes().ct_eq(expected)) {
            return Err(CallbackError::Forged);
        }
        let events = match json(callback.body)? {
            Value::Array(events) => events,
            event @ Value::Object(_) => vec![event],
            _ => return Err(CallbackError::Malformed),
        };
        let told: Result<Vec<_>, CallbackError> = events.into_iter().map(told).collect();
        Ok(told?.into_iter().flatten().collect())
    }
}

#[derive(Deserialize)]
struct JanusEvent {
    #[serde(rename = "type")]
    kind: i64,
    /// Unix microseconds.
    #[serde(default)]
    timestamp: i64,
    #[serde(default, rename = "event")]
    body: Value,
}

#[derive(Deserialize)]
struct JanusPluginEvent {
    plugin: String,
    data: Value,
}

#[derive(Deserialize)]
struct JanusRoomEvent {
    event: String,
    #[serde(default, deserialize_with = "text_or_number")]
    room: String,
    #[serde(default, deserialize_with = "text_or_number")]
    id: String,
}

/// What one event tells, if it is one that we keep.
fn told(event: Value) -> Result<Option<MediaEvent>, CallbackError> {
    let malformed = |_| CallbackError::Malformed;
    let event: JanusEvent = serde_json::from_value(event).map_err(malformed)?;
    if event.kind != PLUGIN {
        return Ok(None);
    }
    let from: JanusPluginEvent = serde_json::from_value(event.body).map_err(malformed)?;
    // Some of the plugin's events (statistics of a handle) have no name.
    if from.plugin != VIDEO_ROOM || from.data.get("event").is_none() {
        return Ok(None);
    }
    let in_room: JanusRoomEvent = serde_json::from_value(from.data).map_err(malformed)?;
    let (name, media_id) = (in_room.event, in_room.id);
    let kind = match name.as_str() {
        "destroyed" => MediaEventKind::RoomClosed,
        "joined" if !media_id.is_empty() => MediaEventKind::Joined { media_id, stay: None },
        // The same word for a goodbye and for a session that timed out; whoever meant it also told us by `leave`.
        "leaving" if !media_id.is_empty() => MediaEventKind::Left { media_id, stay: None, clean: false },
        "kicked" if !media_id.is_empty() => MediaEventKind::Left { media_id, stay: None, clean: true },
        _ => return Ok(None),
    };
    let at = ServiceTime { ms: event.timestamp.div_euclid(1000), seq: event.timestamp.rem_euclid(1000) };
    Ok(Some(MediaEvent { id: format!("{name}/{}", event.timestamp), channel_id: in_room.room, at, kind }))
}
