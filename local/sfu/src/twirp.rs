//! The management API: the methods of `livekit.RoomService` that the service uses, as Twirp JSON.
//! Reference: <https://docs.livekit.io/reference/server/server-apis/>.

mod request;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use switchboard_rtc::livekit::VideoGrant;

use crate::channel::ChannelSettings;
use crate::service::Service;
use crate::twirp_error::TwirpError;
use request::{
    CreateRoom, DeleteRoom, ListParticipants, ListRooms, MutePublishedTrack, RoomParticipant,
    UpdateParticipant,
};

/// Largest request body.
const REQUEST_BYTES: usize = 64 * 1024;

/// Returns the route `POST /twirp/livekit.RoomService/{method}`.
pub(crate) fn router(service: Service) -> Router {
    Router::new()
        .route("/twirp/livekit.RoomService/{method}", post(call))
        .layer(DefaultBodyLimit::max(REQUEST_BYTES))
        .with_state(service)
}

async fn call(
    State(service): State<Service>,
    Path(method): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, TwirpError> {
    Call { service: &service, headers: &headers, body: &body }.answer(&method).map(Json)
}

struct Call<'a> {
    service: &'a Service,
    headers: &'a HeaderMap,
    body: &'a [u8],
}

impl Call<'_> {
    fn answer(&self, method: &str) -> Result<Value, TwirpError> {
        match method {
            "CreateRoom" => self.create_room(),
            "DeleteRoom" => self.delete_room(),
            "ListRooms" => self.list_rooms(),
            "ListParticipants" => self.list_participants(),
            "GetParticipant" => self.get_participant(),
            "RemoveParticipant" => self.remove_participant(),
            "MutePublishedTrack" => self.mute_published_track(),
            "UpdateParticipant" => self.update_participant(),
            other => Err(TwirpError::bad_route(format!("unknown method: {other}"))),
        }
    }

    fn create_room(&self) -> Result<Value, TwirpError> {
        self.require_grant(|grant| grant.room_create)?;
        let request: CreateRoom = self.read()?;
        let name = request.name.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| TwirpError::invalid("name is required"))?;
        let settings = ChannelSettings {
            empty_seconds: request.empty_timeout,
            departure_seconds: request.departure_timeout,
            max_participants: request.max_participants,
            metadata: request.metadata,
        };
        Ok(json!(self.service.change(|channels| channels.create(&name, settings))))
    }

    fn delete_room(&self) -> Result<Value, TwirpError> {
        self.require_grant(|grant| grant.room_create)?;
        let request: DeleteRoom = self.read()?;
        self.service.change(|channels| channels.delete(&request.room))?;
        Ok(json!({}))
    }

    fn list_rooms(&self) -> Result<Value, TwirpError> {
        self.require_grant(|grant| grant.room_list)?;
        let request: ListRooms = self.read()?;
        let rooms = self.service.read(|channels| channels.list(&request.names.unwrap_or_default()));
        Ok(json!({ "rooms": rooms }))
    }

    fn list_participants(&self) -> Result<Value, TwirpError> {
        let request: ListParticipants =
            self.read_admin_request(|request: &ListParticipants| &request.room)?;
        Ok(json!({ "participants": self.service.read(|channels| channels.participants(&request.room)) }))
    }

    fn get_participant(&self) -> Result<Value, TwirpError> {
        let request: RoomParticipant = self.read_admin_request(|request: &RoomParticipant| &request.room)?;
        self.service
            .read(|channels| channels.participant(&request.room, &request.identity))
            .map(|info| json!(info))
    }

    fn remove_participant(&self) -> Result<Value, TwirpError> {
        let request: RoomParticipant = self.read_admin_request(|request: &RoomParticipant| &request.room)?;
        self.service.change(|channels| channels.remove(&request.room, &request.identity))?;
        Ok(json!({}))
    }

    /// Mutes or unmutes a track. A `LiveKit` server with default settings refuses to unmute. This SFU allows it,
    /// because the SFU and not the client enforces the mute.
    fn mute_published_track(&self) -> Result<Value, TwirpError> {
        let MutePublishedTrack { room, identity, track_sid, muted } =
            self.read_admin_request(|request: &MutePublishedTrack| &request.room)?;
        let muted = muted.unwrap_or_default();
        let track = self.service.change(|channels| channels.mute(&room, &identity, &track_sid, muted))?;
        Ok(json!({ "track": track }))
    }

    fn update_participant(&self) -> Result<Value, TwirpError> {
        let request: UpdateParticipant =
            self.read_admin_request(|request: &UpdateParticipant| &request.room)?;
        let change = |admission: &mut crate::token::Admission| {
            // In protobuf an empty string means that the field is not set.
            let set = |text: Option<String>| text.filter(|text| !text.is_empty());
            admission.permission = request.permission.unwrap_or_else(|| admission.permission.clone());
            admission.name = set(request.name).unwrap_or_else(|| admission.name.clone());
            admission.metadata = set(request.metadata).unwrap_or_else(|| admission.metadata.clone());
        };
        let info =
            self.service.change(|channels| channels.update(&request.room, &request.identity, change))?;
        Ok(json!(info))
    }

    /// Reads a request about one room. The token must have the grant `roomAdmin` for that room.
    fn read_admin_request<R: DeserializeOwned>(&self, room: impl Fn(&R) -> &String) -> Result<R, TwirpError> {
        // Check the token before the body is read; the room of the grant can be checked only afterwards.
        self.require_grant(|grant| grant.room_admin)?;
        let request = self.read()?;
        self.require_grant(|grant| grant.room_admin && grant.room.as_ref() == Some(room(&request)))?;
        Ok(request)
    }

    fn require_grant(&self, allows: impl Fn(&VideoGrant) -> bool) -> Result<(), TwirpError> {
        self.service.verifier.management(self.headers, allows)
    }

    fn read<R: DeserializeOwned>(&self) -> Result<R, TwirpError> {
        serde_json::from_slice(self.body).map_err(|error| TwirpError::malformed(format!("the body: {error}")))
    }
}
