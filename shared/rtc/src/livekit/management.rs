//! `LiveKit`'s `RoomService` over Twirp: JSON by POST. Each request has a token whose grant covers only this
//! request. Source: `livekit/protocol`, `livekit_room.proto`.

mod responses;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{ApiKey, LivekitClaims, LivekitTrackSource, VideoGrant, sign, sources};
use crate::management::{
    CLOCK_LEEWAY_SECONDS, ChannelSpec, HttpClient, ManagementCapabilities, ManagementRequest, OpenChannel,
    RequestContext, RetryPolicy, RtcError, RtcManagement, parse_body,
};
use crate::{Account, AccountError, Rights};
use responses::{LivekitParticipant, LivekitParticipantList, LivekitRoomList, TwirpError};

/// Life of the token of one request, in seconds. It covers the retry.
const TOKEN_SECONDS: i64 = 60;

/// Manages the rooms of one `LiveKit` deployment.
#[derive(Debug)]
pub struct LivekitManagement {
    url: String,
    key: ApiKey,
    http: HttpClient,
}

impl LivekitManagement {
    /// Creates a client for the deployment at `url`. If the API has no key of its own, the client uses the
    /// key of the join tokens.
    ///
    /// # Errors
    /// A setting is missing.
    pub fn new(account: &Account, url: &str, http: HttpClient) -> Result<Self, AccountError> {
        let (id, secret) = account.api_key_or_token_key()?;
        Ok(Self { url: url.to_owned(), key: ApiKey { id, secret }, http })
    }

    /// Calls `method`; returns `None` if the room or the participant does not exist.
    async fn call(
        &self,
        method: &str,
        grant: VideoGrant,
        body: Value,
        context: RequestContext,
    ) -> Result<Option<Value>, RtcError> {
        let now = context.seconds();
        let claims = LivekitClaims {
            video: Some(grant),
            ..LivekitClaims::issued_by(
                &self.key.id,
                now - CLOCK_LEEWAY_SECONDS,
                now + TOKEN_SECONDS + CLOCK_LEEWAY_SECONDS,
            )
        };
        let unsigned = |_| RtcError::Refused("the request could not be signed".into());
        let token = sign(&claims, &self.key).map_err(unsigned)?;
        let request = || {
            Ok(ManagementRequest {
                method: "POST",
                url: format!("{}/twirp/livekit.RoomService/{method}", self.url),
                headers: vec![
                    ("authorization", format!("Bearer {}", token.expose_secret())),
                    ("content-type", "application/json".into()),
                ],
                body: body.to_string().into_bytes(),
            })
        };
        // Every method sets a state or reads one, so it may be repeated.
        let response = self.http.send(RetryPolicy::Idempotent, request).await?;
        if response.is_success() {
            return Ok(Some(response.body));
        }
        let TwirpError { code } = TwirpError::read(&response.body);
        if code == "not_found" { Ok(None) } else { Err(response.to_error(&code)) }
    }

    /// Mutes every track with sound of the participant. The permission applies to tracks that are published
    /// later; the documentation does not promise that the server also stops tracks that are already
    /// published.
    async fn mute_sound(&self, room: &str, identity: &str, context: RequestContext) -> Result<(), RtcError> {
        let body = json!({ "room": room, "identity": identity });
        let Some(participant) = self.call("GetParticipant", admin_of(room), body, context).await? else {
            return Ok(());
        };
        for sid in parse_body::<LivekitParticipant>(participant)?.open_sound() {
            let body = json!({ "room": room, "identity": identity, "trackSid": sid, "muted": true });
            self.call("MutePublishedTrack", admin_of(room), body, context).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl RtcManagement for LivekitManagement {
    fn capabilities(&self) -> ManagementCapabilities {
        ManagementCapabilities {
            reports_presence: true,
            enforces_rights: true,
            lists_channels: true,
            admits_any_id: false,
        }
    }

    async fn register(&self, channel: ChannelSpec<'_>, context: RequestContext) -> Result<(), RtcError> {
        let body = json!({
            "name": channel.id,
            "emptyTimeout": channel.empty_seconds,
            // The server's default is 20 s, which is less than the time for which a seat is kept.
            "departureTimeout": channel.departure_seconds,
            "maxParticipants": channel.max_participants,
        });
        let created = self.call("CreateRoom", may_create(), body, context).await?;
        created.map(drop).ok_or_else(|| RtcError::Refused("CreateRoom: not_found".into()))
    }

    async fn close(&self, channel_id: &str, context: RequestContext) -> Result<(), RtcError> {
        self.call("DeleteRoom", may_create(), json!({ "room": channel_id }), context).await.map(drop)
    }

    async fn remove(
        &self,
        channel_id: &str,
        media_id: &str,
        context: RequestContext,
    ) -> Result<(), RtcError> {
        let body = json!({ "room": channel_id, "identity": media_id });
        self.call("RemoveParticipant", admin_of(channel_id), body, context).await.map(drop)
    }

    async fn restrict(
        &self,
        channel_id: &str,
        media_id: &str,
        rights: Rights,
        context: RequestContext,
    ) -> Result<(), RtcError> {
        let body = json!({
            "room": channel_id,
            "identity": media_id,
            "permission": permission(rights),
        });
        let participant = self.call("UpdateParticipant", admin_of(channel_id), body, context).await?;
        // Returning the right does not unmute: users unmute themselves.
        if participant.is_some() && !rights.microphone {
            self.mute_sound(channel_id, media_id, context).await?;
        }
        Ok(())
    }

    async fn members(&self, channel_id: &str, context: RequestContext) -> Result<Vec<String>, RtcError> {
        let body = json!({ "room": channel_id });
        let Some(list) = self.call("ListParticipants", admin_of(channel_id), body, context).await? else {
            return Ok(Vec::new());
        };
        let participants = parse_body::<LivekitParticipantList>(list)?.participants;
        Ok(participants
            .into_iter()
            .filter(LivekitParticipant::is_user_in_room)
            .map(|participant| participant.identity)
            .collect())
    }

    async fn channels(&self, prefix: &str, context: RequestContext) -> Result<Vec<OpenChannel>, RtcError> {
        let grant = VideoGrant { room_list: true, ..VideoGrant::default() };
        // The service can filter only by complete names.
        let Some(list) = self.call("ListRooms", grant, json!({}), context).await? else {
            return Ok(Vec::new());
        };
        let rooms = parse_body::<LivekitRoomList>(list)?.rooms.into_iter();
        let matching = rooms.filter(|room| room.name.starts_with(prefix));
        Ok(matching.map(|room| OpenChannel { created_ms: room.created_ms(), id: room.name }).collect())
    }
}

fn may_create() -> VideoGrant {
    VideoGrant { room_create: true, ..VideoGrant::default() }
}

fn admin_of(room: &str) -> VideoGrant {
    VideoGrant { room_admin: true, room: Some(room.to_owned()), ..VideoGrant::default() }
}

/// Returns the permission of a participant: the rights of a join token, with the management API's names of sources.
fn permission(rights: Rights) -> Value {
    let sources = sources(rights);
    let names: Vec<_> = sources.iter().map(|source| api_name(*source)).collect();
    json!({
        "canSubscribe": rights.subscribe,
        "canPublish": !names.is_empty(),
        "canPublishData": rights.data,
        "canPublishSources": names,
    })
}

const fn api_name(source: LivekitTrackSource) -> &'static str {
    match source {
        LivekitTrackSource::Camera => "CAMERA",
        LivekitTrackSource::Microphone => "MICROPHONE",
        LivekitTrackSource::ScreenShare => "SCREEN_SHARE",
        LivekitTrackSource::ScreenShareAudio => "SCREEN_SHARE_AUDIO",
    }
}
