//! Blocking what a participant publishes, stream by stream. Which streams these are is told to whoever subscribes, who
//! is no participant, so nobody is told of it; the subscription ends before it is answered, and nothing flows.

use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;

use super::super::{JanusToken, VIDEOROOM};
use super::JanusManagement;
use super::handle::JanusHandle;
use crate::Rights;
use crate::management::{RequestContext, RtcError, parse_body};

/// Life of the subscriber's token.
const TOKEN_SECONDS: i64 = 60;

/// Where a microphone is as long as the gateway tells nobody, which is until its media connection stands: terminals
/// offer it first (`docs/rtc-providers.md`).
const FIRST_LINE: &str = "0";

#[derive(Deserialize)]
struct JanusSubscription {
    #[serde(default)]
    streams: Vec<JanusStream>,
}

/// One media line.
#[derive(Deserialize)]
struct JanusStream {
    /// `audio`, `video` or `data`.
    #[serde(rename = "type")]
    kind: String,
    /// Its name at the publisher; data has none.
    #[serde(default)]
    feed_mid: Option<String>,
}

/// Blocks and unblocks the participant's streams so that what gets through is within `rights`.
pub(super) async fn restrict(
    rooms: &JanusManagement,
    room: &str,
    media_id: &str,
    rights: Rights,
    at: RequestContext,
) -> Result<(), RtcError> {
    let mut handle = JanusHandle::attach(rooms, at).await?;
    let done = async {
        let streams = published(&mut handle, rooms, room, media_id, at).await?;
        let mut silenced = false;
        for JanusMediaLine { mid, microphone, blocked } in lines(&streams, rights) {
            let there = block(&mut handle, rooms, room, media_id, mid, blocked).await?;
            silenced |= there && microphone;
        }
        // Neither a room nor its tokens know rights: a microphone that is not there yet cannot be held back.
        if rights.microphone || silenced { Ok(()) } else { Err(RtcError::Unsupported) }
    }
    .await;
    handle.end().await;
    done
}

/// What the participant sends; nothing if the gateway knows of nothing yet, or of no such participant.
async fn published(
    handle: &mut JanusHandle<'_>,
    rooms: &JanusManagement,
    room: &str,
    media_id: &str,
    at: RequestContext,
) -> Result<Vec<JanusStream>, RtcError> {
    let descriptor = format!("room={room}");
    let expires = at.seconds() + TOKEN_SECONDS;
    let token = JanusToken { expires, realm: VIDEOROOM, descriptors: vec![descriptor.as_str()] };
    let unsigned = |_| RtcError::Refused("the call could not be signed".into());
    let token = token.sign(&rooms.secret).map_err(unsigned)?;
    let body = json!({
        "request": "join",
        "ptype": "subscriber",
        "room": room,
        "streams": [{ "feed": media_id }],
        "token": token.expose_secret(),
    });
    let attached = handle.ask_later(body).await?.or_gone()?;
    Ok(attached
        .map(parse_body::<JanusSubscription>)
        .transpose()?
        .map(|attached| attached.streams)
        .unwrap_or_default())
}

/// Blocks or unblocks one line; `false` if it is not there.
async fn block(
    handle: &mut JanusHandle<'_>,
    rooms: &JanusManagement,
    room: &str,
    media_id: &str,
    mid: &str,
    blocked: bool,
) -> Result<bool, RtcError> {
    let body = json!({
        "request": "moderate",
        "room": room,
        "secret": rooms.room_secret(room),
        "id": media_id,
        "mid": mid,
        "mute": blocked,
    });
    Ok(handle.ask(body).await?.or_gone()?.is_some())
}

/// A media line, and whether it shall be blocked.
#[derive(Debug, PartialEq, Eq)]
struct JanusMediaLine<'a> {
    mid: &'a str,
    microphone: bool,
    blocked: bool,
}

/// Which lines to block and which to let through. A video line may be a camera or a screen: it is blocked when neither
/// is allowed. A data line has no name to block it by.
fn lines(streams: &[JanusStream], rights: Rights) -> Vec<JanusMediaLine<'_>> {
    if streams.is_empty() {
        return vec![JanusMediaLine { mid: FIRST_LINE, microphone: true, blocked: !rights.microphone }];
    }
    let lines = streams.iter().filter_map(|stream| {
        let (microphone, blocked) = match stream.kind.as_str() {
            "audio" => (true, !rights.microphone),
            "video" => (false, !rights.camera && !rights.screen),
            _ => return None,
        };
        Some(JanusMediaLine { mid: stream.feed_mid.as_deref()?, microphone, blocked })
    });
    lines.collect()
}
