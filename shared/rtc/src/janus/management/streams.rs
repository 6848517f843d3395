//! Blocking of a participant's streams. Janus lists the streams of a publisher only to its subscribers, so
//! the operation subscribes. A subscriber is not a participant, and other clients do not see it. The session
//! ends before any media is sent.

use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;

use super::super::{JanusToken, VIDEOROOM};
use super::gateway::JanusGateway;
use super::handle::JanusHandle;
use crate::Rights;
use crate::management::{CLOCK_LEEWAY_SECONDS, RequestContext, RtcError, parse_body};

/// Life of the subscriber's token, in seconds.
const TOKEN_SECONDS: i64 = 60;

/// Media line of the microphone. It is used until the gateway lists the streams, which it does when the media
/// connection is up: terminals offer the microphone first (`docs/rtc-providers.md`).
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
    /// Name of the stream at the publisher; absent for data.
    #[serde(default)]
    feed_mid: Option<String>,
}

/// Blocks and unblocks the participant's streams according to `rights`.
///
/// # Errors
/// [`RtcError::Unsupported`] if the microphone has to be blocked and has no stream yet, or the error of a
/// request.
pub(super) async fn restrict(
    gateway: &JanusGateway,
    room: &str,
    media_id: &str,
    rights: Rights,
    context: RequestContext,
) -> Result<(), RtcError> {
    let mut handle = JanusHandle::attach(gateway, context).await?;
    let result = async {
        let streams = published(&mut handle, gateway, room, media_id, context).await?;
        let mut microphone_blocked = false;
        for JanusMediaLine { mid, microphone, blocked } in lines(&streams, rights) {
            let exists = block(&mut handle, gateway, room, media_id, mid, blocked).await?;
            microphone_blocked |= exists && microphone;
        }
        // Neither management nor tokens carry rights, so a stream that does not exist yet cannot be blocked.
        if rights.microphone || microphone_blocked { Ok(()) } else { Err(RtcError::Unsupported) }
    }
    .await;
    handle.end().await;
    result
}

/// Returns the streams of the participant; empty if the gateway does not list any yet or does not know the
/// participant.
async fn published(
    handle: &mut JanusHandle<'_>,
    gateway: &JanusGateway,
    room: &str,
    media_id: &str,
    context: RequestContext,
) -> Result<Vec<JanusStream>, RtcError> {
    let descriptor = format!("room={room}");
    let expires = context.seconds() + TOKEN_SECONDS + CLOCK_LEEWAY_SECONDS;
    let token = JanusToken { expires, realm: VIDEOROOM, descriptors: vec![descriptor.as_str()] };
    let unsigned = |_| RtcError::Refused("the request could not be signed".into());
    let token = token.sign(&gateway.secret).map_err(unsigned)?;
    let body = json!({
        "request": "join",
        "ptype": "subscriber",
        "room": room,
        "streams": [{ "feed": media_id }],
        "token": token.expose_secret(),
    });
    let attached = handle.request_event(body).await?.or_not_found()?;
    Ok(attached
        .map(parse_body::<JanusSubscription>)
        .transpose()?
        .map(|attached| attached.streams)
        .unwrap_or_default())
}

/// Blocks or unblocks one media line. Returns `false` if the line does not exist.
async fn block(
    handle: &mut JanusHandle<'_>,
    gateway: &JanusGateway,
    room: &str,
    media_id: &str,
    mid: &str,
    blocked: bool,
) -> Result<bool, RtcError> {
    let body = json!({
        "request": "moderate",
        "room": room,
        "secret": gateway.room_secret(room),
        "id": media_id,
        "mid": mid,
        "mute": blocked,
    });
    Ok(handle.request(body).await?.or_not_found()?.is_some())
}

/// A media line and its required state.
#[derive(Debug, PartialEq, Eq)]
struct JanusMediaLine<'a> {
    mid: &'a str,
    microphone: bool,
    blocked: bool,
}

/// Returns the required state of each line. A video line may be a camera or a screen, so it is blocked only
/// if both are forbidden. A data line has no name and cannot be blocked.
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
