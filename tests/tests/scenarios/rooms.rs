//! A running group, shared by scenarios about hosts, lobbies and seats.

use crate::calls::{Call, group};
use crate::device::Device;
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};
use terminal::ReceivedDownlink;

/// A group with Alice as host, in the media.
pub struct Room {
    /// The meeting's id.
    pub meeting_id: String,
    /// The host.
    pub alice: User,
    /// The host's device.
    pub host: Device,
    /// The answer to the create request.
    pub created: ReceivedDownlink,
}

impl Room {
    /// Alice creates a group with these users; `more` are further fields of the request.
    pub async fn of(stack: &Stack, invitees: &[&User], more: Value) -> Self {
        let alice = User::at(stack, "Alice");
        let host = alice.on("phone").await;
        let mut fields = group(invitees);
        for (name, value) in more.as_object().into_iter().flatten() {
            fields[name] = value.clone();
        }
        let created = host.requests("create-meeting", fields).await;
        let meeting_id = created.meeting_id.clone().expect("a meeting");
        let room = Self { meeting_id, alice, host, created };
        room.enters(&room.host).await;
        room
    }

    /// A request about this meeting with further fields.
    #[expect(clippy::needless_pass_by_value, reason = "as `json!` hands it over")]
    pub fn request(&self, kind: &str, more: Value) -> Value {
        let mut fields = json!({"type": kind, "meeting_id": self.meeting_id});
        for (name, value) in more.as_object().into_iter().flatten() {
            fields[name] = value.clone();
        }
        fields
    }

    /// A `join` with audio.
    pub fn join(&self) -> Value {
        self.request("join", json!({"media": "audio"}))
    }

    /// An `admit` or `deny` of this user.
    pub fn lobby(&self, kind: &str, users: &[&User]) -> Value {
        let users: Vec<_> = users.iter().map(|user| &user.id).collect();
        self.request(kind, json!({"users": users}))
    }

    /// The device reports that it is in the media.
    pub async fn enters(&self, device: &Device) {
        device.sends_once("attend", self.request("report_media", json!({"state": "joined"}))).await;
    }

    /// An invitee accepts on this device and enters the media.
    pub async fn accepts(&self, invitee: &User, device: &Device) {
        let call = Call::to(&self.created, invitee);
        device.requests("answer", call.about_invitation("accept")).await;
        self.enters(device).await;
    }

    /// The meeting in the host's `state`.
    pub async fn view(&self) -> Value {
        meeting_view(&self.host, &self.meeting_id).await
    }
}

/// The meeting in this device's `state`.
pub async fn meeting_view(device: &Device, meeting_id: &str) -> Value {
    let state = device.requests("sync", json!({"type": "sync", "meeting_id": meeting_id})).await;
    state.body["meetings"][0].clone()
}

/// The states of the participants of the only meeting, in their order, in this device's `state`.
pub async fn participant_states(device: &Device) -> Vec<Value> {
    let state = device.syncs().await;
    let participants = state["meetings"][0]["participants"].as_array();
    participants.into_iter().flatten().map(|participant| participant["state"].clone()).collect()
}

/// A participant of a meeting object.
pub fn participant<'a>(meeting: &'a Value, user: &User) -> &'a Value {
    let participants = meeting["participants"].as_array().expect("a list");
    let found = participants.iter().find(|participant| participant["user_id"] == json!(user.id));
    found.unwrap_or_else(|| panic!("{} is missing: {meeting}", user.id))
}
