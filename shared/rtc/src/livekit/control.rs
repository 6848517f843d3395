//! `LiveKit`'s `RoomService` over Twirp: JSON by POST, each call with a token of its own that grants this call only.
//! Source: `livekit/protocol`, `livekit_room.proto`.

mod answers;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::super::control::{
    Call, CallNonce, Capabilities, Channel, Control, ControlError, Http, OpenChannel, Repeat, parse,
};
use super::super::{Account, AccountError, Rights};
use super::{ApiKey, Claims, Source, VideoGrant, sign, sources};
use answers::{ParticipantInfo, Participants, Refusal, Rooms};

/// Life of the token of one call; it covers the retry and clocks that differ a little.
const TOKEN_SECONDS: i64 = 60;

/// Manages the rooms of one deployment.
#[derive(Debug)]
pub struct RoomService {
    url: String,
    key: ApiKey,
    http: Http,
}

impl RoomService {
    /// Manages the deployment at `account.api`, with the key of the tokens where no other is set.
    ///
    /// # Errors
    /// A setting that is missing.
    pub fn new(account: &Account, url: &str, http: Http) -> Result<Self, AccountError> {
        let (id, secret) = account.api_key_or_token_key()?;
        Ok(Self { url: url.to_owned(), key: ApiKey { id, secret }, http })
    }

    /// Calls `method`; `None` where the room or the participant does not exist.
    async fn call(
        &self,
        method: &str,
        grant: VideoGrant,
        body: Value,
        at: CallNonce,
    ) -> Result<Option<Value>, ControlError> {
        let now = at.seconds();
        let claims =
            Claims { video: Some(grant), ..Claims::issued_by(&self.key.id, now, now + TOKEN_SECONDS) };
        let unsigned = |_| ControlError::Refused("the call could not be signed".into());
        let token = sign(&claims, &self.key).map_err(unsigned)?;
        let request = || {
            Ok(Call {
                method: "POST",
                url: format!("{}/twirp/livekit.RoomService/{method}", self.url),
                headers: vec![
                    ("authorization", format!("Bearer {}", token.expose_secret())),
                    ("content-type", "application/json".into()),
                ],
                body: body.to_string().into_bytes(),
            })
        };
        // Every call of this service sets a state, or reads one.
        let answer = self.http.send(Repeat::Safe, request).await?;
        if answer.is_success() {
            return Ok(Some(answer.body));
        }
        let Refusal { code } = Refusal::read(&answer.body);
        if code == "not_found" { Ok(None) } else { Err(answer.refusal(&code)) }
    }

    /// Mutes what the participant sends from a microphone. The permission says what may be published from now on; that
    /// a server also takes back what is published already is nowhere promised.
    async fn mute_microphone(&self, room: &str, identity: &str, at: CallNonce) -> Result<(), ControlError> {
        let body = json!({ "room": room, "identity": identity });
        let Some(participant) = self.call("GetParticipant", admin_of(room), body, at).await? else {
            return Ok(());
        };
        for sid in parse::<ParticipantInfo>(participant)?.open_microphones() {
            let body = json!({ "room": room, "identity": identity, "trackSid": sid, "muted": true });
            self.call("MutePublishedTrack", admin_of(room), body, at).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Control for RoomService {
    fn capabilities(&self) -> Capabilities {
        Capabilities { register: true, close: true, remove: true, restrict: true, list: true, channels: true }
    }

    async fn register(&self, channel: Channel<'_>, at: CallNonce) -> Result<(), ControlError> {
        let body = json!({
            "name": channel.id,
            "emptyTimeout": channel.empty_seconds,
            "maxParticipants": channel.max_participants,
        });
        let made = self.call("CreateRoom", may_create(), body, at).await?;
        made.map(drop).ok_or_else(|| ControlError::Refused("CreateRoom: not_found".into()))
    }

    async fn close(&self, channel_id: &str, at: CallNonce) -> Result<(), ControlError> {
        self.call("DeleteRoom", may_create(), json!({ "room": channel_id }), at).await.map(drop)
    }

    async fn remove(&self, channel_id: &str, media_id: &str, at: CallNonce) -> Result<(), ControlError> {
        let body = json!({ "room": channel_id, "identity": media_id });
        self.call("RemoveParticipant", admin_of(channel_id), body, at).await.map(drop)
    }

    async fn restrict(
        &self,
        channel_id: &str,
        media_id: &str,
        rights: Rights,
        at: CallNonce,
    ) -> Result<(), ControlError> {
        let body = json!({
            "room": channel_id,
            "identity": media_id,
            "permission": permission(rights),
        });
        let there = self.call("UpdateParticipant", admin_of(channel_id), body, at).await?;
        // Giving the right back unmutes nobody: people speak when they want to.
        if there.is_some() && !rights.microphone {
            self.mute_microphone(channel_id, media_id, at).await?;
        }
        Ok(())
    }

    async fn members(&self, channel_id: &str, at: CallNonce) -> Result<Vec<String>, ControlError> {
        let body = json!({ "room": channel_id });
        let Some(list) = self.call("ListParticipants", admin_of(channel_id), body, at).await? else {
            return Ok(Vec::new());
        };
        let participants = parse::<Participants>(list)?.participants;
        Ok(participants
            .into_iter()
            .filter(ParticipantInfo::is_person_inside)
            .map(|who| who.identity)
            .collect())
    }

    async fn channels(&self, prefix: &str, at: CallNonce) -> Result<Vec<OpenChannel>, ControlError> {
        let grant = VideoGrant { room_list: true, ..VideoGrant::default() };
        // The service filters by whole names only.
        let Some(list) = self.call("ListRooms", grant, json!({}), at).await? else { return Ok(Vec::new()) };
        let rooms = parse::<Rooms>(list)?.rooms.into_iter();
        let ours = rooms.filter(|room| room.name.starts_with(prefix));
        Ok(ours.map(|room| OpenChannel { created_ms: room.created_ms(), id: room.name }).collect())
    }
}

fn may_create() -> VideoGrant {
    VideoGrant { room_create: true, ..VideoGrant::default() }
}

fn admin_of(room: &str) -> VideoGrant {
    VideoGrant { room_admin: true, room: Some(room.to_owned()), ..VideoGrant::default() }
}

/// What the server holds a participant to: the same as a join token says, with the management API's names of sources.
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

const fn api_name(source: Source) -> &'static str {
    match source {
        Source::Camera => "CAMERA",
        Source::Microphone => "MICROPHONE",
        Source::ScreenShare => "SCREEN_SHARE",
        Source::ScreenShareAudio => "SCREEN_SHARE_AUDIO",
    }
}
