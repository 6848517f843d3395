//! What terminals send: one enum per function, since each function has its own topic.

use super::envelope::Invalid;
use super::object::{Media, Mode, Policy};
use crate::address::UserId;
use crate::id::{InviteId, MeetingId, RequestId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Invitees that one request may name.
pub const INVITEES_MAX: usize = 49;
/// Characters of a title, a reason or a text.
pub const TEXT_MAX: usize = 200;
/// Bytes of `ext` as JSON.
pub const EXT_MAX_BYTES: usize = 2048;

/// The requests of one function: how it is named, and how a type's fields are read.
pub trait Requests: Sized {
    /// The function, which is also the last level of its topic.
    const FUNCTION: &'static str;
    /// Whether its topic is under the bulk parent.
    const BULK: bool = false;

    /// Reads the fields of the type `kind`; `None` for a type that is not of this function.
    fn read(kind: &str, fields: Value) -> Option<Result<Self, Invalid>>;

    /// The type on the wire.
    fn kind(&self) -> &'static str;

    /// The meeting that is spoken of; a create has none yet.
    fn meeting_id(&self) -> Option<&MeetingId>;
}

macro_rules! requests {
    ($(#[$doc:meta])* $name:ident on $function:literal $(, bulk: $bulk:literal)? { $($(#[$vdoc:meta])* $variant:ident = $kind:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(tag = "type")]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $kind)] $variant($variant),)+ }

        impl Requests for $name {
            const FUNCTION: &'static str = $function;
            $(const BULK: bool = $bulk;)?

            fn read(kind: &str, fields: Value) -> Option<Result<Self, Invalid>> {
                match kind {
                    $($kind => Some(super::envelope::fields::<$variant>(fields).and_then(|fields| {
                        fields.check()?;
                        Ok(Self::$variant(fields))
                    })),)+
                    _ => None,
                }
            }

            fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind,)+ }
            }

            fn meeting_id(&self) -> Option<&MeetingId> {
                match self { $(Self::$variant(fields) => fields.meeting_id(),)+ }
            }
        }

        $(impl std::convert::From<$variant> for $name {
            fn from(fields: $variant) -> Self {
                Self::$variant(fields)
            }
        })+
    };
}

/// What is common to the fields of all types.
trait Fields {
    /// Limits that a field's type cannot say.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }

    fn meeting_id(&self) -> Option<&MeetingId>;
}

macro_rules! of_a_meeting {
    ($($name:ident),+) => {
        $(impl Fields for $name {
            fn meeting_id(&self) -> Option<&MeetingId> {
                Some(&self.meeting_id)
            }
        })+
    };
}

/// Opens a meeting and rings its invitees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CreateMeeting {
    /// Direct or group.
    pub mode: Mode,
    /// Audio or video.
    pub media: Media,
    /// Accounts, without duplicates and oneself; exactly one in a direct call.
    pub invitees: Vec<UserId>,
    /// At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The rules of the meeting; what is left out has its default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// 10–180; 45 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring_seconds: Option<u32>,
    /// 2–100; 50 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_participants: Option<u32>,
    /// 1–1440; 240 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_minutes: Option<u32>,
    /// Anything the app wants to pass on, at most 2 KB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ext: Option<Map<String, Value>>,
}

impl Fields for CreateMeeting {
    fn check(&self) -> Result<(), Invalid> {
        check_invitees(&self.invitees)?;
        if self.mode == Mode::Direct && self.invitees.len() != 1 {
            return Err(Invalid::new("invitees", "a direct meeting has exactly one invitee"));
        }
        check_text("title", self.title.as_deref())?;
        check_range("ring_seconds", self.ring_seconds, 10, 180)?;
        check_range("max_participants", self.max_participants, 2, 100)?;
        check_range("max_minutes", self.max_minutes, 1, 1440)?;
        check_ext(self.ext.as_ref())
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        None
    }
}

requests! {
    /// Requests of `create-meeting`.
    Create on "create-meeting" {
        /// Opens a meeting and rings its invitees.
        CreateMeeting = "create_meeting",
    }
}

/// Invites more people during a call; a direct one becomes a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Invite {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Accounts, without duplicates and oneself.
    pub invitees: Vec<UserId>,
    /// 10–180; the meeting's own by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring_seconds: Option<u32>,
    /// Anything the app wants to pass on, at most 2 KB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ext: Option<Map<String, Value>>,
}

impl Fields for Invite {
    fn check(&self) -> Result<(), Invalid> {
        if self.invitees.is_empty() {
            return Err(Invalid::new("invitees", "name at least one"));
        }
        check_invitees(&self.invitees)?;
        check_range("ring_seconds", self.ring_seconds, 10, 180)?;
        check_ext(self.ext.as_ref())
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}

/// Takes invitations back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CancelInvite {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// Whose; all that are pending if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitees: Option<Vec<UserId>>,
}

impl Fields for CancelInvite {
    fn check(&self) -> Result<(), Invalid> {
        self.invitees.as_deref().map_or(Ok(()), check_invitees)
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}

requests! {
    /// Requests of `invite`.
    Invitations on "invite" {
        /// Invites more people.
        Invite = "invite",
        /// Takes invitations back.
        CancelInvite = "cancel_invite",
    }
}

/// A device rings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ringing {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// The invitation.
    pub invite_id: InviteId,
}

/// The user takes the call on this device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accept {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// The invitation.
    pub invite_id: InviteId,
    /// Audio or video.
    pub media: Media,
}

/// Why an invitation was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// The user said no.
    Declined,
    /// The user is busy.
    Busy,
    /// The device is silent by rule.
    DoNotDisturb,
    /// Anything else.
    Other,
}

/// The user does not take the call, on any device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reject {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// The invitation.
    pub invite_id: InviteId,
    /// Why.
    pub reason: RejectReason,
    /// At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Stops the ringing of this device alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// The invitation.
    pub invite_id: InviteId,
}

of_a_meeting!(Ringing, Accept, Silence);

impl Fields for Reject {
    fn check(&self) -> Result<(), Invalid> {
        check_text("text", self.text.as_deref())
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        Some(&self.meeting_id)
    }
}

requests! {
    /// Requests of `answer`.
    Answer on "answer" {
        /// A device rings.
        Ringing = "ringing",
        /// The user takes the call.
        Accept = "accept",
        /// The user does not take the call.
        Reject = "reject",
        /// Stops the ringing of this device alone.
        Silence = "silence",
    }
}

/// A terminal's own report about its media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaReport {
    /// It is in the media.
    Joined,
    /// It has left the media.
    Left,
}

/// Says that this terminal is in the media, or not any more; sent once, never answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportMedia {
    /// The meeting.
    pub meeting_id: MeetingId,
    /// In or out.
    pub state: MediaReport,
    /// Microphone on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<bool>,
    /// Camera on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<bool>,
    /// Screen shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<bool>,
}

/// Asks for a fresh join token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RefreshToken {
    /// The meeting.
    pub meeting_id: MeetingId,
}

/// Comes back to a seat after the media or the connection dropped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rejoin {
    /// The meeting.
    pub meeting_id: MeetingId,
}

/// Hangs up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leave {
    /// The meeting.
    pub meeting_id: MeetingId,
}

of_a_meeting!(ReportMedia, Rejoin, RefreshToken, Leave);

requests! {
    /// Requests of `attend`.
    Attend on "attend" {
        /// Reports about the media.
        ReportMedia = "report_media",
        /// Comes back to a seat.
        Rejoin = "rejoin",
        /// Asks for a fresh join token.
        RefreshToken = "refresh_token",
        /// Hangs up.
        Leave = "leave",
    }
}

/// Ends a meeting for all: by its id, or by the id of one's own create request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DestroyMeeting {
    /// The meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<MeetingId>,
    /// The id of the create request whose answer has not come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_id: Option<RequestId>,
    /// At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Fields for DestroyMeeting {
    fn check(&self) -> Result<(), Invalid> {
        match (&self.meeting_id, &self.create_id) {
            (None, None) => Err(Invalid::new("meeting_id", "give meeting_id or create_id")),
            (Some(_), Some(_)) => Err(Invalid::new("create_id", "give meeting_id or create_id, not both")),
            _ => check_text("reason", self.reason.as_deref()),
        }
    }

    fn meeting_id(&self) -> Option<&MeetingId> {
        self.meeting_id.as_ref()
    }
}

requests! {
    /// Requests of `destroy`.
    Destroy on "destroy" {
        /// Ends a meeting for all.
        DestroyMeeting = "destroy_meeting",
    }
}

/// Asks for the present state of one meeting, or of all live ones that the user is in or invited to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncState {
    /// Only this meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_id: Option<MeetingId>,
}

impl Fields for SyncState {
    fn meeting_id(&self) -> Option<&MeetingId> {
        self.meeting_id.as_ref()
    }
}

requests! {
    /// Requests of `sync`.
    Sync on "sync", bulk: true {
        /// Asks for the present state.
        SyncState = "sync",
    }
}

fn check_invitees(invitees: &[UserId]) -> Result<(), Invalid> {
    if invitees.len() > INVITEES_MAX {
        return Err(Invalid::too_many_invitees(format!("at most {INVITEES_MAX} invitees a request")));
    }
    let mut seen = BTreeSet::new();
    match invitees.iter().position(|user| !seen.insert(user)) {
        Some(at) => Err(Invalid::new(format!("invitees[{at}]"), "named twice")),
        None => Ok(()),
    }
}

fn check_text(path: &str, text: Option<&str>) -> Result<(), Invalid> {
    match text {
        Some(text) if text.chars().count() > TEXT_MAX => {
            Err(Invalid::new(path, format!("at most {TEXT_MAX} characters")))
        }
        _ => Ok(()),
    }
}

fn check_range(path: &str, value: Option<u32>, least: u32, most: u32) -> Result<(), Invalid> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            Err(Invalid::new(path, format!("{least} to {most}")))
        }
        _ => Ok(()),
    }
}

fn check_ext(ext: Option<&Map<String, Value>>) -> Result<(), Invalid> {
    match ext {
        Some(ext) if serde_json::to_string(ext).map_or(0, |text| text.len()) > EXT_MAX_BYTES => {
            Err(Invalid::new("ext", format!("at most {EXT_MAX_BYTES} bytes as JSON")))
        }
        _ => Ok(()),
    }
}
