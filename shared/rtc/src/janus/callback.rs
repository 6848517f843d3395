//! Events of a Janus server from its handler `sampleevh`: one event or a list, with HTTP basic
//! authentication. Sources: <https://janus.conf.meetecho.com/docs/eventhandlers.html>, and for the events of
//! the video room the function `notify_event` in `janus_videoroom.c`, 1.1.2.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use subtle::ConstantTimeEq;

use crate::callback::{
    Callback, CallbackError, CallbackReader, MediaEvent, MediaEventKind, ServiceTime, json, text_or_number,
};

/// Value of `backend_user` in the event handler's configuration. `backend_pwd` is the secret.
pub const USER: &str = "switchboard";
/// Type number of events that a plugin sends.
const PLUGIN_EVENT: i64 = 64;
const VIDEO_ROOM: &str = "janus.plugin.videoroom";

/// Reads the events of one Janus server.
#[derive(Debug)]
pub struct JanusCallbackReader {
    authorization: SecretString,
}

impl JanusCallbackReader {
    /// Creates a reader of events that carry this password.
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
        let events: Result<Vec<_>, CallbackError> = events.into_iter().map(media_event).collect();
        Ok(events?.into_iter().flatten().collect())
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

/// Converts one event. Returns `None` for an event that is ignored.
fn media_event(event: Value) -> Result<Option<MediaEvent>, CallbackError> {
    let malformed = |_| CallbackError::Malformed;
    let event: JanusEvent = serde_json::from_value(event).map_err(malformed)?;
    if event.kind != PLUGIN_EVENT {
        return Ok(None);
    }
    let plugin_event: JanusPluginEvent = serde_json::from_value(event.body).map_err(malformed)?;
    // Some events of the plugin, such as the statistics of a handle, have no name.
    if plugin_event.plugin != VIDEO_ROOM || plugin_event.data.get("event").is_none() {
        return Ok(None);
    }
    let room_event: JanusRoomEvent = serde_json::from_value(plugin_event.data).map_err(malformed)?;
    let (name, media_id) = (room_event.event, room_event.id);
    let kind = match name.as_str() {
        "destroyed" => MediaEventKind::ChannelClosed,
        "joined" if !media_id.is_empty() => MediaEventKind::Joined { media_id, stay: None },
        // Both a deliberate exit and a session timeout cause `leaving`. A user who leaves deliberately also
        // sends a `leave` request to the service.
        "leaving" if !media_id.is_empty() => MediaEventKind::Left { media_id, stay: None, clean: false },
        "kicked" if !media_id.is_empty() => MediaEventKind::Left { media_id, stay: None, clean: true },
        _ => return Ok(None),
    };
    let at = ServiceTime { ms: event.timestamp.div_euclid(1000), seq: event.timestamp.rem_euclid(1000) };
    Ok(Some(MediaEvent { id: format!("{name}/{}", event.timestamp), channel_id: room_event.room, at, kind }))
}
