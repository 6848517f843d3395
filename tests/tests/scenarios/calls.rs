//! The first steps of a call, shared by many scenarios.

use crate::device::Device;
use crate::user::User;
use serde_json::{Value, json};

/// The ids of a call with one invitee.
#[derive(Debug, Clone)]
pub struct Call {
    /// The meeting's id.
    pub meeting_id: String,
    /// The id of the callee's invitation.
    pub invite_id: String,
    /// The answer to the create request.
    pub created: Value,
}

impl Call {
    /// Reads the answer to a create request with one invitee.
    pub fn of(created: &terminal::ReceivedDownlink) -> Self {
        let created = Value::Object(created.body.clone());
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        Self {
            meeting_id: text(&created["meeting_id"]),
            invite_id: text(&created["invitations"][0]["invite_id"]),
            created,
        }
    }

    /// Reads the invitation of `invitee` from the answer to a create or an invite request.
    pub fn to(answer: &terminal::ReceivedDownlink, invitee: &User) -> Self {
        let invite_id = invitation_of(answer, invitee)["invite_id"].as_str().expect("an id");
        Self {
            meeting_id: answer.meeting_id.clone().expect("answers name their meeting"),
            invite_id: invite_id.to_owned(),
            created: Value::Object(answer.body.clone()),
        }
    }

    /// The state of `invitee` in the answer to a create, invite or cancel request.
    pub fn state_of(answer: &terminal::ReceivedDownlink, invitee: &User) -> Value {
        invitation_of(answer, invitee)["state"].clone()
    }

    /// A request about this meeting.
    pub fn request(&self, kind: &str) -> Value {
        json!({"type": kind, "meeting_id": self.meeting_id})
    }

    /// A request about the callee's invitation.
    pub fn about_invitation(&self, kind: &str) -> Value {
        let mut fields = self.request(kind);
        fields["invite_id"] = json!(self.invite_id);
        if kind == "accept" {
            fields["media"] = json!("audio");
        }
        if kind == "reject" {
            fields["reason"] = json!("declined");
        }
        fields
    }

    /// A report that the device is in the media.
    pub fn joined(&self) -> Value {
        let mut fields = self.request("report_media");
        fields["state"] = json!("joined");
        fields
    }
}

fn invitation_of<'a>(answer: &'a terminal::ReceivedDownlink, invitee: &User) -> &'a Value {
    let invitations = answer.body["invitations"].as_array().expect("a list");
    let of_invitee = |invitation: &&Value| invitation["user_id"] == json!(invitee.id);
    invitations.iter().find(of_invitee).unwrap_or_else(|| panic!("{} is missing: {answer:?}", invitee.id))
}

/// The fields of a create request for a direct audio call to `callee`.
pub fn direct(callee: &User) -> Value {
    json!({"type": "create_meeting", "mode": "direct", "media": "audio", "invitees": [callee.id]})
}

/// The fields of a create request for an audio group with these invitees.
pub fn group(invitees: &[&User]) -> Value {
    let invitees: Vec<_> = invitees.iter().map(|user| &user.id).collect();
    json!({"type": "create_meeting", "mode": "group", "media": "audio", "invitees": invitees})
}

/// `caller` calls `callee`; `device` receives the invitation.
pub async fn rings(caller: &mut Device, callee: &User, device: &mut Device) -> Call {
    let call = Call::of(&caller.requests("create-meeting", direct(callee)).await);
    let invitation = device.receives("invitation").await;
    assert_eq!(invitation.meeting_id.as_deref(), Some(call.meeting_id.as_str()));
    call
}

/// `caller` calls `callee`, who accepts on `device`; both report the media, and each receives the report of the other.
pub async fn talks(caller: &mut Device, callee: &User, device: &mut Device) -> Call {
    let call = rings(caller, callee, device).await;
    device.requests("answer", call.about_invitation("accept")).await;
    for speaker in [&*caller, &*device] {
        speaker.sends_once("attend", call.joined()).await;
    }
    for listener in [caller, device] {
        let both = |news: &terminal::ReceivedDownlink| news.body["participant"]["state"] == "joined";
        listener.receives_that("participant_updated", both).await;
    }
    call
}
