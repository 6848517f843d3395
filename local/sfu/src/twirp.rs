//! The part of `LiveKit`'s management API that is there: `livekit.RoomService` as Twirp JSON.
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

use crate::fault::Fault;
use crate::room::Terms;
use crate::service::Service;
use request::{
    CreateRoom, DeleteRoom, ListRooms, MutePublishedTrack, Participant, RoomName, UpdateParticipant,
};

/// Largest request, in bytes.
const REQUEST_BYTES: usize = 64 * 1024;

/// `POST /twirp/livekit.RoomService/{method}`.
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
) -> Result<Json<Value>, Fault> {
    Call { service: &service, headers: &headers, body: &body }.answer(&method).map(Json)
}

/// One call.
struct Call<'a> {
    service: &'a Service,
    headers: &'a HeaderMap,
    body: &'a [u8],
}

impl Call<'_> {
    fn answer(&self, method: &str) -> Result<Value, Fault> {
        match method {
            "CreateRoom" => self.create_room(),
            "DeleteRoom" => self.delete_room(),
            "ListRooms" => self.list_rooms(),
            "ListParticipants" => self.list_participants(),
            "GetParticipant" => self.get_participant(),
            "RemoveParticipant" => self.remove_participant(),
            "MutePublishedTrack" => self.mute_published_track(),
            "UpdateParticipant" => self.update_participant(),
            other => Err(Fault::bad_route(format!("no such method: {other}"))),
        }
    }

    fn create_room(&self) -> Result<Value, Fault> {
        self.granted(|grant| grant.room_create)?;
        let request: CreateRoom = self.read()?;
        let name = request.name.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Fault::invalid("name is required"))?;
        let terms = Terms {
            empty_seconds: request.empty_timeout,
            departure_seconds: request.departure_timeout,
            max_participants: request.max_participants,
            metadata: request.metadata,
        };
        Ok(json!(self.service.change(|rooms| rooms.create(&name, terms))))
    }

    fn delete_room(&self) -> Result<Value, Fault> {
        self.granted(|grant| grant.room_create)?;
        let request: DeleteRoom = self.read()?;
        self.service.change(|rooms| rooms.delete(&request.room))?;
        Ok(json!({}))
    }

    fn list_rooms(&self) -> Result<Value, Fault> {
        self.granted(|grant| grant.room_list)?;
        let request: ListRooms = self.read()?;
        let rooms = self.service.look(|rooms| rooms.list(&request.names.unwrap_or_default()));
        Ok(json!({ "rooms": rooms }))
    }

    fn list_participants(&self) -> Result<Value, Fault> {
        let request: RoomName = self.moderate(|request: &RoomName| &request.room)?;
        Ok(json!({ "participants": self.service.look(|rooms| rooms.participants(&request.room)) }))
    }

    fn get_participant(&self) -> Result<Value, Fault> {
        let request: Participant = self.moderate(|request: &Participant| &request.room)?;
        self.service.look(|rooms| rooms.participant(&request.room, &request.identity)).map(|info| json!(info))
    }

    fn remove_participant(&self) -> Result<Value, Fault> {
        let request: Participant = self.moderate(|request: &Participant| &request.room)?;
        self.service.change(|rooms| rooms.remove(&request.room, &request.identity))?;
        Ok(json!({}))
    }

    /// Unlike a `LiveKit` server with its default settings this also unmutes: clients here have no say in it.
    fn mute_published_track(&self) -> Result<Value, Fault> {
        let MutePublishedTrack { room, identity, track_sid, muted } =
            self.moderate(|request: &MutePublishedTrack| &request.room)?;
        let muted = muted.unwrap_or_default();
        let track = self.service.change(|rooms| rooms.mute(&room, &identity, &track_sid, muted))?;
        Ok(json!({ "track": track }))
    }

    fn update_participant(&self) -> Result<Value, Fault> {
        let request: UpdateParticipant = self.moderate(|request: &UpdateParticipant| &request.room)?;
        let change = |who: &mut crate::token::Admission| {
            // An empty text means that nothing is said; so it is in protobuf.
            let said = |text: Option<String>| text.filter(|text| !text.is_empty());
            who.permission = request.permission.unwrap_or_else(|| who.permission.clone());
            who.name = said(request.name).unwrap_or_else(|| who.name.clone());
            who.metadata = said(request.metadata).unwrap_or_else(|| who.metadata.clone());
        };
        let info = self.service.change(|rooms| rooms.update(&request.room, &request.identity, change))?;
        Ok(json!(info))
    }

    /// Reads a request about a room, which the token must grant to moderate.
    fn moderate<R: DeserializeOwned>(&self, room: impl Fn(&R) -> &String) -> Result<R, Fault> {
        // A token is looked at first; whether it is for this room can be said only after reading.
        self.granted(|grant| grant.room_admin)?;
        let request = self.read()?;
        self.granted(|grant| grant.room_admin && grant.room.as_ref() == Some(room(&request)))?;
        Ok(request)
    }

    fn granted(&self, allows: impl Fn(&VideoGrant) -> bool) -> Result<(), Fault> {
        self.service.access.management(self.headers, allows)
    }

    fn read<R: DeserializeOwned>(&self) -> Result<R, Fault> {
        serde_json::from_slice(self.body).map_err(|error| Fault::malformed(format!("the body: {error}")))
    }
}
